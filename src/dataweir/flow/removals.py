"""Which committed rows go with a batch of posts: those that were deleted, or are there in a later version now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import DataError
from ..ingest.parts import Finished

_UNQUOTABLE = re.compile(r"[\x00-\x1f\\]")


def removals(finished: Iterable[Finished], sources: Mapping[str, Any], tables: Any) -> dict[str, str]:
    """Return the Iceberg row filter for each table that rows are deleted from, for Commit.deletes.

    Of a replaced or deleted post go the row in social_posts and its events; of a deleted one also the rows in the raw
    table of every source of its platform.
    """
    parts = list(finished)
    replaced = _by_platform(post for part in parts for post in part.replaced)
    deleted = _by_platform(post for part in parts for post in part.deleted)
    found: dict[str, list[str]] = {}
    if replaced:
        found["refined.social_posts"] = [of_posts(post for part in parts for post in part.replaced)]
    for platform, ids in replaced.items():
        found.setdefault("refined.user_events", []).append(
            f"(actor like {_quoted(f'{platform}:%')} and event_id in ({_listed(ids)}))"
        )
    for label, source in sources.items():
        ids = deleted.get(getattr(source, "platform", ""), [])
        column = getattr(source, "raw_id", None)
        if ids and column:
            found.setdefault(f"raw.{label}", []).append(f"{column} in ({_listed(ids)})")
    return {name: " or ".join(parts) for name, parts in found.items() if tables.exists(name)}


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


def _listed(ids: list[str]) -> str:
    return ", ".join(map(_quoted, ids))


def _quoted(text: str) -> str:
    if _UNQUOTABLE.search(text):
        raise DataError(
            "the id of a post to be replaced holds a control character or a backslash",
            "map another column to post_id, or leave edited_at out",
        )
    return "'" + text.replace("'", "''") + "'"
