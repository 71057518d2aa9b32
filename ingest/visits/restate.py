"""What a batch changes of committed web events: sessions that grow together, visitors that turn out to be machines,
and numbers that lie within the limits of outliers or outside by now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...storage import filesystem, join, write_parquet
from ..dedup.staging import read_all
from ..hashing import string_hashes, to_hex
from ..integrate import user_events
from ..outliers import Limits, remark
from ..persons import Identify

MERGED = pa.schema({"old": pa.string(), "new": pa.string()})
"""Sessions that turned out to be part of another."""

TURNED = pa.schema({"event_id": pa.string(), "is_bot": pa.bool_()})
"""Committed events whose visitor turned out to be a machine, or not to be one."""


class Changes(NamedTuple):
    """What a batch changes of committed rows: sessions (MERGED), machines (TURNED), limits of outliers."""

    merged: pa.Table
    turned: pa.Table
    limits: Mapping[str, Limits] | None
    """None where the batch leaves them as they are."""

    @property
    def nothing(self) -> bool:
        """Whether the batch changes no committed row."""
        return not self.merged.num_rows and not self.turned.num_rows and self.limits is None

    @property
    def events(self) -> list[str]:
        """The events that leave user_events or come back to it, sorted."""
        return sorted(self.turned["event_id"].to_pylist())


def changes(
    merged: Iterable[str | None], turned: Iterable[str | None], limits: Mapping[str, Limits] | None = None
) -> Changes:
    """Gather what all buckets change, from their files."""
    return Changes(_all(merged, MERGED), _all(turned, TURNED), limits)


def _all(files: Iterable[str | None], schema: pa.Schema) -> pa.Table:
    return pa.concat_tables([schema.empty_table(), *(read_all(file) for file in files if file)]).combine_chunks()


class Touched(NamedTuple):
    """A committed file, the day (UTC) it holds (None: rows without a time), and whether any of its rows changes."""

    file: str
    day: dt.date | None
    changed: bool


@dataclass(frozen=True)
class Restated:
    """The file that takes a committed one's place, and the user events that come back (None: none do)."""

    file: str
    events: str | None


def touched(file: str, changed: Changes) -> Touched:
    """Look whether a committed file of web_events holds rows that change."""
    columns = read(file, ["ts", "session_id", "event_id", "flags", *(changed.limits or {})])
    merged = pc.is_in(columns["session_id"], changed.merged["old"].combine_chunks())
    turned = pc.is_in(columns["event_id"], changed.turned["event_id"].combine_chunks())
    touches = pc.any(pc.or_(merged, turned)).as_py()
    if not touches and changed.limits is not None:
        touches = not remark(columns, changed.limits)["flags"].equals(columns["flags"])
    first = pc.min(columns["ts"]).as_py()
    return Touched(file, first and first.astimezone(dt.UTC).date(), bool(touches))


def restate(old: str, changed: Changes, out: str, batch: str, identify: Identify | None = None) -> Restated:
    """Write a committed file of web_events again with what changed; the same batch writes the same file."""
    rows = read(old)
    merged, turned = changed.merged.combine_chunks(), changed.turned.combine_chunks()
    at = pc.index_in(rows["session_id"], merged["old"].combine_chunks())
    rows = _with(rows, "session_id", pc.coalesce(_take(merged["new"], at), rows["session_id"]))
    at = pc.index_in(rows["event_id"], turned["event_id"].combine_chunks())
    rows = _with(rows, "is_bot", pc.if_else(pc.is_valid(at), _take(turned["is_bot"], at), rows["is_bot"]))
    if changed.limits is not None:
        rows = remark(rows, changed.limits)
    stem = f"{batch}-restated-{to_hex(string_hashes(pa.array([old])))[0].as_py()[:16]}"
    file = join(out, "refined", "web_events", "data", f"{stem}.parquet")
    write_parquet(rows, file)
    back = user_events(web=rows.filter(pc.is_valid(at)), identify=identify)
    events = join(out, "refined", "user_events", "data", f"{stem}.parquet") if back.num_rows else None
    if events:
        write_parquet(back, events)
    return Restated(file, events)


def _take(values: pa.ChunkedArray, at: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([values.combine_chunks().take(at.combine_chunks())], values.type)


def _with(rows: pa.Table, name: str, values: pa.ChunkedArray) -> pa.Table:
    at = rows.schema.get_field_index(name)
    return rows.set_column(at, rows.schema.field(at), values)


def read(location: str, columns: list[str] | None = None) -> pa.Table:
    """Read a Parquet file, or some of its columns."""
    fs, inner = filesystem(location)
    with fs.open_input_file(inner) as source:
        return pq.read_table(source, columns=columns)
