"""Why a row was dropped: the cluster of an id, with the texts side by side."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import ConfigError
from ..ingest.dedup.exact import id_column
from ..ingest.parts import text_column
from .near import DOCS
from .project import Project

DUPLICATES, CUTS = "refined.duplicates", "refined.cuts"
_COLUMNS = ["id", "kept_id", "method", "similarity", "source", "file", "line"]
_NOTHING = pa.table({name: pa.array([], pa.string()) for name in _COLUMNS})
_CUT = ("unit", "number", "chars", "key", "texts")


def explain(project: Project, ident: str, table: str) -> dict[str, Any]:
    """Return the cluster that a row belongs to: {'table', 'members': [{'id', 'kept', 'kept_id', ..., 'cut'}]}.

    Members are connected by what `duplicates` says and by the index's verified pairs. Texts of rows that were
    dropped are read from the raw table, by file and line, and so is the `whole` text of rows from which repeated
    lines were `cut`. Raises ConfigError where the id is in no cluster and nothing was cut from it.
    """
    tables = project.tables()
    mine = f"table == '{table}'"
    if not tables.exists(DUPLICATES) and not tables.exists(CUTS):
        raise ConfigError("no run has found duplicates yet", "run first: weir run")
    dropped = tables.read(DUPLICATES, _COLUMNS, mine) if tables.exists(DUPLICATES) else _NOTHING
    cut = tables.read(CUTS, row_filter=mine) if tables.exists(CUTS) else None
    beside: dict[str, set[str]] = defaultdict(set)
    pairs = list(zip(dropped["id"].to_pylist(), dropped["kept_id"].to_pylist(), strict=True))
    if tables.exists(DOCS):
        indexed = tables.read(DOCS, ["id", "links"], mine)
        indexed = indexed.filter(pc.greater(pc.list_value_length(indexed["links"]), 0))
        pairs += [(row["id"], other) for row in indexed.to_pylist() for other in row["links"]]
    for a, b in pairs:
        if a and b and a != b:
            beside[a].add(b)
            beside[b].add(a)
    if ident not in beside and not (cut is not None and pc.any(pc.equal(cut["id"], ident)).as_py()):
        raise ConfigError(
            f"no row of {table} with that id is a duplicate or has any, and nothing was cut from it",
            "see 'weir sql \"from duplicates\"' for ids",
        )
    members, ahead = {ident}, [ident]
    while ahead:
        fresh = beside[ahead.pop()] - members
        members |= fresh
        ahead += fresh
    return {"table": table, "members": _members(project, tables, table, sorted(members), dropped, cut)}


def _members(
    project: Project, tables: Any, table: str, names: list[str], dropped: pa.Table, cut: pa.Table | None
) -> list[dict[str, Any]]:
    column = text_column(table, project.config.dedup[table]) if table in project.config.dedup else "text"
    own, text = id_column(table), column or "text"
    wanted = pa.array(names)
    kept = tables.read(f"refined.{table}", [own, text, "source", "file", "line"])
    kept = kept.filter(pc.is_in(kept[own], wanted)).to_pylist()
    found: list[dict[str, Any]] = [
        {"id": row[own], "kept": True, "kept_id": row[own], "method": None, "similarity": 1.0, **_place(row)}
        | {"text": row[text]}
        for row in kept
    ]
    for row in dropped.filter(pc.is_in(dropped["id"], wanted)).to_pylist():
        if row["method"] in ("near", "text", "semantic"):
            found.append({**row, "kept": False, "text": _raw_text(project, tables, row, text)})
    for row in found:
        row["cut"] = _cut(cut, row) if row["kept"] else []
        if row["cut"]:
            row["whole"] = _raw_text(project, tables, row, text)
    return sorted(found, key=lambda row: (not row["kept"], -row["similarity"], row["id"]))


def _cut(cut: pa.Table | None, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was cut from a row as it stands: its id may have had other lines in an earlier version."""
    if cut is None:
        return []
    mine = cut.filter(pc.equal(cut["id"], row["id"]))
    place = _place(row)
    lines = [each for each in mine.to_pylist() if _place(each) == place]
    return sorted(({name: each[name] for name in _CUT} for each in lines), key=lambda each: each["number"])


def _place(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("source", "file", "line")}


def _raw_text(project: Project, tables: Any, row: dict[str, Any], column: str) -> str | None:
    """Return the text of a row as it came; None where the raw row is gone."""
    source = project.sources().get(row["source"])
    name = f"raw.{row['source']}"
    if source is None or not tables.exists(name):
        return None
    if not {"file", "line"} <= set(tables.schema(name).names):
        return None
    raw = tables.read(name, row_filter=f"line == {int(row['line'])}")
    raw = raw.filter(pc.equal(raw["file"], row["file"]))
    texts = source.integrate(raw)[column].to_pylist() if raw.num_rows else []
    return str(texts[0]) if texts and texts[0] is not None else None
