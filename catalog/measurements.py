"""Metrics, scores and machine measurements in the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy import select

from .database import Database, now
from .models import MachineRow, MetricRow, ScoreRow
from .records import MetricValue, ScoreKind, ScoreRecord, record
from .runs import upsert


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

    def record_scores(self, run: str, scores: Iterable[Scored], scope: str = "project") -> None:
        """Add scores of a scope with everything needed to explain them later; earlier ones of the run stay."""
        at = now()
        with self.writing() as session:
            for score in scores:
                parts = score.as_dict()
                kept = {k: parts[k] for k in ("value", "low", "high", "pillars", "contributions", "facts")}
                session.add(ScoreRow(run=run, scope=scope, kind=score.kind, version=score.version, at=at, **kept))

    def scores(self, run: str, scope: str = "project") -> dict[str, ScoreRecord]:
        """Return the newest scores of a run by kind."""
        query = select(ScoreRow).where(ScoreRow.run == run, ScoreRow.scope == scope).order_by(ScoreRow.at)
        with self.reading() as session:
            return {row.kind: record(ScoreRecord, row) for row in session.scalars(query)}

    def score_history(self, kind: ScoreKind, limit: int = 100, scope: str = "project") -> list[ScoreRecord]:
        """Return one score over the runs, newest first."""
        query = select(ScoreRow).where(ScoreRow.kind == kind, ScoreRow.scope == scope)
        with self.reading() as session:
            rows = session.scalars(query.order_by(ScoreRow.at.desc()).limit(limit))
            return [record(ScoreRecord, row) for row in rows]

    def latest_scores(self, scope: str = "project") -> dict[str, ScoreRecord]:
        """Return the newest score of each kind."""
        kinds: tuple[ScoreKind, ...] = ("barrier", "bottleneck")
        found = {kind: self.score_history(kind, 1, scope) for kind in kinds}
        return {kind: history[0] for kind, history in found.items() if history}

    def score_scopes(self) -> list[str]:
        """Return every scope that has a score, in the order of names."""
        with self.reading() as session:
            return list(session.scalars(select(ScoreRow.scope).distinct().order_by(ScoreRow.scope)))

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
