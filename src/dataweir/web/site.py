"""A project that many readers look at: its catalogue stays open, and what a snapshot says is read once."""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from sqlalchemy import text

from ..catalog.store import Store
from ..catalog.tables import TableInfo, Tables
from ..config import Config
from ..errors import WeirError
from ..flow.lineage import Edge, edges
from ..flow.project import Project

Found = TypeVar("Found")

_FRESH_SECONDS = 0.5
_REST_FRESH_SECONDS = 10.0
"""A REST catalogue says where a table stands for one table at a time: to ask for each costs a request a table."""


class Kept(Generic[Found]):
    """What was found for a version. One thread at a time finds it anew; the others take the last meanwhile.

    Where many ask at once for what has just changed, all of them would otherwise find the same.
    """

    def __init__(self) -> None:
        self._known: tuple[Any, Found] | None = None
        self._lock = threading.Lock()

    def of(self, version: Any, find: Callable[[], Found], *, wait: bool = False) -> Found:
        """Return what `find` found for the version, or (unless `wait`) for the one before while another looks."""
        known = self._known
        if known is not None and known[0] == version:
            return known[1]
        if not self._lock.acquire(blocking=wait or known is None):
            assert known is not None
            return known[1]
        try:
            if self._known is None or self._known[0] != version:
                self._known = (version, find())
            return self._known[1]
        finally:
            self._lock.release()


class KeptTables(Tables):
    """Tables whose metadata is read anew only where the catalogue names another metadata file."""

    def __init__(self, catalog_url: str, warehouse: str, rest: dict[str, str] | None = None) -> None:
        super().__init__(catalog_url, warehouse, rest)
        self._loaded: defaultdict[str, Kept[Any]] = defaultdict(Kept)
        self._described: defaultdict[str, Kept[TableInfo]] = defaultdict(Kept)
        self._schemas: defaultdict[str, Kept[pa.Schema]] = defaultdict(Kept)
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
            for name, table in loaded.items():
                self._loaded[name].of(table.metadata_location, functools.partial(_same, table), wait=True)
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
        versions = self.versions()
        return [self._described[n].of(versions[n], functools.partial(self.info, n)) for n in sorted(versions)]

    def schema(self, name: str) -> pa.Schema:
        """Return the table's schema with plain Arrow types."""
        find = functools.partial(super().schema, name)
        return self._schemas[name].of(self.versions().get(name, ""), find, wait=True)

    def _load(self, name: str) -> Any:
        find = functools.partial(super()._load, name)
        return self._loaded[name].of(self.versions().get(name, ""), find, wait=True)


def _same(table: Any) -> Any:
    return table


class Site(Project):
    """A project whose store and tables are opened once, for every request and thread."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._edges: Kept[list[Edge]] = Kept()

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
        return self._edges.of(self.tables().versions(), lambda: edges(self))
