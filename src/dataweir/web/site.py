"""A project that many readers look at: its catalogue stays open, and what a snapshot says is read once."""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from typing import Any

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from sqlalchemy import text

from ..catalog.store import Store
from ..catalog.tables import TableInfo, Tables
from ..config import Config
from ..errors import WeirError
from ..flow.lineage import Edge, edges
from ..flow.project import Project

_FRESH_SECONDS = 0.5
_REST_FRESH_SECONDS = 10.0
"""A REST catalogue says where a table stands for one table at a time: to ask for each costs a request a table."""


class KeptTables(Tables):
    """Tables whose metadata is read anew only where the catalogue names another metadata file."""

    def __init__(self, catalog_url: str, warehouse: str, rest: dict[str, str] | None = None) -> None:
        super().__init__(catalog_url, warehouse, rest)
        self._loaded: dict[str, tuple[str, Any]] = {}
        self._described: dict[str, tuple[str, TableInfo]] = {}
        self._schemas: dict[str, tuple[str, pa.Schema]] = {}
        self._versions: dict[str, str] = {}
        self._read_at = 0.0
        self._lock = threading.Lock()

    def versions(self) -> dict[str, str]:
        """Return the metadata file of each table, half a second old at most (of a REST catalogue: ten seconds)."""
        fresh = _FRESH_SECONDS if isinstance(self._catalog, SqlCatalog) else _REST_FRESH_SECONDS
        with self._lock:
            if time.monotonic() - self._read_at > fresh:
                self._versions = self._read_versions()
                self._read_at = time.monotonic()
            return self._versions

    def _read_versions(self) -> dict[str, str]:
        if not isinstance(self._catalog, SqlCatalog):
            loaded = {name: super(KeptTables, self)._load(name) for name in super().names()}
            self._loaded = {name: (table.metadata_location, table) for name, table in loaded.items()}
            return {name: table.metadata_location for name, table in loaded.items()}
        query = text("SELECT table_namespace, table_name, metadata_location FROM iceberg_tables")
        with self._catalog.engine.connect() as connection:
            return {f"{zone}.{name}": place for zone, name, place in connection.execute(query)}

    def names(self) -> list[str]:
        """Return the names of all tables, sorted."""
        return sorted(self.versions())

    def exists(self, name: str) -> bool:
        """Whether there is a table of that name."""
        return name in self.versions()

    def describe(self) -> list[TableInfo]:
        """Return every table with its size and the time of its last snapshot."""
        for name, version in self.versions().items():
            known = self._described.get(name)
            if known is None or known[0] != version:
                self._described[name] = (version, self.info(name))
        return [self._described[name][1] for name in self.names()]

    def schema(self, name: str) -> pa.Schema:
        """Return the table's schema with plain Arrow types."""
        version = self.versions().get(name, "")
        known = self._schemas.get(name)
        if known is None or known[0] != version:
            known = self._schemas[name] = (version, super().schema(name))
        return known[1]

    def _load(self, name: str) -> Any:
        version = self.versions().get(name, "")
        known = self._loaded.get(name)
        if known is None or known[0] != version:
            known = (version, super()._load(name))
            self._loaded[name] = known
        return known[1]


class Site(Project):
    """A project whose store and tables are opened once, for every request and thread."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._edges: tuple[dict[str, str], list[Edge]] | None = None

    @functools.cached_property
    def _store(self) -> Store:
        return super().reading()

    @functools.cached_property
    def _tables(self) -> KeptTables:
        return KeptTables(self.config.catalog_url, self.warehouse, self.config.rest_catalog)

    def reading(self) -> Store:
        """Return the open catalogue."""
        return self._store

    def tables(self) -> KeptTables:
        """Return the open tables."""
        return self._tables

    def warm(self) -> None:
        """Read the size of every table and the lineage, so that nobody who looks has to wait for them."""
        with contextlib.suppress(WeirError):  # who asks for it later is told what is wrong
            self.edges()
            tables = self.tables()
            for name in tables.names():
                tables.schema(name)
            tables.describe()

    def edges(self) -> list[Edge]:
        """Return the lineage of all columns, found anew only where a table has changed."""
        versions = self.tables().versions()
        if self._edges is None or self._edges[0] != versions:
            self._edges = (versions, edges(self))
        return self._edges[1]
