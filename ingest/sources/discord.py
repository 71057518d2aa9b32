"""The connector for exports of Discord."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from ...config import SourceConfig
from ..contract import Split, source
from ..documents import Found, Records, csv_records, json_records
from ..posts import Post, PostConfig, PostSource, Refused
from ..streams import TextFile

_WRITTEN = ("Default", "Reply", "ThreadStarterMessage", "0", "19", "21", "None")


def _messages(value: Any) -> Iterator[Any]:
    """Yield the messages of a channel's export, each with the channel it stands in."""
    if not isinstance(value, dict) or not isinstance(value.get("messages"), list):
        yield from value if isinstance(value, list) else [value]
        return
    place = {key: value[key].get("id") for key in ("guild", "channel") if isinstance(value.get(key), dict)}
    for message in value["messages"]:
        yield {**message, "in": place} if isinstance(message, dict) else message


@source("discord")
class Discord(PostSource):
    """Discord messages: channels exported by DiscordChatExporter (JSON), and one's own data package (JSON or CSV).

    Messages that the client wrote itself (joins, pins, calls) are rejects `system_message`.
    """

    name: ClassVar[str] = "discord"
    Config: ClassVar[type[SourceConfig]] = PostConfig
    sample: ClassVar[str] = "discord.json"
    sample_config: ClassVar[Mapping[str, Any]] = {"type": "discord", "path": "discord.json"}
    platform: ClassVar[str] = "discord"
    members: ClassVar[Records] = staticmethod(_messages)

    def found(self, text: TextFile, split: Split) -> Iterator[Found]:
        """Yield the messages of a file."""
        if text.head(16)[text.bom :].startswith(b"ID,"):
            return csv_records(text, split)
        return json_records(text, split, _messages)

    def post(self, record: Any) -> Post:
        """Map a message; those of a data package have capital keys and no author, for it is always the same."""
        if "Contents" in record:
            return {
                "post_id": record["ID"],
                "ts": _time(record["Timestamp"]),
                "kind": "post",
                "text": record["Contents"],
            }
        if str(record.get("type", "Default")) not in _WRITTEN:
            raise Refused("system_message")
        if "content" not in record:
            raise Refused("not_a_message")
        place = record.get("in") or {}
        guild, channel = place.get("guild") or "@me", place.get("channel")
        author = record.get("author") or {}
        reference = (record.get("reference") or {}).get("messageId")
        ident = record["id"]
        return {
            "post_id": ident,
            "ts": record.get("timestamp"),
            "edited_at": record.get("timestampEdited"),
            "kind": "comment" if reference else "post",
            "author_id": author.get("id"),
            "author_name": author.get("name") or author.get("username"),
            "text": record["content"],
            "url": f"https://discord.com/channels/{guild}/{channel}/{ident}" if channel else None,
            "community": channel,
            "reply_to": reference,
            "score": sum(r["count"] for r in record.get("reactions") or [] if isinstance(r.get("count"), int)),
        }


def _time(value: Any) -> Any:
    """Return `2024-05-01 12:00:00` and its ISO relatives as they are: without a zone they are UTC there."""
    return value.replace(" ", "T", 1) if isinstance(value, str) and value.count(" ") == 1 else value
