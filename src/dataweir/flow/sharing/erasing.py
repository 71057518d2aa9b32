"""Erasing rows from every table at once: found by what they hold or how old they are, and by the rows they hang on.

What hangs on a row (its duplicates, labels, events, index entries) is erased before the row itself, so that a killed
erasure finds the rest again by looking once more; nothing else needs to be remembered. Which rows go, and what they are
known by, stands in staging, a file for each data file: of millions of rows the driver holds counts alone.
"""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ... import storage
from ...catalog import erasure as iceberg
from ...engine import Engine, Secret
from ...ingest.dedup.exact import id_column
from ...ingest.landing import ERASED
from ...privacy.erase import Rows, batches, count_holding, write_without
from ...privacy.keys import secret_key
from ...privacy.subjects import Subjects, loaded
from ..project import Project

Note = Callable[[str], None]
_NOTHING: Rows = np.empty(0, np.int64)
_PLACE = ("source", "file", "line")
_DERIVED = ("near_bands", "near_docs", "repeats", "cuts", "duplicates", "labels", "user_events")
"""Refined tables whose rows hang on others, in the order in which they are erased."""


class Wanted(Protocol):
    """Says which rows of a file are to be erased for their own sake."""

    def rows(self, table: str, location: str) -> tuple[Rows, Counter[str]]:
        """Return their numbers, ascending, and by column how many it told."""
        ...


@dataclass(frozen=True)
class Person:
    """The rows in which somebody stands."""

    subjects: Subjects

    def rows(self, table: str, location: str) -> tuple[Rows, Counter[str]]:
        """Return the rows that hold the person, by column."""
        return count_holding(location, self.subjects)


@dataclass(frozen=True)
class PastTime:
    """The rows of before some moment: `sources` by label, `tables` by refined table."""

    sources: Mapping[str, datetime]
    tables: Mapping[str, datetime]
    connectors: Mapping[str, Any]

    def rows(self, table: str, location: str) -> tuple[Rows, Counter[str]]:
        """Return the rows whose `ts` is earlier; rows without a time stay."""
        zone, _, name = table.partition(".")
        found, base = [_NOTHING], 0
        if name in _DERIVED or (zone == "raw" and name not in self.sources):
            return _NOTHING, Counter()
        for rows in batches(location):
            if zone == "raw":
                late = _before(self.connectors[name].integrate(rows), self.sources[name])
            else:
                late = _before(rows, self.tables[name]) if name in self.tables else np.zeros(rows.num_rows, bool)
                for label, limit in self.sources.items() if "source" in rows.column_names else ():
                    late |= _before(rows, limit) & pc.fill_null(pc.equal(rows["source"], label), False).to_numpy()
            found.append(np.flatnonzero(late) + base)
            base += rows.num_rows
        gone = np.concatenate(found)
        return gone, Counter({"ts": len(gone)} if len(gone) else {})


def _before(rows: pa.Table, limit: datetime) -> Any:
    if "ts" not in rows.column_names:
        return np.zeros(rows.num_rows, dtype=bool)
    moment = pa.scalar(limit, pa.timestamp("us", "UTC"))
    return pc.fill_null(pc.less(rows["ts"].cast(moment.type), moment), False).to_numpy().copy()


class Item(NamedTuple):
    """One data file of a table."""

    table: str
    file: str


class Looked(NamedTuple):
    """What was found in one file: how many rows go, by column how many, and the file that names them.

    `found` has a line a row: its number, ascending, and what other rows may hang on it by; "" where none goes.
    """

    item: Item
    gone: int
    columns: Counter[str]
    found: str = ""

    def rows(self) -> Rows:
        """Return the numbers of the rows that go, ascending."""
        if not self.found:
            return _NOTHING
        return np.concatenate([_NOTHING, *(part["row"].to_numpy() for part in batches(self.found, ["row"]))])

    def known(self, kind: str) -> set[str]:
        """Return what the rows that go are known by, of one kind of link."""
        parts = batches(self.found, [kind]) if self.found else ()
        return {value for part in parts for value in part[kind].drop_null().to_pylist()}


LINKS = pa.schema({"place": pa.string(), "id": pa.string(), "event": pa.string(), "doc": pa.int64()})
"""`place` is source, file and line; `id` is table and id, `event` source and id; `doc` an entry of the near index."""
_ROUNDS = (("place", "id", "event"), ("doc",))
_TOGETHER = 1 << 18
"""Links that are compared with the rows of a file at once: 40 MB."""


@dataclass(frozen=True)
class Findings:
    """What would be erased: rows by table, and by table and column how many tell it; the files and snapshots."""

    rows: dict[str, int]
    columns: dict[str, dict[str, int]]
    snapshots: dict[str, int]
    looked: list[Looked] = field(repr=False, default_factory=list)
    ever: dict[str, dict[str, set[int]]] = field(repr=False, default_factory=dict)


def look(project: Project, tables: Any, engine: Engine, wanted: Wanted) -> Findings:
    """Look through every file that any snapshot of any table names."""
    ever = {name: iceberg.data_files(tables, name) for name in tables.names()}
    items = [Item(name, file) for name, files in ever.items() for file in sorted(files)]
    folder = storage.join(project.staging, f"links-{secrets.token_hex(4)}")
    looked = list(engine.map(_look, items, wanted, folder))
    for number in range(len(_ROUNDS)):
        looked = list(engine.map(_linked, looked, folder, number))
    by_item = {each.item: each for each in looked}
    current = {name: set(tables.files(name)) for name in ever}
    rows: Counter[str] = Counter()
    columns: dict[str, Counter[str]] = defaultdict(Counter)
    snapshots: dict[str, set[int]] = defaultdict(set)
    for item, each in by_item.items():
        if each.gone:
            if item.file in current[item.table]:
                rows[item.table] += each.gone
                columns[item.table].update(each.columns)
            snapshots[item.table] |= ever[item.table][item.file]
    told = {name: dict(sorted(columns[name].items())) for name in sorted(columns)}
    held = {name: len(ids) for name, ids in sorted(snapshots.items())}
    return Findings(dict(sorted(rows.items())), told, held, list(by_item.values()), ever)


def _look(item: Item, wanted: Wanted, folder: str) -> Looked:
    gone, columns = wanted.rows(*item)
    return _noted(item, gone, columns, storage.join(folder, "0"))


def _linked(looked: Looked, folder: str, number: int) -> Looked:
    """Add the rows of one file that hang on rows that were found to go in the rounds before."""
    kinds, mine, base = _ROUNDS[number], [], 0
    for rows in batches(looked.item.file, [*_PLACE, "id", "event_id", "table", "doc"]):
        keys = _keys(looked.item.table, rows, hanging=True)
        mine += [(kind, keys[kind], base) for kind in kinds if kind in keys]
        base += rows.num_rows
    known = looked.rows()
    found = [known]
    for links in _links(folder, number) if mine else ():
        for kind, keys_of_kind, start in mine:
            hit = pc.fill_null(pc.is_in(keys_of_kind, pc.drop_null(links[kind]).combine_chunks()), False)
            found.append(np.flatnonzero(hit.to_numpy(False)) + start)
    gone = np.unique(np.concatenate(found))
    if len(gone) == len(known):
        return looked
    return _noted(looked.item, gone, looked.columns, storage.join(folder, str(number + 1)))


def _links(folder: str, number: int) -> Iterator[pa.Table]:
    """Yield what the rows that go are known by, as the rounds before a round wrote it down, so many at a time."""
    kinds = list(_ROUNDS[number])
    nothing = LINKS.empty_table().select(kinds)
    held, count = [nothing], 0
    for before in range(number + 1):
        for location in storage.list_files(storage.join(folder, str(before))):
            for part in batches(location, kinds):
                held.append(part)
                count += part.num_rows
                if count >= _TOGETHER:
                    yield pa.concat_tables(held)
                    held, count = [nothing], 0
    if count:
        yield pa.concat_tables(held)


def _noted(item: Item, gone: Rows, columns: Counter[str], folder: str) -> Looked:
    """Write down which rows of a file go and what they are known by elsewhere."""
    if not len(gone):
        return Looked(item, 0, columns)
    location, base = storage.join(folder, f"{secrets.token_hex(8)}.parquet"), 0
    with storage.ParquetSink(location, text_statistics=False) as sink:
        for rows in batches(item.file):
            first, end = np.searchsorted(gone, [base, base + rows.num_rows])
            numbers = pa.array(gone[first:end])
            keys = _keys(item.table, rows.take(pa.array(gone[first:end] - base)), hanging=False)
            base += rows.num_rows
            made = [keys.get(f.name, pa.nulls(len(numbers), f.type)) for f in LINKS]
            sink.write(pa.table([numbers, *made], schema=LINKS.insert(0, pa.field("row", pa.int64()))))
        sink.finish({})
    return Looked(item, len(gone), columns, location)


def _keys(table: str, rows: pa.Table, hanging: bool) -> dict[str, pa.Array]:
    """Return the keys of rows: those that others hang on, or with `hanging` those by which they hang on others."""
    zone, _, name = table.partition(".")
    names = set(rows.column_names)
    keys: dict[str, pa.Array] = {}
    named = "source" in names and (zone == "refined" or name == "rejects")  # a raw table's column may say anything
    label = rows["source"] if named else pa.repeat(pa.scalar(name, pa.string()), rows.num_rows)
    if {"file", "line"} <= names and (hanging or name not in _DERIVED):
        keys["place"] = _joined(label, rows["file"], rows["line"])
    if "doc" in names and name == ("near_bands" if hanging else "near_docs"):
        keys["doc"] = rows["doc"]
    if zone == "refined" and name not in _DERIVED and not hanging:
        ids = rows[id_column(name)] if id_column(name) in names else pa.nulls(rows.num_rows, pa.string())
        keys["id"] = _joined(pa.repeat(pa.scalar(name), rows.num_rows), ids)
        keys["event"] = _joined(label, ids)
    if hanging and name == "labels":
        keys["id"] = _joined(rows["table"], rows["id"])
    if hanging and name == "user_events":
        keys["event"] = _joined(label, rows["event_id"])
    return {kind: _plain(values) for kind, values in keys.items()}


def _joined(*parts: Any) -> Any:
    return pc.binary_join_element_wise(*(part.cast(pa.string()) for part in parts), "\x1f")


def _plain(values: Any) -> pa.Array:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def erase(tables: Any, engine: Engine, findings: Findings, ident: str, note: Note) -> None:
    """Write the files anew without the rows and put them in the place of the old ones, table by table."""
    for name in in_order(findings.ever):
        gone = [e for e in findings.looked if e.item.table == name and e.gone]
        files = set(tables.files(name))
        work = [(e, _successor(e.item.file, ident)) for e in gone if e.item.file in files]
        made = dict(zip((each.item.file for each, _ in work), engine.map(_rewrite, work), strict=True))
        if made:
            note(f"written {name}")
            iceberg.replace_files(tables, name, made, ident)
            note(f"replaced {name}")


def in_order(names: Iterable[str]) -> list[str]:
    """Return the tables in the order they are erased in: what hangs on others, refined tables, raw ones."""

    def rank(name: str) -> tuple[int, str]:
        zone, _, table = name.partition(".")
        derived = _DERIVED.index(table) if table in _DERIVED else len(_DERIVED)
        return derived + (zone == "raw") * (2 if table != "rejects" else 1), name

    return sorted(names, key=rank)


def _rewrite(work: tuple[Looked, str]) -> str | None:
    looked, target = work
    return target if write_without(looked.item.file, target, looked.rows()) else None


def _successor(file: str, ident: str) -> str:
    return f"{_stem(file)}.{ident.rpartition('-')[2]}.parquet"


def _stem(file: str) -> str:
    folder, _, name = storage.path(file).rpartition("/")
    return f"{folder}/{name.removesuffix('.parquet').partition('.')[0]}"


def forget_files(tables: Any, findings: Findings, note: Note) -> dict[str, int]:
    """Expire the snapshots that named a file with erased rows, and delete every file that nothing names any more."""
    counts: Counter[str] = Counter()
    for name in tables.names():
        held = {each.item.file for each in findings.looked if each.item.table == name and each.gone}
        old = {s for file in held for s in findings.ever[name][file]}
        counts["snapshots"] += iceberg.expire(tables, name, old)
        note(f"expired {name}")
        counts["files"] += iceberg.sweep(tables, name)
        note(f"swept {name}")
    return dict(counts)


def point_splits(store: Any, tables: Any) -> None:
    """Let the splits that wait to be refined name the files that took the place of theirs, and count what went."""
    from ...privacy.files import row_count

    changed = []
    for split in store.splits(state="pulled"):
        here = {_stem(f): f for f in tables.files(f"raw.{split.source}")} if split.rows_path else {}
        now = here.get(_stem(split.rows_path)) if split.rows_path else None
        if split.rows_path and storage.path(now or "") != storage.path(split.rows_path):
            rows = row_count(now) if now else 0
            rejected = dict(split.rejected)
            rejected[ERASED] = rejected.get(ERASED, 0) + split.rows - rows
            path = storage.path(now) if now else None
            changed.append(replace(split, rows_path=path, rows=rows, rejected=rejected))
    store.save_splits(changed)


def erased_people(project: Project, store: Any) -> Subjects:
    """Return everybody who was erased, to be kept from coming in again."""
    records = [e.search for e in store.erasures() if e.kind == "forget"]
    key = Secret(secret_key(project.keys, "erasure")) if records else b""
    return loaded(records, key)
