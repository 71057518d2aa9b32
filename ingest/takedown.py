"""What deletions reach beyond the posts' own rows: accounts that ended, raw rows, rejects.

The deletion of an account is the deletion of each of its posts. Its notice is a row of the kind `deleted` with an
author and no post; it ends the account up to its own time, so that what the account writes once it is back comes in
like anything else. A notice without a time ends it for good, and a post without one counts as written before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..storage import filesystem, write_parquet
from .dedup.exact import ACCOUNT, FINAL
from .dedup.staging import ID_KEYS, read_all, read_batch, write_batches
from .hashing import Hashes, from_hex, row_hashes
from .integrate import conform
from .parts import End, Prepared
from .schemas import DELETED, SOCIAL_POSTS

_EVER = np.iinfo(np.int64).max
_UNREADABLE = frozenset({"json", "xml", "shape", "columns", "quote"})
"""Reasons of rejects that may hold a post which cannot be read; the others say that a record is none."""


class Ended(NamedTuple):
    """Accounts as hashes, sorted by their first half, and until when (microseconds) their posts are gone."""

    hashes: Hashes
    until: NDArray[np.int64]

    def covers(self, table: pa.Table) -> NDArray[np.bool_]:
        """Return which posts (platform, author_id, ts) were written by one of the accounts before it ended."""
        mine = row_hashes(table, ACCOUNT)
        first = np.searchsorted(self.hashes[:, 0], mine[:, 0])
        at = np.minimum(first, len(self.hashes) - 1)
        written = pc.fill_null(table["ts"].cast(pa.int64()), np.iinfo(np.int64).min).to_numpy()
        known = pc.is_valid(table["author_id"]).to_numpy(zero_copy_only=False)
        found: NDArray[np.bool_] = (self.hashes[at] == mine).all(axis=1) & (written <= self.until[at]) & known
        return found


def ended(ends: Iterable[End], remembered: pa.Table) -> Ended:
    """Return the accounts that a batch's notices end, and those that refined.duplicates remembers (`id`, `ts`)."""
    new = sorted(set(ends), key=repr)
    table = pa.table([pa.array([getattr(e, n) for e in new], pa.string()) for n in ("platform", "author")], ACCOUNT)
    hashes, valid = from_hex(remembered["id"])
    times = pc.fill_null(remembered["ts"].cast(pa.int64()), _EVER).to_numpy()
    until = np.array([_EVER if e.until is None else e.until for e in new], np.int64)
    hashes = np.concatenate([row_hashes(table, ACCOUNT), hashes[valid]])
    until = np.concatenate([until, times[valid]])
    order = np.lexsort((-until, hashes[:, 1], hashes[:, 0]))
    hashes, until = hashes[order], until[order]
    latest = np.ones(len(hashes), bool)
    latest[1:] = (hashes[1:] != hashes[:-1]).any(axis=1)
    return Ended(hashes[latest], until[latest])


def ends_of(deletions: pa.Table) -> set[End]:
    """Return the accounts that deletions (a conformed table of posts) end."""
    notices = deletions.filter(pc.and_(pc.is_null(deletions["post_id"]), pc.is_valid(deletions["author_id"])))
    times = notices["ts"].cast(pa.int64()).to_pylist()
    names = (notices[name].to_pylist() for name in ("platform", "author_id"))
    return {End(*each) for each in zip(*names, times, strict=True)}


def close(part: Prepared, accounts: Ended) -> Prepared:
    """Give the posts of ended accounts the version of a deletion; return the part with its new keys."""
    gone = accounts.covers(read_all(part.candidates).select([*ACCOUNT, "ts"]))
    if not gone.any():
        return part
    location = part.id_keys.removesuffix(".arrow") + "-closed.arrow"
    write_batches(_closed(part, gone), ID_KEYS, location)
    return replace(part, id_keys=location)


def _closed(part: Prepared, gone: NDArray[np.bool_]) -> Iterator[pa.RecordBatch]:
    at = ID_KEYS.get_field_index("version")
    for bucket in range(part.buckets):
        keys = read_batch(part.id_keys, bucket)
        version = np.where(gone[keys["pos"].to_numpy()], FINAL, keys["version"].to_numpy())
        yield keys.set_column(at, ID_KEYS.field(at), pa.array(version))


def notices(file: str, accounts: Ended) -> pa.Table:
    """Return a notice of deletion (SOCIAL_POSTS) for each post of ended accounts in a file of refined.social_posts."""
    found = [SOCIAL_POSTS.empty_table()]
    for rows in _stretches(file, ["post_id", *ACCOUNT, "ts"]):
        posts = rows.filter(pa.array(accounts.covers(rows)))
        named = {name: posts[name] for name in ("post_id", "platform", "author_id")}
        named["kind"] = pa.repeat(pa.scalar(DELETED), len(posts))
        made = [named.get(f.name, pa.nulls(len(posts), f.type)) for f in SOCIAL_POSTS]
        found.append(pa.table(made, schema=SOCIAL_POSTS))
    return pa.concat_tables(found)


@dataclass(frozen=True)
class Gone:
    """What a batch takes back on one platform: posts by id, and accounts with the time of their end."""

    posts: frozenset[str] = frozenset()
    accounts: Mapping[str, int | None] = field(default_factory=dict)

    def names(self, post: str | None, author: str | None, written: int | None) -> bool:
        """Whether this post of this author, written then, is taken back."""
        if post in self.posts:
            return True
        if author is None or author not in self.accounts:
            return False
        until = self.accounts[author]
        return until is None or written is None or written <= until


def raw_ids(file: str, source: Any, gone: Gone) -> list[Any]:
    """Return the ids, as the raw table spells them, of the posts in a landed file that are taken back.

    Notices stay, unless a post of theirs goes: they hold nothing of it.
    """
    keys = source.raw_keys
    looked = [keys[name] for name in ("post_id", "author_id") if name in keys]
    if not any(_suspects(rows, keys, gone).any() for rows in _stretches(file, looked)):
        return []
    found: set[Any] = set()
    for rows in _stretches(file):
        rows = rows.filter(pa.array(_suspects(rows, keys, gone)))
        made = conform(source.integrate(rows), SOCIAL_POSTS).select(["kind", "post_id", "author_id", "ts"])
        values = rows[keys["post_id"]].to_pylist()
        micros = made["ts"].cast(pa.int64()).to_pylist()
        for value, post, written in zip(values, made.to_pylist(), micros, strict=True):
            if post["kind"] != DELETED and gone.names(post["post_id"], post["author_id"], written):
                found.add(value)
    return sorted(found - {None})


def _suspects(rows: pa.Table, keys: Mapping[str, str], gone: Gone) -> NDArray[np.bool_]:
    """Return which raw rows have the id of a post, or the author, that is taken back."""
    hit = np.zeros(len(rows), bool)
    for name, wanted in (("post_id", gone.posts), ("author_id", gone.accounts)):
        if wanted and keys.get(name) in rows.column_names:
            values = rows[keys[name]].cast(pa.string())
            hit |= pc.is_in(values, pa.array(sorted(wanted), pa.string())).to_numpy()
    return hit


def rejected(file: str, sources: Mapping[str, Any], gone: Mapping[str, Gone]) -> list[tuple[str, str, str, int]]:
    """Return (source, stage, file, line) of the rejects in a file that hold what is taken back, by its platform."""
    found = []
    patterns = {platform: _spellings(each, sources, platform) for platform, each in gone.items()}
    mine = [label for label, each in sources.items() if each.platform in gone]
    for rows in _stretches(file, ["source", "stage", "file", "line", "reason", "raw"]):
        rows = rows.filter(pc.and_(pc.is_in(rows["source"], pa.array(mine, pa.string())), pc.is_valid(rows["raw"])))
        for each in rows.to_pylist():
            platform = sources[each["source"]].platform
            if _holds(each, sources[each["source"]], gone[platform], patterns[platform]):
                found.append((each["source"], each["stage"], each["file"], each["line"]))
    return found


def listed(file: str, posts: frozenset[str]) -> list[str]:
    """Return which of the posts a file of refined.duplicates or refined.labels names as its rows."""
    found: set[str] = set()
    for rows in _stretches(file, ["table", "id"]):
        mine = pc.and_(pc.equal(rows["table"], "social_posts"), pc.is_in(rows["id"], pa.array(sorted(posts))))
        found |= set(rows["id"].filter(mine).to_pylist())
    return sorted(found)


def blank(file: str, held: Sequence[tuple[str, str, str, int]]) -> None:
    """Write a file of rejects that is not committed yet again, without the raw bytes of those in `held`."""
    fs, inner = filesystem(file)
    with fs.open_input_file(inner) as stored:
        rows = pq.read_table(stored)
    wanted = set(held)
    places = zip(*(rows[name].to_pylist() for name in ("source", "stage", "file", "line")), strict=True)
    hit = pa.array([place in wanted for place in places], pa.bool_())
    at = rows.schema.get_field_index("raw")
    bare = pc.if_else(hit, pa.scalar(None, pa.binary()), rows["raw"])
    write_parquet(rows.set_column(at, rows.schema.field(at), bare), file)


def _holds(reject: Mapping[str, Any], source: Any, gone: Gone, pattern: re.Pattern[bytes] | None) -> bool:
    raw = reject["raw"]
    if reject["stage"] == "pull":
        named: tuple[str | None, str | None] | None = source.named(raw)
        if named is not None:
            return gone.names(named[0], named[1], None)
        unreadable = reject["reason"] in _UNREADABLE or reject["reason"].startswith("type:")
        return bool(pattern and unreadable and pattern.search(raw))
    try:
        row = json.loads(raw)
    except ValueError:
        return False
    return gone.names(row.get("post_id"), row.get("author_id"), None)


def _spellings(gone: Gone, sources: Mapping[str, Any], platform: str) -> re.Pattern[bytes] | None:
    """Return what finds an id in a record that cannot be read: as the platform's records spell it, as a whole word."""
    of = [source for source in sources.values() if source.platform == platform]
    words = {source.spelled(ident) for ident in (*gone.posts, *gone.accounts) for source in of}
    if not words:
        return None
    return re.compile(rb"(?<!\w)(?:" + b"|".join(re.escape(w.encode()) for w in sorted(words)) + rb")(?!\w)")


def _stretches(file: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """Yield those of the columns that a Parquet file has, or all of them, in stretches."""
    fs, inner = filesystem(file)
    with fs.open_input_file(inner) as stored:
        parquet = pq.ParquetFile(stored)
        there = [name for name in parquet.schema_arrow.names if columns is None or name in columns]
        for batch in parquet.iter_batches(batch_size=1 << 17, columns=there):
            yield pa.table(batch)
