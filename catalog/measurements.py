"""Metrics, scores and machine measurements in the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy import select

from .database import Database
from .models import MachineRow, MetricRow, ScoreRow
from .records import MetricValue, ScoreKind, ScoreRecord, record
from .runs import now, upsert


class Scored(Protocol):
    """What a score must show to be recorded; score.Score does."""

    @property
    def kind(self) -> ScoreKind:
        """Which of the two scores it is."""

    @property
    def version(self) -> str:
        """The version of the formula."""

    def as_dict(self) -> dict[str, Any]:
        """Every part as plain JSON values: value, low, high, pillars, contributions and facts among them."""


class MeasureRecords(Database):
    """The part of the store that knows how hard it was."""

    def record_metrics(
        self,
        run: str,
        values: Mapping[str, float | None],
        scope: str = "project",
        units: Mapping[str, str] | None = None,
    ) -> None:
        """Record metrics of a run in one scope; None stands for what could not be measured."""
        at = now()
        known = units or {}
        rows = [
            {"run": run, "scope": scope, "name": n, "value": v, "unit": known.get(n, ""), "at": at}
            for n, v in sorted(values.items())
        ]
        with self.writing() as session:
            upsert(session, MetricRow, rows)

    def metrics(self, run: str, scope: str | None = None) -> list[MetricValue]:
        """Return the metrics of a run, by scope and name."""
        query = select(MetricRow).where(MetricRow.run == run).order_by(MetricRow.scope, MetricRow.name)
        if scope is not None:
            query = query.where(MetricRow.scope == scope)
        with self.reading() as session:
            return [record(MetricValue, row) for row in session.scalars(query)]

    def metric_history(self, name: str, scope: str = "project", limit: int = 100) -> list[MetricValue]:
        """Return one metric over the runs, newest first."""
        query = (
            select(MetricRow)
            .where(MetricRow.name == name, MetricRow.scope == scope)
            .order_by(MetricRow.at.desc())
            .limit(limit)
        )
        with self.reading() as session:
            return [record(MetricValue, row) for row in session.scalars(query)]

    def record_scores(self, run: str, scores: Iterable[Scored]) -> None:
        """Record scores of a run with everything needed to explain them later."""
        at = now()
        rows = []
        for score in scores:
            parts = score.as_dict()
            kept = {k: parts[k] for k in ("value", "low", "high", "pillars", "contributions", "facts")}
            rows.append({"run": run, "kind": score.kind, "version": score.version, "at": at, **kept})
        with self.writing() as session:
            upsert(session, ScoreRow, rows)

    def scores(self, run: str) -> dict[str, ScoreRecord]:
        """Return the scores of a run by kind."""
        with self.reading() as session:
            rows = session.scalars(select(ScoreRow).where(ScoreRow.run == run).order_by(ScoreRow.kind))
            return {row.kind: record(ScoreRecord, row) for row in rows}

    def score_history(self, kind: ScoreKind, limit: int = 100) -> list[ScoreRecord]:
        """Return one score over the runs, newest first."""
        query = select(ScoreRow).where(ScoreRow.kind == kind).order_by(ScoreRow.at.desc()).limit(limit)
        with self.reading() as session:
            return [record(ScoreRecord, row) for row in session.scalars(query)]

    def latest_scores(self) -> dict[str, ScoreRecord]:
        """Return the newest score of each kind."""
        kinds: tuple[ScoreKind, ...] = ("barrier", "bottleneck")
        found = {kind: self.score_history(kind, limit=1) for kind in kinds}
        return {kind: history[0] for kind, history in found.items() if history}

    def machine(self, ident: str, max_age_days: float = 7.0) -> dict[str, float] | None:
        """Return what the machine was measured at, None where that was never or too long ago."""
        with self.reading() as session:
            row = session.get(MachineRow, ident)
            if row is None or now() - row.at > timedelta(days=max_age_days):
                return None
            return {str(name): float(value) for name, value in row.facts.items()}

    def record_machine(self, ident: str, facts: Mapping[str, float]) -> None:
        """Record what the machine was measured at."""
        with self.writing() as session:
            upsert(session, MachineRow, [{"id": ident, "facts": dict(facts), "at": now()}])
