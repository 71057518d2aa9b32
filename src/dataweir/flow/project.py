"""A project: its configuration, its sources, its catalogue and tables."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ..config import Config, load, validate
from ..errors import ConfigError
from ..registry import nearest
from ..storage import delete_tree, exists, is_local, join

if TYPE_CHECKING:
    import pyarrow as pa

    from ..catalog.store import Store
    from ..catalog.tables import Tables
    from ..ingest.persons import Identify
    from ..resources import Cluster


class Project:
    """One weir.yaml and what belongs to it. Nothing is created before a command needs it."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @classmethod
    def open(cls, path: str | Path = ".") -> Self:
        """Open the project of a folder or a weir.yaml. Raises ConfigError."""
        return cls(load(path))

    @property
    def warehouse(self) -> str:
        """Where the tables are: an absolute path or a URL."""
        return self.config.warehouse_location

    @property
    def staging(self) -> str:
        """Where a run keeps what must not outlive it."""
        return join(self.warehouse, "staging")

    @property
    def scratch(self) -> str | None:
        """Where workers of this machine spill; emptied with the staging. None: the system's temporary folder."""
        return join(self.staging, "spill") if is_local(self.warehouse) else None

    @property
    def keys(self) -> Path:
        """The folder of the secret keys."""
        return Path(self.config.path(self.config.keys))

    def sources(self, cluster: Cluster | None = None) -> dict[str, Any]:
        """Return the configured sources by label. Raises ConfigError naming the wrong key.

        They cut files by what a worker of `cluster` may take, or without one a worker of this machine.
        """
        from ..ingest.contract import source
        from ..resources import partition_size, worker_memory

        partition = partition_size(self.config.engine, worker_memory(self.config.engine, cluster))
        made = {}
        for label, data in self.config.sources.items():
            where = f"sources.{label}"
            if "type" not in data:
                raise ConfigError(f"{where}.type is missing", f"one of: {', '.join(source.all())}")
            kind = source.get(str(data["type"]))
            if "split_bytes" in kind.Config.model_fields:
                data = {"split_bytes": partition, **data}
            made[label] = kind(label, validate(kind.Config, data, where), str(self.config.root))
        return made

    def identify(self) -> Identify | None:
        """Return what tells who is who across sources, None where weir.yaml says nothing. Raises ConfigError."""
        from ..engine import Secret
        from ..ingest.persons import Identify
        from ..privacy.keys import secret_key

        if not self.config.identity.columns:
            return None
        return Identify.of(self.config.identity, Secret(secret_key(self.keys, "identity")), self.config.root)

    def store(self) -> Store:
        """Open the catalogue for writing; it is created and migrated where it must be."""
        from ..catalog.store import Store

        return self._witnessed(Store.open(self.config.catalog_url))

    def reading(self) -> Store:
        """Open the catalogue for reading. Raises ConfigError where no run has been yet."""
        from ..catalog.store import Store

        return self._witnessed(Store.open(self.config.catalog_url, create=False))

    def _witnessed(self, store: Store) -> Store:
        store.witness = self.keys
        return store

    def tables(self) -> Tables:
        """Open the Iceberg tables. Raises ConfigError where no run has been yet."""
        from ..catalog.tables import Tables

        self.reading()
        return Tables(self.config.catalog_url, self.warehouse, self.config.rest_catalog)

    @contextlib.contextmanager
    def held(self) -> Iterator[tuple[Store, Tables]]:
        """Hold the project for writing; finish what a killed run left, and leave no staging. Raises ProjectLocked."""
        from ..catalog.commit import recover
        from ..catalog.lock import project_lock
        from ..catalog.tables import Tables

        self._make_warehouse()
        with project_lock(self.config.catalog_url):
            delete_tree(self.staging)
            store = self.store()
            tables = Tables(self.config.catalog_url, self.warehouse, self.config.rest_catalog)
            recover(store, tables)
            try:
                yield store, tables
            finally:
                delete_tree(self.staging)

    def _make_warehouse(self) -> None:
        if not is_local(self.warehouse):
            return
        try:
            Path(self.warehouse).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            from ..storage import storage_error

            raise storage_error(error, self.warehouse) from None

    def table(self, name: str, columns: list[str] | None = None, where: str | None = None) -> pa.Table:
        """Return a table's rows; `name` is web_events, raw.rejects, ...; `where` an Iceberg row filter."""
        return self.tables().read(self.qualified(name), columns=columns, row_filter=where)

    def sql(self, query: str, limit: int | None = None) -> pa.Table:
        """Answer one SELECT over the tables by DuckDB, read-only. Raises ConfigError for a wrong query."""
        from ..catalog.query import sql

        return sql(self.tables(), query, limit=limit).rows

    def qualified(self, name: str) -> str:
        """Return the full name of a table, refined where no zone is said. Raises ConfigError."""
        full = name if "." in name else f"refined.{name}"
        tables = self.tables()
        if not tables.exists(full):
            known = tables.names()
            raise ConfigError(f"there is no table {name}{nearest(full, known)}", f"tables: {', '.join(known)}")
        return full

    def policy_path(self, export: str) -> str:
        """Return the policy file of an export. Raises ConfigError for an unknown export."""
        if export not in self.config.exports:
            known = sorted(self.config.exports)
            listed = f"exports: {', '.join(known)}" if known else "add it under 'exports:' in weir.yaml"
            raise ConfigError(f"no export is called '{export}'{nearest(export, known)}", listed)
        path = self.config.path(self.config.exports[export].policy)
        if not exists(path):
            raise ConfigError(f"exports.{export}.policy: there is no {path}", "write the policy, or mend the path")
        return path
