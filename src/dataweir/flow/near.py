"""The near round of a batch on the engine: sketch its texts, settle them against the index, add them to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..config import DedupConfig
from ..engine import Engine
from ..errors import ConfigError
from ..ingest.dedup.collide import Collisions, collide, ranges
from ..ingest.dedup.documents import Sketched, in_order, sketch_part
from ..ingest.dedup.index import Stored, index_band, index_docs
from ..ingest.dedup.scheme import Scheme, scheme
from ..ingest.dedup.settle import Settled, settle
from ..ingest.dedup.staging import read_all
from ..ingest.dedup.withdraw import withdraw
from ..ingest.parts import Decided, Prepared, text_column
from ..output import Output
from .project import Project
from .removals import withdrawals

BANDS, DOCS = "refined.near_bands", "refined.near_docs"


class Gain(NamedTuple):
    """What a batch changes, by Iceberg table: files that come, rows that go (row filters)."""

    adds: dict[str, list[str]]
    deletes: dict[str, str]
    withdrawn: list[tuple[str, str, str]]
    """Rows of the table that go, as (source, file, id)."""
    docs: tuple[int, ...] = ()
    """What the indexes call them."""


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
            return Gain({}, {}, [])
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
        sketched = in_order(sketched)
        stored = self._stored(wanted)
        known = self.target, wanted, sketched
        found = self.engine.map(collide, ranges(wanted, sketched), *known, stored, self.staging)
        [settled] = self.engine.map(_settle, [found], *known, stored, self.staging)
        decided.append(settled.decided)
        adds = self._index(wanted, sketched, settled.decided, batch)
        for name, file in withdraw(settled.withdrawn, self.target, self.project.warehouse, batch):
            adds.setdefault(name, []).append(file)
        rows = read_all(settled.withdrawn).select(["source", "file", "id", "doc"]).to_pylist()
        withdrawn = [(row["source"], row["file"], row["id"]) for row in rows]
        deletes = withdrawals(withdrawn, self.target, self.tables)
        if settled.stale:
            stale = f"table == '{self.target}' and doc in ({', '.join(map(str, settled.stale))})"
            deletes |= {BANDS: stale, DOCS: stale}
        return Gain(adds, deletes, withdrawn, tuple(row["doc"] for row in rows))

    def _index(self, wanted: Scheme, sketched: list[Sketched], settled: Decided, batch: str) -> dict[str, list[str]]:
        out = self.project.warehouse
        bands = list(range(wanted.bands))
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
        bands = {band: self.tables.files(BANDS, f"band == {band}") for band in range(wanted.bands)}
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


def _settle(
    found: list[Collisions], table: str, wanted: Scheme, sketched: list[Sketched], stored: Stored, staging: str
) -> Settled:
    return settle(table, wanted, sketched, found, stored, staging)
