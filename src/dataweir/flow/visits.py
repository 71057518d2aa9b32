"""Visits in a run: sessions and machines over the batch and its days, and what they change of committed events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..catalog.records import StepRecord
from ..engine import Engine
from ..ingest.cleaning import Cleaner
from ..ingest.outliers import Limits
from ..ingest.parts import Decided, Prepared
from ..ingest.persons import Identify
from ..ingest.visits.reconstruct import Visits, reconstruct
from ..ingest.visits.restate import Changes, changes, restate, touched
from .project import Project

TABLE = "refined.web_events"
EVENTS = "refined.user_events"


class Restatement(NamedTuple):
    """Files that take the place of committed ones, and the row filters that take those away, by table."""

    adds: dict[str, list[str]]
    deletes: dict[str, str]


class VisitStage:
    """The visits of one batch; nothing to do where the batch is not of web_events or both rules are off."""

    def __init__(self, project: Project, tables: Any, engine: Engine, staging: str, prepared: list[Prepared]) -> None:
        self.project, self.tables, self.engine, self.staging = project, tables, engine, staging
        self.prepared = [part for part in prepared if part.visit_keys]
        self.first = min((p.first_ts for p in self.prepared if p.first_ts), default=None)
        self.last = max((p.last_ts for p in self.prepared if p.last_ts), default=None)

    def reconstruct(self, decided: list[Decided]) -> list[Visits]:
        """Work out every bucket of visitors."""
        if not self.prepared or self.first is None or self.last is None:
            return []
        rules = Cleaner(self.project.config.clean, "web_events").across
        gap = dt.timedelta(microseconds=rules["sessions"].gap if "sessions" in rules else 0)
        begin = min(_midnight(self.first), self.first - gap)
        end = max(_midnight(self.last) + dt.timedelta(days=1), self.last + gap)
        seen = self._files(f"ts >= '{begin.isoformat()}' and ts <= '{end.isoformat()}'")
        buckets = list(range(self.prepared[0].buckets))
        ids = [each for each in decided if each.method == "id"]
        clean = self.project.config.clean
        return self.engine.map(reconstruct, buckets, self.prepared, ids, seen, clean, self.staging)

    def restate(
        self, visits: list[Visits], batch: str, identify: Identify | None, limits: Mapping[str, Limits] | None
    ) -> Restatement:
        """Write the committed files of every day with changes again; small, for a batch mostly follows the last one.

        `limits` are those of outliers where the batch moved them: then every day is looked at.
        """
        changed = changes([each.merged for each in visits], [each.turned for each in visits], limits)
        if changed.nothing:
            return Restatement({}, {})
        looked = self.engine.map(touched, self._from_day_before() if limits is None else self._files(), changed)
        days = {each.day for each in looked if each.changed}
        files = [each.file for each in looked if each.day in days]
        made = self.engine.map(restate, files, changed, self.project.warehouse, batch, identify)
        adds = {TABLE: [each.file for each in made]}
        if back := [each.events for each in made if each.events]:
            adds[EVENTS] = back
        return Restatement(adds, self._deletes(days, changed)) if files else Restatement({}, {})

    def _from_day_before(self) -> list[str]:
        """Return the files in which sessions and machines of the batch may have begun."""
        if self.first is None:
            return []
        return self._files(f"ts >= '{(_midnight(self.first) - dt.timedelta(days=1)).isoformat()}'")

    def _deletes(self, days: set[dt.date | None], changed: Changes) -> dict[str, str]:
        ranges = [
            f"(ts >= '{day}T00:00:00+00:00' and ts < '{day + dt.timedelta(days=1)}T00:00:00+00:00')"
            for day in sorted(filter(None, days))
        ]
        deletes = {TABLE: " or ".join([*ranges, *(["ts is null"] if None in days else [])])}
        if changed.events and self.tables.exists(EVENTS):
            listed = ", ".join(f"'{event}'" for event in changed.events)
            deletes[EVENTS] = f"event_id in ({listed})" if len(changed.events) > 1 else f"event_id == {listed}"
        return deletes

    def _files(self, row_filter: str | None = None) -> list[str]:
        return list(self.tables.files(TABLE, row_filter)) if self.tables.exists(TABLE) else []


def visit_steps(visits: list[Visits]) -> list[StepRecord]:
    """Return what was found, as one step of the rule `sessions`."""
    rows = sum(each.rows for each in visits)
    facts = {
        "sessions": float(sum(each.sessions for each in visits)),
        "machine_rows": float(sum(each.machines for each in visits)),
    }
    seconds = round(sum(each.seconds for each in visits), 6)
    return [StepRecord("rule", "web_events.sessions", rows, rows, 0, rows, seconds, facts)] if visits else []


def _midnight(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
