"""The database behind the catalogue: SQLite by default, PostgreSQL for a team, one SQLAlchemy URL for both.

Every failure leaves this module as StorageError (the database refused) or ConfigError (the URL is wrong),
with the password taken out and no statement or parameter in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from ..errors import ConfigError, MissingExtra, StorageError
from ..storage import storage_error
from .plainjson import dump_json

HEAD = "0009"
"""The newest revision in migrations/versions; here so that opening a current store loads no Alembic."""

VERSION_TABLE = "weir_version"
_WRITE = "weir_write"
_MIGRATION_LOCK = 7_305_523_147


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def locate(url: str) -> URL:
    """Return the catalogue's URL with its driver spelled out. Raises ConfigError for what Weir cannot use."""
    cure = "use sqlite:////folder/catalog.db or postgresql+psycopg://user@host/database"
    try:
        found = make_url(url.replace("postgres://", "postgresql://", 1))
    except (ArgumentError, ValueError):
        raise ConfigError("catalog is not a database URL", cure) from None
    backend = found.get_backend_name()
    if backend == "postgresql":
        return found.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise ConfigError(f"catalog: {backend} is not supported", cure)
    if not found.database or found.database == ":memory:" or found.database.startswith("file:"):
        raise ConfigError("catalog: SQLite must be a file, since every process opens it anew", cure)
    return found.set(drivername="sqlite")


def sqlite_file(url: URL) -> Path | None:
    """Return the file of an SQLite catalogue, None for PostgreSQL."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def make_engine(url: URL, timeout: float = 30.0, name: str = "weir") -> Engine:
    """Create the engine: WAL, foreign keys and a busy timeout on SQLite, keep-alives on PostgreSQL.

    `timeout` is in seconds: how long a lock is waited for (SQLite) or a connection (PostgreSQL). `name` is
    what a PostgreSQL server shows for the connection. Raises MissingExtra where the driver is not installed.
    """
    options: dict[str, Any] = {"hide_parameters": True, "json_serializer": dump_json}
    if url.get_backend_name() == "postgresql":
        connect: dict[str, Any] = {"connect_timeout": max(2, int(min(timeout, 10))), "keepalives_idle": 30}
        if "application_name" not in url.query:
            connect["application_name"] = name
        try:
            return create_engine(url, connect_args=connect, pool_pre_ping=True, **options)
        except ImportError:
            raise MissingExtra.of("postgres", "a PostgreSQL catalogue") from None
    engine = create_engine(url, connect_args={"timeout": timeout}, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not open transactions by itself: BEGIN IMMEDIATE below waits for the write lock, whereas
    # a read transaction that turns into a writing one fails at once when another process wrote in between.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # what is deleted does not stay in free pages
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def failure(error: SQLAlchemyError, url: URL) -> StorageError:
    """Turn a database error into cause and cure, without password, statement or parameter."""
    cause = str(error.orig) if isinstance(error, DBAPIError) and error.orig else type(error).__name__
    cause = cause.strip().splitlines()[0] if cause.strip() else type(error).__name__
    if url.password:
        cause = cause.replace(str(url.password), "***")
    shown = url.set(query={}).render_as_string(hide_password=True)
    file = sqlite_file(url)
    if "locked" in cause and file:
        return StorageError(
            f"the catalogue {file} is locked by another process",
            "wait until the other command has ended, then run again",
        )
    if file and ("not a database" in cause or "malformed" in cause):
        return StorageError(
            f"the catalogue {file} is damaged or no SQLite file: {cause}",
            "restore it from a backup; the data files of the warehouse are whole",
        )
    if file and ("disk is full" in cause or "disk I/O" in cause):
        return StorageError(
            f"the disk is full or failing: {file} ({cause})",
            "free some space, then run again; nothing that was committed is lost",
        )
    if file and ("unable to open" in cause or "readonly" in cause):
        return StorageError(f"cannot open the catalogue {file}: {cause}", "check the path and its permissions")
    return StorageError(
        f"the catalogue {shown} refused: {cause}",
        "check that the server runs and that the URL's user may write",
    )


class Database:
    """One open catalogue: an engine, short read and write transactions, errors translated.

    `witness` is a folder outside the database in which the head of the audit trail is kept (witness.py).
    """

    witness: Path | None = None

    def __init__(self, url: URL, engine: Engine) -> None:
        self.url = url
        self.engine = engine

    @classmethod
    def open(cls, url: str, create: bool = True, timeout: float = 30.0) -> Self:
        """Open the catalogue at `url`, creating it and bringing its tables up to date where needed.

        With `create=False` an absent catalogue is a ConfigError. Raises StorageError where the database is
        unreachable, damaged or locked for longer than `timeout` seconds.
        """
        location = locate(url)
        file = sqlite_file(location)
        absent = ConfigError("there is no catalogue yet", "run 'weir run' first")
        if file is not None and not file.exists():
            if not create:
                raise absent
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise storage_error(error, str(file.parent)) from None
        engine = make_engine(location, timeout)
        try:
            found = revision(engine)
            if found is None and not create:
                raise absent
            if found != HEAD:
                _migrate(engine)
        except SQLAlchemyError as error:
            engine.dispose()
            raise failure(error, location) from None
        except ConfigError:
            engine.dispose()
            raise
        return cls(location, engine)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that only reads."""
        try:
            with Session(self.engine) as session:
                yield session
        except SQLAlchemyError as error:
            raise failure(error, self.url) from None

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session whose changes are committed together at the end, or not at all."""
        try:
            with Session(self.engine.execution_options(**{_WRITE: True})) as session, session.begin():
                yield session
        except SQLAlchemyError as error:
            raise failure(error, self.url) from None


def revision(engine: Engine) -> str | None:
    """Return the revision the catalogue stands at, None where it holds no tables of Weir."""
    if not inspect(engine).has_table(VERSION_TABLE):
        return None
    with engine.connect() as connection:
        return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608


def _migrate(engine: Engine) -> None:
    """Bring the tables to HEAD in one transaction; a second process that tries waits, and finds it done."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with engine.execution_options(**{_WRITE: True}).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        found = None
        if inspect(connection).has_table(VERSION_TABLE):
            found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if found is not None and found not in known:
            raise ConfigError(
                f"the catalogue was written by a newer Weir (revision {found}, this one knows {HEAD})",
                "upgrade dataweir",
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
