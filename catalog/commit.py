"""Commits of several tables together that survive a crash at any moment: write the intent, then roll forward.

1. One SQL transaction writes the intent under an id that follows from its content.
2. Each table changes in one Iceberg transaction whose snapshot carries that id; one that has it is skipped.
3. One SQL transaction marks the intent as done, with the splits, cursors and snapshots it brings.

Killed in between, `recover` goes on at the step that was not done.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from pyiceberg.manifest import DataFile

from .. import storage
from ..errors import StorageError
from .records import CommitRecord, SnapshotRecord, SplitRecord
from .store import Store
from .tables import Tables

Prepared = Mapping[str, list[DataFile]]


@dataclass(frozen=True)
class Commit:
    """What changes together: files to add and rows to delete (Iceberg row filter) by table, splits, cursors.

    Within a table the rows are deleted before the files are added. `stage` names the moment in the run (pull,
    refine, forget); files must be whole and never change afterwards.
    """

    stage: str
    adds: Mapping[str, Sequence[str]] = field(default_factory=dict)
    deletes: Mapping[str, str] = field(default_factory=dict)
    splits: Sequence[SplitRecord] = ()
    cursors: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    def ident(self, run: str) -> str:
        """Return 32 hex digits that a second try at the same commit shares.

        Files are named once and for all, so a commit that only adds files is the same in any run; one that
        deletes, or adds nothing, is bound to its run.
        """
        files = {table: sorted(storage.uri(f) for f in files) for table, files in self.adds.items() if files}
        once = [run] if self.deletes or not files else []
        parts = json.dumps([self.stage, files, dict(self.deletes), once], sort_keys=True)
        return hashlib.sha256(parts.encode()).hexdigest()[:32]

    def payload(self) -> dict[str, Any]:
        """Return the commit as JSON values."""
        return {
            "adds": {table: [storage.uri(f) for f in files] for table, files in self.adds.items()},
            "deletes": dict(self.deletes),
            "splits": [asdict(split) for split in self.splits],
            "cursors": dict(self.cursors),
        }


def commit(store: Store, tables: Tables, run: str, change: Commit) -> dict[str, int]:
    """Carry out the commit, or recognise that it was; return {table: snapshot id} of the tables it changed.

    The tables must exist (Tables.ensure). Raises DataError before anything changed where a file does not fit
    its table, and StorageError where the disk is full: then `recover` finishes the commit in the next run.
    """
    ident = change.ident(run)
    known = store.intent(ident)
    if known is not None and known.state == "done":
        return known.snapshots
    prepared = {table: tables.prepare(table, files) for table, files in sorted(change.adds.items()) if files}
    if known is None or known.state == "abandoned":
        known = store.add_intent(ident, run, change.stage, change.payload())
    return _roll_forward(store, tables, known, prepared)


def recover(store: Store, tables: Tables) -> int:
    """Finish the commits that a killed run began; return how many. Call it under the project lock.

    A commit whose files are gone is given up where no table had changed yet: its splits count as not done.
    Otherwise StorageError says which file is missing.
    """
    pending = store.pending_intents()
    for intent in pending:
        adds = intent.payload["adds"]
        waiting = {table: files for table, files in adds.items() if tables.committed(table, intent.id) is None}
        missing = [file for files in waiting.values() for file in files if not storage.exists(file)]
        if missing and len(waiting) == len(adds):
            store.abandon_intent(intent.id)
            continue
        if missing:
            raise StorageError(
                f"a commit of run {intent.run} cannot be finished: {storage.path(missing[0])} is gone",
                "restore the file from a backup, then run again",
                missing=len(missing),
            )
        prepared = {table: tables.prepare(table, files) for table, files in waiting.items() if files}
        _roll_forward(store, tables, intent, prepared)
    return len(pending)


def _roll_forward(store: Store, tables: Tables, intent: CommitRecord, prepared: Prepared) -> dict[str, int]:
    payload = intent.payload
    made: list[SnapshotRecord] = []
    for table in sorted({*payload["adds"], *payload["deletes"]}):
        files = prepared.get(table, [])
        snapshot = tables.change(table, payload["deletes"].get(table), files, intent.id)
        if snapshot is not None:
            rows, count = tables.added(table, snapshot)
            made.append(SnapshotRecord(intent.run, table, snapshot, rows, count))
    splits = [SplitRecord(**split) for split in payload["splits"]]
    store.finish_intent(intent.id, made, splits, payload["cursors"])
    return {snapshot.table: snapshot.snapshot_id for snapshot in made}
