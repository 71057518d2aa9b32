"""SQL over the current files of the tables: DuckDB in memory, reading only the tables it is asked for."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from .. import storage
from ..errors import ConfigError, StorageError
from ..registry import nearest

if TYPE_CHECKING:
    from .tables import Tables

_BATCH = 65_536


class Answer(NamedTuple):
    """The rows of a query, and whether there are more than the limit let through."""

    rows: pa.Table
    more: bool


def sql(tables: Tables, query: str, limit: int | None = None) -> Answer:
    """Run one SELECT over `zone.table` names; a name without a zone is one of `refined`.

    Reads are limited to the files of the tables named: no other file, network or extension is reachable.
    Raises ConfigError without any row value where the query is wrong.
    """
    with _connected(tables, query) as reader:
        batches: list[pa.RecordBatch] = []
        left = limit
        for batch in reader:
            if left is not None and batch.num_rows > left:
                batches.append(batch.slice(0, left))
                return Answer(pa.Table.from_batches(batches, reader.schema), True)
            batches.append(batch)
            left = None if left is None else left - batch.num_rows
        return Answer(pa.Table.from_batches(batches, reader.schema), False)


def stream(tables: Tables, query: str) -> Iterator[pa.RecordBatch]:
    """Run one SELECT as `sql` does, yielding batches that need not fit in memory together."""
    with _connected(tables, query) as reader:
        yield from reader


@contextmanager
def _connected(tables: Tables, query: str) -> Iterator[pa.RecordBatchReader]:
    import duckdb

    scratch = tempfile.mkdtemp(prefix="weir-sql-")
    connection = duckdb.connect(":memory:")
    try:
        with _explained(duckdb):
            named = _named(tables, _tree(connection, query))
            _bind(connection, tables, named, scratch)
            yield connection.sql(query).to_arrow_reader(_BATCH)
    finally:
        connection.close()
        shutil.rmtree(scratch, ignore_errors=True)


def _tree(connection: Any, query: str) -> Any:
    """Return the query's syntax tree, without binding it, which would open files. Refuses all but SELECT."""
    tree = json.loads(connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [query]).fetchall()[0][0])
    if tree["error"] and tree["error_type"] == "parser":
        raise ConfigError(f"the query is wrong: {tree['error_message']}", "correct it")
    if tree["error"] or len(tree["statements"]) != 1:
        raise ConfigError("only a single SELECT can be run", "change data with 'weir run'")
    return tree["statements"][0]["node"]


def _named(tables: Tables, tree: Any) -> list[tuple[str, bool]]:
    """Return the tables that the query names, each with whether it stands there without its zone."""
    known = {name.lower(): name for name in tables.names()}
    nodes = list(_walk(tree))
    local = {entry["key"].lower() for node in nodes for entry in node.get("cte_map", {}).get("map", [])}
    named: set[tuple[str, bool]] = set()
    for node in nodes:
        zone, table = str(node.get("schema_name", "")).lower(), str(node.get("table_name", "")).lower()
        system = zone in ("information_schema", "pg_catalog") or (not zone and table.startswith("duckdb_"))
        if node.get("type") != "BASE_TABLE" or system or (not zone and table in local):
            continue
        full = f"{zone or 'refined'}.{table}"
        if full not in known:
            raise ConfigError(
                f"there is no table '{full}'{nearest(full, list(known))}",
                f"the tables are: {', '.join(known.values()) or 'none yet; run weir run'}",
            )
        named.add((known[full], not zone))
    return sorted(named)


def _walk(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        for value in tree.values():
            yield from _walk(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _walk(value)


def _bind(connection: Any, tables: Tables, named: list[tuple[str, bool]], scratch: str) -> None:
    files = {name: tables.files(name) for name, _ in named}
    local = [storage.path(file) for found in files.values() for file in found if storage.is_local(file)]
    for setting in (
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "python_enable_replacements = false",
        "TimeZone = 'UTC'",
        f"temp_directory = {_quote(scratch)}",
        f"allowed_paths = {_list(local)}",
        "enable_external_access = false",
    ):
        connection.execute(f"SET {setting}")
    for number, (name, unqualified) in enumerate(named):
        schema = tables.schema(name)
        # An empty table first: it gives columns that no file has yet, and the table's own order and types.
        connection.register(f"weir_empty_{number}", schema.empty_table())
        source = f"SELECT * FROM weir_empty_{number}"  # noqa: S608
        paths = [storage.path(file) for file in files[name]]
        if paths and storage.is_local(paths[0]):
            source += f" UNION ALL BY NAME SELECT * FROM read_parquet({_list(paths)}, union_by_name = true)"  # noqa: S608
        elif paths:
            connection.register(f"weir_files_{number}", _dataset(schema, paths))
            source += f" UNION ALL BY NAME SELECT * FROM weir_files_{number}"  # noqa: S608
        zone, table = name.split(".", 1)
        connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{zone}"')
        connection.execute(f'CREATE OR REPLACE VIEW "{zone}"."{table}" AS {source}')
        if unqualified:
            connection.execute(f'CREATE OR REPLACE VIEW main."{table}" AS FROM "{zone}"."{table}"')
    connection.execute("SET lock_configuration = true")


def _dataset(schema: pa.Schema, paths: list[str]) -> Any:
    import pyarrow.dataset as pads

    inner = [storage.filesystem(path) for path in paths]
    return pads.dataset([path for _, path in inner], schema=schema, filesystem=inner[0][0], format="parquet")


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _list(paths: list[str]) -> str:
    return "[" + ", ".join(_quote(path) for path in paths) + "]::VARCHAR[]"


@contextmanager
def _explained(duckdb: Any) -> Iterator[None]:
    """Turn DuckDB's errors into ours; only those about the query's text are quoted: others hold values."""
    try:
        yield
    except (duckdb.ParserException, duckdb.CatalogException, duckdb.BinderException) as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        raise ConfigError(f"the query is wrong: {lines[0]}", "correct it; 'weir tables' shows the columns") from None
    except duckdb.PermissionException:
        raise ConfigError("a query may read tables only, no files", "name a table: 'weir tables' lists them") from None
    except duckdb.OutOfMemoryException:
        raise StorageError("the query needs more memory or scratch disk than there is", "select less") from None
    except duckdb.IOException:
        raise StorageError("a data file of the tables cannot be read", "run 'weir doctor'") from None
    except (duckdb.Error, pa.ArrowException, OSError):  # Arrow's: a failure in a later batch
        raise ConfigError(
            "the query failed on the data",
            "where a value may not convert, use TRY_CAST",
        ) from None
