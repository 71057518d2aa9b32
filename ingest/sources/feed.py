"""The connector for web feeds."""

from __future__ import annotations

import calendar
import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field

from ...config import SourceConfig
from ...errors import MissingExtra, SourceError
from ..api import ApiConfig, ApiSource, Page, State
from ..contract import Pulled, Split, source
from ..documents import LARGEST, Found, dumps
from ..http import HttpSession
from ..identity import Probe
from ..posts import Post, Refused, joined
from ..stored import opened
from ..streams import codec, inflate, reading

_PIECE = 8192
_TELLING = ("id", "link", "title", "text")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FeedConfig(ApiConfig):
    """Saved feeds, or the addresses of feeds."""

    urls: list[str] = Field(default_factory=list, description="addresses of RSS, Atom or JSON feeds")


@source("feed")
class Feed(ApiSource):
    """Web feeds: RSS, Atom and JSON Feed, from files or polled with ETag and Last-Modified; broken ones too.

    Malformed XML and wrong charsets are feedparser's business, which reads no external entity. A poll that is
    answered 304 brings nothing.
    """

    name: ClassVar[str] = "feed"
    Config: ClassVar[type[SourceConfig]] = FeedConfig
    sample: ClassVar[str] = "feed.xml"
    sample_config: ClassVar[Mapping[str, Any]] = {"type": "feed", "path": "feed.xml"}
    platform: ClassVar[str] = "feed"
    identified: ClassVar[bool] = False

    @property
    def address(self) -> str:
        """The first feed's address: each stream is asked at its own."""
        return self.config.urls[0] if self.config.urls else super().address

    def read(self, split: Split) -> Iterator[Pulled]:
        """Yield the entries of a file or of a feed."""
        if not split.path:
            yield from super().read(split)
            return
        found = list(_found(_stored(split), {}))
        yield self.rows(found, split.file)

    def streams(self) -> list[str]:
        """Return the addresses."""
        return list(self.config.urls)

    def pages(self, http: HttpSession, stream: str, state: State) -> Iterator[Page]:
        """Ask for the feed, unless it is as it was."""
        known = {"if-none-match": state.get("etag"), "if-modified-since": state.get("modified")}
        answer = http.get(stream, extra={name: value for name, value in known.items() if value})
        if answer.status == 304:
            yield Page([], state)
            return
        hints = {"content-type": answer.headers.get("content-type"), "content-location": stream}
        entries = [each.value for each in _found(answer.body, {k: v for k, v in hints.items() if v})]
        kept = {"etag": answer.headers.get("etag"), "modified": answer.headers.get("last-modified")}
        yield Page(entries, {name: value for name, value in kept.items() if value})

    def post(self, record: Any) -> Post:
        """Map an entry as `_entry` and `_item` leave it."""
        if not isinstance(record, dict) or not any(record.get(key) for key in _TELLING):
            raise Refused("not_an_entry")
        made, changed = record.get("ts"), record.get("changed")
        author = record.get("author")
        return {
            "post_id": record.get("id") or record.get("link") or None,
            "ts": made or changed,
            "edited_at": changed if made and changed and changed > made else None,
            "kind": "post",
            "author_id": author,
            "author_name": author,
            "text": joined(record.get("title"), record.get("text")),
            "lang": record.get("lang"),
            "url": record.get("link"),
            "community": record.get("feed"),
        }

    def _splits(self, probe: Probe, read_before: int, extra: dict[str, str]) -> list[Split]:
        return [self._split(probe.identity, probe.path, 0, None, 1, probe.stored, extra)]


def _stored(split: Split) -> bytes:
    """Return a stored feed as bytes, for only its parser can tell its charset."""
    with reading(split.file), opened(split.path) as stored:
        name = codec(stored.read(8))
        stored.seek(0)
        pieces = iter(lambda: stored.read(_PIECE), b"")
        parts, size = [], 0
        for part in inflate(pieces, name, split.file) if name else pieces:
            parts.append(part)
            size += len(part)
            if size > LARGEST:
                raise SourceError(f"{split.file} is larger than any feed", "check the path", retryable=False)
    return b"".join(parts)


def _found(data: bytes, hints: Mapping[str, str]) -> Iterator[Found]:
    """Yield the entries of a feed; what is no feed at all is one reject."""
    entries = _json_feed(data) if data.lstrip()[:1] == b"{" else _parsed(data, hints)
    number = 0
    for number, entry in enumerate(entries, 1):
        yield Found(number, dumps(entry), entry)
    if not number and data.strip():
        yield Found(1, data, None, "no_entries")


def _json_feed(data: bytes) -> Iterator[Any]:
    """Yield the items of a JSON Feed (jsonfeed.org, versions 1 and 1.1)."""
    try:
        feed = json.loads(data)
    except (ValueError, RecursionError):
        return
    items = feed.get("items")
    for item in items if isinstance(items, list) else []:
        if not isinstance(item, dict):
            yield item
            continue
        authors = item.get("authors") or feed.get("authors") or [item.get("author") or feed.get("author")]
        first = authors[0] if isinstance(authors, list) and authors else None
        yield {
            "id": item.get("id"),
            "link": item.get("url") or item.get("external_url"),
            "title": item.get("title"),
            "text": item.get("content_html") or item.get("content_text") or item.get("summary"),
            "ts": item.get("date_published"),
            "changed": item.get("date_modified"),
            "author": first.get("name") if isinstance(first, dict) else None,
            "lang": item.get("language") or feed.get("language"),
            "feed": feed.get("title"),
        }


def _parsed(data: bytes, hints: Mapping[str, str]) -> Iterator[Any]:
    try:
        import feedparser
    except ImportError:
        raise MissingExtra.of("social", "reading feeds") from None
    try:
        found = feedparser.parse(io.BytesIO(data), response_headers=dict(hints))
    except Exception:  # its parsers raise whatever they stumble over; the text may quote the feed
        return
    about = found.feed
    for entry in found.entries:
        content = entry.get("content") or [{}]
        made = entry.get("published_parsed") or entry.get("created_parsed")
        yield {
            "id": entry.get("id"),
            "link": entry.get("link"),
            "title": entry.get("title"),
            "text": content[0].get("value") or entry.get("summary"),
            "ts": _time(made),
            "changed": _time(dict.get(entry, "updated_parsed")),
            "author": entry.get("author"),
            "lang": content[0].get("language") or about.get("language"),
            "feed": about.get("title"),
        }


def _time(parsed: Any) -> str | None:
    """Return a time as feedparser gives it (UTC) in ISO 8601; None where there is none or it is no date."""
    if parsed is None:
        return None
    try:
        return (_EPOCH + timedelta(seconds=calendar.timegm(parsed))).isoformat()
    except (ValueError, OverflowError, TypeError):
        return None
