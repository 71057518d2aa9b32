"""Intents of multi-table commits in the store, and the snapshots that came of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from .database import Database, now
from .models import CommitRow, SnapshotRow
from .records import CommitRecord, SnapshotRecord, SplitRecord, record
from .runs import upsert, upsert_cursors, upsert_splits


class IntentRecords(Database):
    """The part of the store that makes commits of several tables crash-safe; used by commit.py."""

    def intent(self, ident: str) -> CommitRecord | None:
        """Return the commit of that id, None where it was never begun."""
        with self.reading() as session:
            row = session.get(CommitRow, ident)
            return record(CommitRecord, row) if row else None

    def pending_intents(self) -> list[CommitRecord]:
        """Return the commits that were begun and not finished, oldest first."""
        query = select(CommitRow).where(CommitRow.state == "intent").order_by(CommitRow.at, CommitRow.id)
        with self.reading() as session:
            return [record(CommitRecord, row) for row in session.scalars(query)]

    def add_intent(self, ident: str, run: str, stage: str, payload: Mapping[str, Any]) -> CommitRecord:
        """Write down what is about to be committed; one abandoned earlier begins anew."""
        row = {
            "id": ident,
            "run": run,
            "stage": stage,
            "state": "intent",
            "payload": dict(payload),
            "snapshots": {},
            "at": now(),
        }
        with self.writing() as session:
            upsert(session, CommitRow, [row])
        return CommitRecord(**row)  # type: ignore[arg-type]

    def finish_intent(
        self,
        ident: str,
        snapshots: Iterable[SnapshotRecord],
        splits: Iterable[SplitRecord],
        cursors: Mapping[str, dict[str, Any]],
    ) -> None:
        """Mark the commit as done together with its splits, cursors and snapshots."""
        made = list(snapshots)
        with self.writing() as session:
            row = session.get_one(CommitRow, ident)
            row.state = "done"
            row.snapshots = {s.table: s.snapshot_id for s in made}
            rows = [{f: getattr(s, f) for f in ("run", "table", "snapshot_id", "rows_added", "files")} for s in made]
            for each in rows:
                each["table_name"] = each.pop("table")
            upsert(session, SnapshotRow, rows)
            upsert_splits(session, splits)
            upsert_cursors(session, row.run, cursors)

    def abandon_intent(self, ident: str) -> None:
        """Mark a commit that changed nothing and never can as given up."""
        with self.writing() as session:
            session.get_one(CommitRow, ident).state = "abandoned"

    def snapshots(self, run: str | None = None, table: str | None = None) -> list[SnapshotRecord]:
        """Return the snapshots that runs committed."""
        query = select(SnapshotRow).order_by(SnapshotRow.run, SnapshotRow.table)
        if run is not None:
            query = query.where(SnapshotRow.run == run)
        if table is not None:
            query = query.where(SnapshotRow.table == table)
        with self.reading() as session:
            return [record(SnapshotRecord, row) for row in session.scalars(query)]
