"""What a reviewer decides on: the evidence of a candidate, its gates, and the one hash that binds them.

A candidate's folder holds `data/part-*.parquet`, `sequences/` where they were asked for, and `candidate.json`, the
evidence.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ..errors import DataError, StorageError
from ..storage import delete_tree, filesystem, join, list_files, storage_error
from .candidate import DATA, STAGING, MaskedPart, SealedPart
from .files import canonical, row_count, schema_in, schema_of, sha256_file
from .nested import paths
from .risk.figures import Risk
from .sequences.layout import FOLDER as SEQUENCES
from .tiers import RANK, statement, tier_of

if TYPE_CHECKING:
    from .canaries import Canaries
    from .policy import Policy
    from .residual import Residual
    from .risk.linkage import Linkage
    from .risk.mondrian import Loss

RECORD = "candidate.json"


@dataclass(frozen=True)
class Candidate:
    """A candidate as it is on disk now; `hash` changes with any bit of its data or its evidence."""

    folder: str
    evidence: dict[str, Any]
    files: list[dict[str, Any]]
    hash: str


def evidence(
    *,
    name: str,
    table: str,
    requester: str,
    login: str = "",
    policy: Policy,
    masked: Sequence[MaskedPart],
    sealed: Sequence[SealedPart],
    before: Risk,
    after: Risk,
    residual: Residual,
    canaries: Canaries | None = None,
    linkage: Linkage | None = None,
    loss: Loss | None = None,
    purpose: str | None = None,
    licence: str | None = None,
    sample: Sequence[Mapping[str, Any]] = (),
    sequences: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what a reviewer decides on, as a JSON object without any unmasked value.

    Raises DataError where the counts of masking, suppression, risk and residual scan do not add up.
    """
    rows_in, rows_out = sum(part.rows for part in masked), sum(part.rows for part in sealed)
    suppressed = sum(part.suppressed for part in sealed)
    if not (rows_in == rows_out + suppressed == before.rows and rows_out == after.rows == residual.rows):
        raise DataError(
            f"export {name}: the rows do not add up ({rows_in} in, {rows_out} out, {suppressed} held back, "
            f"{before.rows} and {after.rows} assessed, {residual.rows} scanned)",
            "export again; if it comes back, report it",
        )
    left = {p: k for p, k in paths(schema_in(sealed[0].location)).items() if policy.named(p)} if sealed else {}
    counts: dict[str, dict[str, int]] = {}
    for part in masked:
        for column, entities in part.counts.items():
            total = counts.setdefault(column, {})
            for entity, count in entities.items():
                total[entity] = total.get(entity, 0) + count
    return {
        "name": name,
        "table": table,
        "requester": requester,
        "login": login,
        "purpose": purpose,
        "licence": licence,
        "policy": {"name": policy.name, "hash": policy.hash()},
        "detection": statement(policy.ner, policy.language),
        "leaves": {path: str(kind) for path, kind in left.items()},
        "operators": {path: policy.described(path) for path in dict.fromkeys((*policy.columns, *left))},
        "accepted": policy.accept,
        "schema": schema_of([part.location for part in sealed]),
        "rows_in": rows_in,
        "rows_out": rows_out,
        "suppressed": suppressed,
        "suppressed_share": suppressed / rows_in if rows_in else 0.0,
        "masked": {column: dict(sorted(counts[column].items())) for column in sorted(counts)},
        "risk": {"before": before.as_dict(), "after": after.as_dict()},
        "loss": loss.as_dict() if loss else None,
        "linkage": {**linkage.as_dict(), "bar": policy.linkage} if linkage else None,
        "residual": {
            **residual.as_dict(),
            "canaries": canaries.planted if canaries else 0,
            "canaries_found": canaries.found if canaries else {},
        },
        "sample": [dict(row) for row in sample],
        "sequences": dict(sequences) if sequences else None,
    }


def check_gates(
    policy: Policy,
    after: Risk,
    suppressed_share: float,
    residual: Residual,
    linkage: Linkage | None = None,
    canaries: Canaries | None = None,
) -> list[str]:
    """Return why the candidate may not leave the house; empty: it may go to review.

    `after` is the risk of what was written. Without quasi-identifiers k is not applicable and holds nothing
    back.
    """
    reasons = []
    tier = tier_of(policy.ner)
    if RANK[tier] < RANK[policy.require_tier]:
        reasons.append(f"detection: names were looked for by tier {tier}, the policy demands {policy.require_tier}")
    if after.applicable and after.k_found is not None and after.k_found < policy.k:
        reasons.append(f"k-anonymity: the smallest group has {after.k_found} rows, the policy demands {policy.k}")
    for column, found in after.sensitive.items():
        if found.l < policy.l:
            reasons.append(f"l-diversity: a group has {found.l} values of {column}, the policy demands {policy.l}")
        if found.t > policy.t:
            reasons.append(f"t-closeness: a group's {column} is {found.t:.3f} off, the policy allows {policy.t:.3f}")
    if suppressed_share > policy.suppress:
        reasons.append(
            f"suppression: {suppressed_share:.2%} of the rows would be held back to reach k={policy.k}, "
            f"the policy allows {policy.suppress:.2%}"
        )
    if residual.total > policy.residual:
        kinds = ", ".join(
            f"{column}: {count} {kind}" for column, found in residual.findings.items() for kind, count in found.items()
        )
        reasons.append(f"residual scan: {residual.total} findings, the policy allows {policy.residual} ({kinds})")
    if canaries is not None and canaries.found:
        where = ", ".join(f"{column}: {count}" for column, count in canaries.found.items())
        reasons.append(f"canaries: of {canaries.planted} planted values some came through the masking ({where})")
    if linkage is not None and linkage.share > policy.linkage:
        by = " and ".join(linkage.by[0][0])
        reasons.append(
            f"linkage: {linkage.share:.2%} of {linkage.people:,} people are found again by {by}, "
            f"the policy allows {policy.linkage:.2%}"
        )
    return reasons


def candidate_hash(evidence: Mapping[str, Any], files: Sequence[Mapping[str, Any]]) -> str:
    """Return the SHA-256 that a review is bound to: of the evidence (schema, policy hash) and the files."""
    return hashlib.sha256(canonical({"evidence": dict(evidence), "files": [dict(f) for f in files]})).hexdigest()


def write_candidate(folder: str, evidence: Mapping[str, Any]) -> Candidate:
    """Write candidate.json beside the sealed files, remove the staging, return the candidate as it stands."""
    location = join(folder, RECORD)
    fs, inner = filesystem(location)
    try:
        with fs.open_output_stream(inner) as handle:
            handle.write(canonical(evidence))
        delete_tree(join(folder, STAGING))
    except OSError as error:
        raise storage_error(error, location) from None
    return read_candidate(folder)


def read_candidate(folder: str) -> Candidate:
    """Read a candidate and hash its files as they are now. Raises StorageError where it is not whole."""
    fs, inner = filesystem(join(folder, RECORD))
    try:
        with fs.open_input_stream(inner) as handle:
            found = json.loads(handle.read())
        files = [
            _described(location, folder) for part in (DATA, SEQUENCES) for location in list_files(join(folder, part))
        ]
    except (OSError, ValueError, pa.ArrowException) as error:
        raise StorageError(
            f"cannot read the candidate in {folder}: {type(error).__name__}", "export it again"
        ) from None
    return Candidate(folder, found, files, candidate_hash(found, files))


def _described(location: str, folder: str) -> dict[str, Any]:
    digest, size = sha256_file(location)
    rows = row_count(location) if location.endswith(".parquet") else None
    return {
        "path": location.removeprefix(folder.rstrip("/") + "/"),
        "bytes": size,
        "sha256": digest,
        "rows": rows,
    }
