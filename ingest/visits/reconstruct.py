"""Sessions and machines of one hash bucket of visitors, over the batch and what is committed of its days."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...distinct import distinct, is_in
from ...storage import join
from ..cleaning import Cleaner
from ..dedup.decide import verdicts
from ..dedup.staging import by_bucket, read_batch, write_batches
from ..hashing import Hashes, from_hex, string_hashes, to_hex
from ..parts import Decided, Prepared
from ..schemas import WEB_EVENTS
from .behaviour import KEYS, VISITOR, Events, group, machines, signs, visitors
from .restate import MERGED, TURNED, read

_VERDICTS = pa.schema({"pos": pa.int32(), "s1": pa.uint64(), "s2": pa.uint64(), "machine": pa.bool_()})
_COMMITTED = pa.schema(
    [WEB_EVENTS.field(n) for n in ("event_id", "ts", *VISITOR, "path", "referer", "is_bot", "session_id")]
)


@dataclass(frozen=True)
class Visits:
    """One bucket of visitors: verdicts for each part, and what changes of the committed rows."""

    bucket: int
    path: str
    parts: tuple[str, ...]
    merged: str | None
    """IPC file of sessions that turned out to be part of another: old and new id."""
    turned: str | None
    """IPC file of committed events whose visitor turned out to be a machine, or not to be one."""
    rows: int = 0
    sessions: int = 0
    """Sessions that begin with a row of the batch."""
    machines: int = 0
    """Rows of the batch whose visitor behaved like a machine."""
    seconds: float = 0.0


def reconstruct(
    bucket: int,
    prepared: Sequence[Prepared],
    decided: Sequence[Decided],
    seen: Sequence[str],
    clean: Mapping[str, Any],
    staging: str,
) -> Visits:
    """Work out one bucket of visitors; `seen` are committed files that hold at least the days of the batch.

    `decided` is the first round of dedup: what it drops is no request of its own.
    """
    started = time.perf_counter()
    rules = Cleaner(clean, "web_events").across
    parts = sorted(prepared, key=lambda p: p.order)
    batch, sizes = _batch(bucket, parts, decided)
    committed, old = _committed(bucket, parts[0].buckets, seen, distinct(batch.visitor), rules)
    events = Events(
        visitor=np.concatenate([batch.visitor, committed.visitor]),
        ts=np.concatenate([batch.ts, committed.ts]),
        ids=np.concatenate([batch.ids, committed.ids]),
        signs=np.concatenate([batch.signs, committed.signs]),
    )
    known = np.concatenate([np.zeros((len(batch.visitor), 2), np.uint64), old.sessions])
    sessions = np.zeros_like(known)
    if "sessions" in rules:
        sessions = group(events, rules["sessions"].gap, known)
    machine = machines(events, rules["bots"].options) if "bots" in rules else np.zeros(len(events.ts), np.bool_)
    count = len(batch.visitor)
    path = join(staging, f"visits-{bucket}.arrow")
    table = pa.record_batch(
        [pa.array(batch.pos), pa.array(sessions[:count, 0]), pa.array(sessions[:count, 1]), pa.array(machine[:count])],
        schema=_VERDICTS,
    )
    ends = np.cumsum([0, *sizes])
    slices = [table.slice(a, b - a) for a, b in itertools.pairwise(ends)]
    write_batches(slices, _VERDICTS, path)
    merged = turned = None
    if "sessions" in rules:
        merged = _merged(old.sessions, sessions[count:], join(staging, f"visits-{bucket}-merged.arrow"))
    if "bots" in rules:
        turned = _turned(old, machine[count:], join(staging, f"visits-{bucket}-turned.arrow"))
    return Visits(
        bucket=bucket,
        path=path,
        parts=tuple(p.part.name for p in parts),
        merged=merged,
        turned=turned,
        rows=count,
        sessions=int((sessions[:count] == batch.ids).all(axis=1).sum()),
        machines=int(machine[:count].sum()),
        seconds=time.perf_counter() - started,
    )


def batches(tables: Sequence[pa.Table], buckets: int) -> Iterator[pa.RecordBatch]:
    """Yield the visit keys of a part, one batch a bucket of visitors."""
    table = pa.concat_tables([KEYS.empty_table(), *tables]).combine_chunks()
    return by_bucket([column.combine_chunks() for column in table.columns], KEYS, buckets)


def apply(rows: pa.Table, part: Prepared, visits: Sequence[Visits]) -> tuple[pa.Table, int]:
    """Return a part's rows with `session_id` and, where the visitor behaved like a machine, `is_bot`.

    And how many rows became those of a machine by that: their agents say nothing.
    """
    sessions, machine = np.zeros((rows.num_rows, 2), np.uint64), np.zeros(rows.num_rows, np.bool_)
    for each in visits:
        found = read_batch(each.path, each.parts.index(part.part.name))
        at = found["pos"].to_numpy()
        sessions[at, 0], sessions[at, 1] = found["s1"].to_numpy(), found["s2"].to_numpy()
        machine[at] = found["machine"].to_numpy(zero_copy_only=False)
    some = pa.array(sessions.any(axis=1))
    if pc.any(some).as_py():
        names = pc.if_else(some, to_hex(sessions), pa.scalar(None, pa.string()))
        rows = rows.set_column(rows.schema.get_field_index("session_id"), rows.schema.field("session_id"), names)
    if not machine.any():
        return rows, 0
    listed = pc.fill_null(rows["is_bot"], False).to_numpy()
    flags = pc.if_else(pa.array(machine), True, rows["is_bot"])
    rows = rows.set_column(rows.schema.get_field_index("is_bot"), rows.schema.field("is_bot"), flags)
    return rows, int((machine & ~listed).sum())


class _Batch(NamedTuple):
    pos: NDArray[np.int32]
    visitor: NDArray[np.uint64]
    ts: NDArray[np.int64]
    ids: Hashes
    signs: NDArray[np.uint8]


class _Old(NamedTuple):
    """Of committed events: session, id, is_bot (null as false), whether that was null, and what the agent says."""

    sessions: Hashes
    event_id: pa.Array
    is_bot: NDArray[np.bool_]
    listed: NDArray[np.bool_]
    unknown: NDArray[np.bool_]


def _batch(bucket: int, parts: Sequence[Prepared], decided: Sequence[Decided]) -> tuple[_Batch, list[int]]:
    found: list[_Batch] = []
    for part in parts:
        rows = read_batch(part.visit_keys or "", bucket)
        outcome = verdicts(part, decided)
        pos = rows["pos"].to_numpy()
        kept = ~outcome.dropped[pos]
        columns = (rows["h1"].to_numpy(), rows["ts"].to_numpy(), outcome.ids[pos], rows["signs"].to_numpy())
        found.append(_Batch(pos[kept], *(column[kept] for column in columns)))
    return _Batch(*(np.concatenate(each) for each in zip(*found, strict=True))), [len(each.pos) for each in found]


def _committed(
    bucket: int, buckets: int, seen: Sequence[str], wanted: NDArray[np.uint64], rules: dict[str, Any]
) -> tuple[Events, _Old]:
    """Read the committed events of the batch's visitors, a file at a time."""
    tables = [_COMMITTED.empty_table()]
    names = [np.empty(0, np.uint64)]
    for file in seen if len(wanted) else ():
        table = read(file, _COMMITTED.names)
        visitor = visitors(table)
        mine = (visitor % np.uint64(buckets) == bucket) & is_in(visitor, wanted)
        mine &= table["ts"].is_valid().to_numpy()
        names.append(visitor[mine])
        tables.append(table.filter(pa.array(mine)).cast(_COMMITTED))
    rows = pa.concat_tables(tables).combine_chunks()
    sessions, _ = from_hex(rows["session_id"])
    ids, hexed = from_hex(rows["event_id"])
    ids[~hexed] = string_hashes(rows["event_id"].filter(pa.array(~hexed)))
    is_bot = pc.fill_null(rows["is_bot"], False).to_numpy()
    listed = is_bot
    if "bots" in rules:
        listed = pc.fill_null(rules["bots"].listed(rows["user_agent"]), False).to_numpy()
    unknown = pc.is_null(rows["user_agent"]).to_numpy()
    events = Events(np.concatenate(names), rows["ts"].cast(pa.int64()).to_numpy(), ids, signs(rows))
    return events, _Old(sessions, rows["event_id"], is_bot, listed, unknown)


def _merged(old: Hashes, new: Hashes, location: str) -> str | None:
    moved = old.any(axis=1) & (old != new).any(axis=1)
    if not moved.any():
        return None
    pairs = np.unique(np.hstack([old[moved], new[moved]]), axis=0)
    batch = pa.record_batch([to_hex(pairs[:, :2]), to_hex(pairs[:, 2:])], schema=MERGED)
    write_batches([batch], MERGED, location)
    return location


def _turned(old: _Old, machine: NDArray[np.bool_], location: str) -> str | None:
    now = machine | old.listed
    turned = now != old.is_bot
    if not turned.any():
        return None
    ids = old.event_id.filter(pa.array(turned))
    ids = ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids
    flags = pa.array(now[turned], mask=~now[turned] & old.unknown[turned])
    write_batches([pa.record_batch([ids, flags], schema=TURNED)], TURNED, location)
    return location
