"""The connector for Bluesky."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, ClassVar

from pydantic import Field

from ...config import SourceConfig
from ..api import ApiConfig, ApiSource, Page, State, newest_first
from ..contract import Pulled, Split, source
from ..documents import Records, parquet_records
from ..http import HttpSession, Secret, bearer
from ..jetstream import messages
from ..posts import Post, Refused, closed, deleted
from ..stored import opened

_POST, _REPOST = "app.bsky.feed.post", "app.bsky.feed.repost"
_ENDED = frozenset({"deleted", "takendown", "suspended", "deactivated"})
"""States of an account in which nothing of it may be shown (atproto.com/specs/account)."""
_PAGE = 100
_BATCH = 8192


class BlueskyConfig(ApiConfig):
    """Saved events or posts, the firehose by Jetstream, or authors and searches by XRPC."""

    jetstream: str | None = Field(
        None, description="address of a Jetstream server, such as wss://jetstream2.us-east.bsky.network"
    )
    jetstream_seconds: float = Field(600.0, gt=0, description="how long one run listens at most")
    jetstream_hours: float = Field(1.0, ge=0, description="how far back the first run begins")
    authors: list[str] = Field(default_factory=list, description="handles or DIDs whose posts are read")
    searches: list[str] = Field(default_factory=list, description="queries of app.bsky.feed.searchPosts")
    token: Secret | None = Field(None, description="access token as ${ENV}; searches may need one")


def _posts(value: Any) -> Iterator[Any]:
    """Yield the posts in a stored answer (`feed`, `posts`, `records`, a thread), or the value itself."""
    thread = value.get("thread") if isinstance(value, dict) else None
    if isinstance(thread, dict):
        yield from _thread(thread)
        return
    for key in ("feed", "posts", "records"):
        if isinstance(value, dict) and isinstance(value.get(key), list):
            value = value[key]
            break
    yield from value if isinstance(value, list) else [value]


def _thread(view: Any) -> Iterator[Any]:
    """Yield the posts of a thread, its ancestors first; what is blocked or gone is no post."""
    waiting = [view]
    while isinstance(waiting[-1], dict) and isinstance(waiting[-1].get("parent"), dict):
        waiting.append(waiting[-1]["parent"])

    stack = [view]
    yield from waiting[:0:-1]
    while stack:
        here = stack.pop()
        yield here
        replies = here.get("replies") if isinstance(here, dict) else None
        stack.extend(reversed(replies) if isinstance(replies, list) else [])


@source("bluesky")
class Bluesky(ApiSource):
    """Bluesky posts: Jetstream events (saved or live, with deletions), author feeds and searches, Parquet of posts.

    A post's id is its at:// URI. The end of an account takes back what it wrote until then.
    Events about anything but these are rejects `not_a_post`; live, they are not asked for.
    """

    name: ClassVar[str] = "bluesky"
    Config: ClassVar[type[SourceConfig]] = BlueskyConfig
    sample: ClassVar[str] = "bluesky.ndjson"
    sample_config: ClassVar[Mapping[str, Any]] = {"type": "bluesky", "path": "bluesky.ndjson"}
    platform: ClassVar[str] = "bluesky"
    base = "https://public.api.bsky.app"
    members: ClassVar[Records] = staticmethod(_posts)

    def read(self, split: Split) -> Iterator[Pulled]:
        """Yield the rows and rejects of a file or of a stream."""
        if not split.path:
            yield from super().read(split)
            return
        with opened(split.path) as stored:
            parquet = stored.read(4) == b"PAR1"
        if not parquet:
            yield from super().read(split)
            return
        found = parquet_records(split.path, split.file)
        while batch := list(islice(found, _BATCH)):
            yield self.rows(batch, split.file)

    def streams(self) -> list[str]:
        """Return the firehose, the authors and the searches."""
        live = ["jetstream"] if self.config.jetstream else []
        return [*live, *(f"author:{a}" for a in self.config.authors), *(f"search:{q}" for q in self.config.searches)]

    def address_of(self, stream: str) -> str:
        """Return the address of Jetstream, or of the API."""
        return self.config.jetstream if stream == "jetstream" else self.address

    def headers(self) -> dict[str, str]:
        """Return the bearer token."""
        return bearer(self.config.token, f"sources.{self.label}.token")

    def pages(self, http: HttpSession, stream: str, state: State) -> Iterator[Page]:
        """Yield the firehose in order from the cursor on, or a feed or search from the newest down."""
        kind, _, what = stream.partition(":")
        if kind == "jetstream":
            yield from self._listen(http, state)
            return
        method = "app.bsky.feed.getAuthorFeed" if kind == "author" else "app.bsky.feed.searchPosts"
        asked = {"actor": what, "filter": "posts_with_replies"} if kind == "author" else {"q": what, "sort": "latest"}

        def fetch(token: str | None) -> tuple[list[Any], str | None]:
            page, _ = http.json(f"xrpc/{method}", {**asked, "limit": _PAGE, "cursor": token})
            return list(_posts(page)), page.get("cursor")

        yield from newest_first(fetch, _indexed, state, overlap=True)

    def _listen(self, http: HttpSession, state: State) -> Iterator[Page]:
        wanted = {"wantedCollections": [_POST, _REPOST]}
        for records, reached in messages(http, self.config.jetstream, wanted, state.get("time_us")):
            yield Page(records, {"time_us": reached})

    def post(self, record: Any) -> Post:
        """Map an event of Jetstream, a post of the AppView, or a row of posts."""
        if "time_us" in record:
            return self._event(record)
        if isinstance(record.get("post"), dict):
            return self._viewed(record["post"], record.get("reason"))
        if isinstance(record.get("record"), dict) and "uri" in record:
            return self._viewed(record, None)
        if "uri" in record and "text" in record:
            return self._row(record)
        if isinstance(record.get("value"), dict) and str(record.get("uri")).split("/")[3:4] in ([_POST], [_REPOST]):
            return self._record(record["uri"], record["uri"].split("/")[2], None, record["value"])
        raise Refused("not_a_post")

    def _event(self, event: Mapping[str, Any]) -> Post:
        commit, account = event.get("commit"), event.get("account")
        if event.get("kind") == "account" and isinstance(account, dict) and account.get("status") in _ENDED:
            return closed(event["did"], account.get("time") or datetime.fromtimestamp(event["time_us"] / 1e6, UTC))
        if (
            event.get("kind") != "commit"
            or not isinstance(commit, dict)
            or commit.get("collection") not in (_POST, _REPOST)
        ):
            raise Refused("not_a_post")
        uri = f"at://{event['did']}/{commit['collection']}/{commit['rkey']}"
        at = datetime.fromtimestamp(event["time_us"] / 1e6, UTC)
        if commit["operation"] == "delete":
            return deleted(uri, at)
        made = self._record(uri, event["did"], None, commit["record"])
        return {**made, "edited_at": at if commit["operation"] == "update" else None}

    def _viewed(self, view: Mapping[str, Any], reason: Any) -> Post:
        author = view["author"]
        made = self._record(view["uri"], author.get("did"), author.get("handle"), view["record"])
        made = {**made, "score": view.get("likeCount")}
        if not isinstance(reason, dict) or not str(reason.get("$type")).endswith("#reasonRepost"):
            return made
        by = reason["by"]
        shared = {"post_id": reason.get("uri") or f"{view['uri']}#{by['did']}", "kind": "repost"}
        shared |= {"ts": reason.get("indexedAt"), "author_id": by["did"], "author_name": by.get("handle")}
        return {**made, **shared, "thread_id": view["uri"], "reply_to": None}

    def _record(self, uri: str, did: str | None, handle: str | None, record: Mapping[str, Any]) -> Post:
        repost = "subject" in record
        reply = record.get("reply") or {}
        languages = record.get("langs")
        key = uri.rpartition("/")[2]
        return {
            "post_id": uri,
            "ts": record.get("createdAt"),
            "kind": "repost" if repost else "comment" if reply else "post",
            "author_id": did,
            "author_name": handle,
            "text": record.get("text"),
            "lang": languages[0] if isinstance(languages, list) and languages else None,
            "url": None if repost else f"https://bsky.app/profile/{did}/post/{key}",
            "reply_to": reply["parent"]["uri"] if reply else None,
            "thread_id": record["subject"]["uri"] if repost else reply["root"]["uri"] if reply else uri,
        }

    def _row(self, row: Mapping[str, Any]) -> Post:
        """Map a row of a data frame of posts; its author is told by the URI."""
        uri = row["uri"]
        did, _, key = uri.removeprefix("at://").partition("/")
        languages = row.get("langs")
        return {
            "post_id": uri,
            "ts": row.get("created_at") or row.get("createdAt"),
            "kind": "comment" if row.get("is_reply") else "post",
            "author_id": row.get("author_did") or did,
            "author_name": row.get("author_handle") or row.get("handle"),
            "text": row.get("text"),
            "lang": languages[0] if isinstance(languages, list) and languages else languages or None,
            "url": f"https://bsky.app/profile/{did}/post/{key.rpartition('/')[2]}",
            "score": row.get("like_count"),
        }


def _indexed(view: Any) -> str:
    """Return when the AppView took the post, or the repost, in."""
    reason = view.get("reason") or {}
    return str(reason.get("indexedAt") or (view.get("post") or view)["indexedAt"])
