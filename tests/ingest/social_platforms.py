"""Platforms that page, throttle and fail as the real ones do, and what runs of their connectors bring."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from social_server import Api, Reply, Request, serving

from dataweir.config import validate
from dataweir.ingest.contract import source

PAGE = 4
DAY = 1_772_445_600


@dataclass
class Feed:
    """What a platform holds: numbers of posts, the newest last."""

    posts: list[int] = field(default_factory=list)
    busy: set[int] = field(default_factory=lambda: {2})
    """Threads with more replies than stand in a page of threads."""

    def newest_first(self, before: int | None = None) -> list[int]:
        return [n for n in reversed(self.posts) if before is None or n < before]


@dataclass
class Pulled:
    """What runs of a source brought, and the cursor after them."""

    source: dict[str, Any]
    cursor: dict[str, Any] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    rejects: list[str] = field(default_factory=list)
    cost: Counter[str] = field(default_factory=Counter)

    def run(self) -> list[str]:
        """Pull once, as a run does; the cursor moves only when all of it is in."""
        kind = source.get(self.source["type"])
        made = kind("tea", validate(kind.Config, {"requests_per_minute": 1e6, **self.source}, "tea"), ".")
        plan = made.plan(self.cursor)
        cursor, ids = dict(plan.cursor), []
        for split in plan.splits:
            assert "${" not in repr(split)
            for batch in made.read(split):
                cursor |= batch.cursor or {}
                self.cost.update(batch.cost)
                self.rejects += batch.rejects["reason"].to_pylist()
                ids += made.integrate(batch.rows)["post_id"].to_pylist()
        self.cursor = json.loads(json.dumps(cursor))
        self.ids += ids
        return ids


def iso(number: int) -> str:
    return f"2026-03-02T10:{number // 60:02}:{number % 60:02}.000Z"


def mastodon(feed: Feed) -> Callable[[Request], Reply]:
    def answer(request: Request) -> Reply:
        if request.path == "/api/v1/timelines/home" and request.headers.get("authorization") != "Bearer s3cret":
            return Reply({"error": "The access token is invalid"}, 401)
        before = int(request.query["max_id"]) if "max_id" in request.query else None
        page = feed.newest_first(before)[:PAGE]
        base = f"http://{request.headers['host']}{request.path}"
        links = [f'<{base}?max_id={page[-1]}>; rel="next"', f'<{base}?min_id={page[0]}>; rel="prev"'] if page else []
        link = {"link": ", ".join(links)} if page else {}
        account = {"id": "7", "acct": "kettle"}
        found = [{"id": str(n), "created_at": iso(n), "content": f"<p>{n}</p>", "account": account} for n in page]
        return Reply(found, headers={"x-ratelimit-remaining": "299", **link})

    return answer


def reddit(feed: Feed) -> Callable[[Request], Reply]:
    def answer(request: Request) -> Reply:
        if request.path == "/api/v1/access_token":
            basic = request.headers["authorization"].startswith("Basic ") and "client_credentials" in request.body
            return Reply({"access_token": "t0ken"}) if basic else Reply(status=401)
        if request.headers.get("authorization") != "Bearer t0ken":
            return Reply(status=401)
        after = request.query.get("after")
        page = feed.newest_first(int(after.removeprefix("t1_"), 36) if after else None)[:PAGE]
        children = [
            {"kind": "t1", "data": {"id": base36(n), "name": f"t1_{base36(n)}", "body": str(n), "created_utc": DAY + n}}
            for n in page
        ]
        return Reply({"data": {"children": children, "after": f"t1_{base36(page[-1])}" if len(page) == PAGE else None}})

    return answer


def base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return digits[number] if number < 36 else base36(number // 36) + digits[number % 36]


def youtube(feed: Feed) -> Callable[[Request], Reply]:
    def comment(number: int, parent: str | None = None) -> dict[str, Any]:
        ident = f"{parent}.{number}" if parent else f"t{number}"
        snippet = {"textOriginal": str(number), "publishedAt": iso(number), "updatedAt": iso(number), "videoId": "v"}
        return {"id": ident, "snippet": {**snippet, **({"parentId": parent} if parent else {})}}

    def answer(request: Request) -> Reply:
        if request.headers.get("x-goog-api-key") != "s3cret" or "key" in request.query:
            return Reply(status=403)
        if request.path == "/youtube/v3/comments":
            parent, token = request.query["parentId"], int(request.query.get("pageToken", 0))
            following = {"nextPageToken": "3"} if token == 0 else {}
            return Reply({"items": [comment(n, parent) for n in range(token, token + 3)], **following})
        token = request.query.get("pageToken")
        page = feed.newest_first(int(token) if token else None)[:PAGE]
        if "id" in request.query:
            page = [int(ident.removeprefix("t")) for ident in request.query["id"].split(",")]
        items = []
        for n in page:
            replies = 6 if n in feed.busy else 1 if n == 3 else 0
            inside = {"replies": {"comments": [comment(0, f"t{n}")]}} if replies else {}
            items.append(
                {"id": f"t{n}", "snippet": {"topLevelComment": comment(n), "totalReplyCount": replies}, **inside}
            )
        return Reply({"items": items, **({"nextPageToken": str(page[-1])} if len(page) == PAGE else {})})

    return answer


def twitter(feed: Feed) -> Callable[[Request], Reply]:
    def answer(request: Request) -> Reply:
        if request.headers.get("authorization") != "Bearer s3cret":
            return Reply(status=401)
        since = int(request.query.get("since_id", 0))
        token = request.query.get("next_token")
        page = [n for n in feed.newest_first(int(token) if token else None) if n > since][:PAGE]
        more = {"next_token": str(page[-1])} if len(page) == PAGE else {}
        data = [{"id": str(n), "text": f"tweet {n}", "author_id": "7", "created_at": iso(n)} for n in page]
        users = {"users": [{"id": "7", "username": "kettle"}]}
        meta = {"meta": {"result_count": len(page), **more}}
        return Reply({"data": data, "includes": users, **meta} if page else meta)

    return answer


def bluesky(feed: Feed) -> Callable[[Request], Reply]:
    def answer(request: Request) -> Reply:
        assert request.path in ("/xrpc/app.bsky.feed.getAuthorFeed", "/xrpc/app.bsky.feed.searchPosts")
        cursor = request.query.get("cursor")
        page = feed.newest_first(int(cursor) if cursor else None)[:PAGE]
        views = [
            {
                "uri": f"at://did:plc:k/app.bsky.feed.post/{n}",
                "author": {"did": "did:plc:k", "handle": "kettle.example"},
                "record": {"text": str(n), "createdAt": iso(n)},
                "indexedAt": iso(n),
            }
            for n in page
        ]
        more = {"cursor": str(page[-1])} if len(page) == PAGE else {}
        if request.path.endswith("getAuthorFeed"):
            return Reply({"feed": [{"post": view} for view in views], **more})
        return Reply({"posts": views, **more})

    return answer


def firebase(feed: Feed) -> Callable[[Request], Reply]:
    def answer(request: Request) -> Reply:
        if request.path == "/v0/maxitem.json":
            return Reply(max(feed.posts))
        if request.path == "/v0/updates.json":
            return Reply({"items": [1], "profiles": ["kettle"]})
        number = int(request.path.removeprefix("/v0/item/").removesuffix(".json"))
        item = {"id": number, "type": "comment", "by": "kettle", "time": DAY + number, "text": str(number)}
        return Reply(item if number in feed.posts else None)

    return answer


def algolia(feed: Feed) -> Callable[[Request], Reply]:
    def answer(request: Request) -> Reply:
        limit = request.query.get("numericFilters")
        before = int(limit.removeprefix("created_at_i<=")) - DAY + 1 if limit else None
        hits = [
            {
                "objectID": str(n),
                "created_at_i": DAY + n,
                "created_at": iso(n),
                "author": "kettle",
                "comment_text": str(n),
            }
            for n in feed.newest_first(before)[: int(request.query["hitsPerPage"])]
        ]
        return Reply({"hits": hits})

    return answer


NEWEST_FIRST: dict[str, tuple[Callable[[Feed], Callable[[Request], Reply]], dict[str, Any]]] = {
    "mastodon": (mastodon, {"type": "mastodon", "timelines": ["home"], "token": "${TEA_TOKEN}"}),
    "reddit": (
        reddit,
        {
            "type": "reddit",
            "subreddits": ["tea"],
            "kinds": ["comments"],
            "client_id": "${TEA_TOKEN}",
            "client_secret": "${TEA_TOKEN}",
        },
    ),
    "youtube": (youtube, {"type": "youtube", "videos": ["v"], "key": "${TEA_TOKEN}"}),
    "twitter": (twitter, {"type": "twitter", "searches": ["green tea"], "token": "${TEA_TOKEN}"}),
    "bluesky author": (bluesky, {"type": "bluesky", "authors": ["kettle.example"]}),
    "bluesky search": (bluesky, {"type": "bluesky", "searches": ["tea"]}),
    "hackernews firebase": (firebase, {"type": "hackernews", "api": "firebase", "start": 1}),
    "hackernews algolia": (algolia, {"type": "hackernews", "api": "algolia"}),
}
PAGED = [name for name in NEWEST_FIRST if name not in ("hackernews firebase", "hackernews algolia")]


@contextlib.contextmanager
def platform(name: str, feed: Feed, **more: Any) -> Iterator[tuple[Api, Pulled]]:
    answer, config = NEWEST_FIRST[name]
    with serving(answer(feed)) as api:
        login = {"login_url": api.url} if config["type"] == "reddit" else {}
        yield api, Pulled({**config, "base_url": api.url, **login, **more})


def numbers(ids: list[str]) -> list[int]:
    """Return the numbers of posts by their ids; replies of YouTube threads are left out."""
    base = 36 if any(ident.startswith("t1_") for ident in ids) else 10
    found = [ident.rpartition("/")[2].removeprefix("t1_").removeprefix("t") for ident in ids]
    return sorted(int(ident, base) for ident in found if "." not in ident)
