"""Which columns made this column: found by changing one and looking what else changes, not by declaration.

A connector's `integrate` is a pure function on a table, so each of its input columns is changed on a few real
rows, and the output columns that then differ depend on it. That holds for any connector, ours or a stranger's,
and no value leaves this module. Cleaning rules and policies say themselves which columns they touch.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from ..errors import ConfigError
from ..ingest.contract import rule
from ..ingest.integrate import user_events
from ..ingest.schemas import TABLES
from ..privacy.nested import columns_of, paths
from ..privacy.policy import load_policy
from ..registry import nearest
from .project import Project

SAMPLE_ROWS = 200
Kind = Literal["identity", "transformation", "masked"]
Direction = Literal["back", "forward"]


@dataclass(frozen=True)
class Edge:
    """`target` (table and column) is made of `source` by a step; `what` says how."""

    source: str
    source_column: str
    target: str
    target_column: str
    kind: Kind
    step: str
    what: str


def edges(project: Project) -> list[Edge]:
    """Return every edge between the columns of raw tables, refined tables and exports, in that order."""
    tables = project.tables()
    found: list[Edge] = []
    names = set(tables.names())
    cleaned = _cleaning(project)
    for label, source in sorted(project.sources().items()):
        raw, target = f"raw.{label}", f"refined.{source.target}"
        if raw in names and target in names:
            rows = _as_read(tables.read(raw, limit=SAMPLE_ROWS), source.schema)
            found += _integration(raw, target, source, rows, cleaned.get(source.target, {}))
    for name in ("web_events", "social_posts"):
        table = f"refined.{name}"
        if table in names and "refined.user_events" in names:
            found += _derivation(table, tables.read(table, limit=SAMPLE_ROWS))
    for name in sorted(project.config.exports):
        found += _export(project, tables, names, name)
    return found


def trace(found: Iterable[Edge], column: str, direction: Direction) -> list[Edge]:
    """Return the edges that lead to a column (back) or away from it, nearest first; `column` is TABLE.COLUMN.

    TABLE alone means all of its columns. Raises ConfigError where nothing is called so.
    """
    all_edges = list(found)
    ends = {(e.source, e.source_column) for e in all_edges} | {(e.target, e.target_column) for e in all_edges}
    begin = {end for end in ends if column in (end[0], ".".join(end))}
    if not begin:
        known = sorted({end[0] for end in ends} | {".".join(end) for end in ends})
        raise ConfigError(f"no column is called '{column}'{nearest(column, known)}", "write it as ZONE.TABLE.COLUMN")
    chosen: list[Edge] = []
    while begin:
        if direction == "back":
            step = [e for e in all_edges if (e.target, e.target_column) in begin and e not in chosen]
            begin = {(e.source, e.source_column) for e in step}
        else:
            step = [e for e in all_edges if (e.source, e.source_column) in begin and e not in chosen]
            begin = {(e.target, e.target_column) for e in step}
        chosen += step
    return chosen


def _integration(raw: str, target: str, source: Any, rows: pa.Table, cleaned: dict[str, list[str]]) -> list[Edge]:
    made = source.integrate(rows)
    found = []
    for name in rows.column_names:
        changed = _changed(source.integrate, rows, name, made)
        for column in changed:
            same = _same(made[column], rows[name])
            rules = cleaned.get(column, [])
            kind: Kind = "identity" if same and not rules else "transformation"
            what = ("as received" if same else "integrated") + (
                f", read or changed by {', '.join(rules)}" if rules else ""
            )
            found.append(Edge(raw, name, target, column, kind, f"integrate ({source.name})", what))
    identifier = TABLES[source.target].id if source.target in TABLES else "row_id"
    keyed = [c for c in made.column_names if c not in (identifier, "source", "file", "line")]
    if identifier not in made.column_names:
        origins = sorted({e.source_column for e in found if e.target_column in keyed})
        found += [Edge(raw, o, target, identifier, "transformation", "dedup", "hash of the row") for o in origins]
    return found


def _as_read(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Give rows that an earlier version of the connector landed the columns that it yields now, empty."""
    for field in schema:
        if field.name not in rows.column_names:
            rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    return rows


def _derivation(table: str, rows: pa.Table) -> list[Edge]:
    web = table.endswith("web_events")

    def derive(given: pa.Table) -> pa.Table:
        return user_events(web=given) if web else user_events(social=given)

    made = derive(rows)
    return [
        Edge(
            table,
            name,
            "refined.user_events",
            column,
            "identity" if _same(made[column], rows[name]) else "transformation",
            "integrate (user_events)",
            "derived",
        )
        for name in rows.column_names
        for column in _changed(derive, rows, name, made)
    ]


def _export(project: Project, tables: Any, names: set[str], name: str) -> list[Edge]:
    settings = project.config.exports[name]
    table = settings.table if "." in settings.table else f"refined.{settings.table}"
    if table not in names:
        return []
    policy = load_policy(project.policy_path(name))
    found = []
    for path in paths(tables.schema(table)):
        action = policy.columns.get(policy.named(path) or path)
        operator = _operator(action)
        if operator in (None, "drop"):
            continue
        kind: Kind = "identity" if operator == "keep" else "masked"
        what = f"{operator} by policy {policy.name} ({policy.hash()[:12]})"
        (column,) = columns_of([path], tables.schema(table))
        found.append(Edge(table, column, f"export.{name}", path, kind, "export", what))
    return found


def _operator(action: Any) -> str | None:
    if action is None or isinstance(action, str):
        return action
    if isinstance(action, dict):
        return str(next(iter(action)))
    return str(getattr(action, "operator", getattr(action, "name", action)))


def _cleaning(project: Project) -> dict[str, dict[str, list[str]]]:
    """Return table → column → the names of the rules that are switched on and touch it."""
    found: dict[str, dict[str, list[str]]] = {}
    for name, plug in rule.all().items():
        if project.config.clean.get(name) is False:
            continue
        for table, columns in getattr(plug, "columns", {}).items():
            for column in columns:
                found.setdefault(table, {}).setdefault(column, []).append(name)
    return found


def _changed(function: Any, rows: pa.Table, name: str, made: pa.Table) -> list[str]:
    """Return the output columns that differ once one input column is null, turned round, or one constant.

    A change that only takes rows away (the function filters by the column) says nothing about columns.
    """
    place = rows.schema.get_field_index(name)
    field = rows.schema.field(place)
    changed: set[str] = set()
    for other in _others(rows[name], field.type):
        try:
            again = function(rows.set_column(place, field, other))
        except (pa.ArrowException, TypeError, ValueError):
            continue  # the function cannot live with it: the other changes tell
        if again.num_rows == made.num_rows:
            changed |= {c for c in made.column_names if c in again.column_names and not again[c].equals(made[c])}
    return [column for column in made.column_names if column in changed]


def _others(values: pa.ChunkedArray, kind: pa.DataType) -> list[Any]:
    count = len(values)
    found = [pa.nulls(count, kind), values.take(pa.array(range(count - 1, -1, -1)))]
    with contextlib.suppress(pa.ArrowException):
        found.append(pa.array(["1"] * count).cast(kind))
    return found


def _same(a: pa.ChunkedArray, b: pa.ChunkedArray) -> bool:
    if len(a) != len(b):
        return False
    try:
        return bool(a.equals(b.cast(a.type, safe=False)))
    except pa.ArrowException:
        return False
