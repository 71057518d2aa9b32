"""Erasures in the store: what is looked for, how far each is, its certificate; and the text columns of the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from sqlite3 import OperationalError
from typing import Any

from sqlalchemy import JSON, String, inspect, select, text

from ..errors import StorageError
from .database import Database, sqlite_file
from .models import AuditRow, Base, ErasureRow, SignInRow, UserRow
from .plainjson import dump_json
from .records import Erasure, record

KEPT = (AuditRow, ErasureRow, SignInRow, UserRow)
"""Tables that an erasure leaves alone: evidence, keyed hashes, and who may sign in."""


class ErasureRecords(Database):
    """The part of the store that knows who is to be forgotten, by keyed hash."""

    def begin_erasure(self, erasure: Erasure) -> None:
        """Write an erasure down before anything is erased: from here on it is finished, whatever happens."""
        with self.writing() as session:
            session.add(ErasureRow(**vars(erasure)))

    def change_erasure(self, id: str, **values: Any) -> None:
        """Set columns of an erasure."""
        with self.writing() as session:
            row = session.get_one(ErasureRow, id)
            for name, value in values.items():
                setattr(row, name, value)

    def erasures(self, state: str | None = None) -> list[Erasure]:
        """Return the erasures, oldest first."""
        query = select(ErasureRow).order_by(ErasureRow.requested, ErasureRow.id)
        if state is not None:
            query = query.where(ErasureRow.state == state)
        with self.reading() as session:
            return [record(Erasure, row) for row in session.scalars(query)]

    def search_text(self, holds: Callable[[str], bool], redact: Callable[[str], str] | None = None) -> dict[str, int]:
        """Return how many values of the store hold something, by table and column; `redact` rewrites them.

        Keys and the tables KEPT are not looked at.
        """
        found: Counter[str] = Counter()
        with self.writing() if redact else self.reading() as session:
            for mapper in Base.registry.mappers:
                model = mapper.class_
                if model in KEPT:
                    continue
                keys = {column.key for column in mapper.primary_key}
                names = [
                    a.key
                    for a in mapper.column_attrs
                    if a.columns[0].key not in keys
                    and not a.columns[0].foreign_keys
                    and isinstance(a.columns[0].type, String | JSON)
                ]
                for row in session.scalars(select(model).execution_options(yield_per=200)) if names else ():
                    for name in names:
                        value = getattr(row, name)
                        if value is None or not any(holds(t) for t in _texts(value)):
                            continue
                        found[f"{model.__tablename__}.{name}"] += 1
                        if redact:
                            setattr(row, name, _rewritten(value, holds, redact))
        return dict(sorted(found.items()))

    def count_audit(self, holds: Callable[[str], bool]) -> int:
        """Return how many entries of the audit trail hold something; they are evidence and stay."""
        with self.reading() as session:
            rows = session.scalars(select(AuditRow).execution_options(yield_per=500))
            return sum(any(holds(t) for t in (r.actor, r.subject, dump_json(r.detail))) for r in rows)

    def compact(self) -> None:
        """Give no deleted value a place in the database's files: SQLite is written anew, PostgreSQL's tables too."""
        if sqlite_file(self.url):
            connection: Any = self.engine.raw_connection()
            try:
                connection.execute("VACUUM")
                busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except OperationalError:
                busy = True
            finally:
                connection.close()
            if busy:
                raise StorageError(
                    "the catalogue is being read, so that it cannot be written anew",
                    "stop 'weir ui' and other readers for a moment, then run again",
                )
            return
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as server:
            for name in inspect(server).get_table_names():
                server.execute(text(f'VACUUM FULL "{name}"'))


def _texts(value: Any) -> list[str]:
    """Return the texts inside a value of a text or JSON column, keys too."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [t for k, v in value.items() for t in (k, *_texts(v))]
    return [t for v in value for t in _texts(v)] if isinstance(value, list) else []


def _rewritten(value: Any, holds: Callable[[str], bool], redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redact(value) if holds(value) else value
    if isinstance(value, Mapping):
        return {(redact(k) if holds(k) else k): _rewritten(v, holds, redact) for k, v in value.items()}
    return [_rewritten(v, holds, redact) for v in value] if isinstance(value, list) else value
