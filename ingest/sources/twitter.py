"""The connector for Twitter (X)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from ...config import SourceConfig
from ..api import ApiConfig, ApiSource, Page, State, newest_first, rank
from ..contract import Split, source
from ..documents import Found, Records, one_a_line, text_lines
from ..http import HttpSession, Secret, bearer
from ..posts import Post, Refused, closed, deleted
from ..streams import TextFile

_FIELDS = {
    "tweet.fields": "author_id,conversation_id,created_at,edit_history_tweet_ids,in_reply_to_user_id,lang,note_tweet,"
    "public_metrics,referenced_tweets",
    "user.fields": "name,username",
    "expansions": "author_id,referenced_tweets.id,referenced_tweets.id.author_id",
}
_POST_ENDS = frozenset({"delete", "drop", "tweet_delete", "post_delete"})
_ACCOUNT_ENDS = frozenset({"user_delete", "user_protect", "user_suspend"})
"""Compliance events after which nothing of a post, or of an account, may be shown."""
_LISTS = ("statuses", "tweets", "results")


class TwitterConfig(ApiConfig):
    """Saved tweets, or searches of the last seven days."""

    format: Literal["json", "text"] = Field("json", description="text: one tweet a line and nothing else")
    lang: str | None = Field(None, description="language of tweets that do not say theirs (text)")
    searches: list[str] = Field(default_factory=list, description="queries of the recent-search API")
    token: Secret | None = Field(None, description="bearer token as ${ENV}")
    compliance: Literal["tweets", "users"] = Field(
        "tweets", description="what the ids in the results of batch compliance jobs are"
    )


def _tweets(value: Any) -> Iterator[Any]:
    """Yield the tweets in a stored value: a page of v1.1, v2 or GraphQL, a list, an archive's entry, or the tweet."""
    if isinstance(value, list):
        for each in value:
            yield from _tweets(each)
        return
    if not isinstance(value, dict):
        yield value
        return
    data, found = value.get("data"), next((value[k] for k in _LISTS if isinstance(value.get(k), list)), None)
    if isinstance(value.get("tweet"), dict):
        yield value["tweet"]
    elif isinstance(data, list) or (isinstance(data, dict) and "text" in data):
        included = _included(value.get("includes"))
        for tweet in data if isinstance(data, list) else [data]:
            yield {**tweet, "includes": included(tweet)} if isinstance(tweet, dict) else tweet
    elif found is not None:
        yield from found
    elif isinstance(data, dict):
        nested = list(_graphql(data))
        yield from nested or [value]
    else:
        yield value


def _included(includes: Any) -> Any:
    """Return what looks up, for one tweet, its author and the tweets that it refers to."""
    listed = includes if isinstance(includes, dict) else {}
    users = {u.get("id"): u for u in listed.get("users") or [] if isinstance(u, dict)}
    tweets = {t.get("id"): t for t in listed.get("tweets") or [] if isinstance(t, dict)}

    def of(tweet: Mapping[str, Any]) -> dict[str, Any]:
        named = [r.get("id") for r in tweet.get("referenced_tweets") or [] if isinstance(r, dict)]
        return {"user": users.get(tweet.get("author_id")), "tweets": {i: tweets[i] for i in named if i in tweets}}

    return of


def _graphql(value: Any) -> Iterator[Any]:
    """Yield the tweets of a timeline of the web client, as v1.1; one inside another is not another post."""
    stack = [value]
    while stack:
        here = stack.pop()
        if isinstance(here, list):
            stack.extend(reversed(here))
        elif isinstance(here, dict):
            if isinstance(here.get("legacy"), dict) and "full_text" in here["legacy"]:
                user = here.get("core", {}).get("user_results", {}).get("result", {})
                known = {"id_str": user.get("rest_id"), **user.get("legacy", {}), **user.get("core", {})}
                yield {**here["legacy"], "user": known}
            else:
                stack.extend(reversed(list(here.values())))


@source("twitter")
class Twitter(ApiSource):
    """Tweets: v1.1 JSON, v2 pages with includes, compliance events, an archive's tweets.js, or the recent-search API.

    A retweet is a post of the kind repost that holds the retweeted text. All versions of an edited tweet are one post,
    under the id of the first. `delete` notices and compliance events take a tweet back.
    """

    name: ClassVar[str] = "twitter"
    Config: ClassVar[type[SourceConfig]] = TwitterConfig
    sample: ClassVar[str] = "twitter.ndjson"
    sample_config: ClassVar[Mapping[str, Any]] = {"type": "twitter", "path": "twitter.ndjson"}
    platform: ClassVar[str] = "twitter"
    base = "https://api.twitter.com"
    members: ClassVar[Records] = staticmethod(_tweets)

    @property
    def identified(self) -> bool:  # type: ignore[override]
        """Whether tweets have ids: in JSON."""
        return bool(self.config.format == "json")

    def found(self, text: TextFile, split: Split) -> Iterator[Found]:
        """Yield the tweets of a file."""
        if self.config.format == "json":
            return super().found(text, split)
        return (
            Found(number, line, {"text": line, "lang": self.config.lang}, "" if line.strip() else "empty_line")
            for number, line in text_lines(text, split)
        )

    def divisible(self, text: TextFile) -> bool:
        """Whether a file holds one tweet a line, as JSON."""
        return bool(self.config.format == "json") and one_a_line(text, type(self).members)

    def streams(self) -> list[str]:
        """Return the searches."""
        return list(self.config.searches)

    def headers(self) -> dict[str, str]:
        """Return the bearer token."""
        return bearer(self.config.token, f"sources.{self.label}.token")

    def pages(self, http: HttpSession, stream: str, state: State) -> Iterator[Page]:
        """Page from the newest tweet down; `since_id` keeps the server from sending what is here."""
        floor = state.get("floor")
        asked = {"query": stream, "max_results": 100, "since_id": floor[1] if floor else None, **_FIELDS}

        def fetch(token: str | None) -> tuple[list[Any], str | None]:
            page, _ = http.json("2/tweets/search/recent", {**asked, "next_token": token})
            found = list(_tweets(page)) if page.get("data") else []
            meta = page.get("meta", {})
            http.expect(meta.get("result_count"))
            return found, meta.get("next_token")

        return newest_first(fetch, lambda tweet: rank(tweet["id"]), state)

    def post(self, record: Any) -> Post:
        """Map a tweet of v1.1 or v2, a notice of deletion, or a line of text."""
        if self.config.format == "text":
            return {**record, "kind": "post"}
        if "deleted_at" in record:  # an archive's list of what its owner took back
            return deleted(record.get("id_str") or record["id"], record["deleted_at"])
        notice = record.get("delete")
        if isinstance(notice, dict):
            return deleted(notice["status"].get("id_str") or notice["status"]["id"])
        if record.get("action") == "delete" and "redacted_at" in record:
            take_back = closed if self.config.compliance == "users" else deleted
            return take_back(record["id"], record["redacted_at"])
        event = record.get("data", record)
        for name, told in event.items() if isinstance(event, dict) else ():
            if name in _POST_ENDS and isinstance(told, dict):
                return deleted((told.get("tweet") or told["post"])["id"], told.get("event_at"))
            if name in _ACCOUNT_ENDS and isinstance(told, dict):
                return closed((told.get("user") or told)["id"], told.get("event_at") or _milliseconds(told))
        if "text" in record and ("public_metrics" in record or "author_id" in record or "author" in record):
            return self._second(record)
        if "text" in record or "full_text" in record:
            return self._first(record)
        raise Refused("not_a_tweet")

    def _first(self, tweet: Mapping[str, Any]) -> Post:
        """Map a tweet of v1.1."""
        if "sender_id" in tweet or "recipient_id" in tweet or "indices" in tweet:
            raise Refused("not_a_tweet")  # a direct message, a hashtag
        ident = tweet.get("id_str") or tweet["id"]
        user = tweet.get("user") or {}
        name = user.get("screen_name")
        original = tweet.get("retweeted_status")
        reply = tweet.get("in_reply_to_status_id_str") or tweet.get("in_reply_to_status_id")
        return {
            "post_id": ident,
            "ts": _time(tweet.get("created_at")),
            "kind": "repost" if original else "comment" if reply else "post",
            "author_id": user.get("id_str") or user.get("id"),
            "author_name": name,
            "text": _text(original or tweet),
            "lang": tweet.get("lang"),
            "url": f"https://twitter.com/{name or 'i'}/status/{ident}",
            "reply_to": reply,
            "thread_id": (original.get("id_str") or original.get("id")) if original else None,
            "score": tweet.get("favorite_count"),
        }

    def _second(self, tweet: Mapping[str, Any]) -> Post:
        """Map a tweet of v2, with what its page includes or with an author set into it."""
        included = tweet.get("includes") or {}
        user = included.get("user") or tweet.get("author") or {}
        known = included.get("tweets") or {}
        named = {r["type"]: r for r in tweet.get("referenced_tweets") or []}
        original = named.get("retweeted")
        text = (known.get(original["id"]) or original) if original else tweet
        history = [*(tweet.get("edit_history_tweet_ids") or []), tweet["id"]]
        edited = history[0] != tweet["id"]
        return {
            "post_id": history[0],
            "ts": tweet.get("created_at"),
            "edited_at": tweet.get("created_at") if edited else None,
            "kind": "repost" if original else "comment" if "replied_to" in named else "post",
            "author_id": tweet.get("author_id"),
            "author_name": user.get("username"),
            "text": (text.get("note_tweet") or text).get("text") or tweet.get("text"),
            "lang": tweet.get("lang"),
            "url": f"https://twitter.com/{user.get('username') or 'i'}/status/{tweet['id']}",
            "reply_to": named["replied_to"]["id"] if "replied_to" in named else None,
            "thread_id": original["id"] if original else tweet.get("conversation_id"),
            "score": (tweet.get("public_metrics") or {}).get("like_count"),
        }


def _text(tweet: Mapping[str, Any]) -> str | None:
    extended = tweet.get("extended_tweet")
    return (extended or {}).get("full_text") or tweet.get("full_text") or tweet.get("text")


def _milliseconds(told: Mapping[str, Any]) -> Any:
    value = told.get("timestamp_ms")
    return int(value) / 1000 if value is not None else None


def _time(value: Any) -> Any:
    """Return `Wed Aug 27 13:08:45 +0000 2008` as a time; anything else as it is."""
    if isinstance(value, str) and value[:1].isalpha():
        words = value.split()
        if len(words) == 6:
            return parsedate_to_datetime(f"{words[0]}, {words[2]} {words[1]} {words[5]} {words[3]} {words[4]}")
    return value
