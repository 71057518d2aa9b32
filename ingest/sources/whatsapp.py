"""The connector for exports of WhatsApp."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from ...config import SourceConfig
from ..contract import Split, source
from ..documents import Found, text_lines
from ..posts import Post, PostConfig, PostSource, Refused
from ..streams import TextFile

_BEGIN = re.compile(
    r"[\u200e\u200f\u202a-\u202c\ufeff]*\[?(?P<a>\d{1,4})[./-](?P<b>\d{1,2})[./-](?P<c>\d{1,4}),?\s"
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d))?(?:\s?(?P<half>[AaPp])\.?\s?[Mm]\.?)?"
    r"(?:\]\s?|\s-\s)(?P<rest>.*)",
    re.DOTALL,
)
_SENDER = re.compile(r"(?P<name>[^:\n]{1,128}): (?P<text>.*)", re.DOTALL)
_LONGEST = 10_000
"""Lines of one message: a file that goes on longer without a new one is none of WhatsApp's."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("is not a time zone, such as Europe/Madrid") from None
    return name


class WhatsappConfig(PostConfig):
    """Where the exported chats are, and how the phone that exported them wrote times."""

    date_order: Literal["dmy", "mdy", "ymd"] = Field(
        "dmy", description="day, month and year as the phone's country does"
    )
    timezone: Annotated[str, AfterValidator(_zone)] = Field("UTC", description="the phone's time zone")
    community: str | None = Field(None, description="name of the chat")


@source("whatsapp")
class Whatsapp(PostSource):
    """WhatsApp messages from exported chats (Android and iPhone), of any date order, messages over several lines.

    Notices without a sender are rejects `system_message`; lines before the first message, `not_a_message`.
    """

    name: ClassVar[str] = "whatsapp"
    Config: ClassVar[type[SourceConfig]] = WhatsappConfig
    sample: ClassVar[str] = "whatsapp.txt"
    sample_config: ClassVar[Mapping[str, Any]] = {"type": "whatsapp", "path": "whatsapp.txt"}
    platform: ClassVar[str] = "whatsapp"
    identified: ClassVar[bool] = False

    def found(self, text: TextFile, split: Split) -> Iterator[Found]:
        """Yield the messages of a chat; a line that does not begin one belongs to the message before it."""
        number, held = 0, list[str]()
        for _, line in text_lines(text, split):
            if held and (_BEGIN.match(line) or len(held) >= _LONGEST):
                number += 1
                yield self._message(number, held)
                held = []
            held.append(line)
        if held:
            yield self._message(number + 1, held)

    def _message(self, number: int, lines: list[str]) -> Found:
        raw = "\n".join(lines)
        return Found(number, raw, _BEGIN.match(raw))

    def post(self, record: Any) -> Post:
        """Map the match of a message."""
        if record is None:
            raise Refused("not_a_message")
        said = _SENDER.fullmatch(record["rest"])
        if said is None:
            raise Refused("system_message")
        name = said["name"].strip("\u200e\u200f\u202a\u202c~ ")
        return {
            "ts": self._time(record),
            "kind": "post",
            "author_id": name,
            "author_name": name,
            "text": said["text"].strip("\u200e\u200f"),
            "community": self.config.community,
        }

    def _time(self, found: Mapping[str, str | None]) -> Any:
        """Return the moment; a date that does not exist in its order is a reject `time`.."""
        order = "ymd" if len(found["a"] or "") == 4 else self.config.date_order
        parts = dict(zip(order, (int(found[p] or 0) for p in "abc"), strict=True))
        year = parts["y"] + 2000 if parts["y"] < 100 else parts["y"]
        hour = int(found["hour"] or 0)
        if found["half"]:
            hour = hour % 12 + (12 if found["half"].lower() == "p" else 0)
        try:
            minute, second = int(found["minute"] or 0), int(found["second"] or 0)
            local = datetime(year, parts["m"], parts["d"], hour, minute, second, tzinfo=ZoneInfo(self.config.timezone))
        except ValueError:
            return "no date"
        return local.astimezone(UTC)
