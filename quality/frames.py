"""Dask data frames over Parquet files and Arrow tables, in types that the pandas metrics cope with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import ConfigError, DataError
from ..storage import filesystem

ROWS = 1_000_000
"""Rows of a partition, about: whole row groups are put together up to this."""

_MASKED: dict[pa.DataType, Any] = {
    pa.int8(): pd.Int8Dtype(),
    pa.int16(): pd.Int16Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(),
    pa.uint16(): pd.UInt16Dtype(),
    pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}

Piece = tuple[str, tuple[int, ...]]
"""A Parquet file and row groups of it."""


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """Convert to pandas: integers and booleans nullable (no detour by floats), the rest as pandas reads Parquet."""
    return table.to_pandas(types_mapper=_MASKED.get, ignore_metadata=True)


def frame_of(data: Any) -> Any:
    """Return a Dask data frame over a Dask data frame, an Arrow table, or the path or paths of Parquet files.

    Raises ConfigError for anything else and for an empty list of files, DataError for files that are not
    Parquet or whose columns differ.
    """
    import dask
    import dask.dataframe as dd

    if hasattr(data, "to_delayed") and hasattr(data, "_meta"):
        return data
    # Dask would take every column of objects (lists, decimals) for texts.
    with dask.config.set({"dataframe.convert-string": False}):
        if isinstance(data, pa.Table):
            parts = max(1, -(-data.num_rows // ROWS))
            return dd.from_pandas(to_pandas(data), npartitions=parts, sort=False)
        files = [data] if isinstance(data, str) or hasattr(data, "__fspath__") else data
        if not isinstance(files, Sequence) or not files:
            raise ConfigError(
                "there is nothing to validate",
                "pass a Dask data frame, an Arrow table or paths of Parquet files",
            )
        pieces, schema = _pieces([str(f) for f in files])
        empty = to_pandas(schema.empty_table())
        return dd.from_map(read_piece, pieces, meta=empty, enforce_metadata=False, label="parquet")


def read_piece(piece: Piece, columns: list[str] | None = None) -> pd.DataFrame:
    """Read one partition; Dask hands down the columns that are needed."""
    location, groups = piece
    fs, inner = filesystem(location)
    with fs.open_input_file(inner) as source, pq.ParquetFile(source) as file:
        return to_pandas(file.read_row_groups(list(groups), columns=columns))


def _pieces(files: list[str]) -> tuple[list[Piece], pa.Schema]:
    pieces: list[Piece] = []
    schema: pa.Schema | None = None
    for location in files:
        fs, inner = filesystem(location)
        try:
            with fs.open_input_file(inner) as source, pq.ParquetFile(source) as file:
                found, metadata = file.schema_arrow.remove_metadata(), file.metadata
        except FileNotFoundError:
            raise ConfigError(f"there is no file {location}", "check the path") from None
        except pa.ArrowInvalid:
            raise DataError(f"{location} is not a Parquet file", "pass Parquet files") from None
        schema = schema or found
        if found != schema:
            raise DataError(f"{location} has other columns than {files[0]}", "validate them one by one")
        pieces += [(location, group) for group in _groups(metadata)]
    assert schema is not None
    return pieces, schema


def _groups(metadata: pq.FileMetaData) -> list[tuple[int, ...]]:
    groups: list[tuple[int, ...]] = []
    current: list[int] = []
    rows = 0
    for index in range(metadata.num_row_groups):
        count = metadata.row_group(index).num_rows
        if current and rows + count > ROWS:
            groups.append(tuple(current))
            current, rows = [], 0
        current.append(index)
        rows += count
    return [*groups, tuple(current)]
