"""Dask data frames over Parquet files and Arrow tables, in types that the pandas metrics cope with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import FileType

from ..errors import ConfigError, DataError
from ..storage import filesystem, list_files

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


_TEXT = dtype if isinstance(dtype := pd.Series(["text"]).dtype, pd.StringDtype) else None
"""pandas' own type of texts; asked for by name, Arrow's texts become it without a detour by Python objects."""


@dataclass(frozen=True)
class Piece:
    """Row groups of a Parquet file: `first` is the number of their first row in the whole table."""

    location: str
    groups: tuple[int, ...]
    first: int
    whole: frozenset[str]
    """The columns without a null in any file."""


@dataclass(frozen=True)
class Remembered:
    """A data frame over pieces of files whose partial states are kept in a folder, from one run to the next."""

    frame: Any
    pieces: list[Piece]
    folder: str


def remembered(files: Sequence[str], folder: str) -> Remembered:
    """Return the frame of Parquet files, with the folder that keeps its states. Raises as frame_of does."""
    pieces, schema = pieces_of(files)
    return Remembered(_from_pieces(pieces, schema), pieces, folder)


def to_pandas(table: pa.Table, whole: frozenset[str] = frozenset()) -> pd.DataFrame:
    """Convert to pandas: integers and booleans nullable (no detour by floats), structs as Arrow keeps them.

    The rest comes as pandas reads Parquet, and so do the columns of `whole`, which are known to hold no null.
    """
    columns = {
        name: table[name].to_pandas(types_mapper=_arrow_kept if name in whole else _masked)
        for name in table.column_names
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows), copy=False)


def _arrow_kept(kind: pa.DataType) -> Any:
    """Return the type of what stays in Arrow's memory: structs, and texts where pandas has them so."""
    if pa.types.is_struct(kind):
        return pd.ArrowDtype(kind)
    return _TEXT if pa.types.is_string(kind) or pa.types.is_large_string(kind) else None


def _masked(kind: pa.DataType) -> Any:
    return _arrow_kept(kind) or _MASKED.get(kind)


def frame_of(data: Any) -> Any:
    """Return a Dask data frame over a Dask or pandas data frame, an Arrow table, or the paths of Parquet files.

    A path may be a folder, whose Parquet files are read in the order of their names. Rows of files and of Arrow
    tables are numbered from 0 on. Raises ConfigError for anything else and for an empty list of files, DataError
    for files that are not Parquet or whose columns differ.
    """
    import dask
    import dask.dataframe as dd

    if isinstance(data, Remembered) or (hasattr(data, "to_delayed") and hasattr(data, "_meta")):
        return data
    # Dask would take every column of objects (lists, decimals) for texts.
    with dask.config.set({"dataframe.convert-string": False}):
        if isinstance(data, pa.Table):
            data = to_pandas(data, frozenset(n for n in data.column_names if not data[n].null_count))
        if isinstance(data, pd.DataFrame):
            return dd.from_pandas(data, npartitions=max(1, -(-len(data) // ROWS)), sort=False)
        files = [data] if isinstance(data, str) or hasattr(data, "__fspath__") else data
        if not isinstance(files, Sequence) or not files:
            raise ConfigError(
                "there is nothing to validate",
                "pass a Dask or pandas data frame, an Arrow table or paths of Parquet files",
            )
        return _from_pieces(*pieces_of([str(f) for f in files]))


def _from_pieces(pieces: list[Piece], schema: pa.Schema) -> Any:
    import dask
    import dask.dataframe as dd

    with dask.config.set({"dataframe.convert-string": False}):
        empty = to_pandas(schema.empty_table(), pieces[0].whole)
        return dd.from_map(read_piece, pieces, meta=empty, enforce_metadata=False, label="parquet")


def read_piece(piece: Piece, columns: list[str] | None = None) -> pd.DataFrame:
    """Read one partition; Dask hands down the columns that are needed."""
    fs, inner = filesystem(piece.location)
    with fs.open_input_file(inner) as source, pq.ParquetFile(source) as file:
        frame = to_pandas(file.read_row_groups(list(piece.groups), columns=columns), piece.whole)
    frame.index = pd.RangeIndex(piece.first, piece.first + len(frame))
    return frame


def pieces_of(locations: Sequence[str]) -> tuple[list[Piece], pa.Schema]:
    """Return the partitions of Parquet files (or folders of them) and their schema. Raises as frame_of does."""
    files = [file for location in locations for file in _expand(location)]
    schema: pa.Schema | None = None
    known: list[tuple[str, tuple[int, ...], int]] = []
    nullable: set[str] = set()
    first = 0
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
        nullable |= _nullable(metadata, schema)
        for group in _groups(metadata):
            known.append((location, group, first))
            first += sum(metadata.row_group(g).num_rows for g in group)
    assert schema is not None
    whole = frozenset(set(schema.names) - nullable)
    return [Piece(*piece, whole) for piece in known], schema


def _expand(location: str) -> list[str]:
    """Return the Parquet files below a folder, by name, or the location itself."""
    fs, inner = filesystem(location)
    if fs.get_file_info(inner).type != FileType.Directory:
        return [location]
    found = [file for file in list_files(location) if file.endswith(".parquet")]
    if not found:
        raise ConfigError(f"there are no Parquet files in {location}", "check the path")
    return sorted(found)


def _nullable(metadata: pq.FileMetaData, schema: pa.Schema) -> set[str]:
    """Return the columns that hold a null, or may: those without statistics and the nested ones."""
    found = {field.name for field in schema if pa.types.is_nested(field.type)}
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        for position in range(row_group.num_columns):
            column = row_group.column(position)
            statistics = column.statistics
            if statistics is None or not statistics.has_null_count or statistics.null_count:
                found.add(column.path_in_schema)
    return found


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
