"""Profiles of tables: a mergeable description of each column, made file by file on the workers.

A profile of a text column may hold its common values; it stays in memory, and what is reported from it are numbers,
or values that many rows share.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..engine import compute
from ..errors import DataError
from ..storage import filesystem
from .execution.ranks import Sketch, sketch

MAX_VALUES = 1000
"""Distinct values of a column that are counted one by one; past them the column is no category."""

PROVENANCE = frozenset({"file", "line"})
"""Where a row came from: every batch brings its own, so what was there so far demands nothing of the next."""

FORMS = {
    "IP address": r"^(\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:.]+)$",
    "UUID": r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
    "hexadecimal digits": r"^[0-9a-f]{16,64}$",
    "date": r"^\d{4}-\d{2}-\d{2}([T ].*)?$",
    "URL": r"^[a-z][a-z0-9+.-]*://",
    "language code": r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$",
}
"""What texts may look like: RE2 patterns by name."""


@dataclass(frozen=True)
class Column:
    """What is known of one column. `values` is None for a column of too many distinct values."""

    name: str
    type: str
    rows: int = 0
    nulls: int = 0
    values: Counter[Any] | None = field(default_factory=Counter, repr=False)
    sketches: tuple[Sketch, ...] = field(default=(), repr=False)
    lowest: Any = None
    highest: Any = None
    forms: Counter[str] = field(default_factory=Counter)
    longest: int = 0

    @property
    def present(self) -> int:
        """Rows that are not null."""
        return self.rows - self.nulls

    @property
    def null_rate(self) -> float:
        """Share of nulls; 0 of an empty table."""
        return self.nulls / self.rows if self.rows else 0.0

    def merge(self, other: Column) -> Column:
        """Return what is known of both."""
        values = None if self.values is None or other.values is None else self.values + other.values
        extremes = [c for c in (self, other) if c.lowest is not None]
        return replace(
            self,
            type=self.type if self.type == other.type else f"{self.type}|{other.type}",
            rows=self.rows + other.rows,
            nulls=self.nulls + other.nulls,
            values=values if values is not None and len(values) <= MAX_VALUES else None,
            sketches=self.sketches + other.sketches,
            lowest=min((c.lowest for c in extremes), default=None),
            highest=max((c.highest for c in extremes), default=None),
            forms=self.forms + other.forms,
            longest=max(self.longest, other.longest),
        )


@dataclass(frozen=True)
class Profile:
    """The columns of a table by name, its rows, and rows by hour (hours since 1970, UTC) of its time column."""

    rows: int
    columns: dict[str, Column]
    hours: Counter[int] = field(default_factory=Counter, repr=False)

    def merge(self, other: Profile) -> Profile:
        """Return the profile of both tables; a column that one lacks counts as null there."""
        merged = {}
        for name in {**self.columns, **other.columns}:
            mine = self.columns.get(name) or _absent(other.columns[name], self.rows)
            merged[name] = mine.merge(other.columns.get(name) or _absent(mine, other.rows))
        return Profile(self.rows + other.rows, merged, self.hours + other.hours)


def profile(files: Sequence[str], time: str | None = None, since: Any = None, until: Any = None) -> Profile:
    """Profile Parquet files; with `time` (a timestamp column) only the rows since <= time < until.

    Raises DataError where a file cannot be read.
    """
    import dask

    one = dask.delayed(profile_file, pure=False)
    parts = compute(*(one(file, time, since, until) for file in files))
    total = Profile(0, {})
    for part in parts:
        total = total.merge(part) if total.columns else part
    return total


def profile_file(file: str, time: str | None = None, since: Any = None, until: Any = None) -> Profile:
    """Profile one Parquet file, row group by row group."""
    total = Profile(0, {})
    fs, inner = filesystem(file)
    try:
        with fs.open_input_file(inner) as source, pq.ParquetFile(source) as parquet:
            for group in range(parquet.metadata.num_row_groups):
                part = profile_table(_within(parquet.read_row_group(group), time, since, until), time)
                total = total.merge(part) if total.columns else part
            return total if total.columns else profile_table(parquet.schema_arrow.empty_table(), time)
    except pa.ArrowInvalid as error:
        raise DataError(f"{file} cannot be profiled ({type(error).__name__})", "check the file") from None


def profile_table(table: pa.Table, time: str | None = None) -> Profile:
    """Profile an Arrow table."""
    hours: Counter[int] = Counter()
    if time is not None and table.num_rows:
        instants = table[time].drop_null().cast(pa.timestamp("s"), safe=False).cast(pa.int64()).to_numpy()
        numbers, counts = np.unique(instants // 3600, return_counts=True)
        hours = Counter(dict(zip(numbers.tolist(), counts.tolist(), strict=True)))
    columns = {name: _column(name, table[name]) for name in table.column_names}
    return Profile(table.num_rows, columns, hours)


def _within(table: pa.Table, time: str | None, since: dt.datetime | None, until: dt.datetime | None) -> pa.Table:
    if time is None:
        return table
    kind = table.schema.field(time).type
    if since is not None:
        table = table.filter(pc.greater_equal(table[time], pa.scalar(since, kind)))
    if until is not None:
        table = table.filter(pc.less(table[time], pa.scalar(until, kind)))
    return table


def _column(name: str, values: pa.ChunkedArray) -> Column:
    kind = values.type
    found = Column(name, str(kind), len(values), values.null_count)
    present = values.drop_null()
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    if text or number or pa.types.is_boolean(kind):
        counted = pc.value_counts(present.combine_chunks())
        few = len(counted) <= MAX_VALUES
        pairs = zip(counted.field(0).to_pylist(), counted.field(1).to_pylist(), strict=True) if few else ()
        found = replace(found, values=Counter(dict(pairs)) if few else None)
    else:
        found = replace(found, values=None)
    if text and len(present):
        forms = Counter({form: pc.sum(pc.match_substring_regex(present, p)).as_py() for form, p in FORMS.items()})
        found = replace(found, forms=forms, longest=pc.max(pc.utf8_length(present)).as_py())
    if (number or pa.types.is_timestamp(kind)) and len(present):
        extremes = pc.min_max(present).as_py()
        found = replace(found, lowest=extremes["min"], highest=extremes["max"])
    if number and len(present):
        series = pd.Series(present.to_numpy().astype(np.float64))
        found = replace(found, sketches=(sketch(series[np.isfinite(series)]),))
    return found


def _absent(like: Column, rows: int) -> Column:
    return Column(like.name, like.type, rows, rows)
