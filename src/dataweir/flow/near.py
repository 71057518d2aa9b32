"""The near round of a batch on the engine: sketch its texts, settle them against the index, add them to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..config import DedupConfig
from ..engine import Engine
from ..errors import ConfigError
from ..ingest.dedup.documents import Sketched, sketch_part
from ..ingest.dedup.index import Stored, index_band, index_docs
from ..ingest.dedup.scheme import Scheme, scheme
from ..ingest.dedup.settle import Settled, settle
from ..ingest.parts import Decided, Prepared, text_column
from ..output import Output
from .project import Project

BANDS, DOCS = "refined.near_bands", "refined.near_docs"


class Gain(NamedTuple):
    """What a batch changes in the index, by Iceberg table: files that come, rows that go (row filters)."""

    adds: dict[str, list[str]]
    deletes: dict[str, str]


class NearRound:
    """Near duplicates of one table, if its configuration asks for them (`dedup: {TABLE: {threshold: ...}}`)."""

    def __init__(
        self, project: Project, tables: Any, engine: Engine, target: str, dedup: DedupConfig, staging: str
    ) -> None:
        self.project, self.tables, self.engine = project, tables, engine
        self.target, self.dedup, self.staging = target, dedup, staging

    def go(self, prepared: Sequence[Prepared], decided: list[Decided], batch: str, output: Output) -> Gain:
        """Add the round's outcome to `decided`; return what the index gains and loses.

        Rows that are in the table, but not in the index under this scheme, go into it first: those from before
        near duplicates were asked for, or were asked for otherwise.
        """
        wanted = near_scheme(self.target, self.dedup)
        if wanted is None or not prepared:
            return Gain({}, {})
        items = [*self._not_indexed(wanted), *prepared]
        with output.progress(f"sketch {self.target}", len(items)) as advance:
            sketched = self.engine.map(
                sketch_part,
                items,
                self.target,
                self.dedup,
                wanted,
                list(decided),
                self.staging,
                "auto" if self.engine.allocation.gpu else "off",
                advance=advance,
            )
        [settled] = self.engine.map(_settle, [self._stored(wanted)], self.target, wanted, sketched, self.staging)
        decided.append(settled.decided)
        adds = self._index(wanted, sketched, settled.decided, batch)
        stale = f"table == '{self.target}' and doc in ({', '.join(map(str, settled.stale))})"
        return Gain(adds, {BANDS: stale, DOCS: stale} if settled.stale else {})

    def _index(self, wanted: Scheme, sketched: list[Sketched], settled: Decided, batch: str) -> dict[str, list[str]]:
        out = self.project.warehouse
        bands = list(range(wanted.banding.bands))
        written = self.engine.map(index_band, bands, self.target, wanted, sketched, settled, out, batch)
        written += self.engine.map(index_docs, sketched, self.target, wanted, settled, out, batch)
        adds: dict[str, list[str]] = defaultdict(list)
        for each in written:
            if each:
                adds[each[0]].append(each[1])
        return dict(adds)

    def _stored(self, wanted: Scheme) -> Stored:
        if not self.tables.exists(BANDS):
            return Stored({}, [])
        bands = {band: self.tables.files(BANDS, f"band == {band}") for band in range(wanted.banding.bands)}
        return Stored(bands, self.tables.files(DOCS))

    def _not_indexed(self, wanted: Scheme) -> list[str]:
        table = f"refined.{self.target}"
        if not self.tables.exists(table):
            return []
        mine = f"table == '{self.target}' and scheme == '{wanted.name}'"
        if self.tables.exists(DOCS) and self.tables.read(DOCS, ["doc"], mine, limit=1).num_rows:
            return []
        return list(self.tables.files(table))


def near_scheme(target: str, dedup: DedupConfig) -> Scheme | None:
    """Return what near duplicates of a table are, None where it wants none. Raises ConfigError."""
    wanted = scheme(dedup)
    if wanted is not None and text_column(target, dedup) is None:
        raise ConfigError(f"dedup.{target}.threshold: no column is compared", f"name it as dedup.{target}.text")
    return wanted


def _settle(stored: Stored, table: str, wanted: Scheme, sketched: list[Sketched], staging: str) -> Settled:
    return settle(table, wanted, sketched, stored, staging)
