"""Small tables and old catalogues that the catalogue's tests share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

import dataweir.catalog.database as database
from dataweir import storage
from dataweir.catalog.tables import Tables

EVENTS = pa.schema([("ts", pa.timestamp("us", tz="UTC")), ("client_ip", pa.string()), ("n", pa.int64())])


def events(day: int, rows: int, first: int = 0) -> pa.Table:
    """`rows` rows of one day, numbered from `first`; every text is a canary."""
    begin = datetime(2024, 1, day, tzinfo=UTC)
    return pa.table(
        {
            "ts": [begin + timedelta(seconds=i) for i in range(rows)],
            "client_ip": [f"203.0.113.{i % 250}-canary" for i in range(rows)],
            "n": range(first, first + rows),
        },
        schema=EVENTS,
    )


def land(tables: Tables, table: str, name: str, rows: pa.Table) -> str:
    """Write rows as a file in the table's data folder, as a worker does."""
    path = f"{tables.data_folder(table)}/{name}.parquet"
    storage.write_parquet(rows, path)
    return path


@contextmanager
def at_revision(url: str, revision: str) -> Iterator[Connection]:
    """A new catalogue as it was at a revision, for a test to write into by hand."""
    engine = database.make_engine(database.locate(url))
    if engine.dialect.name == "sqlite":
        Path(str(engine.url.database)).parent.mkdir(parents=True)
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        yield connection
    engine.dispose()
