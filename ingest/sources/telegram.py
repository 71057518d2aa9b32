"""The connector for exports of Telegram."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import Field

from ...config import SourceConfig
from ..contract import source
from ..documents import Records
from ..posts import Post, PostConfig, PostSource, Refused, Withheld

_PRIVATE = ("personal_chat", "bot_chat", "saved_messages", "private_group", "private_supergroup", "private_channel")


class TelegramConfig(PostConfig):
    """Where the exports are."""

    private_chats: bool = Field(
        False, description="whether messages of private chats come in; without, they are rejects 'private_chat'"
    )


def _messages(value: Any) -> Iterator[Any]:
    """Yield the messages of one chat's export, or of all chats of an account's, each with the chat it stands in."""
    if not isinstance(value, dict):
        yield from value if isinstance(value, list) else [value]
        return
    listed = [value[key]["list"] for key in ("chats", "left_chats") if isinstance(value.get(key), dict)]
    if not listed and not isinstance(value.get("messages"), list):
        yield value
        return
    for chat in [chat for found in listed for chat in found] or [value]:
        place = {key: chat.get(key) for key in ("id", "name", "type")}
        for message in chat["messages"]:
            yield {**message, "in": place} if isinstance(message, dict) else message


@source("telegram")
class Telegram(PostSource):
    """Telegram messages from the desktop client's JSON export, of one chat or of a whole account.

    Joins, calls and pins are rejects `service_message`.
    """

    name: ClassVar[str] = "telegram"
    Config: ClassVar[type[SourceConfig]] = TelegramConfig
    sample: ClassVar[str] = "telegram.json"
    sample_config: ClassVar[Mapping[str, Any]] = {"type": "telegram", "path": "telegram.json"}
    platform: ClassVar[str] = "telegram"
    members: ClassVar[Records] = staticmethod(_messages)

    def post(self, record: Any) -> Post:
        """Map a message."""
        kind = record.get("type")
        if kind == "service":
            raise Refused("service_message")
        if kind != "message":
            raise Refused("not_a_message")
        chat = record.get("in") or {}
        if chat.get("type") in _PRIVATE and not self.config.private_chats:
            raise Withheld("private_chat")
        reply = record.get("reply_to_message_id")
        forwarded = record.get("forwarded_from")
        return {
            "post_id": _ident(chat, record["id"]),
            "ts": record.get("date_unixtime") or record.get("date"),
            "edited_at": record.get("edited_unixtime") or record.get("edited"),
            "kind": "repost" if forwarded else "comment" if reply else "post",
            "author_id": record.get("from_id"),
            "author_name": record.get("from"),
            "text": _text(record.get("text")),
            "community": chat.get("name"),
            "reply_to": _ident(chat, reply),
            "thread_id": _ident(chat, reply or record["id"]),
        }


def _ident(chat: Mapping[str, Any], number: Any) -> str | None:
    """Return a message's id, told apart from those of other chats."""
    return f"{chat.get('id')}/{number}" if number is not None else None


def _text(text: Any) -> str:
    """Return a text, which is a list where parts of it are links or formatted."""
    parts = text if isinstance(text, list) else [text]
    return "".join(part if isinstance(part, str) else part.get("text", "") for part in parts if part is not None)
