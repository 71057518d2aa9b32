"""Erasing from Iceberg tables for good: files are replaced, snapshots that name the old ones go, and so do the files.

`expire_snapshots` alone only forgets about them. Call all of this under the project's lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pyiceberg.table import Table

from .. import storage
from .iceberg import guarded
from .tables import COMMIT_PROPERTY, Tables


def data_files(tables: Tables, name: str) -> dict[str, set[int]]:
    """Return every data file that some snapshot of the table names, with those snapshots."""
    table = tables.iceberg(name)
    found: dict[str, set[int]] = {}
    with guarded(tables.url, name):
        for snapshot in table.snapshots():
            for file in _files_of(table, snapshot):
                found.setdefault(file, set()).add(snapshot.snapshot_id)
    return found


def _files_of(table: Table, snapshot: Any) -> list[str]:
    return [
        entry.data_file.file_path
        for manifest in snapshot.manifests(table.io)
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True)
    ]


def replace_files(tables: Tables, name: str, files: Mapping[str, str | None], mark: str) -> None:
    """Put new files in the place of current ones (None: none) in one transaction; files not current are passed over."""
    table = tables.iceberg(name)
    with guarded(tables.url, name):
        current = {task.file.file_path: task.file for task in table.scan().plan_files()}
    old = [current[file] for file in files if file in current]
    new = [made for file, made in files.items() if made is not None and file in current]
    if not old:
        return
    prepared = tables.prepare(name, new)
    with (
        guarded(tables.url, name),
        table.transaction() as change,
        change.update_snapshot(snapshot_properties={COMMIT_PROPERTY: mark}).overwrite() as producer,
    ):
        for file in old:
            producer.delete_data_file(file)
        for made in prepared:
            producer.append_data_file(made)


def expire(tables: Tables, name: str, snapshots: Iterable[int]) -> int:
    """Forget about snapshots, but never the current one; return how many there were."""
    table = tables.iceberg(name)
    current = table.current_snapshot()
    there = {snapshot.snapshot_id for snapshot in table.snapshots()}
    gone = sorted((set(snapshots) & there) - {current.snapshot_id if current else -1})
    if gone:
        with guarded(tables.url, name):
            table.maintenance.expire_snapshots().by_ids(gone).commit()
    return len(gone)


def sweep(tables: Tables, name: str, keep: Iterable[str] = ()) -> int:
    """Delete every file of the table's folders that its current metadata does not lead to; return how many.

    That takes data files, manifests, manifest lists and former metadata. `keep` names files that wait to be committed.
    """
    table = tables.iceberg(name)
    needed = {table.metadata_location}
    with guarded(tables.url, name):
        for snapshot in table.snapshots():
            needed.add(snapshot.manifest_list)
            for manifest in snapshot.manifests(table.io):
                needed.add(manifest.manifest_path)
            needed.update(_files_of(table, snapshot))
        needed.update(each.statistics_path for each in table.metadata.statistics)
        known = {storage.path(file) for file in needed} | {storage.path(file) for file in keep}
        folders = {tables.data_folder(name), storage.join(storage.path(table.location()), "metadata")}
        found = {storage.path(file) for folder in folders for file in storage.list_files(folder)}
        storage.delete_files(sorted(found - known))
    return len(found - known)
