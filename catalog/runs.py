"""Runs, splits, cursors, steps and quality results in the store."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ..errors import ConfigError
from .database import Database, now
from .descriptions import change_description
from .events import SILENCE_SECONDS
from .models import Base, CursorRow, EventRow, QualityRow, RunRow, SplitRow, StepRow
from .records import QualityRecord, Run, RunState, SplitRecord, SplitState, SplitTotal, StepRecord, record

_BATCH = 500  # rows in one statement: SQLite takes 32,766 values


def upsert(session: Session, model: type[Base], rows: list[dict[str, Any]]) -> None:
    """Insert rows, or replace the whole row that has the same primary key."""
    keys = [column.name for column in model.__table__.primary_key]
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    for begin in range(0, len(rows), _BATCH):
        statement = insert(model).values(rows[begin : begin + _BATCH])
        changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
        session.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))


def upsert_splits(session: Session, splits: Iterable[SplitRecord]) -> None:
    """Insert or replace splits by source and key; of two with one key the later stands."""
    rows = {(split.source, split.key): dataclasses.asdict(split) for split in splits}
    upsert(session, SplitRow, list(rows.values()))


def upsert_cursors(session: Session, run: str, cursors: Mapping[str, dict[str, Any]]) -> None:
    """Insert or replace cursors by source."""
    upsert(session, CursorRow, [{"source": s, "cursor": c, "run": run} for s, c in sorted(cursors.items())])


class RunRecords(Database):
    """The part of the store that knows what happened in runs."""

    def start_run(
        self,
        project: str,
        config_hash: str,
        versions: Mapping[str, Any] | None = None,
        plan: Mapping[str, Any] | None = None,
    ) -> Run:
        """Begin a run; call it under the project lock.

        A run that still stands as running was killed, since the lock is ours: it is marked as failed.
        """
        began = now()
        name = f"{began:%Y%m%dT%H%M%S}{began.microsecond // 1000:03d}-{secrets.token_hex(3)}"
        killed = {"error": "Interrupted", "message": "the run was killed", "cure": "", "exit_code": 1}
        with self.writing() as session:
            session.execute(
                update(RunRow).where(RunRow.state == "running").values(state="failed", finished=began, error=killed)
            )
            row = RunRow(
                id=name,
                project=project,
                state="running",
                started=began,
                finished=None,
                config_hash=config_hash,
                versions=dict(versions or {}),
                plan=dict(plan or {}),
                counts={},
                error=None,
            )
            session.add(row)
            session.flush()
            return record(Run, row)

    def finish_run(
        self,
        run: str,
        state: RunState,
        counts: Mapping[str, Any] | None = None,
        error: Mapping[str, Any] | None = None,
    ) -> Run:
        """End a run; `error` is WeirError.as_dict() of what stopped it."""
        with self.writing() as session:
            row = _run_row(session, run)
            row.state, row.finished = state, now()
            row.counts, row.error = dict(counts or {}), dict(error) if error is not None else None
            session.flush()
            return record(Run, row)

    def set_plan(self, run: str, plan: Mapping[str, Any]) -> None:
        """Record what the run set out to do, once that is known."""
        with self.writing() as session:
            _run_row(session, run).plan = dict(plan)

    def runs(self, limit: int = 20, skip: int = 0) -> list[Run]:
        """Return the newest runs, newest first, without the first `skip` of them."""
        query = select(RunRow).order_by(RunRow.id.desc()).limit(limit).offset(skip)
        with self.reading() as session:
            return [_run(session, row) for row in session.scalars(query)]

    def run(self, run: str) -> Run:
        """Return one run. Raises ConfigError where there is none of that id."""
        with self.reading() as session:
            return _run(session, _run_row(session, run))

    def cursor(self, source: str) -> dict[str, Any]:
        """Return what the source remembers; empty where it was never read."""
        with self.reading() as session:
            row = session.get(CursorRow, source)
            return dict(row.cursor) if row else {}

    def splits(self, source: str | None = None, state: SplitState | None = None) -> list[SplitRecord]:
        """Return the splits known so far, by source and key."""
        query = select(SplitRow).order_by(SplitRow.source, SplitRow.key)
        if source is not None:
            query = query.where(SplitRow.source == source)
        if state is not None:
            query = query.where(SplitRow.state == state)
        with self.reading() as session:
            return [record(SplitRecord, row) for row in session.scalars(query)]

    def split_totals(self, source: str | None = None) -> list[SplitTotal]:
        """Return the sums of all splits, or of one source's, in few records however many splits there are."""
        alike = (SplitRow.source, SplitRow.state, SplitRow.rejected, SplitRow.clean_rejected)
        added = (SplitRow.records, SplitRow.rows, SplitRow.kept, SplitRow.duplicates, SplitRow.removed)
        sums = (func.sum(column) for column in added)
        query = select(*alike, func.count(), *sums).group_by(*alike).order_by(SplitRow.source, SplitRow.state)
        if source is not None:
            query = query.where(SplitRow.source == source)
        with self.reading() as session:
            return [
                SplitTotal(
                    source=row[0],
                    state=row[1],
                    **{column.key: int(value) for column, value in zip(added, row[5:], strict=True)},
                    rejected=_times(row[2], row[4]),
                    clean_rejected=_times(row[3], row[4]),
                )
                for row in session.execute(query)
            ]

    def refined_by_run(self) -> dict[tuple[str, str], int]:
        """Return how many rows of each source each run was the last to refine, by (run, source)."""
        by = SplitRow.run_refined, SplitRow.source
        query = select(*by, func.sum(SplitRow.rows)).where(SplitRow.run_refined.is_not(None)).group_by(*by)
        with self.reading() as session:
            return {(str(row[0]), row[1]): int(row[2]) for row in session.execute(query)}

    def file_counts(self) -> dict[str, int]:
        """Return how many files of each source were read."""
        query = select(SplitRow.source, func.count(SplitRow.file.distinct())).group_by(SplitRow.source)
        with self.reading() as session:
            return {row[0]: row[1] for row in session.execute(query)}

    def save_splits(self, splits: Iterable[SplitRecord]) -> None:
        """Insert or replace splits outside a commit; in a run let commit.commit do it."""
        with self.writing() as session:
            upsert_splits(session, splits)

    def record_steps(self, run: str, steps: Iterable[StepRecord]) -> None:
        """Record what the steps of a run did; a step told twice is replaced."""
        with self.writing() as session:
            rows = {(s.name, s.subject): {"run": run, **dataclasses.asdict(s)} for s in steps}
            upsert(session, StepRow, list(rows.values()))

    def steps(self, run: str) -> list[StepRecord]:
        """Return the steps of a run, by name and subject."""
        return self._steps(StepRow.run == run)

    def recent_steps(self, runs: int, always: Iterable[str] = (), only: str | None = None) -> list[StepRecord]:
        """Return the steps of the newest runs, in the order of runs.

        Those with a name in `always` come from any run; with `only` those of that name alone.
        """
        newest = select(RunRow.id).order_by(RunRow.id.desc()).limit(runs)
        wanted = or_(StepRow.run.in_(newest), StepRow.name.in_(list(always)))
        return self._steps(wanted if only is None else and_(wanted, StepRow.name == only))

    def _steps(self, condition: ColumnElement[bool]) -> list[StepRecord]:
        query = select(StepRow).where(condition).order_by(StepRow.run, StepRow.name, StepRow.subject)
        with self.reading() as session:
            return [record(StepRecord, row) for row in session.scalars(query)]

    def record_quality(self, run: str, table: str, suite_hash: str, success: bool, result: Mapping[str, Any]) -> None:
        """Record the result of a suite; `result` must hold no row value."""
        row = QualityRow(run=run, table=table, suite_hash=suite_hash, success=success, result=dict(result), at=now())
        failed = [check for check in result.get("results", ()) if not check["success"]]
        told = {
            "expectations": "passed" if success else "failed",
            "failed": [f"{check['expectation']} {check['column'] or ''}".strip() for check in failed],
        }
        with self.writing() as session:
            session.add(row)
            change_description(session, "table", table, "quality", told)

    def quality_results(
        self, run: str | None = None, table: str | None = None, limit: int = 100
    ) -> list[QualityRecord]:
        """Return quality results, newest first."""
        query = select(QualityRow).order_by(QualityRow.id.desc()).limit(limit)
        if run is not None:
            query = query.where(QualityRow.run == run)
        if table is not None:
            query = query.where(QualityRow.table == table)
        with self.reading() as session:
            return [record(QualityRecord, row) for row in session.scalars(query)]


def _times(counts: Mapping[str, int], times: int) -> dict[str, int]:
    return {reason: count * times for reason, count in counts.items()}


def _run(session: Session, row: RunRow) -> Run:
    """Return the record of a run; one that has gone silent was interrupted, whatever its row still says."""
    found = record(Run, row)
    if found.state != "running":
        return found
    last = session.get(EventRow, (row.id, 0))
    heard = last.until if last else row.started
    silent = (now() - heard).total_seconds() > SILENCE_SECONDS
    return dataclasses.replace(found, state="interrupted") if silent else found


def _run_row(session: Session, run: str) -> RunRow:
    row = session.get(RunRow, run)
    if row is None:
        raise ConfigError(f"there is no run '{run}'", "list them with 'weir runs'", run=run)
    return row
