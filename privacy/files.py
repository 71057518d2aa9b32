"""Files of an export: Parquet in one form only, JSON in one form only, and what they hash to."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import DataError
from ..storage import filesystem
from .signing import canonical

__all__ = ["canonical", "plain", "read_tables", "row_count", "schema_of", "sha256_file"]


_BATCH = 1 << 15


def schema_of(locations: Sequence[str]) -> dict[str, str]:
    """Return column: type, the same in every file. Raises DataError where two files differ."""
    schemas = []
    for location in locations:
        fs, inner = filesystem(location)
        with fs.open_input_file(inner) as handle:
            schemas.append({field.name: str(field.type) for field in pq.read_schema(handle)})
    if any(list(schema.items()) != list(schemas[0].items()) for schema in schemas):
        raise DataError("the parts of the export have different columns or types", "export again")
    return schemas[0] if schemas else {}


def sha256_file(location: str) -> tuple[str, int]:
    """Return a file's SHA-256 and size in bytes."""
    digest, size = hashlib.sha256(), 0
    fs, inner = filesystem(location)
    with fs.open_input_stream(inner) as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size


def row_count(location: str) -> int:
    """Return how many rows a Parquet file holds, from its footer."""
    fs, inner = filesystem(location)
    with fs.open_input_file(inner) as handle:
        return int(pq.read_metadata(handle).num_rows)


def schema_in(location: str) -> pa.Schema:
    """Return the schema of a Parquet file."""
    fs, inner = filesystem(location)
    with fs.open_input_file(inner) as handle:
        return pq.read_schema(handle).remove_metadata()


def read_tables(locations: Sequence[str], columns: Sequence[str] | None = None) -> pa.Table:
    """Return the rows of Parquet files, one after the other; columns that a file lacks are null.

    Of the `columns` named, a file gives those it has.
    """
    tables = []
    for location in locations:
        fs, inner = filesystem(location)
        with fs.open_input_file(inner) as handle:
            file = pq.ParquetFile(handle)
            chosen = None if columns is None else [c for c in columns if c in file.schema_arrow.names]
            tables.append(file.read(chosen))
    return pa.concat_tables(tables, promote_options="permissive")


def read_rows(locations: Sequence[str], start: int, stop: int) -> pa.Table:
    """Return the rows from `start` to before `stop`, counted through all files, without holding those before them."""
    found: list[pa.Table] = []
    at = 0
    for location in locations:
        fs, inner = filesystem(location)
        with fs.open_input_file(inner) as handle:
            file = pq.ParquetFile(handle)
            found.append(file.schema_arrow.empty_table())
            for number in range(file.num_row_groups):
                rows = file.metadata.row_group(number).num_rows
                if at < stop and at + rows > start:
                    for batch in file.iter_batches(batch_size=_BATCH, row_groups=[number]):
                        first, end = max(start - at, 0), min(stop - at, batch.num_rows)
                        if first < end:
                            found.append(pa.Table.from_batches([batch.slice(first, end - first)]))
                        at += batch.num_rows
                else:
                    at += rows
    return pa.concat_tables(found, promote_options="permissive")


def plain(table: pa.Table) -> pa.Table:
    """Return a table in the one form that is written: plain types, one chunk, no metadata of other tools."""
    fields = []
    for field in table.schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_large_string(kind) or pa.types.is_null(kind):
            kind = pa.string()
        fields.append(pa.field(field.name, kind))
    return table.replace_schema_metadata(None).cast(pa.schema(fields)).combine_chunks()
