"""Small bridges to pyiceberg: Arrow schemas there and back, checks of Parquet footers, errors translated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import RESTError, ValidationError
from pyiceberg.io import PY_IO_IMPL, InputFile, OutputFile
from pyiceberg.io.pyarrow import (
    PyArrowFileIO,
    UnsupportedPyArrowTypeException,
    _pyarrow_to_schema_without_ids,
    schema_to_pyarrow,
)
from pyiceberg.schema import Schema, assign_fresh_schema_ids
from requests import RequestException
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from .. import storage
from ..errors import DataError, StorageError
from ..storage import path, storage_error
from .database import failure


class FileIO(PyArrowFileIO):
    """pyiceberg's access to files, to which a file that is not there counts as deleted.

    A sweep takes former metadata away before pyiceberg, which would complain of each at the commits after it.
    """

    def delete(self, location: str | InputFile | OutputFile) -> None:
        """Delete a file, if it is there."""
        with suppress(FileNotFoundError):
            super().delete(location)


@contextmanager
def guarded(url: URL, location: str) -> Iterator[None]:
    """Turn failures of the catalogue's database, of a REST catalogue and of the file system into StorageError."""
    try:
        yield
    except SQLAlchemyError as error:
        raise failure(error, url) from None
    except (RESTError, RequestException) as error:  # their texts may quote an address with a token
        raise StorageError(
            f"the Iceberg catalogue refused {path(location)}: {type(error).__name__}",
            "check that its server runs, and iceberg.uri and its token in weir.yaml",
        ) from None
    except OSError as error:
        raise storage_error(error, location) from None


def open_catalog(url: URL, warehouse: str, rest: Mapping[str, str] | None) -> Catalog:
    """Open Iceberg's catalogue: a REST server by its properties (uri, token, ...), else the catalogue's database."""
    properties = {
        "warehouse": storage.uri(warehouse),
        PY_IO_IMPL: f"{FileIO.__module__}.{FileIO.__name__}",
        **storage.iceberg_properties(warehouse),
    }
    if rest is not None:
        from pyiceberg.catalog.rest import RestCatalog

        return RestCatalog("weir", **{**properties, **rest})
    if url.get_backend_name() == "sqlite":
        url = url.update_query_dict({"timeout": "30"})
    return SqlCatalog("weir", uri=url.render_as_string(hide_password=False), pool_pre_ping="true", **properties)


def to_iceberg(name: str, schema: pa.Schema) -> Schema:
    """Convert an Arrow schema, with fresh ids. Raises DataError for a column that Iceberg cannot hold."""
    for field in schema:
        try:
            _pyarrow_to_schema_without_ids(pa.schema([field]), format_version=2)
            bad = pa.types.is_null(field.type)
        except (UnsupportedPyArrowTypeException, ValidationError, TypeError, ValueError):
            bad = True
        if bad:
            raise DataError(
                f"{name}: column '{field.name}' is {field.type}, which a table cannot hold",
                "give the column a type in the source's schema, or cast it",
                table=name,
                column=field.name,
            )
    return assign_fresh_schema_ids(_pyarrow_to_schema_without_ids(schema, format_version=2))


def plain_schema(schema: Schema) -> pa.Schema:
    """Convert an Iceberg schema to Arrow with plain types (string, not large_string) and no metadata."""
    arrow = schema_to_pyarrow(schema, include_field_ids=False)
    return pa.schema([pa.field(field.name, _plain(field.type), field.nullable) for field in arrow])


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_large_binary(kind):
        return pa.binary()
    if pa.types.is_large_list(kind) or pa.types.is_list(kind):
        return pa.list_(pa.field("element", _plain(kind.value_type), kind.value_field.nullable))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(f.name, _plain(f.type), f.nullable) for f in kind])
    if pa.types.is_map(kind):
        return pa.map_(_plain(kind.key_type), _plain(kind.item_type))
    return kind


def check_footer(name: str, file: InputFile, columns: Sequence[str]) -> None:
    """Refuse a file whose partition columns lack statistics, or are null in some rows only.

    pyiceberg would file it under a partition where a filter does not look, and the rows would be lost to it.
    """
    with file.open() as stream:
        footer = pq.read_metadata(stream)
    positions = {footer.schema.column(i).path: i for i in range(footer.num_columns)}
    for column in columns:
        if column not in positions:
            raise DataError(
                f"{name}: {path(file.location)} lacks the partition column '{column}'",
                "write it with that column",
            )
        nulls = values = 0
        for group in range(footer.num_row_groups):
            chunk = footer.row_group(group).column(positions[column])
            found = chunk.statistics if chunk.is_stats_set else None
            if (
                found is None
                or not found.has_null_count
                or (not found.has_min_max and found.null_count < chunk.num_values)
            ):
                raise DataError(
                    f"{name}: {path(file.location)} has no statistics for column '{column}'",
                    "write it with write_statistics=True",
                )
            nulls += found.null_count
            values += chunk.num_values
        if 0 < nulls < values:
            raise DataError(
                f"{name}: {path(file.location)} mixes rows with and without '{column}'",
                "write rows without it to a file of their own",
            )
