"""Which texts of a batch share a key, with each other or with stored ones: a band, or a range of it, at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...distinct import distinct
from ...storage import join
from .documents import Sketched, band_keys
from .index import Stored, look_up_keys
from .scheme import Scheme
from .staging import read_batch, write_batches

KEYS_AT_A_TIME = 4_000_000
"""Keys of one band that a task holds: some 200 MB with what sorting them takes."""

SHARED = pa.schema({"key": pa.int64(), "text": pa.int64()})
"""First batch: texts of the batch that share a key, by number; second: stored texts with one of their keys, by doc."""


class Range(NamedTuple):
    """A part of the keys of one band: those that a hash puts into the range `number` of `ranges`."""

    band: int
    number: int
    ranges: int

    def holds(self, keys: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say which keys are in the range."""
        upper = keys.view(np.uint64) >> np.uint64(32)
        mine: NDArray[np.bool_] = (upper * np.uint64(self.ranges)) >> np.uint64(32) == np.uint64(self.number)
        return mine


class Collisions(NamedTuple):
    """The file with the collisions of one range."""

    band: int
    location: str


class Shared(NamedTuple):
    """Texts and the key of theirs that others have too."""

    keys: NDArray[np.int64]
    texts: NDArray[np.int64]


def ranges(scheme: Scheme, sketched: Sequence[Sketched]) -> list[Range]:
    """Cut the work: each band, and each of its ranges where the batch has more keys than fit."""
    cut = max(1, -(-sum(each.rows for each in sketched) // KEYS_AT_A_TIME))
    return [Range(band, number, cut) for band in range(scheme.bands) for number in range(cut)]


def collide(
    part: Range, table: str, scheme: Scheme, sketched: Sequence[Sketched], stored: Stored, staging: str
) -> Collisions:
    """Find the texts whose keys in one range are there more than once, in the batch or in the index.

    Texts of the batch are numbered in the order of `sketched`. Holds the keys of the range.
    """
    keys, numbers, base = [np.empty(0, np.int64)], [np.empty(0, np.int64)], 0
    for each in sketched:
        mine = band_keys([each], part.band)
        at = np.flatnonzero(part.holds(mine)) if part.ranges > 1 else np.arange(len(mine))
        keys.append(mine[at])
        numbers.append(at + base)
        base += each.rows
    key, number = np.concatenate(keys), np.concatenate(numbers)
    order = np.argsort(key)
    key, number = key[order], number[order]
    first = np.ones(len(key), dtype=bool)
    first[1:] = key[1:] != key[:-1]
    hits = look_up_keys(stored.bands.get(part.band, []), table, scheme.name, key[first])
    several = np.zeros(len(key), dtype=bool)
    several[1:] = ~first[1:]
    several[:-1] |= ~first[1:]
    known = distinct(hits.keys)
    if len(known):
        several |= known[np.minimum(np.searchsorted(known, key), len(known) - 1)] == key
    location = join(staging, f"{table}-near-collisions-{part.band:03d}-{part.number:03d}.arrow")
    found = (key[several], number[several]), (hits.keys, hits.docs)
    batches = [pa.record_batch([pa.array(a), pa.array(b)], schema=SHARED) for a, b in found]
    write_batches(batches, SHARED, location)
    return Collisions(part.band, location)


def collisions(found: Sequence[Collisions], band: int, stored: bool) -> Shared:
    """Return what the ranges of one band found: of the batch, or of the index."""
    batches = [read_batch(each.location, int(stored)) for each in found if each.band == band]
    return Shared(
        *(np.concatenate([np.empty(0, np.int64), *(b[name].to_numpy() for b in batches)]) for name in SHARED.names)
    )
