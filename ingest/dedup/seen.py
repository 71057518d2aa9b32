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
from .exact import POST_ID, id_column


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


def seen_ids(files: Sequence[str], table: str, bucket: Bucket) -> Hashes:
    """Return the ids that the refined table already holds, as hashes."""
    column = id_column(table)
    wanted = POST_ID if table == "social_posts" else [column]
    found = [np.empty((0, 2), dtype=np.uint64)]
    for rows in _read(files, wanted):
        given, valid = from_hex(rows[column])
        kinds = [given[valid]]
        if table == "social_posts":  # an id that we gave is the row's own hash; one that came with the post is hashed
            kinds.append(row_hashes(rows, POST_ID))
        found += [hashes[bucket.pick(hashes)] for hashes in kinds]
    return np.concatenate(found)


def seen_texts(files: Sequence[str], table: str, bucket: Bucket) -> tuple[Hashes, pa.Array]:
    """Return the text keys that the refined table already holds, as hashes, and the ids of their rows."""
    column = id_column(table)
    found = [np.empty((0, 2), dtype=np.uint64)]
    ids = [pa.array([], pa.string())]
    for rows in _read(files, ["text_key", column]):
        hashes, valid = from_hex(rows["text_key"])
        mine = valid & bucket.pick(hashes)
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


def _read(files: Sequence[str], columns: list[str]) -> Iterator[pa.Table]:
    """Yield the columns of each file in stretches; a file that lacks one was written before it was kept."""
    for location in files:
        fs, inner = filesystem(location)
        with fs.open_input_file(inner) as source:
            parquet = pq.ParquetFile(source)
            if not set(columns) <= set(parquet.schema_arrow.names):
                continue
            for batch in parquet.iter_batches(batch_size=1 << 18, columns=columns):
                yield pa.table(batch).select(columns)
