"""What is known about sources and tables: declared in weir.yaml, found in schemas and scans, kept with history.

A table has the owners, licences, purposes and times of keeping of the sources that feed it, unless weir.yaml says
something of its own under `tables:`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..catalog.measure import metrics
from ..settings import TableConfig
from .project import Project

if TYPE_CHECKING:
    from ..catalog.store import Store
    from ..catalog.tables import Tables

DECLARED = ("owner", "licence", "purpose", "retain")


def keep(project: Project, store: Store, tables: Tables, changed: set[str]) -> None:
    """Write down in the store what weir.yaml and the schemas say now; `changed` are tables whose schema may differ."""
    names = tables.names()
    known = {d.name for d in store.descriptions("table", topic="schema") if d.facts}
    schemas = {
        name: {"columns": [(field.name, str(field.type)) for field in tables.schema(name)]}
        for name in names
        if name in changed or name not in known
    }
    store.describe("table", "schema", schemas)
    store.describe("table", "declared", {name: declared(project, name) for name in names}, whole=True)
    store.describe("source", "declared", _sources(project), whole=True)
    store.describe("metric", "declared", _metrics(), whole=True)
    labels = {name: {"table": task.table, "labels": task.labels} for name, task in project.config.labels.items()}
    store.describe("label", "declared", labels, whole=True)


def declared(project: Project, name: str) -> dict[str, Any]:
    """Return what weir.yaml says of a table: its sources, owner, licence, purpose, retain (a list each), tags."""
    feeding = {
        label: source.config
        for label, source in sorted(project.sources().items())
        if name in (f"raw.{label}", f"refined.{source.target}")
    }
    zone, _, table = name.partition(".")
    own = project.config.tables.get(table if zone == "refined" else name, TableConfig())
    kept = project.config.retain.get(table) if zone == "refined" else None
    found: dict[str, Any] = {"sources": list(feeding)}
    for fact in DECLARED:
        said = kept if fact == "retain" else getattr(own, fact)
        inherited = (getattr(config, fact) for config in feeding.values())
        found[fact] = [said] if said else _distinct(inherited)
    found["description"] = own.description
    found["tags"] = _distinct([*own.tags, *(tag for config in feeding.values() for tag in config.tags)])
    found["column tags"] = own.columns
    return found


def about(project: Project, name: str) -> dict[str, Any]:
    """Return what the store knows of a table, or of a source by its label: by topic what holds, and what was before.

    Of a table also rows, files, bytes and the newest barrier. Raises ConfigError where neither is called so.
    """
    store = project.reading()
    kind = "source" if name in project.sources() else "table"
    if kind == "table":
        name = project.qualified(name)
    versions = store.descriptions(kind, name, history=True)
    found: dict[str, Any] = {"kind": kind, "name": name}
    found |= {version.topic: version.facts for version in versions if version.until is None}
    found["history"] = [
        {"since": v.since, "until": v.until, "topic": v.topic, "facts": v.facts, "text": v.text}
        for v in sorted(versions, key=lambda v: v.since, reverse=True)
    ]
    if kind == "table":
        info = project.tables().info(name)
        found |= {"rows": info.rows, "files": info.files, "bytes": info.bytes, "updated": info.updated}
    score = store.latest_scores(f"{kind}:{name}").get("barrier")
    found["barrier"] = score and {"value": score.value, "low": score.low, "high": score.high}
    return found


def _sources(project: Project) -> dict[str, dict[str, Any]]:
    return {
        label: {
            "type": type(source).name,
            "table": f"refined.{source.target}",
            **{fact: getattr(source.config, fact) for fact in DECLARED},
            "tags": source.config.tags,
        }
        for label, source in project.sources().items()
    }


def _metrics() -> dict[str, dict[str, Any]]:
    return {
        name: {"what": plug.description(), "pillar": str(plug.pillar), "unit": plug.unit}
        for name, plug in metrics().items()
    }


def _distinct(values: Any) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))
