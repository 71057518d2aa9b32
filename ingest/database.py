"""Rows of any SQL database as Arrow batches: by SQLAlchemy, or by an ADBC driver where there is one.

Nothing is written: where the database knows read-only transactions, these are such. Errors name the database and the
kind of failure, never the statement, its values or the password.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from sqlalchemy import URL, Engine, Select, create_engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from ..errors import ConfigError, MissingExtra, SourceError

_ROWS = 16_384
_ADBC = {"postgresql": "adbc_driver_postgresql.dbapi"}
"""Database → module of the ADBC driver that is used for it where it is installed."""
_EXTRAS = {"psycopg": "postgres"}


def parse(url: str, where: str) -> URL:
    """Return an SQLAlchemy URL. Raises ConfigError where it is none, without showing it."""
    try:
        made = make_url(url)
        made.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise ConfigError(
            f"{where} is no URL of a database that SQLAlchemy knows",
            "write dialect+driver://user:${PASSWORD}@host/database, such as postgresql+psycopg://...",
        ) from None
    except ImportError as error:
        raise _missing(error, where) from None
    return made


def shown(url: URL) -> str:
    """Return the URL without user and password, as tables and errors show it."""
    bare = URL.create(url.drivername, host=url.host, port=url.port, database=url.database)
    return bare.render_as_string()


@contextmanager
def connected(url: URL, where: str) -> Iterator[Any]:
    """Open a read-only connection that streams its results. Raises SourceError, saying nothing of the values."""
    try:
        engine: Engine = create_engine(url, hide_parameters=True)
    except ImportError as error:
        raise _missing(error, where) from None
    try:
        with _explained(url), engine.connect() as connection:
            yield connection.execution_options(postgresql_readonly=True, stream_results=True)
    finally:
        engine.dispose()


def batches(url: URL, query: Select[Any], where: str) -> Iterator[pa.Table]:
    """Yield the rows of a query, some thousands at a time, in the types that the database gives."""
    module = _driver(url)
    if module is not None:
        with _explained(url):
            yield from _by_adbc(module, url, query)
        return
    with connected(url, where) as connection:
        for part in connection.execute(query).partitions(_ROWS):
            names = list(part[0]._fields)
            columns = zip(*part, strict=True)
            yield pa.table([column(values) for values in columns], names=names)


def column(values: Any) -> pa.Array:
    """Return Python values of one column as Arrow: typed where they are all of one plain type, else as text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int} or kinds <= {int, float} or kinds <= {str}:
        try:
            return pa.array(values)
        except (OverflowError, pa.ArrowInvalid, UnicodeEncodeError):
            pass
    return pa.array([text(value) for value in values], pa.string())


def text(value: Any) -> str | None:
    """Return a value as text: times in ISO 8601, documents as JSON, bytes with their odd ones escaped."""
    from .jsonlines import text_of

    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "backslashreplace")
    if value is None or isinstance(value, str | int | float | dict | list):
        return text_of(value)
    return str(value.isoformat() if hasattr(value, "isoformat") else value)


def _by_adbc(module: Any, url: URL, query: Select[Any]) -> Iterator[pa.Table]:
    from sqlalchemy.dialects import postgresql

    dialect: Any = postgresql.dialect
    compiled = query.compile(dialect=dialect(paramstyle="numeric_dollar"))
    values = [compiled.params[name] for name in compiled.positiontup or ()]
    address = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
    with module.connect(address, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(str(compiled), values or None)
        for batch in cursor.fetch_record_batch():
            yield pa.Table.from_batches([batch])


def _driver(url: URL) -> Any:
    import importlib

    name = _ADBC.get(url.get_backend_name())
    try:
        return importlib.import_module(name) if name else None
    except ImportError:
        return None


def _missing(error: ImportError, where: str) -> ConfigError:
    name = (error.name or "the driver").partition(".")[0]
    if name in _EXTRAS:
        return MissingExtra.of(_EXTRAS[name], where)
    return ConfigError(f"{where} needs the Python package '{name}'", f"pip install {name}")


@contextmanager
def _explained(url: URL) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise _failed(url, type(cause).__name__) from None
    except Exception as error:
        if type(error).__module__.startswith("adbc_driver"):
            raise _failed(url, type(error).__name__) from None
        raise


def _failed(url: URL, kind: str) -> SourceError:
    return SourceError(
        f"the database {shown(url)} refused: {kind}",
        "check that it is up, that the table and its columns are there, and that the user may read them",
        retryable=kind in ("OperationalError", "InterfaceError", "TimeoutError"),
    )
