"""The connector for Hacker News."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from ...config import SourceConfig
from ..api import ApiConfig, ApiSource, Page, State, newest_first
from ..contract import Split, source
from ..documents import Found, Records, csv_records, one_a_line
from ..http import BudgetSpent, HttpSession
from ..posts import Post, Refused, deleted, joined
from ..streams import TextFile

_ITEM = "https://news.ycombinator.com/item?id="
_KINDS = {"story": "post", "job": "post", "poll": "post", "pollopt": "comment", "comment": "comment"}
_SETTLED = 1000
"""Among this many newest items one that is not there may be on its way; an older one never will be."""
_BATCH = 100


class HackernewsConfig(ApiConfig):
    """Saved items, or one of the two APIs."""

    format: Literal["auto", "csv", "json"] = Field("auto", description="auto: by the first byte of the text")
    columns: list[str] = Field(
        default_factory=list,
        description="names of the columns of CSV files without a header, such as [time, points, domain, title]",
    )
    api: Literal["firebase", "algolia"] | None = Field(
        None, description="firebase: every item in order; algolia: search, newest first"
    )
    start: int | None = Field(None, gt=0, description="firebase: the first item; default: the thousand newest")
    at_once: int = Field(8, ge=1, le=32, description="firebase: how many items are asked for at once")
    query: str = Field("", description="algolia: what to search for; everything if empty")


def _items(value: Any) -> Iterator[Any]:
    """Yield the items in a stored value: Algolia's `hits`, or Algolia's tree of an item, or the item."""
    if isinstance(value, dict) and isinstance(value.get("hits"), list):
        value = value["hits"]
    for item in value if isinstance(value, list) else [value]:
        yield item
        children = item.get("children") if isinstance(item, dict) else None
        yield from _items(children) if isinstance(children, list) else ()


@source("hackernews")
class Hackernews(ApiSource):
    """Hacker News items: saved JSON or CSV, the Firebase API item by item, or Algolia's search.

    The Firebase API also names items that changed since; they are asked for again, so edits and deletions come in.
    """

    name: ClassVar[str] = "hackernews"
    Config: ClassVar[type[SourceConfig]] = HackernewsConfig
    sample: ClassVar[str] = "hackernews.ndjson"
    sample_config: ClassVar[Mapping[str, Any]] = {"type": "hackernews", "path": "hackernews.ndjson"}
    platform: ClassVar[str] = "hackernews"
    identified: ClassVar[bool] = False
    members: ClassVar[Records] = staticmethod(_items)

    @property
    def base(self) -> str:  # type: ignore[override]
        """The address of the configured API."""
        firebase = self.config.api == "firebase"
        return "https://hacker-news.firebaseio.com" if firebase else "https://hn.algolia.com"

    def found(self, text: TextFile, split: Split) -> Iterator[Found]:
        """Yield the items of a file."""
        if self._is_csv(text):
            return csv_records(text, split, names=self.config.columns or None)
        return super().found(text, split)

    def divisible(self, text: TextFile) -> bool:
        """Whether a file holds one item a line."""
        return not self._is_csv(text) and one_a_line(text, type(self).members)

    def _is_csv(self, text: TextFile) -> bool:
        if self.config.format != "auto":
            return bool(self.config.format == "csv")
        head = text.head(4096)[text.bom :].lstrip()
        return head[:1].isalnum() and head[:7] != b"module."

    def streams(self) -> list[str]:
        """Return the configured API as one stream."""
        return [self.config.api] if self.config.api else []

    def pages(self, http: HttpSession, stream: str, state: State) -> Iterator[Page]:
        """Yield items in order (Firebase), or from the newest down (Algolia)."""
        return self._firebase(http, state) if stream == "firebase" else self._algolia(http, state)

    def _firebase(self, http: HttpSession, state: State) -> Iterator[Page]:
        newest, _ = http.json("v0/maxitem.json")
        following = state.get("next") or self.config.start or max(1, newest - _SETTLED)
        if state:
            changed, _ = http.json("v0/updates.json")
            listed = changed.get("items", []) if isinstance(changed, dict) else []
            known = [ident for ident in listed if isinstance(ident, int) and ident < following]
            items = http.each_json([f"v0/item/{ident}.json" for ident in known], self.config.at_once)
            yield Page([item for item in items if item is not None], {"next": following})
        while following <= newest:
            wanted = range(following, min(following + _BATCH, newest + 1))
            records: list[Any] = []
            spent: BudgetSpent | None = None
            try:
                items = http.each_json([f"v0/item/{ident}.json" for ident in wanted], self.config.at_once)
                for ident, item in zip(wanted, items, strict=True):
                    if item is None and ident > newest - _SETTLED:
                        newest = following - 1
                        break
                    records += [item] if item is not None else []
                    following = ident + 1
            except BudgetSpent as error:
                spent = error
            http.expect(following - wanted.start)
            if following > wanted.start:
                yield Page(records, {"next": following})
            if spent is not None:
                raise spent

    def _algolia(self, http: HttpSession, state: State) -> Iterator[Page]:
        asked = {"query": self.config.query or None, "hitsPerPage": 1000, "tags": "(story,comment,poll,job)"}

        def fetch(before: int | None) -> tuple[list[Any], int | None]:
            until = f"created_at_i<={before}" if before is not None else None
            page, _ = http.json("api/v1/search_by_date", {**asked, "numericFilters": until})
            hits = page["hits"]
            last = hits[-1]["created_at_i"] if hits else None
            if last is not None and last == before:
                last -= 1  # a page of one second only
            return hits, last if len(hits) == asked["hitsPerPage"] else None

        return newest_first(fetch, lambda hit: hit["created_at_i"], state, overlap=True)

    def post(self, record: Any) -> Post:
        """Map an item of the Firebase API, a hit of Algolia's, or a row of a CSV file."""
        ident = record.get("id", record.get("objectID"))
        if _true(record.get("deleted")) or _true(record.get("dead")):
            return deleted(ident, record.get("time"))
        comment = record.get("comment_text")
        kind = record.get("type") or ("comment" if comment else "story")
        if kind not in _KINDS:
            raise Refused("not_a_post")
        author = record.get("by") or record.get("author")
        if isinstance(author, dict):
            author = author.get("id")
        score = record.get("score") if record.get("score") is not None else record.get("points")
        text = joined(record.get("title"), record.get("text") or comment or record.get("story_text"))
        if (ident is None and text is None) or (author is None and score is None and "type" not in record):
            raise Refused("not_a_post")
        parent = record.get("parent") or record.get("parent_id")
        made = record.get("time") or record.get("created_at") or record.get("timestamp")
        return {
            "post_id": ident,
            "ts": made,
            "kind": _KINDS[kind],
            "author_id": author,
            "author_name": author,
            "text": text,
            "url": record.get("url") or (f"{_ITEM}{ident}" if ident else None),
            "community": record.get("domain"),
            "reply_to": parent,
            "thread_id": record.get("story_id") or (ident if _KINDS[kind] == "post" else None),
            "score": score,
        }


def _true(value: Any) -> bool:
    """Whether a mark is set, in JSON or in CSV."""
    return value is True or (isinstance(value, str) and value.lower() in ("true", "1"))
