"""Records with named columns: their types, the rows that do not fit, and the integrated table they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from ..config import SourceConfig
from ..errors import ConfigError
from ..registry import nearest
from . import columns
from .columns import constant
from .contract import Cursor, Pulled
from .formats.base import RESERVED, Batch, safe
from .schemas import TABLES

Kind = Literal["string", "int", "float", "bool", "timestamp", "date"]


class TabularConfig(SourceConfig):
    """What the columns are, and which integrated table they belong to."""

    types: dict[str, Kind] = Field(
        default_factory=dict,
        alias="schema",
        description="column: string, int, float, bool, timestamp or date; others are inferred from a sample",
    )
    into: Literal["web_events", "social_posts"] | None = Field(
        None, description="the integrated table; without it the source has a table of its own"
    )
    columns: dict[str, str] = Field(default_factory=dict, description="column of the table: column of the source")
    constants: dict[str, str | int | float | bool] = Field(
        default_factory=dict, description="column of the table: the value it has everywhere"
    )


class Tabular:
    """What the sources of named columns share; a subclass plans, and reads batches that it gives to `typed`."""

    label: str
    config: Any
    holder: ClassVar[str] = "no file"
    """How an error calls what has no such column."""
    _columns: dict[str, str] | None = None
    """Column → kind, agreed upon when planning and the same in every run."""
    _present: list[str] | None = None
    """The columns that what is new has."""

    @property
    def target(self) -> str:
        """The integrated table, or the source's own."""
        return str(self.config.into or self.label)

    @property
    def platform(self) -> str | None:
        """The platform of its posts, where it is the same for all."""
        given = self.config.constants.get("platform") if self.config.into == "social_posts" else None
        return str(given) if given is not None else None

    @property
    def raw_keys(self) -> dict[str, str]:
        """The columns of the raw rows that say which post it is, whose and of when."""
        mapped = self._mapped()
        return {name: mapped[name] for name in ("post_id", "author_id", "ts") if name in mapped}

    def named(self, raw: bytes) -> None:
        """Say that a refused record cannot be read."""

    def spelled(self, ident: str) -> str:
        """Return an id as it stands in the records."""
        return ident

    @property
    def schema(self) -> pa.Schema:
        """The columns, known once planned, with file and line."""
        from .convert import TYPES

        fields = [pa.field(name, TYPES[kind]) for name, kind in (self._columns or {}).items()]
        return pa.schema([*fields, pa.field("file", pa.string()), pa.field("line", pa.int64())])

    def remember(self) -> dict[str, Any]:
        """Keep the columns, so that later runs agree with them, and which of them were there this time."""
        return {"columns": self._columns, "present": self._present}

    def integrate(self, rows: pa.Table) -> pa.Table:
        """Map rows by `columns` and `constants`; a source of its own keeps its columns."""
        rows = rows.combine_chunks()
        label = constant(self.label, rows.num_rows)
        if self.config.into is None:
            return rows.append_column("source", label)
        schema = TABLES[self.config.into].schema
        made: dict[str, Any] = {
            name: rows[column] for name, column in self._mapped().items() if column in rows.column_names
        }
        made |= {name: pa.repeat(pa.scalar(value), rows.num_rows) for name, value in self.config.constants.items()}
        if self.config.into == "web_events" and "path" in made and "query" not in made:
            made |= _targets(made)
        made |= {"source": label, "file": rows["file"], "line": rows["line"]}
        return pa.table({name: made[name].cast(schema.field(name).type) for name in schema.names if name in made})

    def agree(self, samples: Mapping[str, list[pa.Array]], cursor: Cursor) -> None:
        """Settle the columns: those known from earlier runs (`cursor`) as they are, new ones by their samples.

        Raises ConfigError with the choices where weir.yaml gives a known column another type now, or maps one that is
        nowhere.
        """
        known: Mapping[str, str] = cursor.get("columns") or {}
        self._present = sorted(samples) if samples else cursor.get("present")
        for given, kind in self.config.types.items():
            former = known.get(safe(given), kind)
            if former != kind:
                raise ConfigError(
                    f"sources.{self.label}.schema: '{given}' is {kind} now and was {former} in earlier runs",
                    f"keep it {former}; or rename the column; or give the source a new name, and with it a new table",
                )
        self._columns = {**known, **{n: self._kind(n, parts) for n, parts in samples.items() if n not in known}}
        if not samples:
            return
        columns = list(self._columns)
        for name, column in self.config.columns.items():
            if safe(column) not in columns:
                raise ConfigError(
                    f"sources.{self.label}.columns.{name}: {self.holder} has a column '{column}'"
                    f"{nearest(column, columns)}",
                    f"columns there: {', '.join(columns)}",
                )

    def typed(self, batch: Batch, file: str) -> Pulled:
        """Give the columns their types; rows with a value that does not fit are rejects `type:<column>`."""
        from .convert import convert, outside

        count = len(batch.numbers)
        wrong = np.zeros(count, np.uint16)
        reasons, typed = [""], {}
        for field in self.schema:
            if field.name in ("file", "line"):
                continue
            values = batch.columns.get(field.name, pa.nulls(count, pa.string()))
            if not pa.types.is_string(values.type) and values.type != field.type:
                values = _as_type(values, field.type)
            if pa.types.is_string(values.type):
                typed[field.name], bad = convert(values, field.type)
            else:
                typed[field.name], bad = values, outside(values)
            reasons.append(f"type:{field.name}")
            wrong = np.where((wrong == 0) & bad, np.uint16(len(reasons) - 1), wrong)
        typed |= {"file": constant(file, count), "line": pa.array(batch.numbers, pa.int64())}
        rows = pa.table([typed[name] for name in self.schema.names], schema=self.schema)
        if not wrong.any():
            return Pulled(rows, batch.rejects)
        places = np.flatnonzero(wrong)
        kept = batch.raw(pa.array(places))
        refused = columns.rejects(self.label, file, batch.numbers[places], reasons, wrong[places], kept)
        return Pulled(rows.filter(pa.array(wrong == 0)), pa.concat_tables([batch.rejects, refused]))

    def check_mapping(self) -> None:
        """Refuse target columns that the integrated table does not have. Raises ConfigError."""
        config = self.config
        if config.into is None:
            if config.columns or config.constants:
                raise ConfigError(
                    f"sources.{self.label}: columns and constants need 'into'", "add into: social_posts or web_events"
                )
            return
        known = [name for name in TABLES[config.into].schema.names if name not in RESERVED]
        for name in (*config.columns, *config.constants):
            if name not in known:
                raise ConfigError(
                    f"sources.{self.label}: {config.into} has no column '{name}'{nearest(name, known)}",
                    f"columns: {', '.join(known)}",
                )

    def _mapped(self) -> dict[str, str]:
        """Return column of the table → column of the source, as the source's columns are called here."""
        return {name: safe(column) for name, column in self.config.columns.items()}

    def _kind(self, name: str, parts: list[pa.Array]) -> str:
        """Return the type of a column: as given, as its target needs, as the source has it, or as a sample fits."""
        from .convert import infer

        for given, kind in self.config.types.items():
            if safe(given) == name:
                return str(kind)
        if self.config.into is not None:
            needed = [t for t, column in self._mapped().items() if column == name]
            return _needed(TABLES[self.config.into].schema.field(needed[0]).type) if needed else "string"
        typed = [part.type for part in parts if not pa.types.is_string(part.type) and not pa.types.is_null(part.type)]
        if typed:
            return _needed(typed[0])
        return infer(pa.concat_arrays([part.cast(pa.string()) for part in parts]))


def _as_type(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return a typed column as another type, or as text where some value does not fit: those are told one by one."""
    try:
        return values.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return values.cast(pa.string())


def _needed(kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind):
        return "timestamp"
    if pa.types.is_date(kind):
        return "date"
    if pa.types.is_boolean(kind):
        return "bool"
    if pa.types.is_integer(kind):
        return "int"
    return "float" if pa.types.is_floating(kind) else "string"


def _targets(made: dict[str, Any]) -> dict[str, Any]:
    from .urls import split_targets

    path, method = made["path"], made.get("method")
    whole = [c.combine_chunks() if isinstance(c, pa.ChunkedArray) else c for c in (path, method) if c is not None]
    target = split_targets(*whole)
    return {"path": target.path, "query": target.query}
