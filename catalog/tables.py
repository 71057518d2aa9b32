"""The data at rest: Iceberg tables in the zones raw, refined and shared, through pyiceberg's catalogues.

Workers write Parquet files; only the driver names them in a table (commit.py). Column bounds are kept for
timestamps and partition columns alone: for any other column they would store values, which may identify a
person, in manifests that outlive the erasure of the data.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import NamedTuple

import pyarrow as pa
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchTableError,
    TableAlreadyExistsError,
    ValidationException,
)
from pyiceberg.io.pyarrow import parquet_file_to_data_file
from pyiceberg.manifest import DataFile
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import assign_fresh_schema_ids
from pyiceberg.table import Table, TableProperties
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.transforms import parse_transform

from .. import storage
from ..errors import ConfigError, DataError, StorageError
from .database import locate
from .iceberg import check_footer, guarded, open_catalog, plain_schema, to_iceberg

# It warns of every column without bounds, and here nearly all have none on purpose.
logging.getLogger("pyiceberg.io.pyarrow").setLevel(logging.ERROR)

ZONES = ("raw", "refined", "shared")
COMMIT_PROPERTY = "weir.commit"
_ATTEMPTS = 4
_METRICS = TableProperties.METRICS_MODE_COLUMN_CONF_PREFIX
_PROPERTIES = {
    TableProperties.FORMAT_VERSION: "2",
    TableProperties.DEFAULT_WRITE_METRICS_MODE: "counts",
    TableProperties.MANIFEST_MERGE_ENABLED: "true",
    TableProperties.METADATA_DELETE_AFTER_COMMIT_ENABLED: "true",
    TableProperties.METADATA_PREVIOUS_VERSIONS_MAX: "20",
}


class TableInfo(NamedTuple):
    """One table as it stands: rows and files of the current snapshot, their stored size in bytes."""

    name: str
    rows: int
    files: int
    bytes: int
    updated: datetime | None


class SnapshotInfo(NamedTuple):
    """One snapshot of a table; `commit` is the id of the commit that made it."""

    snapshot_id: int
    at: datetime
    operation: str
    rows_added: int
    rows: int
    commit: str | None


class Tables:
    """The Iceberg tables of one project, by name (`raw.shop_access`, `refined.web_events`)."""

    def __init__(self, catalog_url: str, warehouse: str, rest: Mapping[str, str] | None = None) -> None:
        """`catalog_url` is the store's URL, `warehouse` an absolute folder or an object-store URL.

        With `rest` (uri, token, ...) a REST catalogue names the tables, in place of the store's database.
        """
        if set(warehouse) & set("#?%"):
            raise ConfigError("warehouse: the path holds one of # ? %", "choose a folder without these characters")
        self.url = locate(catalog_url)
        self.warehouse = warehouse.rstrip("/")
        with guarded(self.url, self.warehouse):
            self._catalog = open_catalog(self.url, self.warehouse, rest)
            for zone in ZONES:
                self._catalog.create_namespace_if_not_exists(zone)

    def close(self) -> None:
        """Close the connections to the catalogue."""
        self._catalog.close()

    def ensure(self, name: str, schema: pa.Schema, partition: tuple[str, str] | None = None) -> None:
        """Create the table, or add the columns it lacks; `partition`: column and transform, ("ts", "day").

        Raises DataError where a column has another type than the table's, or one that Iceberg does not know.
        """
        wanted = to_iceberg(name, schema)
        if not self.exists(name):
            try:
                with guarded(self.url, name):
                    self._create(name, schema, partition)
                    return
            except TableAlreadyExistsError:
                pass  # another process was faster; its table is checked like any other
        table = self._load(name)
        current = {field.name: field.type for field in plain_schema(table.schema())}
        for field in plain_schema(wanted):
            known = current.get(field.name)
            if known is not None and known != field.type:
                raise DataError(
                    f"{name}: column '{field.name}' is {known} in the table and {field.type} in the new data",
                    f"cast it to {known}, rename it, or give the source a new name and with it a new table",
                    table=name,
                    column=field.name,
                )
        added = [field for field in schema if field.name not in current]
        if added:
            with guarded(self.url, name), table.transaction() as change:
                with change.update_schema() as update:
                    update.union_by_name(pa.schema([f.with_nullable(True) for f in added]))
                if bounds := _bounds(added):
                    change.set_properties(bounds)

    def _create(self, name: str, schema: pa.Schema, partition: tuple[str, str] | None) -> None:
        nullable = pa.schema([field.with_nullable(True) for field in schema])
        properties = {**_PROPERTIES, **_bounds(schema)}
        spec = PartitionSpec()
        iceberg = assign_fresh_schema_ids(to_iceberg(name, nullable))
        if partition is not None:
            column, transform = partition
            suffix = "" if transform == "identity" else f"_{transform}"
            source = iceberg.find_field(column).field_id
            spec = PartitionSpec(
                PartitionField(
                    source_id=source,
                    field_id=1000,
                    transform=parse_transform(transform),
                    name=column + suffix,
                )
            )
            properties[f"{_METRICS}.{column}"] = "full"
        # the mapping from names to ids lets add_files read Parquet that pyarrow wrote without field ids
        properties[TableProperties.DEFAULT_NAME_MAPPING] = iceberg.name_mapping.model_dump_json()
        location = storage.uri(storage.join(self.warehouse, *name.split(".")))
        self._catalog.create_table(name, iceberg, location, spec, properties=properties)

    def exists(self, name: str) -> bool:
        """Whether there is a table of that name."""
        with guarded(self.url, name):
            return self._catalog.table_exists(name)

    def names(self) -> list[str]:
        """Return the names of all tables, sorted."""
        with guarded(self.url, self.warehouse):
            return sorted(".".join(found) for zone in ZONES for found in self._catalog.list_tables(zone))

    def data_folder(self, name: str) -> str:
        """Return the folder that the table's data files belong in."""
        zone, _, table = name.partition(".")
        return storage.join(self.warehouse, zone, table, "data")

    def schema(self, name: str) -> pa.Schema:
        """Return the table's schema with plain Arrow types."""
        return plain_schema(self._load(name).schema())

    def files(self, name: str, row_filter: str | None = None) -> list[str]:
        """Return the current data files as URLs, sorted; with a filter, those that may hold such rows."""
        table = self._load(name)
        with guarded(self.url, name):
            scan = table.scan(row_filter) if row_filter else table.scan()
            return sorted(task.file.file_path for task in scan.plan_files())

    def sizes(self, name: str) -> list[tuple[str, str, int]]:
        """Return the current data files: URL, partition and rows of each."""
        table = self._load(name)
        with guarded(self.url, name):
            files = [task.file for task in table.scan().plan_files()]
        return [(file.file_path, str(file.partition), file.record_count) for file in files]

    def read(
        self,
        name: str,
        columns: Sequence[str] | None = None,
        row_filter: str | None = None,
        limit: int | None = None,
    ) -> pa.Table:
        """Read rows into memory; `row_filter` is an Iceberg expression such as "source = 'shop'".

        Where files go meanwhile, for a person is erased, the table is looked up anew.
        """
        fields = tuple(columns or ("*",))
        for attempt in range(_ATTEMPTS):
            table = self._load(name)
            with guarded(self.url, name):
                try:
                    rows = table.scan(row_filter or "true", selected_fields=fields, limit=limit).to_arrow()
                    break
                except FileNotFoundError:
                    if attempt == _ATTEMPTS - 1:
                        raise
        kinds = plain_schema(table.schema())
        names = list(columns) if columns else kinds.names
        return rows.select(names).cast(pa.schema([kinds.field(n) for n in names]))

    def row_count(self, name: str) -> int:
        """Return the number of rows in the current snapshot, from its summary."""
        return _total(self._load(name).current_snapshot(), "total-records")

    def snapshots(self, name: str) -> list[SnapshotInfo]:
        """Return the table's snapshots, oldest first."""
        return [
            SnapshotInfo(
                snapshot_id=found.snapshot_id,
                at=_moment(found),
                operation=found.summary.operation.value if found.summary else "",
                rows_added=_total(found, "added-records"),
                rows=_total(found, "total-records"),
                commit=_property(found),
            )
            for found in self._load(name).snapshots()
        ]

    def describe(self) -> list[TableInfo]:
        """Return every table with its size and the time of its last snapshot."""
        return [self.info(name) for name in self.names()]

    def info(self, name: str) -> TableInfo:
        """Return one table with its size and the time of its last snapshot."""
        snapshot = self._load(name).current_snapshot()
        return TableInfo(
            name=name,
            rows=_total(snapshot, "total-records"),
            files=_total(snapshot, "total-data-files"),
            bytes=_total(snapshot, "total-files-size"),
            updated=_moment(snapshot) if snapshot else None,
        )

    def prepare(self, name: str, files: Sequence[str]) -> list[DataFile]:
        """Read the footers of new files and check them against the table; nothing is changed.

        Raises DataError where a file's columns do not fit, its rows span several partitions, or it lacks the
        statistics that place it in one.
        """
        table = self._load(name)
        names = {field.field_id: field.name for field in table.schema().fields}
        partitioned = [names[field.source_id] for field in table.spec().fields]

        def one(file: str) -> DataFile:
            url = storage.uri(file)
            with guarded(self.url, url):
                if partitioned:
                    check_footer(name, table.io.new_input(url), partitioned)
                try:
                    return parquet_file_to_data_file(table.io, table.metadata, url)
                except ValueError as error:
                    raise DataError(
                        f"{name}: {storage.path(url)} does not fit the table: {_first_line(error, url)}",
                        "write it with the table's columns, one partition a file",
                        table=name,
                    ) from None

        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(one, files))

    def change(self, name: str, delete: str | None, add: Sequence[DataFile], commit: str) -> int | None:
        """Delete rows and add files in one Iceberg transaction marked with `commit`; return its snapshot id.

        A table that has such a snapshot already is left alone, and so are files that it names already.
        Returns None where there was nothing to change. `delete` is an Iceberg row filter.
        """
        for attempt in range(_ATTEMPTS):
            table = self._load(name)
            done = find_commit(table, commit)
            if done is not None:
                return done
            try:
                with guarded(self.url, name):
                    known = {task.file.file_path for task in table.scan().plan_files()} if add else set()
                    fresh = [file for file in add if file.file_path not in known]
                    marks = {COMMIT_PROPERTY: commit}
                    with table.transaction() as change:
                        if delete:
                            change.delete(delete, snapshot_properties=marks)
                        if fresh:
                            with change.update_snapshot(snapshot_properties=marks).merge_append() as producer:
                                for file in fresh:
                                    producer.append_data_file(file)
                return find_commit(self._load(name), commit)
            except (CommitFailedException, ValidationException):
                if attempt == _ATTEMPTS - 1:
                    raise StorageError(
                        f"{name}: another writer keeps changing the table",
                        "stop the other writer, then run again",
                    ) from None
        return None

    def committed(self, name: str, commit: str) -> int | None:
        """Return the snapshot that carries the commit, None where there is none."""
        return find_commit(self._load(name), commit)

    def added(self, name: str, snapshot_id: int) -> tuple[int, int]:
        """Return the rows and the files that a snapshot added."""
        snapshot = self._load(name).snapshot_by_id(snapshot_id)
        return _total(snapshot, "added-records"), _total(snapshot, "added-data-files")

    def sweep_orphans(self, keep: Iterable[str] = ()) -> int:
        """Delete files in the tables' data folders that no snapshot names; return how many.

        Call it under the project lock and after commit.recover. `keep` names files that are landed and wait.
        """
        kept = {storage.path(file) for file in keep}
        swept = 0
        for name in self.names():
            try:
                found = {storage.path(file) for file in storage.list_files(self.data_folder(name))} - kept
                found -= {storage.path(file) for file in self.files(name)}
                if found:  # only then the older snapshots must be read
                    found -= self._ever_named(name)
                storage.delete_files(sorted(found))
            except OSError as error:
                raise storage.storage_error(error, self.data_folder(name)) from None
            swept += len(found)
        return swept

    def _ever_named(self, name: str) -> set[str]:
        table = self._load(name)
        with guarded(self.url, name):
            manifests = {
                manifest.manifest_path: manifest
                for snapshot in table.snapshots()
                for manifest in snapshot.manifests(table.io)
            }
            return {
                storage.path(entry.data_file.file_path)
                for manifest in manifests.values()
                for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True)
            }

    def iceberg(self, name: str) -> Table:
        """Return the table as pyiceberg knows it, for maintenance (erasure.py)."""
        return self._load(name)

    def _load(self, name: str) -> Table:
        try:
            with guarded(self.url, name):
                return self._catalog.load_table(name)
        except NoSuchTableError:
            from ..registry import nearest

            raise ConfigError(
                f"there is no table '{name}'{nearest(name, self.names())}", "list them with 'weir tables'"
            ) from None


def find_commit(table: Table, commit: str) -> int | None:
    """Return the newest snapshot that carries the commit, None where there is none."""
    for snapshot in reversed(table.snapshots()):
        if _property(snapshot) == commit:
            return snapshot.snapshot_id
    return None


def _bounds(fields: Iterable[pa.Field]) -> dict[str, str]:
    return {f"{_METRICS}.{f.name}": "full" for f in fields if pa.types.is_timestamp(f.type)}


def _property(snapshot: Snapshot) -> str | None:
    return snapshot.summary.additional_properties.get(COMMIT_PROPERTY) if snapshot.summary else None


def _total(snapshot: Snapshot | None, name: str) -> int:
    summary = snapshot.summary if snapshot else None
    return int(summary.additional_properties.get(name, 0)) if summary else 0


def _moment(snapshot: Snapshot) -> datetime:
    return datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC)


def _first_line(error: Exception, url: str) -> str:
    return str(error).replace(url, "the file").strip().splitlines()[0]
