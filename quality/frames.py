"""Tables in Parquet files, Arrow tables and data frames, cut into partitions, in types that pandas copes with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import FileType

from ..errors import ConfigError, DataError
from ..storage import filesystem, list_files

ROWS = 1_000_000
"""Rows of a partition, about: whole row groups are put together up to this."""

DICTIONARY_BYTES, CODE_BYTES = 2**20, 3
"""What writers allow a dictionary to grow to (1 MiB), and more than a value's number takes in it (20 bits)."""

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


class Coded(NamedTuple):
    """A column of texts as numbers of its distinct values: `codes` (int32, -1 for null) index `values`."""

    codes: npt.NDArray[np.int32]
    values: pd.Series

    def series(self, index: pd.Index) -> pd.Series:
        """Return the column itself."""
        return pd.Series(self.values.array.take(self.codes, allow_fill=True), index=index)


class Block(NamedTuple):
    """One partition: `names` are its columns in order, some of them coded, the others in `frame`."""

    frame: pd.DataFrame
    coded: dict[str, Coded]
    names: list[str]


@dataclass(frozen=True)
class Piece:
    """Row groups of a Parquet file: `first` is the number of their first row in the whole table."""

    location: str
    groups: tuple[int, ...]
    first: int
    whole: frozenset[str]
    """The columns without a null in any file."""
    coded: frozenset[str]
    """The columns of texts that are stored as a dictionary and its numbers in every one of the row groups."""
    columns: tuple[str, ...] | None = None
    """What to read; None for every column."""


@dataclass(frozen=True)
class Files:
    """A table in Parquet files: its pieces and its empty likeness; `states` is the folder that keeps its states."""

    pieces: list[Piece]
    empty: pd.DataFrame
    rows: int
    states: str | None = None

    def parts(self, columns: Sequence[str] | None) -> list[Any]:
        """Return what a worker needs to load each partition."""
        return [replace(piece, columns=None if columns is None else tuple(columns)) for piece in self.pieces]


@dataclass(frozen=True)
class Frame:
    """A table in a Dask data frame, and its empty likeness; how many rows it has is not known."""

    frame: Any
    rows: None = None
    states: None = None

    @property
    def empty(self) -> pd.DataFrame:
        """The frame without rows."""
        return cast("pd.DataFrame", self.frame._meta)

    def parts(self, columns: Sequence[str] | None) -> list[Any]:
        """Return the partitions, delayed."""
        return list((self.frame if columns is None else self.frame[list(columns)]).to_delayed())


def load(part: Any) -> Block:
    """Load a partition on a worker: a Piece is read, a data frame is taken as it is."""
    return read_piece(part) if isinstance(part, Piece) else Block(part, {}, list(part.columns))


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


def table_of(data: Any, states: str | None = None) -> Files | Frame:
    """Return the table in a Dask or pandas data frame, an Arrow table, or the paths of Parquet files.

    A path may be a folder, whose Parquet files are read in the order of their names. Rows of files and of Arrow
    tables are numbered from 0 on. `states` is a folder that keeps partial states of files. Raises ConfigError for
    anything else and for an empty list of files, DataError for files that are not Parquet or whose columns differ.
    """
    if isinstance(data, (Files, Frame)):
        return data
    if hasattr(data, "to_delayed") and hasattr(data, "_meta"):
        return Frame(data)
    if isinstance(data, pa.Table):
        data = to_pandas(data, frozenset(n for n in data.column_names if not data[n].null_count))
    if isinstance(data, pd.DataFrame):
        return Frame(_cut(data))
    files = [data] if isinstance(data, str) or hasattr(data, "__fspath__") else data
    if not isinstance(files, Sequence) or not files:
        raise ConfigError(
            "there is nothing to validate",
            "pass a Dask or pandas data frame, an Arrow table or paths of Parquet files",
        )
    pieces, schema, rows = pieces_of([str(f) for f in files])
    return Files(pieces, to_pandas(schema.empty_table(), pieces[0].whole), rows, states)


def _cut(data: pd.DataFrame) -> Any:
    import dask
    import dask.dataframe as dd

    # Dask would take every column of objects (lists, decimals) for texts.
    with dask.config.set({"dataframe.convert-string": False}):
        return dd.from_pandas(data, npartitions=max(1, -(-len(data) // ROWS)), sort=False)


def read_piece(piece: Piece) -> Block:
    """Read the columns of one partition that are asked for."""
    names = None if piece.columns is None else list(piece.columns)
    fs, inner = filesystem(piece.location)
    with (
        fs.open_input_file(inner) as source,
        pq.ParquetFile(source, read_dictionary=list(piece.coded), pre_buffer=True) as file,
    ):
        table = file.read_row_groups(list(piece.groups), columns=names, use_threads=False)
    names = names or table.column_names
    coded = {name: _coded(table[name]) for name in names if name in piece.coded}
    index = pd.RangeIndex(piece.first, piece.first + table.num_rows)
    frame = to_pandas(table.select([name for name in names if name not in coded]), piece.whole)
    frame.index = index
    return Block(frame, coded, names)


def _coded(column: pa.ChunkedArray) -> Coded:
    whole = column.unify_dictionaries().combine_chunks() if column.num_chunks else pa.array([], column.type)
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks)
    codes = whole.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return Coded(codes.astype(np.int32, copy=False), whole.dictionary.to_pandas(types_mapper=_arrow_kept))


def pieces_of(locations: Sequence[str]) -> tuple[list[Piece], pa.Schema, int]:
    """Return the partitions of Parquet files (or folders of them), their schema and rows. Raises as table_of does."""
    files = [file for location in locations for file in _expand(location)]
    schema: pa.Schema | None = None
    known: list[tuple[str, tuple[int, ...], int]] = []
    coded: list[frozenset[str]] = []
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
            coded.append(_stored_coded(metadata, schema, group))
            first += sum(metadata.row_group(g).num_rows for g in group)
    assert schema is not None
    whole = frozenset(set(schema.names) - nullable)
    return [Piece(*piece, whole, codes) for piece, codes in zip(known, coded, strict=True)], schema, first


def _stored_coded(metadata: pq.FileMetaData, schema: pa.Schema, groups: Sequence[int]) -> frozenset[str]:
    """Return the columns of texts that writers kept as a dictionary: a chunk is little more than it and the codes."""
    texts = {field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)}
    for group in groups:
        row_group = metadata.row_group(group)
        for position in range(row_group.num_columns):
            column = row_group.column(position)
            fits = column.total_uncompressed_size <= DICTIONARY_BYTES + CODE_BYTES * column.num_values
            if not fits or not {"RLE_DICTIONARY", "PLAIN_DICTIONARY"} & set(column.encodings):
                texts.discard(column.path_in_schema)
    return frozenset(texts)


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
