"""Hashes on their way from the partitions to the buckets: in memory while they are few, in files beyond that.

A partition writes its hashes into one file, bucket after bucket; whoever counts a bucket reads its part of each file.
So a worker holds the hashes of one partition or of one bucket, whatever the number of rows.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .hashing import Hashes

IN_MEMORY = 256 << 20
"""Bytes of hashes that all partitions together may hold in memory (16 a row of each column that is hashed)."""

BUCKET_ROWS, MAX_BUCKETS, MAX_FILED = 4_000_000, 128, 1024
"""Rows whose hashes are counted at a time, about; most buckets, where each is a task a partition or part of a file."""


class Filed(NamedTuple):
    """Hashes in a file: from byte `start` on `rows` first halves, second halves, and where `counted` their counts."""

    file: str
    start: int
    rows: int
    counted: bool


def buckets_of(rows: int, partitions: int, filed: bool) -> int:
    """Return in how many buckets the hashes of so many rows are counted."""
    wanted = max(2, -(-rows // BUCKET_ROWS))
    return min(wanted, MAX_FILED) if filed else max(1, min(wanted, partitions, MAX_BUCKETS))


def put(buckets: Sequence[dict[int, Hashes]], folder: str) -> list[dict[int, Filed]]:
    """Write a partition's hashes (by work, for each bucket) into a new file of the folder; return where each is."""
    file = Path(folder) / f"{uuid.uuid4().hex}.hashes"
    placed: list[dict[int, Filed]] = []
    with file.open("wb") as sink:
        for bucket in buckets:
            placed.append({})
            for work, hashes in bucket.items():
                counted = hashes.n is not None
                placed[-1][work] = Filed(str(file), sink.tell(), len(hashes.hi), counted)
                for array in hashes if counted else hashes[:2]:
                    np.ascontiguousarray(array).tofile(sink)
    return placed


def take(part: Any) -> Hashes:
    """Return hashes, read from their file where they are in one."""
    if not isinstance(part, Filed):
        return part  # type: ignore[no-any-return]
    with Path(part.file).open("rb") as source:
        source.seek(part.start)
        hi, lo = (np.fromfile(source, dtype=np.uint64, count=part.rows) for _ in range(2))
        return Hashes(hi, lo, np.fromfile(source, dtype=np.int64, count=part.rows) if part.counted else None)
