"""The connector for comments on YouTube."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, ClassVar, Literal

from pydantic import Field

from ...config import SourceConfig, resolve_env
from ..api import ApiConfig, ApiSource, Page, State, newest_first
from ..contract import Split, source
from ..documents import Found, Records, csv_records, one_a_line
from ..http import HttpSession, Secret
from ..posts import Post, Refused
from ..streams import TextFile

_COLUMNS = {
    "post_id": ("id", "comment_id", "commentid", "cid"),
    "ts": ("published", "published_at", "publishedat", "date", "timestamp", "time_parsed"),
    "edited_at": ("updated", "updated_at", "updatedat"),
    "author_id": ("channelid", "author_channel_id", "authorchannelid", "author_uri", "author_id", "channel"),
    "author_name": ("author_name", "author", "authordisplayname", "author_display_name"),
    "text": ("content", "text", "comment", "textoriginal", "textdisplay", "comment_text"),
    "score": ("likes", "like_count", "likecount", "votes"),
    "reply_to": ("parent_id", "parentid", "parent"),
    "thread_id": ("video_id", "videoid"),
}
_ASKED = 50
"""Ids in one request."""
Threads = dict[str, list[Any]]
_WATCH = "https://www.youtube.com/watch?v="


class YoutubeConfig(ApiConfig):
    """Saved comments, or the videos and channels whose comments are read."""

    format: Literal["auto", "csv", "json"] = Field("auto", description="auto: by the first byte of the text")
    videos: list[str] = Field(default_factory=list, description="ids of videos")
    channels: list[str] = Field(default_factory=list, description="ids of channels: comments on all their videos")
    follow_threads: int = Field(
        500, ge=0, description="of how many of the newest threads new replies are looked for, a request for each fifty"
    )
    key: Secret | None = Field(None, description="API key as ${ENV}")


def _comments(value: Any) -> Iterator[Any]:
    """Yield the comments in a page of threads or of replies, each thread's first, or in yt-dlp's record of a video."""
    if isinstance(value, dict) and isinstance(value.get("comments"), list) and "snippet" not in value:
        yield from ({"video_id": value.get("id"), **c} if isinstance(c, dict) else c for c in value["comments"])
        return
    if isinstance(value, dict) and isinstance(value.get("items"), list):
        value = value["items"]
    for item in value if isinstance(value, list) else [value]:
        snippet = item.get("snippet") if isinstance(item, dict) else None
        if isinstance(snippet, dict) and isinstance(snippet.get("topLevelComment"), dict):
            yield snippet["topLevelComment"]
            replies = item.get("replies")
            listed = replies.get("comments") if isinstance(replies, dict) else None
            yield from listed if isinstance(listed, list) else []
        else:
            yield item


@source("youtube")
class Youtube(ApiSource):
    """YouTube comments: CSV and JSON files, or the comment threads of videos and channels (Data API v3)."""

    name: ClassVar[str] = "youtube"
    Config: ClassVar[type[SourceConfig]] = YoutubeConfig
    sample: ClassVar[str] = "youtube.csv"
    sample_config: ClassVar[Mapping[str, Any]] = {"type": "youtube", "path": "youtube.csv"}
    platform: ClassVar[str] = "youtube"
    base = "https://youtube.googleapis.com"
    members: ClassVar[Records] = staticmethod(_comments)

    def found(self, text: TextFile, split: Split) -> Iterator[Found]:
        """Yield the comments of a file; a CSV file that names no video is named by it itself."""
        if not self._is_csv(text):
            return super().found(text, split)
        return (
            each._replace(value={"video_id": PurePosixPath(split.file).name.partition(".")[0], **each.value})
            if each.value is not None
            else each
            for each in csv_records(text, split)
        )

    def divisible(self, text: TextFile) -> bool:
        """Whether a file holds one comment a line, as JSON."""
        return not self._is_csv(text) and one_a_line(text, type(self).members)

    def _is_csv(self, text: TextFile) -> bool:
        if self.config.format != "auto":
            return bool(self.config.format == "csv")
        return text.head(4096)[text.bom :].lstrip()[:1] not in (b"{", b"[")

    def streams(self) -> list[str]:
        """Return the videos and channels."""
        return [*(f"video:{v}" for v in self.config.videos), *(f"channel:{c}" for c in self.config.channels)]

    def headers(self) -> dict[str, str]:
        """Return the API key; in a header, for addresses end up in logs."""
        key = self.config.key
        return {"x-goog-api-key": resolve_env(key, f"sources.{self.label}.key")} if key else {}

    def pages(self, http: HttpSession, stream: str, state: State) -> Iterator[Page]:
        """Ask which known threads have grown, then page from the newest thread down; both with all their replies.

        State: that of newest_first, and in `threads` when each thread that is followed began and its replies.
        """
        kind, _, ident = stream.partition(":")
        scope = {"videoId": ident} if kind == "video" else {"allThreadsRelatedToChannelId": ident}
        asked = {"part": "snippet,replies", "maxResults": 100, "order": "time", "textFormat": "plainText", **scope}

        def fetch(token: str | None) -> tuple[list[Any], str | None]:
            page, _ = http.json("youtube/v3/commentThreads", {**asked, "pageToken": token})
            return list(page.get("items", [])), page.get("nextPageToken")

        threads: Threads = dict(state.get("threads", {}))
        place = {name: value for name, value in state.items() if name != "threads"}
        ids = [] if "next" in place else list(threads)  # a descent under way goes first
        for part in (ids[at : at + _ASKED] for at in range(0, len(ids), _ASKED)):
            yield Page(self._grown(http, part, threads), {**place, "threads": dict(threads)})
        for page in newest_first(fetch, _began, place, True):
            records: list[Any] = []
            for thread in page.records:
                comments = list(_comments(thread))
                if _replies(thread) > len(comments) - 1:
                    comments = [comments[0], *self._replies_of(http, thread["id"])]
                http.expect(1 + _replies(thread))
                threads[thread["id"]] = [_began(thread), _replies(thread)]
                records += comments
            latest = sorted(threads, key=lambda ident: threads[ident][0], reverse=True)[: self.config.follow_threads]
            threads = {ident: threads[ident] for ident in latest}
            yield Page(records, {**page.state, "threads": threads} if threads else page.state)

    def _grown(self, http: HttpSession, idents: list[str], threads: Threads) -> list[Any]:
        """Return the replies of those threads that have more than came; update `threads`."""
        page, _ = http.json("youtube/v3/commentThreads", {"part": "snippet", "id": ",".join(idents)})
        records: list[Any] = []
        for thread in page.get("items", []):
            known = threads.get(thread["id"])
            if known is not None and _replies(thread) > known[1]:
                records += self._replies_of(http, thread["id"])
                http.expect(_replies(thread))
                threads[thread["id"]] = [known[0], _replies(thread)]
        return records

    def _replies_of(self, http: HttpSession, thread: str) -> Iterator[Any]:
        token: str | None = None
        while True:
            asked = {"part": "snippet", "parentId": thread, "maxResults": 100, "textFormat": "plainText"}
            page, _ = http.json("youtube/v3/comments", {**asked, "pageToken": token})
            yield from page.get("items", [])
            token = page.get("nextPageToken")
            if not token:
                return

    def post(self, record: Any) -> Post:
        """Map a comment of the API, or a row of a CSV file by the names of its columns."""
        if "snippet" in record:
            return self._resource(record)
        by_name = {name.strip().lower(): value for name, value in record.items() if name}
        made = {
            column: next((by_name[name] for name in names if by_name.get(name)), None)
            for column, names in _COLUMNS.items()
        }
        if made["post_id"] is None and made["text"] is None:
            raise Refused("not_a_comment")
        if made["edited_at"] == made["ts"]:
            made["edited_at"] = None
        video = made["thread_id"]
        if made["reply_to"] == "root":
            made["reply_to"] = None
        if made["post_id"] and "." in str(made["post_id"]) and made["reply_to"] is None:
            made["reply_to"] = str(made["post_id"]).partition(".")[0]  # a reply's id begins with its thread's
        return {**made, "kind": "comment", "reply_to": made["reply_to"] or video, "url": video and f"{_WATCH}{video}"}

    def _resource(self, comment: Mapping[str, Any]) -> Post:
        snippet = comment["snippet"]
        video = snippet.get("videoId")
        edited = snippet.get("updatedAt")
        author = snippet.get("authorChannelId")
        return {
            "post_id": comment["id"],
            "ts": snippet["publishedAt"],
            "edited_at": edited if edited != snippet["publishedAt"] else None,
            "kind": "comment",
            "author_id": author.get("value") if isinstance(author, dict) else None,
            "author_name": snippet.get("authorDisplayName"),
            "text": snippet.get("textOriginal") or snippet.get("textDisplay"),
            "url": video and f"{_WATCH}{video}&lc={comment['id']}",
            "community": snippet.get("channelId"),
            "reply_to": snippet.get("parentId") or video,
            "thread_id": video,
            "score": snippet.get("likeCount"),
        }


def _began(thread: Any) -> str:
    return str(thread["snippet"]["topLevelComment"]["snippet"]["publishedAt"])


def _replies(thread: Any) -> int:
    count = thread["snippet"].get("totalReplyCount", 0)
    return count if isinstance(count, int) else 0
