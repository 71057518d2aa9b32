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
from ..ingest.dedup.scheme import MEANING, Scheme, Semantic, scheme, semantic_scheme
from ..ingest.dedup.semantic import Linked, compare, gather
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
    """Near duplicates of one table, or texts of one meaning: as `wanted` says, none where it is None."""

    def __init__(
        self,
        project: Project,
        tables: Any,
        engine: Engine,
        target: str,
        dedup: DedupConfig,
        staging: str,
        wanted: Scheme | Semantic | None,
    ) -> None:
        self.project, self.tables, self.engine = project, tables, engine
        self.target, self.dedup, self.staging, self.wanted = target, dedup, staging, wanted

    def go(
        self,
        prepared: Sequence[Prepared],
        decided: list[Decided],
        batch: str,
        output: Output,
        gone: Sequence[int] = (),
    ) -> Gain:
        """Add the round's outcome to `decided`; return what the index gains and loses.

        Rows that are in the table, but not in the index under this scheme, go into it first: those from before
        the round was asked for, or was asked for otherwise. `gone` are docs that the round before withdraws.
        """
        wanted = self.wanted
        if wanted is None or not prepared:
            return Gain({}, {}, [])
        items = [*self._not_indexed(wanted), *prepared]
        gpu = self.project.config.engine.gpu
        with output.progress(f"{wanted.method} {self.target}", len(items)) as advance:
            known = self.target, self.dedup, wanted, list(decided), self.staging, gpu
            sketched = in_order(self.engine.map(sketch_part, items, *known, advance=advance))
        stored = self._stored(wanted)
        found = self._collide(wanted, sketched, stored, output)
        rest = self.target, wanted, sketched, stored, self.staging, gone
        [settled] = self.engine.map(_settle, [found], *rest)
        decided.append(settled.decided)
        adds = self._index(wanted, sketched, settled.decided, batch)
        out = self.project.warehouse
        for name, file in withdraw(settled.withdrawn, self.target, out, batch, wanted.method):
            adds.setdefault(name, []).append(file)
        rows = read_all(settled.withdrawn).select(["source", "file", "id", "doc"]).to_pylist()
        withdrawn = [(row["source"], row["file"], row["id"]) for row in rows]
        deletes = withdrawals(withdrawn, self.target, self.tables)
        if settled.stale:
            stale = f"table == '{self.target}' and doc in ({', '.join(map(str, settled.stale))})"
            if isinstance(wanted, Scheme):
                deletes[BANDS] = stale
            kind = "not like" if isinstance(wanted, Scheme) else "like"
            deletes[DOCS] = f"{stale} and scheme {kind} '{MEANING}%'"
        return Gain(adds, deletes, withdrawn, tuple(row["doc"] for row in rows))

    def _collide(
        self, wanted: Scheme | Semantic, sketched: list[Sketched], stored: Stored, output: Output
    ) -> list[Collisions]:
        """Find what may be alike: by keys that are shared, or for meanings by comparing all with all."""
        known = self.target, wanted, sketched
        if isinstance(wanted, Scheme):
            return list(self.engine.map(collide, ranges(wanted, sketched), *known, stored, self.staging))
        items = [*enumerate(stored.docs), *((number, None) for number in range(len(sketched)))]
        with output.progress(f"compare {self.target}", len(items)) as advance:
            linked = self.engine.map(_compare, items, *known, self.staging, advance=advance)
        return list(self.engine.map(_gather, [linked], self.target, sketched, self.staging))

    def _index(
        self, wanted: Scheme | Semantic, sketched: list[Sketched], settled: Decided, batch: str
    ) -> dict[str, list[str]]:
        out = self.project.warehouse
        bands = list(range(wanted.bands)) if isinstance(wanted, Scheme) else []
        written = self.engine.map(index_band, bands, self.target, wanted, sketched, settled, out, batch)
        written += self.engine.map(index_docs, sketched, self.target, wanted, settled, out, batch)
        adds: dict[str, list[str]] = defaultdict(list)
        for each in written:
            if each:
                adds[each[0]].append(each[1])
        return dict(adds)

    def _stored(self, wanted: Scheme | Semantic) -> Stored:
        if not self.tables.exists(DOCS):
            return Stored({}, [])
        count = wanted.bands if isinstance(wanted, Scheme) and self.tables.exists(BANDS) else 0
        bands = {band: self.tables.files(BANDS, f"band == {band}") for band in range(count)}
        return Stored(bands, self.tables.files(DOCS))

    def _not_indexed(self, wanted: Scheme | Semantic) -> list[str]:
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


def meaning_scheme(project: Project, target: str, dedup: DedupConfig) -> Semantic | None:
    """Return how texts of one meaning are found in a table, None where it wants none. Raises ConfigError."""
    wanted = semantic_scheme(dedup, str(project.config.root))
    if wanted is not None and text_column(target, dedup) is None:
        raise ConfigError(f"dedup.{target}.semantic: no column is compared", f"name it as dedup.{target}.text")
    return wanted


def _settle(
    found: list[Collisions],
    table: str,
    wanted: Scheme | Semantic,
    sketched: list[Sketched],
    stored: Stored,
    staging: str,
    gone: Sequence[int],
) -> Settled:
    return settle(table, wanted, sketched, found, stored, staging, gone)


def _compare(
    item: tuple[int, str | None], table: str, wanted: Semantic, sketched: list[Sketched], staging: str
) -> Linked:
    number, file = item
    return compare(file or number, table, wanted, sketched, staging, f"file{number}")


def _gather(linked: list[Linked], table: str, sketched: list[Sketched], staging: str) -> Collisions:
    return gather(linked, table, sketched, staging)
