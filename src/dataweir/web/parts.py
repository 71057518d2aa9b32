"""What several pages show of one thing, as plain values: a score, a candidate, a request, a run under way."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from ..catalog.records import Erasure, ErasureRequest, Event, Run
from ..catalog.store import Store
from ..flow.scores import slowdown

LONG_TEXT = 40


def columns_of(schema: pa.Schema, back: list[Any], tags: list[Any]) -> list[dict[str, Any]]:
    """Return the columns of a table, and the paths in nested ones that a scan told of: type, what of, role, kind."""
    told = {tag.path: tag for tag in tags}
    columns = [
        {
            "name": field.name,
            "type": str(field.type),
            "made_of": sorted({f"{e.source}.{e.source_column}" for e in back if e.target_column == field.name}),
            "tag": told.pop(field.name, None),
        }
        for field in schema
    ]
    return columns + [{"name": path, "type": tag.type, "made_of": [], "tag": tag} for path, tag in told.items()]


def text_first(sample: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a sample with the columns of long text first: they are what must be read, and what is cut off."""
    if not sample:
        return sample
    long = {name for row in sample for name, value in row.items() if isinstance(value, str) and len(value) > LONG_TEXT}
    order = sorted(sample[0], key=lambda name: name not in long)
    return [{name: row[name] for name in order} for row in sample]


def under_way(store: Store, found: list[Run]) -> dict[str, Any] | None:
    """Return where the run under way stands, or was interrupted; there is one at most, and it is the newest."""
    if not found or found[0].state not in ("running", "interrupted"):
        return None
    run, told = found[0], found[0].plan.get("prediction", {})
    events = store.events(run.id)
    at = next((event for event in reversed(events) if event.kind == "step"), None)
    heard = events[0].until if events else run.started
    until = datetime.now(UTC) if run.state == "running" else heard
    return {
        "run": run.id,
        "state": run.state,
        "heard": heard,
        "elapsed": (until - run.started).total_seconds(),
        "predicted": {name: told.get(name) for name in ("seconds", "low", "high")},
        "step": at.text if at else None,
        "done": at.done if at else None,
        "total": at.total if at else None,
        "dashboard": at.link if at else None,
    }


def by_the_clock(run: Run, event: Event) -> dict[str, Any]:
    """Return a step of a run in seconds from its start."""
    began, until = ((at - run.started).total_seconds() for at in (event.began, event.until))
    return {"step": event.text, "began": began, "until": until, "done": event.done, "total": event.total}


def score_of(record: Any) -> dict[str, Any] | None:
    """Return a recorded score for a card, None where there is none."""
    if record is None:
        return None
    names = ("kind", "version", "value", "low", "high", "pillars", "at", "run")
    shown = {name: getattr(record, name) for name in names}
    return shown | {"limit": record.facts.get("limit"), "slowdown": slowdown(record)}


def request_of(r: ErasureRequest) -> dict[str, Any]:
    """Return a request for erasure, without whom it is about."""
    names = ("id", "subject", "reference", "state", "requested_by", "requested", "decided_by", "decided", "reason")
    return {name: getattr(r, name) for name in (*names, "erasure")}


def erasure_of(e: Erasure) -> dict[str, Any]:
    """Return an erasure with its certificate."""
    names = ("id", "kind", "subject", "state", "requested_by", "requested", "finished", "certificate")
    return {name: getattr(e, name) for name in names} | {"rows": e.counts.get("rows", {})}


def candidate_of(c: Any) -> dict[str, Any]:
    """Return an export candidate for a list."""
    names = ("id", "name", "table", "state", "requested_by", "created", "published_at")
    return {name: getattr(c, name) for name in names} | {
        "rows": c.evidence["rows_out"],
        "purpose": c.evidence.get("purpose"),
        "k": c.evidence["risk"]["after"].get("k_found"),
    }
