"""The connector for tables and queries of SQL databases."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, NamedTuple
from urllib.parse import quote

import numpy as np
import pyarrow as pa
from pydantic import Field
from sqlalchemy import Select, bindparam, column, func, literal_column, quoted_name, select, table, text

from ...config import resolve_env
from ...errors import ConfigError, SourceError
from .. import database
from ..contract import Cursor, Plan, Pulled, Split, no_rejects, source
from ..formats.base import Batch, unique
from ..identity import digest
from ..tabular import Tabular, TabularConfig

_SAMPLE = 1000


class SqlConfig(TabularConfig):
    """Which database, which table or query, and by which column new rows are told."""

    url: str = Field(description="SQLAlchemy URL; the password as ${NAME}; SQLite paths count from weir.yaml's folder")
    table: str | None = Field(None, description="table or view, with its schema where it is not the default one")
    query: str | None = Field(None, description="a SELECT, in place of a table")
    cursor: str | None = Field(
        None, description="column that grows with every new or changed row (an id, updated_at); without it: read once"
    )
    lag: float = Field(
        0,
        ge=0,
        description="how far behind the newest cursor value to stop, for rows not yet committed: seconds, or ids",
    )
    rows_per_split: int = Field(500_000, gt=0, description="about how many rows one task reads")


class _Bounds(NamedTuple):
    """The stretch of cursor values that is read: above `low` (None: from the beginning), up to `high`."""

    low: Any
    high: Any


@source("sql")
class Sql(Tabular):
    """Tables, views and queries of any database that SQLAlchemy knows, incrementally by a cursor column.

    Each run reads the rows whose cursor value lies above the highest one read before. PostgreSQL is read through ADBC
    where its driver is installed. A row that was changed comes again if that moved its cursor value.
    """

    name: ClassVar[str] = "sql"
    holder: ClassVar[str] = "no row"
    Config: ClassVar[type[SqlConfig]] = SqlConfig
    sample: ClassVar[str] = "sql.db"
    sample_config: ClassVar[Mapping[str, Any]] = {
        "type": "sql",
        "url": "sqlite:///sql.db",
        "table": "tickets",
        "cursor": "id",
        "into": "social_posts",
        "columns": {"post_id": "id", "ts": "created_at", "text": "body"},
        "constants": {"platform": "support", "kind": "post"},
    }

    def __init__(self, label: str, config: SqlConfig, root: str) -> None:
        self.label = label
        self.config = config
        self.root = root
        if (config.table is None) == (config.query is None):
            raise ConfigError(f"sources.{label} needs one of: table, query", "name the table, or write the SELECT")
        self.check_mapping()

    @property
    def authenticated(self) -> bool:
        """Whether the database wants a user."""
        return "@" in self.config.url

    def plan(self, cursor: Cursor) -> Plan:
        """List the stretches of new rows since `cursor`."""
        url, skipped = self._url(), []
        file = f"{database.shown(self._written())}/{self.config.table or 'query'}"
        low = _from_json(cursor["high"]) if cursor.get("high") else None
        with database.connected(url, f"sources.{self.label}") as connection:
            bounds, count = self._news(connection, low, bool(cursor))
            if self.config.cursor is not None and not cursor:
                missing = connection.scalar(self._select(func.count()).where(self._cursor.is_(None)))
                if missing:
                    skipped.append((file, f"{missing:,} rows have no value in the cursor column"))
        if bounds is None:
            return Plan([], cursor, [*skipped, (file, "nothing new" if self.config.cursor else "read once")])
        self._agree(url, bounds, cursor)
        splits = [self._split(file, part) for part in _cut(bounds, -(-count // self.config.rows_per_split))]
        if self.config.cursor is not None:
            said = [str(count), *("0" for _ in splits[1:])]
            splits = [replace(s, extra={**s.extra, "expected": n}) for s, n in zip(splits, said, strict=True)]
        return Plan(splits, {"high": _to_json(bounds.high), **self.remember()}, skipped)

    def read(self, split: Split) -> Iterator[Pulled]:
        """Yield the split's rows in the order of the cursor column."""
        self._columns = json.loads(split.extra["columns"])
        bounds = _Bounds(*map(_from_json, json.loads(split.extra["bounds"])))
        number = split.first_line
        if "expected" in split.extra:
            cost = {"expected_records": float(split.extra["expected"])}
            yield Pulled(self.schema.empty_table(), no_rejects(), cost=cost)
        for rows in database.batches(self._url(), self._rows(bounds), f"sources.{self.label}"):
            numbers = np.arange(number, number + len(rows), dtype=np.int64)
            number += len(rows)
            yield self.typed(Batch(_columns(rows), numbers, _as_json(rows), no_rejects()), split.file)

    def _url(self) -> Any:
        """Return the URL as it is opened: SQLite files from the project's folder, and never made where absent."""
        url = self._written()
        if url.get_backend_name() != "sqlite" or not url.database or url.database.startswith((":", "file:")):
            return url
        path = Path(self.root, url.database)
        if not path.is_file():
            raise ConfigError(f"sources.{self.label}.url: there is no {url.database}", "correct the path")
        return url.set(database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true"})

    def _written(self) -> Any:
        where = f"sources.{self.label}.url"
        return database.parse(resolve_env(self.config.url, where), where)

    @property
    def _cursor(self) -> Any:
        return column(self.config.cursor or "")

    def _select(self, *what: Any) -> Select[Any]:
        if self.config.table is not None:
            schema, _, name = self.config.table.rpartition(".")
            return select(*what).select_from(table(quoted_name(name, None), schema=schema or None))
        return select(*what).select_from(text(f"({self.config.query.rstrip().rstrip(';')}) weir_query"))

    def _rows(self, bounds: _Bounds) -> Select[Any]:
        rows = self._select(literal_column("*"))
        if self.config.cursor is None:
            return rows
        if bounds.low is not None:
            rows = rows.where(self._cursor > bindparam("low", bounds.low))
        return rows.where(self._cursor <= bindparam("high", bounds.high)).order_by(self._cursor)

    def _news(self, connection: Any, low: Any, known: bool) -> tuple[_Bounds | None, int]:
        """Return the stretch that is new, and how many rows it has."""
        if self.config.cursor is None:
            return (None, 0) if known else (_Bounds(None, None), 1)
        high = _whole(connection.scalar(self._select(func.max(self._cursor))))
        if high is not None and self.config.lag:
            high = self._behind(high)
        if high is None or (low is not None and high <= low):
            return None, 0
        counted = self._select(func.count()).where(self._cursor <= bindparam("high", high))
        if low is not None:
            counted = counted.where(self._cursor > bindparam("low", low))
        count = int(connection.scalar(counted) or 0)
        if low is None:
            low = _whole(connection.scalar(self._select(func.min(self._cursor))))
            return (_Bounds(_below(low), high), count) if count else (None, 0)
        return (_Bounds(low, high), count) if count else (None, 0)

    def _behind(self, high: Any) -> Any:
        if isinstance(high, dt.datetime):
            return high - dt.timedelta(seconds=self.config.lag)
        if isinstance(high, int):
            return high - int(self.config.lag)
        raise ConfigError(f"sources.{self.label}.lag needs a cursor column of times or whole numbers", "remove lag")

    def _agree(self, url: Any, bounds: _Bounds, cursor: Cursor) -> None:
        """Settle the columns by the first new rows. Raises SourceError where the cursor column is gone."""
        rows = next(database.batches(url, self._rows(bounds).limit(_SAMPLE), f"sources.{self.label}"), None)
        if rows is None:
            raise SourceError(f"sources.{self.label}: the rows vanished", "run again", retryable=True)
        self.agree({name: [values] for name, values in _columns(rows).items()}, cursor)

    def _split(self, file: str, bounds: _Bounds) -> Split:
        extra = {"columns": json.dumps(self._columns), "bounds": json.dumps([_to_json(b) for b in bounds])}
        key = digest(repr((file, self.config.query, self.config.cursor, extra["bounds"])).encode())
        return Split(self.label, key, "", f"{file}#{key[:8]}", 0, extra=extra)


def _columns(rows: pa.Table) -> dict[str, pa.Array]:
    """Return the columns by safe name: plain types as they are, the others as text."""
    made = (values.combine_chunks() for values in rows.columns)
    return dict(zip(unique(rows.column_names), map(_plain, made), strict=True))


def _plain(values: Any) -> pa.Array:
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    kind = values.type
    if pa.types.is_timestamp(kind):
        zoned = values if kind.tz else values.cast(pa.timestamp(kind.unit, "UTC"))
        return zoned.cast(pa.timestamp("us", "UTC"), safe=False)
    if pa.types.is_null(kind):
        return values.cast(pa.string())
    known = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_date32, pa.types.is_string)
    if any(test(kind) for test in known):
        return values
    return pa.array([database.text(value) for value in values.to_pylist()], pa.string())


def _as_json(rows: pa.Table) -> Any:
    def raw(places: pa.Array) -> pa.Array:
        taken = rows.take(places).to_pylist()
        return pa.array(
            [json.dumps(row, ensure_ascii=False, default=database.text).encode() for row in taken], pa.binary()
        )

    return raw


def _cut(bounds: _Bounds, parts: int) -> list[_Bounds]:
    """Cut a stretch of numbers or times into even parts; other values are read in one."""
    low, high = bounds.low, bounds.high
    if parts < 2 or type(low) is not type(high) or not isinstance(high, int | dt.datetime):
        return [bounds]
    width: Any = bounds.high - bounds.low
    marks: list[Any] = [low, *(low + width * i // parts for i in range(1, parts)), high]
    return [_Bounds(a, b) for a, b in pairwise(marks) if a < b]


def _whole(value: Any) -> Any:
    """Return a decimal number without a fraction as a whole one: JSON can remember it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _below(low: Any) -> Any:
    """Return a value just below a number or a time; None where there is no telling."""
    if isinstance(low, dt.datetime):
        return low - dt.timedelta(microseconds=1)
    return low - 1 if isinstance(low, int) else None


def _to_json(value: Any) -> Any:
    """Return a cursor value as JSON that keeps its type."""
    if isinstance(value, dt.date | dt.datetime):
        return {type(value).__name__: value.isoformat()}
    if value is None or isinstance(value, int | float | str):
        return value
    return {"text": str(value)}


def _from_json(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    kind, spelled = next(iter(value.items()))
    known = {"datetime": dt.datetime.fromisoformat, "date": dt.date.fromisoformat}
    return known.get(kind, str)(spelled)
