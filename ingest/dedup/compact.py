"""Compaction of a stored index: sorted files of about one size become one, merged row group by row group.

Files are merged by tiers (O'Neil and others: The log-structured merge-tree, 1996): FAN files of a tier become one, most
often of the next. So a row is written again a few times, and of a table, scheme and band fewer than FAN files a tier
are left.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ...storage import ParquetSink, filesystem
from .index import GROUP, HASHES, group_rows

FAN = 8
"""Files of one tier that are merged into one, or fewer than twice as many: a merge holds a row group of each."""


class Sized(NamedTuple):
    """A data file, the partition it is in, and its rows."""

    file: str
    partition: str
    rows: int


class Merge(NamedTuple):
    """Files that become one; all are sorted by `column`, and so is what comes of them. `hashes`: see write_parquet."""

    files: tuple[str, ...]
    column: str
    hashes: tuple[str, ...]

    @property
    def target(self) -> str:
        """The new file, beside the first of the old ones: the same in every try."""
        name = hashlib.sha256("\n".join(sorted(self.files)).encode()).hexdigest()[:24]
        return f"{self.files[0].rpartition('/')[0]}/merged-{name}.parquet"


def tiers(files: Iterable[Sized]) -> list[tuple[str, ...]]:
    """Return the files that are so many of one partition and tier that some of them may be merged."""
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for each in files:
        tier = int(np.ceil(np.log(max(1, each.rows / GROUP)) / np.log(FAN)))
        found[each.partition, tier].append(each.file)
    return [tuple(sorted(names)) for _, names in sorted(found.items()) if len(names) >= FAN]


def merges(files: Sequence[str], column: str) -> list[Merge]:
    """Return what is to be merged of files of one partition and tier, those of one table and scheme together."""
    found: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    hashes: tuple[str, ...] = ()
    for file in files:
        fs, inner = filesystem(file)
        with fs.open_input_file(inner) as source:
            parquet = pq.ParquetFile(source)
            if parquet.num_row_groups:
                names = parquet.schema_arrow.names
                hashes = tuple(name for name in HASHES if name in names)
                group = parquet.metadata.row_group(0)
                origin = (group.column(names.index(name)).statistics.min for name in ("table", "scheme"))
                found[tuple(origin)].append(file)
    return [
        Merge(tuple(some.tolist()), column, hashes)
        for _, mine in sorted(found.items())
        if len(mine) >= FAN
        for some in np.array_split(mine, len(mine) // FAN)
    ]


def merge(work: Merge) -> str:
    """Merge files into a new one and return its name; holds one row group of each, twice while it sorts them."""
    with ExitStack() as stack, ParquetSink(work.target, hashes=work.hashes) as sink:
        cursors = [_Cursor(stack.enter_context(_opened(file)), work.column) for file in work.files]
        waiting: list[pa.Table] = []
        size = 0
        while live := [each for each in cursors if each.filled()]:
            bounds = [each.last for each in live if each.more]
            found = pa.concat_tables([each.up_to(min(bounds) if bounds else None) for each in live])
            waiting.append(found.sort_by(work.column))
            size += found.num_rows
            if size >= GROUP:
                waiting = _write(sink, pa.concat_tables(waiting), whole=False)
                size = sum(each.num_rows for each in waiting)
        _write(sink, pa.concat_tables(waiting), whole=True)
        sink.finish({})
    return work.target


def _write(sink: ParquetSink, rows: pa.Table, whole: bool) -> list[pa.Table]:
    """Write rows in groups; return those that do not fill one, or write them too if it is the `whole` that is left."""
    step = group_rows(rows)
    end = rows.num_rows if whole else rows.num_rows // step * step
    for at in range(0, end, step):
        sink.write(rows.slice(at, min(step, end - at)).combine_chunks())
    return [rows.slice(end)]


def _opened(file: str) -> Any:
    fs, inner = filesystem(file)
    return fs.open_input_file(inner)


class _Cursor:
    """The rows of one file that the merge has not come to yet, a row group at a time."""

    def __init__(self, source: Any, column: str) -> None:
        self.parquet, self.column, self.next = pq.ParquetFile(source), column, 0
        self.rows: pa.Table | None = None

    @property
    def more(self) -> bool:
        return self.next < self.parquet.num_row_groups

    @property
    def last(self) -> int:
        assert self.rows is not None
        return int(self.rows[self.column][-1].as_py())

    def filled(self) -> bool:
        """Read on where nothing is left; return whether something is."""
        while self.more and not (self.rows is not None and self.rows.num_rows):
            self.rows = self.parquet.read_row_group(self.next).replace_schema_metadata(None)
            self.next += 1
        return self.rows is not None and self.rows.num_rows > 0

    def up_to(self, bound: int | None) -> pa.Table:
        """Take the rows up to a value, all of them for None."""
        assert self.rows is not None
        values = self.rows[self.column].to_numpy()
        end = len(values) if bound is None else int(np.searchsorted(values, bound, side="right"))
        taken, self.rows = self.rows.slice(0, end), self.rows.slice(end)
        return taken
