"""Making a candidate on the workers: mask, generalise or hold back, measure, attack, search."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa

from ...engine import Engine, Secret
from ...output import Output
from ...privacy import residual
from ...privacy.canaries import Canaries, release_canaries
from ...privacy.candidate import (
    Counted,
    MaskedPart,
    Part,
    SealedPart,
    generalise,
    mask_part,
    measure_bucket,
    name_people,
    release_bucket,
    seal_part,
    subject_of,
)
from ...privacy.files import row_count, schema_in
from ...privacy.labels import Labels
from ...privacy.policy import Policy
from ...privacy.residual import Residual
from ...privacy.risk.figures import Risk, combine, judge
from ...privacy.risk.linkage import (
    FREQUENCY,
    KEPT,
    SUBJECT,
    Linkage,
    Target,
    attack,
    attack_by_frequency,
    conclude,
    frequencies,
    rare,
    released_people,
    targets,
)
from ...privacy.risk.mondrian import Loss

SHARE_ROWS = 1000
"""Fewer rows than this are not worth a task of their own."""

PIECE_ROWS = 100_000
"""The rows that a worker masks or seals at once, and a file of the release holds, at most."""

BUCKET_ROWS = 2_000_000
"""The rows whose groups one bucket holds, at most and on average: what bounds the memory of a worker."""


@dataclass(frozen=True)
class Made:
    """A candidate's parts and all that was found out about them."""

    masked: list[MaskedPart]
    sealed: list[SealedPart]
    before: Risk
    after: Risk
    residual: Residual
    canaries: Canaries
    linkage: Linkage
    loss: Loss | None


def make(
    engine: Engine,
    files: list[str],
    policy: Policy,
    key: Secret,
    folder: str,
    where: str | None,
    output: Output,
    labels: Labels | None = None,
) -> Made:
    """Mask all parts, hold back or generalise what singles people out, and look for what is left, on the workers."""
    people = tuple(engine.map(name_people, [Part(index, (file,)) for index, file in enumerate(files)], folder))
    counts = [row_count(file) for file in files]
    buckets = max(1, -(-sum(counts) // BUCKET_ROWS))
    pieces, shares = _cut(counts, engine.allocation.workers)
    cut = [(file, (i, n)) for file, n in zip(files, map(operator.mul, pieces, shares), strict=True) for i in range(n)]
    parts = [Part(index, (file,), where=where, share=share, labels=labels) for index, (file, share) in enumerate(cut)]
    with output.progress("mask", len(parts)) as advance:
        masked = engine.map(mask_part, parts, policy, key, folder, people, buckets, advance=advance)
    counted = [part.counted for part in masked]
    before = _assess(engine, counted, policy, buckets)
    loss = None
    if policy.anonymise is not None:
        released, loss = generalise(counted, policy, folder, buckets)
    else:
        released = engine.map(release_bucket, list(range(buckets)), counted, policy, folder)
    rest = iter(masked)
    together = [tuple(islice(rest, n)) for n, piece in zip(shares, pieces, strict=True) for _ in range(piece)]
    sealed = engine.map(seal_part, list(enumerate(together)), tuple(released), policy, folder)
    # What was recoded has no counterpart in the population, which was not.
    population = [None if policy.anonymise is not None else part.counted.population for part in masked]
    after = _assess(engine, [part.counted for part in sealed], policy, buckets, [p for p in population if p])
    found = residual.merge(engine.map(_scan, [part.location for part in sealed]))
    tasks = labels.tasks if labels is not None else ()
    (canaries,) = engine.map(_canaries, [files[0]], policy, key, tasks) if files else [Canaries(0, {})]
    return Made(masked, sealed, before, after, found, canaries, _attack(engine, files, sealed, policy, buckets), loss)


def _assess(
    engine: Engine, counted: list[Counted], policy: Policy, buckets: int, population: list[str] | None = None
) -> Risk:
    if population:
        counted = [*counted, *(Counted("", population=location) for location in population)]
    figures = combine(engine.map(measure_bucket, list(range(buckets)), counted, policy))
    known = any(c.population for c in counted)
    return judge(figures, policy.quasi_identifiers, policy.k, known)


def _attack(engine: Engine, files: list[str], sealed: list[SealedPart], policy: Policy, buckets: int) -> Linkage:
    links = tuple(part.links for part in sealed)
    if not links:
        return conclude([], 0, None)
    columns = [name for name in schema_in(links[0]).names if name not in (KEPT, SUBJECT)]
    counted = [name for name in columns if name.startswith(FREQUENCY)]
    attempts = targets([name for name in columns if name not in counted], buckets)
    found = engine.map(attack, attempts, links, buckets)
    for column in counted:
        parts = [Target((column,), bucket) for bucket in range(buckets)]
        sizes = rare(engine.map(frequencies, parts, links, buckets))
        found += engine.map(attack_by_frequency, [(part, sizes) for part in parts], links, buckets)
        attempts += parts
    (people,) = engine.map(_people, [links])
    return conclude(zip(attempts, found, strict=True), people, subject_of(policy, schema_in(files[0]).names))


def _cut(counts: list[int], workers: int) -> tuple[list[int], list[int]]:
    """Return into how many pieces each file is cut, a file of the release each, and into how many shares each of those.

    Pieces follow the rows alone, so that the release does not depend on the machine; shares keep every worker busy.
    """
    pieces = [max(1, -(-rows // PIECE_ROWS)) for rows in counts]
    wanted = -(-2 * workers // max(1, sum(pieces)))
    return pieces, [
        max(1, min(wanted, rows // piece // SHARE_ROWS)) for rows, piece in zip(counts, pieces, strict=True)
    ]


def _scan(location: str) -> Residual:
    return residual.scan([location])


def _people(links: tuple[str, ...]) -> int:
    return len(released_people(links))


def _canaries(file: str, policy: Policy, key: bytes, tasks: tuple[str, ...]) -> Canaries:
    schema = schema_in(file)
    for task in tasks:
        schema = schema.append(pa.field(task, pa.string()))
    return release_canaries(schema, policy, key)
