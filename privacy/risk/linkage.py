"""The linkage attack: how many people does somebody find again in the release who holds the table it was made of?

The attacker knows the policy, but not the key. He treats his own copy of every column as the policy says, so that kept
and generalised values match, and what depends on the key does not. A row is re-linked by a column, or by a pair of
them, where its value belongs to one person in the whole table (Sweeney 2002, with the table itself as the register).
A pseudonym he cannot compute, but he can count: where it stands in as many rows as one value alone, it is that value.
Every column is compared by a 64-bit hash, bucket by bucket, so that no more than a bucket of rows is held at once.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...distinct import distinct, is_in
from ..files import read_tables
from ..keyed import LETTERS

SUBJECT = "__subject__"
"""The column of a person's number (uint64); 0 stands for nobody."""
KEPT = "__kept__"
"""The column that says whether a row is released."""

FREQUENCY = "frequency of "
"""The prefix of columns that can only be counted, for what they hold depends on the key."""

_TOKEN = re.compile(rf"<([A-Z_]+):(?:enc\.)?{LETTERS}+(?:\.{LETTERS}+)?>")
_PRIME = np.uint64(1_099_511_628_211)

Hashes = NDArray[np.uint64]
Counts = NDArray[np.int64]


class Target(NamedTuple):
    """One attempt: by which columns, and in which bucket of their values."""

    columns: tuple[str, ...]
    bucket: int


@dataclass(frozen=True)
class Linkage:
    """What the attack found: `share` (0 to 1) of the `people` in the release by the best attempt, `by` the attempts.

    `subject` is the column of the person; None: the table has none, and every row counts as one. `any` is the share
    found by at least one attempt. An attempt is (columns, people found, share), the best first.
    """

    subject: str | None
    people: int
    share: float
    any: float
    by: tuple[tuple[tuple[str, ...], int, float], ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the result as a JSON object."""
        by = [{"columns": list(c), "people": n, "share": s} for c, n, s in self.by]
        return {**asdict(self), "by": by}


def numbers(values: pa.Array) -> Hashes:
    """Return a 64-bit number for each value: equal values have equal ones, in every process; null is a value."""
    from pandas.util import hash_array

    if pa.types.is_nested(values.type):
        values = pa.array([repr(value) for value in values.to_pylist()], pa.string())
    encoded = values.dictionary_encode(null_encoding="encode")
    if not len(encoded.dictionary):
        return np.zeros(0, dtype=np.uint64)
    if pa.types.is_binary(values.type):
        texts = [repr(value) for value in encoded.dictionary.to_pylist()]
    else:
        texts = encoded.dictionary.cast(pa.string()).fill_null("\0").to_pylist()
    words = np.array([_TOKEN.sub(r"<\1>", text) for text in texts], dtype=object)
    hashed: Hashes = hash_array(words)[encoded.indices.to_numpy()]
    return hashed


def people_of(values: pa.Array | None, rows: int, first: int) -> pa.Array:
    """Return each row's person as a number; without a column every row is somebody else, counted from `first`."""
    if values is None:
        return pa.array(np.arange(first + 1, first + rows + 1, dtype=np.uint64))
    return pa.array(np.where(values.is_null().to_numpy(zero_copy_only=False), np.uint64(0), numbers(values)))


def targets(columns: Sequence[str], buckets: int) -> list[Target]:
    """Return every attempt: each column alone, each pair, each in every bucket."""
    chosen = [*((name,) for name in columns), *itertools.combinations(columns, 2)]
    return [Target(names, bucket) for names in chosen for bucket in range(buckets)]


def attack(target: Target, files: Sequence[str], buckets: int) -> Hashes:
    """Return the people whom one attempt finds in its bucket: sorted, each once.

    `files` hold, for every row of the table, `KEPT`, `SUBJECT` and the numbers of every column that is left.
    """
    values, people, kept = [], [], []
    for file in files:
        part = read_tables([file], [*target.columns, SUBJECT, KEPT])
        mixed = np.zeros(part.num_rows, dtype=np.uint64)
        for column in target.columns:
            mixed = (mixed ^ part[column].to_numpy()) * _PRIME
        inside = mixed % np.uint64(buckets) == np.uint64(target.bucket)
        values.append(mixed[inside])
        people.append(part[SUBJECT].to_numpy()[inside])
        kept.append(part[KEPT].to_numpy()[inside])
    mixed, person, released = np.concatenate(values), np.concatenate(people), np.concatenate(kept)
    if not len(mixed):
        return np.zeros(0, dtype=np.uint64)
    order = np.argsort(mixed, kind="stable")
    mixed, person, released = mixed[order], person[order], released[order]
    starts = np.flatnonzero(np.r_[True, mixed[1:] != mixed[:-1]])
    alone = np.minimum.reduceat(person, starts) == np.maximum.reduceat(person, starts)
    found = np.repeat(alone, np.diff(np.r_[starts, len(mixed)])) & released & (person > 0)
    return distinct(person[found])


def frequencies(target: Target, files: Sequence[str], buckets: int) -> tuple[Counts, Counts]:
    """Return in how many rows the values of one bucket of a column stand: each number, and how many values have it.

    The column of `target` has the prefix FREQUENCY. Held at once: the distinct values of the bucket, and their counts.
    """
    _, everywhere, _ = _counted(target, files, buckets)
    sizes, times = np.unique(everywhere, return_counts=True)
    return sizes, times.astype(np.int64)


def rare(counted: Iterable[tuple[Counts, Counts]]) -> Counts:
    """Return the numbers of rows that a single value has, of what `frequencies` returned of all buckets."""
    sizes, times = (np.concatenate(each) for each in zip(*counted, strict=True))
    whole, inverse = np.unique(sizes, return_inverse=True)
    found: Counts = whole[np.bincount(inverse, times, minlength=len(whole)) == 1]
    return found


def attack_by_frequency(wanted: tuple[Target, Counts], files: Sequence[str], buckets: int) -> Hashes:
    """Return the people whom counting finds: a pseudonym of theirs stands in as many rows as one value of the table.

    `wanted` is a column, with the prefix FREQUENCY, with a bucket, and what `rare` says of the column.
    """
    target, sizes = wanted
    (column,) = target.columns
    values, everywhere, released = _counted(target, files, buckets)
    known = values[(released == everywhere) & np.isin(everywhere, sizes)]
    low, high = np.full(len(known), np.iinfo(np.uint64).max, dtype=np.uint64), np.zeros(len(known), dtype=np.uint64)
    for file in files if len(known) else ():
        part = read_tables([file], [column, SUBJECT])
        inside = is_in(part[column].to_numpy(), known)
        at, person = np.searchsorted(known, part[column].to_numpy()[inside]), part[SUBJECT].to_numpy()[inside]
        np.minimum.at(low, at, person)
        np.maximum.at(high, at, person)
    return distinct(low[(low == high) & (low > 0)])


def _counted(target: Target, files: Sequence[str], buckets: int) -> tuple[Hashes, Counts, Counts]:
    """Return the values of one bucket of a column, sorted, in how many rows each stands, and in how many released."""
    (column,) = target.columns
    values: Hashes = np.zeros(0, dtype=np.uint64)
    everywhere: Counts = np.zeros(0, dtype=np.int64)
    released: Counts = np.zeros(0, dtype=np.int64)
    for file in files:
        part = read_tables([file], [column, KEPT])
        inside = part[column].to_numpy() % np.uint64(buckets) == np.uint64(target.bucket)
        own, left = part[column].to_numpy()[inside], part[KEPT].to_numpy()[inside].astype(np.int64)
        fresh, inverse = np.unique(np.r_[values, own], return_inverse=True)
        rows = np.r_[np.zeros(len(values), dtype=np.int64), np.ones(len(own), dtype=np.int64)]
        kept = np.r_[np.zeros(len(values), dtype=np.int64), left]
        before = np.searchsorted(fresh, values)
        sums: list[Counts] = [np.bincount(inverse, each, len(fresh)).astype(np.int64) for each in (rows, kept)]
        sums[0][before] += everywhere
        sums[1][before] += released
        values, everywhere, released = fresh, sums[0], sums[1]
    return values, everywhere, released


def released_people(files: Iterable[str]) -> Hashes:
    """Return the people of whom a row is released, each once."""
    whole = np.zeros(0, dtype=np.uint64)
    for file in files:
        part = read_tables([file], [SUBJECT, KEPT])
        whole = distinct(whole, part[SUBJECT].to_numpy()[part[KEPT].to_numpy()])
    return whole[whole > 0]


def conclude(made: Iterable[tuple[Target, Hashes]], people: int, subject: str | None) -> Linkage:
    """Bring the attempts of all buckets together."""
    found: dict[tuple[str, ...], Hashes] = {}
    everybody = np.zeros(0, dtype=np.uint64)
    for target, persons in made:
        found[target.columns] = distinct(found.get(target.columns, persons), persons)
        everybody = distinct(everybody, persons)
    whole = max(1, people)
    by = sorted(
        ((columns, len(persons), len(persons) / whole) for columns, persons in found.items()),
        key=lambda attempt: (-attempt[1], len(attempt[0]), attempt[0]),
    )
    return Linkage(subject, people, by[0][2] if by else 0.0, len(everybody) / whole, tuple(by))
