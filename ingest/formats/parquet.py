"""Parquet: typed columns; nested values become JSON text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .. import columns
from ..contract import Split, no_rejects
from ..schemas import TIMESTAMP
from ..stored import opened
from ..streams import reading
from .base import Batch, Format, damaged, unique


class Parquet(Format):
    """Apache Parquet."""

    name: ClassVar[str] = "parquet"
    endings: ClassVar[tuple[str, ...]] = (".parquet",)
    begins: ClassVar[tuple[bytes, ...]] = (b"PAR1",)

    def sample(self, path: str, file: str) -> Mapping[str, pa.Array]:
        """Return the columns, empty and typed."""
        with reading(file), opened(path) as handle:
            try:
                schema = pq.read_schema(handle)
            except (pa.ArrowException, UnicodeDecodeError):
                raise damaged(file, "Parquet") from None
        return dict(zip(unique(schema.names), (pa.nulls(0, field.type) for field in schema), strict=True))

    def count(self, path: str, file: str) -> int | None:
        """Return the number of rows that the footer tells."""
        with reading(file), opened(path) as handle:
            try:
                return int(pq.read_metadata(handle).num_rows)
            except (pa.ArrowException, UnicodeDecodeError):
                raise damaged(file, "Parquet") from None

    def read(self, split: Split, names: Iterable[str]) -> Iterator[Batch]:
        """Yield the rows in batches."""
        number = 1
        with reading(split.file), opened(split.path) as handle:
            try:
                for batch in pq.ParquetFile(handle).iter_batches(batch_size=65_536):
                    numbers = np.arange(number, number + batch.num_rows, dtype=np.int64)
                    number += batch.num_rows
                    made = {
                        name: _plain(column)
                        for name, column in zip(unique(batch.schema.names), batch.columns, strict=True)
                    }
                    yield Batch(made, numbers, _as_json(batch), no_rejects())
            except (pa.ArrowException, UnicodeDecodeError):
                raise damaged(split.file, "Parquet") from None


def _as_json(batch: pa.RecordBatch) -> Callable[[pa.Array], pa.Array]:
    def raw(places: pa.Array) -> pa.Array:
        taken = [_spelled(column.take(places)) for column in batch.columns]
        rows = pa.table(taken, names=batch.schema.names).to_pylist()
        return pa.array([json.dumps(row, ensure_ascii=False, default=str).encode() for row in rows], pa.binary())

    return raw


def _plain(values: pa.Array) -> pa.Array:
    """Return a column in one of the types that tables here have; nested values as JSON text."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _plain(values.dictionary_decode())
    if pa.types.is_timestamp(kind):
        zoned = values if kind.tz else pc.assume_timezone(values, "UTC")
        return zoned.cast(TIMESTAMP, safe=False)
    if pa.types.is_date(kind) or pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return values
    if pa.types.is_large_string(kind) or pa.types.is_string(kind) or pa.types.is_string_view(kind):
        return _valid(values.cast(pa.string()))
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return columns.strings(columns.slices(values.cast(pa.binary())), False)
    return pa.array([_text(value) for value in values.to_pylist()], pa.string())


def _spelled(values: pa.Array) -> pa.Array:
    """Return a column that Python can hold: days and times as text, for they may lie outside its years."""
    plain = _plain(values)
    return plain.cast(pa.string()) if pa.types.is_temporal(plain.type) else plain


def _valid(values: pa.Array) -> pa.Array:
    """Return strings as they are where they are UTF-8; odd bytes become their escapes."""
    try:
        values.validate(full=True)
    except pa.ArrowInvalid:
        return columns.strings(columns.slices(values), False)
    return values


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
