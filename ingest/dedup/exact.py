"""Exact duplicates: what makes a row itself, and which of equal rows is kept.

Two kinds of identity. A row with an id of its own (a post) is its id. A row without one (a request, a line
of a CSV file) is its content **and the number of that content's occurrence in its file**: two equal
requests in one second of one file are two events, while a copied or replayed file, or a rotation that
overlaps, brings the same (content, number) pairs again, and those are duplicates.

All arrays here are of one hash bucket: equal rows always meet in the same bucket.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..hashing import Hashes, row_hashes
from ..schemas import DELETED, TABLES

WEB_CONTENT = [
    *("ts", "client_ip", "user", "method", "scheme", "host", "path", "query", "protocol", "status", "bytes"),
    *("referer", "user_agent"),
]
POST_ID = ["platform", "post_id"]
ACCOUNT = ["platform", "author_id"]
POST_CONTENT = [
    *(
        "platform",
        "kind",
        "author_id",
        "author_name",
        "ts",
        "text",
        "url",
        "community",
        "reply_to",
        "thread_id",
    )
]
NOT_CONTENT = ("row_id", "text_key", "source", "file", "line")

STEP = np.uint64(0x9E3779B97F4A7C15)
"""Odd, so that h2 + n * STEP differs for every n (2**64 over the golden ratio, as in Weyl sequences)."""
_UNSTEP = np.uint64(pow(int(STEP), -1, 1 << 64))


WHY = ("", "id", "version", "deleted")
"""Why a row is dropped: the same row is there, a later version of it is there, the post was deleted."""
KEPT, SAME, OLDER, GONE = range(4)
ENDED = "account"
"""The method under which refined.duplicates remembers an account that ended, and at its `ts` when."""
REMOVES = frozenset({WHY[OLDER], WHY[GONE], ENDED})
"""What takes a row back that is no copy of another."""
FINAL = np.iinfo(np.int64).max
"""The version of a deletion: nothing comes after it."""


class Identity(NamedTuple):
    """What makes each row itself: a hash, and whether the occurrence number belongs to it."""

    hashes: Hashes
    counted: NDArray[np.bool_]


class Rows(NamedTuple):
    """Keys of the rows of one bucket. `file` numbers the (source, file) pairs in their sorted order."""

    hashes: Hashes
    counted: NDArray[np.bool_]
    version: NDArray[np.int64]
    file: NDArray[np.int64]
    line: NDArray[np.int64]


def identity(table: pa.Table, name: str) -> Identity:
    """Return the identity of the rows of a conformed table called `name`."""
    if name == "social_posts":
        hashes = row_hashes(table, POST_ID)
        without = pc.is_null(table["post_id"]).to_numpy()
        if without.any():
            hashes[without] = row_hashes(table.filter(pa.array(without)), POST_CONTENT)
        ends = account_ends(table)
        if ends.any():
            hashes[ends] = row_hashes(table.filter(pa.array(ends)), ACCOUNT)
            without &= ~ends
        return Identity(hashes, without)
    content = WEB_CONTENT if name == "web_events" else sorted(set(table.column_names) - set(NOT_CONTENT))
    return Identity(row_hashes(table, content), np.ones(table.num_rows, dtype=bool))


def versions(table: pa.Table) -> NDArray[np.int64]:
    """Return which of the rows of one post counts: `edited_at` in microseconds, 0 where there is none, FINAL deletes.

    Rows without an id, and those of other tables, have one version only.
    """
    if "edited_at" not in table.column_names or "post_id" not in table.column_names:
        return np.zeros(table.num_rows, np.int64)
    edited = pc.fill_null(table["edited_at"].cast(pa.int64()), 0)
    if "kind" in table.column_names:
        edited = pc.if_else(pc.fill_null(pc.equal(table["kind"], DELETED), False), FINAL, edited)
    named = pc.or_(pc.is_valid(table["post_id"]), pa.array(account_ends(table)))
    return np.asarray(pc.if_else(named, edited, 0).to_numpy(), np.int64)


def account_ends(table: pa.Table) -> NDArray[np.bool_]:
    """Return which rows of social_posts say that an account ended: deletions of an author, not of a post."""
    if not {"kind", "author_id"} <= set(table.column_names):
        return np.zeros(table.num_rows, bool)
    deletions = pc.fill_null(pc.equal(table["kind"], DELETED), False)
    ends = pc.and_(deletions, pc.and_(pc.is_null(table["post_id"]), pc.is_valid(table["author_id"])))
    return np.asarray(ends.to_numpy(), bool)


def id_column(name: str) -> str:
    """Return the column that identifies a row of the refined table called `name`."""
    return TABLES[name].id if name in TABLES else "row_id"


def number_occurrences(rows: Rows, base: NDArray[np.int64] | None = None) -> Hashes:
    """Return each row's final id: its hash, moved on by the occurrence number in its file where that counts.

    `rows` must be sorted by (file, line). `base` is how often the row's content stands in the part of its
    file that an earlier run has read. The first half of the id is that of the content hash, so an id tells
    its bucket. Rows of one file and line are one row that was read twice.
    """
    ids = rows.hashes.copy()
    if not len(ids) or not rows.counted.any():
        return ids
    order = np.lexsort((rows.file, ids[:, 1], ids[:, 0]))
    h1, h2, file, line = ids[order, 0], ids[order, 1], rows.file[order], rows.line[order]
    first_in_file = np.ones(len(order), dtype=bool)
    first_in_file[1:] = (h1[1:] != h1[:-1]) | (h2[1:] != h2[:-1]) | (file[1:] != file[:-1])
    next_line = first_in_file.copy()
    next_line[1:] |= line[1:] != line[:-1]
    count = np.cumsum(next_line)
    number = count - np.maximum.accumulate(np.where(first_in_file, count, 0))
    if base is not None:
        number += base[order]
    number *= rows.counted[order]
    ids[order, 1] = h2 + number.astype(np.uint64) * STEP
    return ids


def first_of_each(ids: Hashes, version: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """Return, for each row, the position of the first row with the same id (itself where it is the first).

    With `version`, of the rows with the same id those of the latest version come first.
    """
    keys = (ids[:, 1], ids[:, 0]) if version is None else (-version, ids[:, 1], ids[:, 0])
    order = np.lexsort(keys)
    h1, h2 = ids[order, 0], ids[order, 1]
    leads = np.ones(len(order), dtype=bool)
    leads[1:] = (h1[1:] != h1[:-1]) | (h2[1:] != h2[:-1])
    first = np.empty(len(order), dtype=np.int64)
    first[order] = order[np.maximum.accumulate(np.where(leads, np.arange(len(order)), 0))]
    return first


def occurrences_before(rows: Rows, earlier: Hashes, earlier_file: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how often each row's content occurred in the part of its file that earlier runs have read.

    `earlier` are the final ids of that part's rows, kept or dropped as duplicates.
    """
    base = np.zeros(len(rows.hashes), dtype=np.int64)
    here = pa.table({"h1": rows.hashes[:, 0], "file": rows.file, "h2": rows.hashes[:, 1], "at": np.arange(len(base))})
    before = pa.table({"h1": earlier[:, 0], "file": earlier_file, "id2": earlier[:, 1]})
    pairs = here.join(before, ["h1", "file"], join_type="inner")
    at = pairs["at"].to_numpy()
    number = (pairs["id2"].to_numpy() - pairs["h2"].to_numpy()) * _UNSTEP
    same = number < np.uint64(1 << 32)  # of another content with the same first half it is anything
    np.maximum.at(base, at[same], number[same].astype(np.int64) + 1)
    return base
