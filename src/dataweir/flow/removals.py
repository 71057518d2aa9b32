"""What goes with a batch of posts: what was deleted, or is there in a later version now, wherever it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from ..config import DedupConfig
from ..errors import DataError
from ..ingest.dedup.exact import ENDED, id_column
from ..ingest.parts import Finished, Prepared, RawPart
from ..ingest.refine import prepare
from ..ingest.takedown import Gone, blank, close, ended, listed, notices, raw_ids, rejected
from ..storage import join, write_parquet

POSTS, EVENTS, DUPLICATES = "refined.social_posts", "refined.user_events", "refined.duplicates"
REJECTS, LABELS, CUTS = "raw.rejects", "refined.labels", "refined.cuts"
_UNQUOTABLE = re.compile(r"[\x00-\x1f\\]")


class Accounts:
    """The accounts that ended, in a batch or before it: what is left of their posts is deleted."""

    def __init__(self, tables: Any, engine: Any, staging: str) -> None:
        self.tables, self.engine, self.staging = tables, engine, staging

    def close(self, prepared: list[Prepared], dedup: DedupConfig) -> list[Prepared]:
        """Mark the batch's posts of ended accounts, and add a part of notices for those of them that are committed."""
        ends = {end for part in prepared for end in part.ends}
        accounts = ended(ends, self._remembered())
        if not len(accounts.hashes) or not prepared:
            return prepared
        prepared = self.engine.map(close, prepared, accounts)
        if not ends or not self.tables.exists(POSTS):
            return prepared
        found = pa.concat_tables(self.engine.map(notices, self.tables.files(POSTS), ended(ends, _NOTHING)))
        return [*prepared, *self._part(found, prepared, dedup)]

    def _part(self, found: pa.Table, prepared: list[Prepared], dedup: DedupConfig) -> list[Prepared]:
        if not found.num_rows:
            return []
        location = join(self.staging, "accounts.parquet")
        write_parquet(found, location)
        part = RawPart(location, prepared[0].part.source, "accounts", "accounts")
        return list(self.engine.map(_prepare_notices, [part], dedup, self.staging, prepared[0].buckets))

    def _remembered(self) -> pa.Table:
        if not self.tables.exists(DUPLICATES) or "ts" not in self.tables.schema(DUPLICATES).names:
            return _NOTHING
        return self.tables.read(DUPLICATES, ["id", "ts"], f"method == '{ENDED}'")


_NOTHING = pa.table({"id": pa.array([], pa.string()), "ts": pa.array([], pa.timestamp("us", "UTC"))})


class _Notices:
    """Notices of deletion, which have the shape of their table already."""

    target = "social_posts"

    def integrate(self, rows: pa.Table) -> pa.Table:
        return rows


def _prepare_notices(part: RawPart, dedup: DedupConfig, staging: str, buckets: int) -> Prepared:
    return prepare(part, _Notices(), {}, dedup, staging, buckets)  # type: ignore[arg-type]


def removals(
    prepared: Sequence[Prepared],
    finished: Sequence[Finished],
    sources: Mapping[str, Any],
    tables: Any,
    engine: Any,
) -> dict[str, str]:
    """Return the Iceberg row filter for each table that rows are deleted from, for Commit.deletes.

    Of a replaced or deleted post go the row in social_posts and its events; of a deleted one also its rows in the raw
    tables of its platform's sources, its copies in duplicates, its labels, what was cut from it, and the rejects
    that hold it.
    """
    found: dict[str, list[str]] = {}
    replaced = {post for part in finished for post in part.replaced}
    if replaced:
        found[POSTS] = [of_posts(replaced)]
    for platform, ids in _by_platform(replaced).items():
        found.setdefault(EVENTS, []).append(f"(actor like {_quoted(f'{platform}:%')} and event_id in ({_listed(ids)}))")
    gone = _gone(prepared, finished)
    if not gone:
        return _standing(found, tables)
    known = {label: each for label, each in sources.items() if getattr(each, "platform", None) in gone}
    for label, source in known.items():
        if "post_id" not in source.raw_keys or not tables.exists(f"raw.{label}"):
            continue
        hits = engine.map(raw_ids, tables.files(f"raw.{label}"), source, gone[source.platform])
        if ids := sorted({ident for each in hits for ident in each}):
            found[f"raw.{label}"] = [f"{source.raw_keys['post_id']} in ({_listed(ids)})"]
    new = [file for part in finished for file in part.files.get(REJECTS, [])]
    for file, held in zip(new, engine.map(rejected, new, known, gone), strict=True):
        if held:
            engine.map(blank, [file], held)
    if tables.exists(REJECTS):
        for held in engine.map(rejected, tables.files(REJECTS), known, gone):
            found.setdefault(REJECTS, []).extend(_places(held))
    posts = frozenset(post for each in gone.values() for post in each.posts)
    for name in (DUPLICATES, LABELS, CUTS):
        if posts and tables.exists(name):
            there = {ident for each in engine.map(listed, tables.files(name), posts) for ident in each}
            found[name] = [f"(table == 'social_posts' and id in ({_listed(sorted(there))}))"] if there else []
    return _standing(found, tables)


def _standing(found: Mapping[str, list[str]], tables: Any) -> dict[str, str]:
    return {name: " or ".join(parts) for name, parts in found.items() if parts and tables.exists(name)}


def _gone(prepared: Iterable[Prepared], finished: Iterable[Finished]) -> dict[str, Gone]:
    """Return what the batch takes back, by platform."""
    posts = _by_platform(post for part in finished for post in part.deleted)
    accounts: dict[str, dict[str, int | None]] = {}
    for end in sorted({end for part in prepared for end in part.ends}, key=repr):
        mine = accounts.setdefault(end.platform, {})
        before = mine.get(end.author, 0)
        mine[end.author] = None if before is None or end.until is None else max(before, end.until)
    return {
        platform: Gone(frozenset(posts.get(platform, ())), accounts.get(platform, {}))
        for platform in sorted({*posts, *accounts})
    }


def _places(held: Iterable[tuple[str, str, str, int]]) -> list[str]:
    """Return row filters for rejects; a file whose name cannot be quoted is told by its source and lines alone."""
    lines: dict[tuple[str, str, str], set[int]] = {}
    for source, stage, file, line in held:
        lines.setdefault((source, stage, file), set()).add(line)
    return [
        f"(source == '{source}' and stage == '{stage}'"
        + (f" and file == {_quoted(file)}" if not _UNQUOTABLE.search(file) else "")
        + f" and line in ({', '.join(map(str, sorted(numbers)))}))"
        for (source, stage, file), numbers in sorted(lines.items())
    ]


def withdrawals(rows: Iterable[tuple[str, str, str]], table: str, tables: Any) -> dict[str, str]:
    """Return the Iceberg row filters by which rows, given as (source, file, id), leave their table and its events."""
    by_file: dict[tuple[str, str], list[str]] = {}
    by_source: dict[str, list[str]] = {}
    for source, file, ident in sorted(rows):
        by_file.setdefault((source, file), []).append(ident)
        by_source.setdefault(source, []).append(ident)
    found = {
        f"refined.{table}": [
            f"(source = {_quoted(source)} and file = {_quoted(file)} and {id_column(table)} in ({_listed(ids)}))"
            for (source, file), ids in by_file.items()
        ]
    }
    if table in ("social_posts", "web_events"):
        found[EVENTS] = [f"(source = {_quoted(s)} and event_id in ({_listed(ids)}))" for s, ids in by_source.items()]
    return _standing(found, tables)


def of_posts(posts: Iterable[tuple[str, str]]) -> str:
    """Return the row filter of posts, given as (platform, id)."""
    return " or ".join(
        f"(platform = {_quoted(platform)} and post_id in ({_listed(ids)}))"
        for platform, ids in _by_platform(posts).items()
    )


def _by_platform(posts: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for platform, ident in posts:
        found.setdefault(platform, set()).add(ident)
    return {platform: sorted(ids) for platform, ids in sorted(found.items())}


def _listed(ids: Iterable[Any]) -> str:
    return ", ".join(str(each) if isinstance(each, int) else _quoted(each) for each in ids)


def _quoted(text: str) -> str:
    if _UNQUOTABLE.search(text):
        raise DataError(
            "the id of a post to be replaced holds a control character or a backslash",
            "map another column to post_id, or leave edited_at out",
        )
    return "'" + text.replace("'", "''") + "'"
