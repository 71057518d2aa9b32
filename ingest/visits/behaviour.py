"""What a visitor's requests tell in order of time: the session of each, and whether a machine asked."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..hashing import Hashes, row_hashes

KEYS = pa.schema({"pos": pa.int32(), "h1": pa.uint64(), "ts": pa.int64(), "signs": pa.uint8()})
"""One line a request that a visitor made: `h1` is the visitor, `ts` in microseconds, `signs` as below."""

PAGE, ASSET, ROBOTS, REFERRED, NAMED = 1, 2, 4, 8, 16
"""Signs of a request: a page, a part of a page, robots.txt, one with a referer, one whose agent is logged."""

VISITOR = ("client_ip", "user", "user_agent")
_DAY = 86_400_000_000
_MINUTE = 60_000_000
_ASSETS = (
    r"(?i)\.(?:css|js|mjs|map|png|jpe?g|gif|svg|webp|avif|ico|bmp|woff2?|ttf|otf|eot|mp4|webm|mp3|ogg|wasm)$|^/favicon"
)


class Events(NamedTuple):
    """Requests of one bucket: the visitor, the time (microseconds), the id and the signs of each."""

    visitor: NDArray[np.uint64]
    ts: NDArray[np.int64]
    ids: Hashes
    signs: NDArray[np.uint8]


def keys(table: pa.Table, first: int = 0) -> pa.Table:
    """Return the visit keys of web events (KEYS), numbered from `first`.

    An event without a time, or with neither address nor login, has none.
    """
    known = pc.and_(pc.is_valid(table["ts"]), pc.or_(pc.is_valid(table["client_ip"]), pc.is_valid(table["user"])))
    pos = np.flatnonzero(known.to_numpy()).astype(np.int32)
    rows = table.select([*VISITOR, "ts", "path", "referer"]).take(pa.array(pos))
    columns = [
        pa.array(pos + np.int32(first)),
        pa.array(visitors(rows)),
        rows["ts"].cast(pa.int64()),
        pa.array(signs(rows)),
    ]
    return pa.table(columns, schema=KEYS)


def group(events: Events, gap: int, known: Hashes | None = None) -> Hashes:
    """Return each event's session: the id of the visitor's first event with no pause longer than `gap` before.

    `gap` is in microseconds. `known` holds the sessions of committed events (zeros elsewhere): where a session
    begins with one, it goes on under the name it has, for it may have begun before what is looked at.
    """
    order = np.lexsort((events.ids[:, 1], events.ids[:, 0], events.ts, events.visitor))
    visitor, ts = events.visitor[order], events.ts[order]
    begins = np.ones(len(order), np.bool_)
    begins[1:] = (visitor[1:] != visitor[:-1]) | (ts[1:] - ts[:-1] > gap)
    names = events.ids[order]
    if known is not None:
        names = np.where(known[order].any(axis=1, keepdims=True), known[order], names)
    first = np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))
    out = np.empty_like(names)
    out[order] = names[first]
    return out


def machines(events: Events, limits: Any) -> NDArray[np.bool_]:
    """Return which events are of visitors that behaved like machines on that day (UTC).

    They asked for robots.txt; or asked for more than `max_pages_per_minute` pages within a minute; or for
    `lone_pages` pages and more without one picture, style or script and without ever coming from a page.
    """
    day = events.ts // _DAY
    order = np.lexsort((events.ts, day, events.visitor))
    visitor, ts, day, signs = events.visitor[order], events.ts[order], day[order], events.signs[order]
    begins = np.ones(len(order), np.bool_)
    begins[1:] = (visitor[1:] != visitor[:-1]) | (day[1:] != day[:-1])
    which = np.cumsum(begins) - 1
    count = int(which[-1]) + 1 if len(which) else 0

    def days(sign: int) -> NDArray[np.int64]:
        return np.bincount(which, (signs & sign) > 0, count).astype(np.int64)

    found = np.zeros(count, np.bool_)
    if limits.robots_txt:
        found |= days(ROBOTS) > 0
    if limits.lone_pages is not None:
        alone = (days(ASSET) == 0) & (days(REFERRED) == 0) & (days(NAMED) > 0)
        found |= alone & (days(PAGE) >= limits.lone_pages)
    if (most := limits.max_pages_per_minute) is not None:
        page = np.flatnonzero(signs & PAGE)
        hasty = (which[page[most:]] == which[page[:-most]]) & (ts[page[most:]] - ts[page[:-most]] < _MINUTE)
        found[which[page[most:]][hasty]] = True
    out = np.empty(len(order), np.bool_)
    out[order] = found[which]
    return out


def visitors(rows: pa.Table) -> NDArray[np.uint64]:
    """Return the visitor of each request: 64 bits of a hash of address, login and agent."""
    return row_hashes(rows, VISITOR)[:, 0]


def signs(rows: pa.Table) -> NDArray[np.uint8]:
    """Return the signs of each request; each distinct path is looked at once."""
    encoded = rows["path"].combine_chunks().dictionary_encode()
    names = encoded.dictionary
    asset = pc.match_substring_regex(names, _ASSETS).to_numpy(zero_copy_only=False)
    robots = pc.equal(names, "/robots.txt").to_numpy(zero_copy_only=False)
    kind = np.where(robots, ROBOTS, np.where(asset, ASSET, PAGE)).astype(np.uint8)
    at = encoded.indices
    found = np.zeros(rows.num_rows, np.uint8)
    valid = at.is_valid().to_numpy(zero_copy_only=False)
    found[valid] = kind[at.drop_null().to_numpy()]
    found |= np.where(rows["referer"].is_valid().to_numpy(), REFERRED, 0).astype(np.uint8)
    found |= np.where(rows["user_agent"].is_valid().to_numpy(), NAMED, 0).astype(np.uint8)
    return found
