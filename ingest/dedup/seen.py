"""What the refined tables already hold: the keys in their committed files, a bucket at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ...storage import filesystem
from ..hashing import Hashes, from_hex, row_hashes
from .exact import GONE, POST_ID, WHY, id_column, versions


class Bucket(NamedTuple):
    """Which keys are of interest: those of one bucket whose first half is among `wanted` (sorted)."""

    number: int
    buckets: int
    wanted: NDArray[np.uint64]

    def pick(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Say which hashes are."""
        first = hashes[:, 0]
        mine: NDArray[np.bool_] = first % np.uint64(self.buckets) == np.uint64(self.number)
        if not len(self.wanted):
            return np.zeros(len(first), dtype=bool)
        at = np.searchsorted(self.wanted, first[mine])
        mine[mine] = self.wanted[np.minimum(at, len(self.wanted) - 1)] == first[mine]
        return mine


class Earlier(NamedTuple):
    """Ids (final, as hashes) of earlier rows in the parts of files that this run does not read again."""

    ids: Hashes
    file: NDArray[np.int64]


class Seen(NamedTuple):
    """Ids (as hashes) that are known, and the version of each."""

    ids: Hashes
    version: NDArray[np.int64]


def seen_ids(files: Sequence[str], table: str, bucket: Bucket) -> Seen:
    """Return the ids that the refined table already holds."""
    column = id_column(table)
    wanted = [*POST_ID, "edited_at"] if table == "social_posts" else [column]
    found = [np.empty((0, 2), dtype=np.uint64)]
    version = [np.empty(0, dtype=np.int64)]
    for rows in _read(files, wanted, table == "social_posts"):
        given, valid = from_hex(rows[column])
        kinds = [(given[valid], np.zeros(int(valid.sum()), np.int64))]
        if table == "social_posts":  # an id that we gave is the row's own hash; one that came with the post is hashed
            kinds.append((row_hashes(rows, POST_ID), versions(rows)))
        for hashes, number in kinds:
            mine = bucket.pick(hashes)
            found.append(hashes[mine])
            version.append(number[mine])
    return Seen(np.concatenate(found), np.concatenate(version))


def seen_deletions(duplicates: Sequence[str], bucket: Bucket) -> Hashes:
    """Return the posts that were deleted before: refined.duplicates remembers them by their hash."""
    found = [np.empty((0, 2), dtype=np.uint64)]
    for rows in _read(duplicates, ["table", "method", "id"]):
        hashes, valid = from_hex(rows.filter(pc.equal(rows["method"], WHY[GONE]))["id"])
        found.append(hashes[valid & bucket.pick(hashes)])
    return np.concatenate(found)


def seen_texts(files: Sequence[str], table: str, bucket: Bucket, replaced: Hashes) -> tuple[Hashes, pa.Array]:
    """Return the text keys that the refined table already holds, as hashes, and the ids of their rows.

    Posts that go in this commit (`replaced`, by their hashes) are left out.
    """
    column = id_column(table)
    found = [np.empty((0, 2), dtype=np.uint64)]
    ids = [pa.array([], pa.string())]
    for rows in _read(files, ["text_key", column, *(["platform"] if len(replaced) else [])]):
        hashes, valid = from_hex(rows["text_key"])
        mine = valid & bucket.pick(hashes)
        if len(replaced):
            mine &= ~_among(row_hashes(rows, POST_ID), replaced)
        found.append(hashes[mine])
        ids += rows[column].filter(pa.array(mine)).chunks
    return np.concatenate(found), pa.concat_arrays(ids)


def earlier_in_file(
    files: Sequence[str],
    duplicates: Sequence[str],
    table: str,
    bucket: Bucket,
    tails: dict[tuple[str, str], tuple[int, int]],
) -> Earlier:
    """Return the earlier rows of files that this run reads only from some line on.

    `tails` maps (source, file) to the file's number and that line; `duplicates` are the files of
    refined.duplicates: a dropped row occurred all the same.
    """
    column = id_column(table)
    found = [np.empty((0, 2), dtype=np.uint64)]
    numbers = [np.empty(0, dtype=np.int64)]
    kept = ((rows, column) for rows in _read(files, [column, "source", "file", "line"]))
    dropped = (
        (rows.filter(pc.and_(pc.equal(rows["table"], table), pc.equal(rows["method"], "exact"))), "id")
        for rows in _read(duplicates, ["table", "method", "id", "source", "file", "line"])
    )
    for part in (kept, dropped):
        for rows, name in part:
            hashes, valid = from_hex(rows[name])
            valid &= bucket.pick(hashes)
            rows, hashes = rows.filter(pa.array(valid)), hashes[valid]
            for (source, file), (number, line) in tails.items():
                here = pc.and_(pc.equal(rows["source"], source), pc.equal(rows["file"], file))
                mine = pc.fill_null(pc.and_(here, pc.less(rows["line"], line)), False).to_numpy()
                found.append(hashes[mine])
                numbers.append(np.full(int(mine.sum()), number, dtype=np.int64))
    return Earlier(np.concatenate(found), np.concatenate(numbers))


def _among(hashes: Hashes, wanted: Hashes) -> NDArray[np.bool_]:
    here, there = (np.ascontiguousarray(each).view([("h1", "u8"), ("h2", "u8")]).ravel() for each in (hashes, wanted))
    mask: NDArray[np.bool_] = np.isin(here, there)
    return mask


def _read(files: Sequence[str], columns: list[str], partly: bool = False) -> Iterator[pa.Table]:
    """Yield the columns of each file in stretches.

    A file that lacks one was written before it was kept: it is passed over, or with `partly` read without it.
    """
    for location in files:
        fs, inner = filesystem(location)
        with fs.open_input_file(inner) as source:
            parquet = pq.ParquetFile(source)
            there = [name for name in columns if name in parquet.schema_arrow.names]
            if there != columns and not partly:
                continue
            for batch in parquet.iter_batches(batch_size=1 << 18, columns=there):
                yield pa.table(batch).select(there)
