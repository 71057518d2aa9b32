"""The base of the social connectors: records of a platform become rows of posts, kept raw beside them.

A connector says in `post` what a record's columns are; reading files, numbering, types, rejects and the mapping to
`social_posts` are here. A record that cannot be a post raises `Refused` with the reason. A post that its platform
took back is a row of the kind DELETED: refining removes the post (docs/decisions/0007-a-deletion-is-a-row.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from ..config import SourceConfig
from ..errors import SourceError
from .columns import constant
from .contract import REJECTS, Cursor, Pulled, Split
from .documents import LINES, Found, Records, json_records, one, one_a_line
from .files import FileSource
from .identity import News
from .jsonlines import column, no_collection, text_of
from .schemas import DELETED, SOCIAL_POSTS, TIMESTAMP
from .streams import TextFile

TEXTS = (
    "post_id", "kind", "author_id", "author_name", "text", "lang", "url", "community", "reply_to", "thread_id",
)  # fmt: skip
TIMES = ("ts", "edited_at")
_IDS = ("post_id", "reply_to", "thread_id")
"""What is compared and looked up: control characters and backslashes, which no platform gives, become underscores."""
ROWS = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in TEXTS),
        *(pa.field(name, TIMESTAMP) for name in TIMES),
        pa.field("score", pa.int64()),
        pa.field("record", pa.string()),
        pa.field("file", pa.string()),
        pa.field("line", pa.int64()),
    ]
)
"""The raw rows of a social connector; `record` is the record as received, null where it takes a post back."""
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError)
"""What a record that is built otherwise than the platform's makes its reader raise."""
_BATCH = 8192
_LARGEST = 2**63

Post = Mapping[str, Any]
"""The columns of one post by name, as JSON values; times as ISO 8601, seconds since 1970, or datetime."""


class Refused(Exception):
    """A record is no post; the reason stands in the rejects."""


class Withheld(Refused):
    """A record that may not come in at all: the rejects give the reason and hold nothing of it."""


class PostConfig(SourceConfig):
    """What the social connectors have in common."""

    path: str | list[str] | None = Field(None, description="file or glob, or a list of them, from weir.yaml's folder")
    split_bytes: int = Field(
        64 * 1024 * 1024, gt=0, description="plain files of JSON lines are read in ranges of about this many bytes"
    )
    archive_bytes: int = Field(10 * 1024**3, gt=0, description="an archive that expands to more than this is refused")


class PostSource(FileSource):
    """Files of records that are posts. A subclass gives `platform` and `post`, and where need be `found`.

    Files of JSON lines with a record a line are read in ranges and read on where they have grown; any other file is one
    split, and read again.
    """

    platform: ClassVar[str]
    target: ClassVar[str] = "social_posts"
    raw_keys: ClassVar[Mapping[str, str]] = {"post_id": "post_id", "author_id": "author_id", "ts": "ts"}
    """The columns of the raw rows that say which post it is, whose and of when: a deletion takes them back too."""
    schema: ClassVar[pa.Schema] = ROWS
    identified: ClassVar[bool] = True
    """Whether a record without an id is refused; where not, its content and its number in the file identify it."""
    members: ClassVar[Records] = staticmethod(one)
    """The records in a stored JSON value."""

    def post(self, record: Any) -> Post:
        """Return the columns of a record. Raises Refused; any other error counts as the reason `shape`."""
        raise NotImplementedError

    def value(self, raw: bytes) -> Any:
        """Return the value of a record as received. Raises ValueError where it cannot be read."""
        return json.loads(raw)

    def named(self, raw: bytes) -> tuple[str | None, str | None] | None:
        """Return the post and the author that a refused record speaks of; None where it cannot be read."""
        try:
            post = self.post(self.value(raw))
        except Refused:
            return None, None
        except UNREADABLE:
            return None
        return text_of(post.get("post_id")), text_of(post.get("author_id"))

    def spelled(self, ident: str) -> str:
        """Return an id as it stands in the platform's records."""
        return ident.rpartition("/")[2]

    def divisible(self, text: TextFile) -> bool:
        """Whether a file holds one record a line: then it is read in ranges, and read on where it has grown.

        A subclass that finds records its own way says so itself.
        """
        return type(self).found is PostSource.found and one_a_line(text, type(self).members)

    def extras(self, news: News, cursor: Cursor) -> list[dict[str, str]]:
        """Say of each new file whether its records are its lines."""
        return [{LINES: "one"} if self._divisible(probe.path, probe.identity.file) else {} for probe, _ in news.fresh]

    def _divisible(self, path: str, file: str) -> bool:
        try:
            return self.divisible(TextFile(path, file))
        except SourceError:  # the reading says it, of this file alone
            return False

    def found(self, text: TextFile, split: Split) -> Iterator[Found]:
        """Yield the records of a file."""
        return json_records(text, split, type(self).members)

    def read(self, split: Split) -> Iterator[Pulled]:
        """Yield the rows and rejects of a file."""
        found = self.found(TextFile(split.path, split.file), split)
        while True:
            with no_collection():
                batch = list(islice(found, _BATCH))
                pulled = self.rows(batch, split.file)
            if not batch:
                return
            yield pulled

    def integrate(self, rows: pa.Table) -> pa.Table:
        """Map rows to posts: the columns have their names already."""
        kept = [name for name in SOCIAL_POSTS.names if name in ROWS.names and name in rows.column_names]
        made = rows.select(kept).append_column("source", constant(self.label, rows.num_rows))
        return made.append_column("platform", constant(self.platform, rows.num_rows))

    def resume(self, text: TextFile, end: int, extra: Mapping[str, str]) -> tuple[int, int]:
        """Read on in a file of lines that has grown; any other is read again, for its posts are known by their ids."""
        return FileSource.resume(self, text, end, extra) if LINES in extra else (0, 1)

    def ranges(self, text: TextFile, start: int, end: int, first: int) -> list[tuple[int, int, int]]:
        """Read a large file of lines in ranges, any other in one piece."""
        if end - start <= self.config.split_bytes or not self.divisible(text):
            return [(start, end, first)]
        return FileSource.ranges(self, text, start, end, first)

    def rows(self, found: list[Found], file: str) -> Pulled:
        """Give records their columns and types; what is no post, has no id or no readable time is refused."""
        posts = [self._post(each) for each in found]
        reasons = [str(post) if isinstance(post, Refused) else "" for post in posts]
        fields = [{} if isinstance(post, Refused) else post for post in posts]
        made = {name: column([f.get(name) for f in fields]) for name in TEXTS}
        for name in _IDS:
            made[name] = pc.replace_substring_regex(made[name], r"[\x00-\x1f\\]", "_")
        for name in TIMES:
            made[name], wrong = _times([f.get(name) for f in fields])
            reasons = [reason or ("time" if bad else "") for reason, bad in zip(reasons, wrong, strict=True)]
        made["score"] = pa.array([_whole(f.get("score")) for f in fields], pa.int64())
        texts = [None if f.get("kind") == DELETED else _text(e.raw) for e, f in zip(found, fields, strict=True)]
        made["record"] = pa.array(texts, pa.string())
        made["file"] = constant(file, len(found))
        made["line"] = pa.array([each.number for each in found], pa.int64())
        rows = pa.table([made[name] for name in ROWS.names], schema=ROWS)
        bad = [at for at, reason in enumerate(reasons) if reason]
        refused = [
            constant(self.label, len(bad)),
            constant(file, len(bad)),
            made["line"].take(pa.array(bad, pa.int64())),
        ]
        refused += [constant("pull", len(bad)), pa.array([reasons[at] for at in bad], pa.string())]
        raws = [None if isinstance(posts[at], Withheld) else _binary(found[at].raw) for at in bad]
        refused.append(pa.array(raws, pa.binary()))
        good = pa.array([not reason for reason in reasons], pa.bool_())
        return Pulled(rows.filter(good), pa.table(refused, schema=REJECTS))

    def _post(self, found: Found) -> Post | Refused:
        """Return a record's columns, or why it has none."""
        if found.reason:
            return Refused(found.reason)
        try:
            post = self.post(found.value)
        except Refused as refused:
            return refused
        except UNREADABLE:
            return Refused("shape")  # a record built otherwise than the platform's; its values stay out of the reason
        whole_account = post.get("kind") == DELETED and text_of(post.get("author_id")) is not None
        if self.identified and text_of(post.get("post_id")) is None and not whole_account:
            return Refused("id")
        return post


def deleted(post_id: Any, ts: Any = None) -> Post:
    """Return the row that takes a post back."""
    return {"post_id": post_id, "kind": DELETED, "ts": ts}


def closed(author_id: Any, ts: Any = None) -> Post:
    """Return the row that takes back all posts of an account: those up to `ts`, or all without it."""
    return {"author_id": author_id, "kind": DELETED, "ts": ts}


def joined(*parts: Any) -> str | None:
    """Return the texts that are there, an empty line between them; None where there is none."""
    return "\n\n".join(part for part in parts if isinstance(part, str) and part) or None


def _times(values: list[Any]) -> tuple[pa.Array, list[bool]]:
    from .convert import convert

    texts = [value.isoformat() if isinstance(value, datetime) else text_of(value) for value in values]
    made, wrong = convert(pa.array(texts, pa.string()), TIMESTAMP)
    return made, wrong.tolist()


def _whole(value: Any) -> int | None:
    if isinstance(value, str) and value.lstrip("-").isascii() and value.lstrip("-").isdigit() and len(value) < 20:
        value = int(value)
    fits = isinstance(value, int) and not isinstance(value, bool) and -_LARGEST <= value < _LARGEST
    return value if fits else None


def _text(raw: str | bytes) -> str:
    return raw if isinstance(raw, str) else raw.decode("utf-8", "backslashreplace")


def _binary(raw: str | bytes) -> bytes:
    return raw.encode("utf-8", "backslashreplace") if isinstance(raw, str) else raw
