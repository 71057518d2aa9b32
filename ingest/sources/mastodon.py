"""The connector for Mastodon and servers that speak its client API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from pydantic import Field

from ...config import SourceConfig
from ..api import ApiConfig, ApiSource, Page, State, newest_first, rank
from ..contract import source
from ..documents import Records, one
from ..http import HttpSession, Secret, bearer
from ..posts import Post, Refused, Withheld, closed, deleted, joined
from ..sse import listen

_PLAIN = {"public": "timelines/public", "local": "timelines/public", "home": "timelines/home"}
_NAMED = {"tag": "timelines/tag/{}", "list": "timelines/list/{}", "account": "accounts/{}/statuses"}
_LIVE = {"public": "public", "local": "public/local", "home": "user"}
_LIVE_NAMED = {"tag": ("hashtag", "tag"), "list": ("list", "list")}
_MESSAGES = frozenset({"notification", "conversation"})
"""Events meant for one person."""
_LISTS = ("statuses", "ancestors", "descendants", "orderedItems")
_PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
_PAGE = 40


class MastodonConfig(ApiConfig):
    """Saved statuses, or the timelines and streams of a server."""

    timelines: list[str] = Field(
        default_factory=list, description="public, local, home, tag:NAME, list:ID or account:ID, several of them"
    )
    streaming: list[str] = Field(
        default_factory=list,
        description="streams to listen to: public, local, home, tag:NAME or list:ID; they tell edits and deletions too",
    )
    streaming_seconds: float = Field(300.0, gt=0, description="how long one run listens to each")
    streaming_url: str | None = Field(None, description="address of the streaming API, where it is not base_url")
    token: Secret | None = Field(None, description="access token as ${ENV}; home and list timelines need one")
    visibility: list[str] = Field(
        ["public", "unlisted"], description="what may come in; statuses meant for fewer people are rejects"
    )


def _statuses(value: Any) -> Iterator[Any]:
    """Yield the statuses in a stored answer (a search, a thread), the activities of an outbox, or the value itself."""
    if isinstance(value, dict):
        lists = [value[key] for key in _LISTS if isinstance(value.get(key), list)]
        yield from (each for listed in lists for each in listed) if lists else [value]
    else:
        yield from one(value)


@source("mastodon")
class Mastodon(ApiSource):
    """Mastodon statuses: saved JSON (lines, arrays, streaming events), timelines, or the streaming API.

    A boost is a post of the kind repost that holds the boosted text. Of the streaming API's events, `delete` takes a
    status back and `status.update` is an edit. A status of a suspended account takes back all that it wrote.
    """

    name: ClassVar[str] = "mastodon"
    Config: ClassVar[type[SourceConfig]] = MastodonConfig
    sample: ClassVar[str] = "mastodon.ndjson"
    sample_config: ClassVar[Mapping[str, Any]] = {"type": "mastodon", "path": "mastodon.ndjson"}
    platform: ClassVar[str] = "mastodon"
    members: ClassVar[Records] = staticmethod(_statuses)

    def streams(self) -> list[str]:
        """Return the configured timelines, and the streams that are listened to."""
        return [*self.config.timelines, *(f"stream:{each}" for each in self.config.streaming)]

    def address_of(self, stream: str) -> str:
        """Return the address of the streaming API for a stream, else that of the API."""
        streaming = self.config.streaming_url if stream.startswith("stream:") else None
        return f"{streaming.rstrip('/')}/" if streaming else self.address

    def headers(self) -> dict[str, str]:
        """Return the bearer token."""
        return bearer(self.config.token, f"sources.{self.label}.token")

    def pages(self, http: HttpSession, stream: str, state: State) -> Iterator[Page]:
        """Follow the Link headers from the newest status down, or listen to a stream."""
        kind, _, ident = stream.partition(":")
        if kind == "stream":
            return self._listen(http, *ident.partition(":")[::2])
        path = _NAMED[kind].format(quote(ident, safe="")) if kind in _NAMED else _PLAIN.get(kind, kind)
        first = {"limit": _PAGE, "local": "true" if kind == "local" else None}

        def fetch(token: str | None) -> tuple[list[Any], str | None]:
            found, answer = http.json(token or f"api/v1/{path}", None if token else first)
            return (found if isinstance(found, list) else [found]), answer.link("next")

        return newest_first(fetch, lambda status: rank(status["id"]), state)

    def _listen(self, http: HttpSession, kind: str, ident: str) -> Iterator[Page]:
        path, parameter = _LIVE_NAMED.get(kind, (_LIVE.get(kind, kind), ""))
        asked = {parameter: ident} if parameter else {}
        for batch in listen(http, f"api/v1/streaming/{path}", asked, self.config.streaming_seconds):
            yield Page([{"event": event.kind, "payload": event.data} for event in batch], {})

    def post(self, record: Any) -> Post:
        """Map a status, or an event of the streaming API."""
        if "event" in record:
            return self._event(record["event"], record.get("payload"))
        if record.get("type") in ("Create", "Announce") and "actor" in record:
            return self._activity(record)
        if record.get("visibility") not in (*self.config.visibility, None):
            raise Withheld("not_public")
        if "account" not in record or "content" not in record:
            raise Refused("not_a_status")
        boosted = record.get("reblog")
        text = boosted or record
        account = record["account"]
        if account.get("suspended"):
            return closed(self._ident(account["id"]))
        return {
            "post_id": self._ident(record["id"]),
            "ts": record.get("created_at"),
            "edited_at": record.get("edited_at"),
            "kind": "repost" if boosted else "comment" if record.get("in_reply_to_id") else "post",
            "author_id": self._ident(account.get("id")),
            "author_name": account.get("acct"),
            "text": joined(text.get("spoiler_text"), text.get("content")),
            "lang": text.get("language"),
            "url": record.get("url") or text.get("url"),
            "community": self._host,
            "reply_to": self._ident(record.get("in_reply_to_id")),
            "thread_id": self._ident(boosted["id"]) if boosted else None,
            "score": text.get("favourites_count"),
        }

    def _activity(self, activity: Mapping[str, Any]) -> Post:
        """Map an activity of an exported outbox (ActivityPub): what was written, or what was boosted."""
        if _PUBLIC not in [*activity.get("to", ()), *activity.get("cc", ())]:
            raise Withheld("not_public")
        actor, note = str(activity["actor"]), activity["object"]
        boosted = not isinstance(note, dict)
        note = {"id": activity["id"], "inReplyTo": None} if boosted else note
        return {
            "post_id": note["id"],
            "ts": activity.get("published"),
            "edited_at": note.get("updated"),
            "kind": "repost" if boosted else "comment" if note["inReplyTo"] else "post",
            "author_id": actor,
            "author_name": actor.rpartition("/")[2],
            "text": joined(note.get("summary"), note.get("content")),
            "lang": next(iter(note.get("contentMap") or {}), None),
            "url": note.get("url") or note["id"],
            "community": urlsplit(actor).hostname,
            "reply_to": note["inReplyTo"],
            "thread_id": activity["object"] if boosted else None,
        }

    def _event(self, event: str, payload: Any) -> Post:
        if event == "delete":
            return deleted(self._ident(payload))
        if event in ("update", "status.update"):
            return self.post(json.loads(payload) if isinstance(payload, str) else payload)
        if event in _MESSAGES:
            raise Withheld("not_public")
        raise Refused("not_a_status")

    @cached_property
    def _host(self) -> str | None:
        return urlsplit(self.config.base_url).hostname if self.config.base_url else None

    def _ident(self, ident: Any) -> str | None:
        """Return an id that is told apart from those of other servers."""
        host = self._host
        return f"{host}/{ident}" if host and ident is not None else ident
