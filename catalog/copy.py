"""Copy a whole catalogue from one database to another, and prove that the copy is the same."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Connection, MetaData, Table, func, insert, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from ..errors import ConfigError, StorageError
from .database import failure, locate, make_engine
from .models import Base
from .plainjson import dump_json
from .store import Store
from .tables import Tables

_BATCH = 500
ICEBERG = ("iceberg_tables", "iceberg_namespace_properties")


def copy(old: str, new: str) -> dict[str, int]:
    """Copy every row of our tables and of Iceberg's catalogue; return the rows by table.

    Raises ConfigError where the target already holds runs, StorageError where the copy differs: then the target is
    left as it was. Call it under the project's lock.
    """
    Store.open(old, create=False).close()  # brings it to the newest revision
    Store.open(new).close()
    Tables(new, "/").close()  # creates Iceberg's own tables
    source, target = make_engine(locate(old)), make_engine(locate(new))
    try:
        with source.connect() as reading, target.begin() as writing:
            tables = [*Base.metadata.sorted_tables, *_iceberg(reading)]
            ours = [t for t in tables if t.name not in ICEBERG]
            if any(writing.execute(select(func.count()).select_from(t)).scalar() for t in ours):
                raise ConfigError("the other database holds a catalogue already", "name an empty database")
            for name in ICEBERG:
                writing.execute(text(f"DELETE FROM {name}"))  # noqa: S608
            counts = {table.name: _copy(table, reading, writing) for table in tables}
            _set_sequences(tables, writing)
            for table in tables:
                if _digest(table, reading) != _digest(table, writing):
                    raise StorageError(f"the copy of {table.name} differs", "nothing was changed; move again")
        return counts
    except SQLAlchemyError as error:
        raise failure(error, locate(new)) from None
    finally:
        source.dispose()
        target.dispose()


def _iceberg(connection: Connection) -> list[Table]:
    known = set(inspect(connection).get_table_names())
    metadata = MetaData()
    return [Table(name, metadata, autoload_with=connection) for name in ICEBERG if name in known]


def _copy(table: Table, reading: Connection, writing: Connection) -> int:
    count = 0
    rows = reading.execution_options(yield_per=_BATCH).execute(select(table).order_by(*table.primary_key)).mappings()
    for batch in rows.partitions(_BATCH):
        writing.execute(insert(table), [dict(row) for row in batch])
        count += len(batch)
    return count


def _set_sequences(tables: list[Table], writing: Connection) -> None:
    """Let PostgreSQL's counters go on after the highest number copied; SQLite's do by themselves."""
    if writing.dialect.name != "postgresql":
        return
    for table in tables:
        column = table.autoincrement_column
        if column is None or table.name in ICEBERG:
            continue
        sequence = writing.execute(select(func.pg_get_serial_sequence(table.name, column.name))).scalar()
        if sequence:
            highest = writing.execute(select(func.max(column))).scalar()
            writing.execute(select(func.setval(sequence, highest or 1, highest is not None)))


def _digest(table: Table, connection: Connection) -> str:
    """Return a hash over all rows in the order of their keys, as both databases give them back."""
    total = hashlib.sha256()
    rows: Any = connection.execute(select(table)).mappings()
    for line in sorted(dump_json({str(k): v for k, v in row.items()}) for row in rows):
        total.update(line.encode())
    return total.hexdigest()
