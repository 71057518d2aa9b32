"""The connector for the data dumps of Stack Exchange."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from xml.parsers import expat

from pydantic import Field

from ...config import SourceConfig
from ...errors import SourceError
from ..contract import Split, source
from ..documents import Found
from ..posts import Post, PostConfig, PostSource, Refused, deleted, joined
from ..streams import LONGEST, TextFile

_ROW = b"<row"
_AFTER = re.compile(rb"[\s/>]")
_PIECE = 1 << 20


class StackexchangeConfig(PostConfig):
    """Where the dump of one site is."""

    site: str = Field(description="the site's host, such as coffee.stackexchange.com: it tells ids apart")


@source("stackexchange")
class Stackexchange(PostSource):
    """Stack Exchange data dumps: questions, answers and comments from Posts.xml and Comments.xml, streamed.

    Each `<row .../>` is parsed by itself, so memory does not grow with the file, a damaged row is one reject, and
    nothing outside the row counts: no document type, no entity of it, no external file, ever. Rows of other files
    (users, badges, votes, history) are rejects `not_a_post`.
    """

    name: ClassVar[str] = "stackexchange"
    Config: ClassVar[type[SourceConfig]] = StackexchangeConfig
    sample: ClassVar[str] = "stackexchange.xml"
    sample_config: ClassVar[Mapping[str, Any]] = {
        "type": "stackexchange",
        "path": "stackexchange.xml",
        "site": "tea.stackexchange.com",
    }
    platform: ClassVar[str] = "stackexchange"

    def found(self, text: TextFile, split: Split) -> Iterator[Found]:
        """Yield the rows of a dump."""
        for number, raw in enumerate(_rows(text, split), 1):
            attributes = _attributes(raw)
            yield Found(number, raw, attributes, "" if attributes is not None else "xml")

    def value(self, raw: bytes) -> Any:
        """Return the attributes of a row as received. Raises ValueError where it is no XML."""
        attributes = _attributes(raw)
        if attributes is None:
            raise ValueError("no XML")
        return attributes

    def spelled(self, ident: str) -> str:
        """Return the number of a post, a comment or a user."""
        return ident.rpartition("/")[2].rpartition("-")[2]

    def post(self, record: Any) -> Post:
        """Map a question, an answer or a comment."""
        if record.get("PostTypeId") in ("1", "2") and "Body" in record:
            return self._written(record)
        if "PostId" in record and "Text" in record and "PostHistoryTypeId" not in record:
            return self._comment(record)
        raise Refused("not_a_post")

    def _written(self, row: Mapping[str, str]) -> Post:
        question = row["PostTypeId"] == "1"
        ident = self._ident("", row["Id"])
        if row.get("DeletionDate"):
            return deleted(ident, row["DeletionDate"])
        return {
            **self._common(row, row.get("OwnerUserId"), row.get("OwnerDisplayName")),
            "post_id": ident,
            "edited_at": row.get("LastEditDate"),
            "kind": "post" if question else "comment",
            "text": joined(row.get("Title"), row["Body"]),
            "url": f"https://{self.config.site}/{'q' if question else 'a'}/{row['Id']}",
            "reply_to": None if question else self._ident("", row.get("ParentId")),
            "thread_id": ident if question else self._ident("", row.get("ParentId")),
        }

    def _comment(self, row: Mapping[str, str]) -> Post:
        about = self._ident("", row["PostId"])
        return {
            **self._common(row, row.get("UserId"), row.get("UserDisplayName")),
            "post_id": self._ident("comment-", row["Id"]),
            "kind": "comment",
            "text": row["Text"],
            "url": f"https://{self.config.site}/posts/comments/{row['Id']}",
            "reply_to": about,
            "thread_id": about,
        }

    def _common(self, row: Mapping[str, str], author: str | None, name: str | None) -> Post:
        return {
            "ts": row.get("CreationDate"),
            "author_id": self._ident("user-", author),
            "author_name": name,
            "community": self.config.site,
            "score": row.get("Score"),
        }

    def _ident(self, kind: str, number: str | None) -> str | None:
        return f"{self.config.site}/{kind}{number}" if number else None


def _rows(text: TextFile, split: Split) -> Iterator[bytes]:
    """Yield each `<row` element with what follows up to the next one; a bare `<` cannot stand in an attribute."""
    rest, began = b"", False
    for part in text.parts(0, split.end, _PIECE):
        rest += part
        if len(rest) > LONGEST and _start(rest, len(_ROW)) < 0:
            raise SourceError(
                f"{split.file} holds an element longer than {LONGEST >> 20} MiB",
                "check that it is a dump of Stack Exchange",
                file=split.file,
                retryable=False,
            )
        at = 0 if began else _start(rest, 0)
        while at >= 0:
            began = True
            following = _start(rest, at + len(_ROW))
            if following < 0:
                rest = rest[at:]
                break
            yield rest[at:following].rstrip()
            at = following
        if not began:
            rest = rest[-len(_ROW) :]
    if began:
        end = rest.rfind(b"</")
        yield (rest[:end] if end > 0 else rest).rstrip()


def _start(data: bytes, at: int) -> int:
    """Return where the next `<row` element begins, -1 where that cannot be told yet."""
    while True:
        at = data.find(_ROW, at)
        if at < 0 or _AFTER.match(data, at + len(_ROW)):
            return at
        if at + len(_ROW) >= len(data):
            return -1
        at += 1


def _attributes(raw: bytes) -> dict[str, str] | None:
    """Return the attributes of one element, None where it is not well-formed XML."""
    found: dict[str, str] = {}
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = lambda _, attributes: found.update(attributes)
    try:
        parser.Parse(raw, True)
    except (expat.ExpatError, ValueError):
        return None
    return found or None
