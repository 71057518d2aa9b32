"""The connector for Reddit: dumps and the listing API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from ...config import SourceConfig, resolve_env
from ...errors import SourceError
from .. import columns, jsonlines
from ..api import ApiConfig, ApiSource, Page, State, newest_first, rank
from ..columns import constant
from ..contract import REJECTS, Pulled, Split, source
from ..documents import LINES, Found, Records, one_a_line
from ..http import HttpSession, Secret
from ..schemas import DELETED, SOCIAL_POSTS, TIMESTAMP
from ..streams import TextFile

_TEXTS = (
    "id", "fullname", "kind", "author", "author_id", "subreddit", "subreddit_id", "title", "body", "url",
    "permalink", "parent_id", "link_id",
)  # fmt: skip
_RENAMED = {"fullname": "name", "author_id": "author_fullname"}
_OTHER_NAMES = {"body": "text", "created_utc": "time", "score": "ups"}
_RETRIEVED = ("retrieved_utc", "retrieved_on")
_REASONS = ["", "id", "time"]
_SITE = "https://www.reddit.com"
_GONE = pa.array(["[deleted]", "[removed]", "[deleted by user]"])


class RedditConfig(ApiConfig):
    """Where the dump files are, or which subreddits are read."""

    format: Literal["auto", "ndjson", "csv"] = Field("auto", description="auto: by the first byte of the text")
    columns: list[str] = Field(
        default_factory=list, description="names of a CSV file's columns, in place of those in its header"
    )
    subreddits: list[str] = Field(default_factory=list, description="subreddits whose new posts and comments are read")
    kinds: list[Literal["posts", "comments"]] = Field(["posts", "comments"], description="what of them is read")
    client_id: Secret | None = Field(None, description="id of the registered application, as ${ENV}")
    client_secret: Secret | None = Field(None, description="its secret, as ${ENV}")
    login_url: str = Field(_SITE, description="where the access token comes from")


def _things(value: Any) -> Iterator[Any]:
    """Yield the things in a stored answer (listings, threads with replies, lists), or the value itself."""
    stack = [value]
    while stack:
        here = stack.pop()
        if isinstance(here, list):
            stack.extend(reversed(here))
            continue
        inner = here.get("data") if isinstance(here, dict) and "kind" in here else None
        if not isinstance(inner, dict):
            yield here
        elif isinstance(inner.get("children"), list):
            stack.extend(reversed(inner["children"]))
        else:
            yield inner
            if isinstance(inner.get("replies"), dict):
                stack.append(inner["replies"])


@source("reddit")
class Reddit(ApiSource):
    """Reddit comments and submissions: dumps (newline-delimited JSON, CSV of the same fields), or the listing API.

    `record` holds the record as received. A record without an id or with an unreadable time is a reject. One whose
    text reads [deleted] or [removed] takes the post back; one whose author does stays without its author.
    """

    name: ClassVar[str] = "reddit"
    Config: ClassVar[type[SourceConfig]] = RedditConfig
    sample: ClassVar[str] = "reddit.ndjson"
    sample_config: ClassVar[Mapping[str, Any]] = {"type": "reddit", "path": "reddit.ndjson"}
    schema: ClassVar[pa.Schema] = pa.schema(
        [
            *(pa.field(name, pa.string()) for name in _TEXTS),
            pa.field("created_utc", TIMESTAMP),
            pa.field("score", pa.int64()),
            pa.field("edited", TIMESTAMP),
            pa.field("retrieved", TIMESTAMP),
            pa.field("record", pa.string()),
            pa.field("file", pa.string()),
            pa.field("line", pa.int64()),
        ]
    )
    platform: ClassVar[str] = "reddit"
    raw_keys: ClassVar[Mapping[str, str]] = {"post_id": "fullname", "author_id": "author_id", "ts": "created_utc"}
    members: ClassVar[Records] = staticmethod(_things)
    base = "https://oauth.reddit.com"

    def read(self, split: Split) -> Iterator[Pulled]:
        """Yield the rows and rejects of the split."""
        if not split.path:
            yield from super().read(split)
            return
        text = TextFile(split.path, split.file)
        if LINES not in split.extra and not self._is_csv(text):
            yield from super().read(split)
            return
        found = self._csv(text, split) if self._is_csv(text) else self._json(text, split)
        for fields, record, numbers, refused in found:
            pulled = self._rows(fields, record, numbers, split.file)
            yield Pulled(pulled.rows, pa.concat_tables([refused, pulled.rejects]))

    def divisible(self, text: TextFile) -> bool:
        """Whether a file holds one thing a line, as JSON; in CSV a line end may stand inside a field."""
        return not self._is_csv(text) and one_a_line(text, _things)

    def resume(self, text: TextFile, end: int, extra: Mapping[str, str]) -> tuple[int, int]:
        """Find the last record that was whole when the file was read up to `end`."""
        from .. import delimited

        return delimited.resume(text, end, ",") if self._is_csv(text) else super().resume(text, end, extra)

    def streams(self) -> list[str]:
        """Return the listings of the subreddits."""
        paths = {"posts": "new", "comments": "comments"}
        return [f"r/{name}/{paths[kind]}" for name in self.config.subreddits for kind in self.config.kinds]

    def headers(self) -> dict[str, str]:
        """Fetch an access token (RFC 6749, 4.4) where the application has an id."""
        if self.config.client_id is None:
            return {}
        where = f"sources.{self.label}"
        secret = self.config.client_secret
        ident = resolve_env(self.config.client_id, f"{where}.client_id")
        known = ident, resolve_env(secret, f"{where}.client_secret") if secret else ""
        with HttpSession(self.label, self.config.login_url, self.config) as http:
            answer = http.post("/api/v1/access_token", {"grant_type": "client_credentials"}, known)
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str):
            raise SourceError(
                f"source '{self.label}': no access token was given", "check the application", retryable=False
            )
        return {"authorization": f"Bearer {token}"}

    def pages(self, http: HttpSession, stream: str, state: State) -> Iterator[Page]:
        """Page from the newest thing down."""

        def fetch(token: str | None) -> tuple[list[Any], str | None]:
            page, _ = http.json(stream, {"limit": 100, "raw_json": 1, "after": token})
            listing = page["data"]
            return [child["data"] for child in listing["children"]], listing.get("after")

        return newest_first(fetch, lambda thing: rank(thing["id"]), state)

    def rows(self, found: list[Found], file: str) -> Pulled:
        """Give the records of the API, or of a document, their columns."""
        unread = [each for each in found if each.reason]
        found = [each for each in found if not each.reason]
        things = [each.value if isinstance(each.value, dict) else {} for each in found]
        numbers = np.array([each.number for each in found], np.int64)
        raws = pa.array([each.raw if isinstance(each.raw, str) else each.raw.decode() for each in found], pa.string())
        pulled = self._rows(_fields(things), raws, numbers, file)
        if not unread:
            return pulled
        lines = [
            {"source": self.label, "file": file, "line": e.number, "stage": "pull", "reason": e.reason} for e in unread
        ]
        bytes_ = [{"raw": e.raw.encode() if isinstance(e.raw, str) else e.raw} for e in unread]
        refused = pa.Table.from_pylist([a | b for a, b in zip(lines, bytes_, strict=True)], schema=REJECTS)
        return pulled._replace(rejects=pa.concat_tables([pulled.rejects, refused]).sort_by("line"))

    def named(self, raw: bytes) -> tuple[str | None, str | None] | None:
        """Return the thing and the author that a refused record speaks of; None where it cannot be read."""
        thing = jsonlines.parse(raw)
        if not isinstance(thing, dict):
            return None
        rows = self._typed(_fields([thing]), pa.array([""]), np.zeros(1, np.int64), "")[0]
        return rows["fullname"][0].as_py(), rows["author_id"][0].as_py()

    def spelled(self, ident: str) -> str:
        """Return an id without its kind."""
        return ident[3:] if ident[:1] == "t" and ident[2:3] == "_" else ident

    def integrate(self, rows: pa.Table) -> pa.Table:
        """Map comments and submissions to posts; a submission's text is its title and its own text.

        A thing whose author is gone replaces what was read of it while it had one.
        """
        rows = rows.combine_chunks()
        count = rows.num_rows
        nobody = pc.fill_null(pc.is_in(rows["author"], _GONE), False)
        nothing = pa.nulls(count, TIMESTAMP)
        edited, seen = (rows[n] if n in rows.column_names else nothing for n in ("edited", "retrieved"))
        changed = pc.if_else(nobody, pc.coalesce(seen, edited, rows["created_utc"]), edited)
        link = rows["permalink"]
        absolute = pc.starts_with(link, pattern="http")
        from_link = pc.struct_field(pc.extract_regex(link, r"/r/(?P<name>[^/]+)/"), "name")
        title, body = rows["title"], rows["body"]
        text = pc.coalesce(pc.binary_join_element_wise(title, body, "\n\n"), title, body)
        made = {
            "post_id": rows["fullname"],
            "ts": rows["created_utc"],
            "platform": constant("reddit", count),
            "kind": pc.if_else(pc.is_in(pc.coalesce(body, title), _GONE), DELETED, rows["kind"]),
            "author_id": pc.if_else(nobody, pa.scalar(None, pa.string()), rows["author_id"]),
            "author_name": pc.if_else(nobody, pa.scalar(None, pa.string()), rows["author"]),
            "text": text,
            "url": pc.if_else(absolute, link, pc.binary_join_element_wise(_SITE, link, "")),
            "community": pc.coalesce(rows["subreddit"], from_link),
            "reply_to": rows["parent_id"],
            "thread_id": pc.coalesce(rows["link_id"], rows["fullname"]),
            "score": rows["score"],
            "edited_at": changed,
            "source": constant(self.label, count),
            "file": rows["file"],
            "line": rows["line"],
        }
        return pa.table(
            {name: made[name].cast(SOCIAL_POSTS.field(name).type) for name in SOCIAL_POSTS.names if name in made}
        )

    def _is_csv(self, text: TextFile) -> bool:
        if self.config.format != "auto":
            return bool(self.config.format == "csv")
        return text.head(4096)[text.bom :].lstrip()[:1] not in (b"{", b"[")

    def _json(self, text: TextFile, split: Split) -> Iterator[tuple[dict[str, pa.Array], pa.Array, Any, pa.Table]]:
        for block in jsonlines.objects(text, split.start, split.end, split.first_line, self.label):
            yield _fields(block.objects), block.text, block.numbers, block.rejects

    def _csv(self, text: TextFile, split: Split) -> Iterator[tuple[dict[str, pa.Array], pa.Array, Any, pa.Table]]:
        from .. import delimited

        names = self.config.columns or delimited.header(text, ",")
        found = delimited.records(text, split.start, split.end, ",", len(names), split.first_line, self.label)
        for block in found:
            fields = dict(zip(names, block.fields, strict=True))
            for name, other in _OTHER_NAMES.items():
                if name not in fields and other in fields:
                    fields[name] = fields[other]
            yield fields, columns.strings(block.raw, False), block.numbers, block.rejects

    def _rows(self, fields: dict[str, pa.Array], record: pa.Array, numbers: Any, file: str) -> Pulled:
        """Give the fields their columns and types; what has no id or no readable time is refused."""
        rows, wrong_time = self._typed(fields, record, numbers, file)
        no_id = rows["fullname"].is_null().to_numpy()
        status = np.where(no_id, 1, np.where(wrong_time, 2, 0))
        bad = np.flatnonzero(status)
        raw = record.cast(pa.binary()).take(pa.array(bad))
        refused = columns.rejects(self.label, file, numbers[bad], _REASONS, status[bad], raw)
        return Pulled(rows.filter(pa.array(status == 0)), refused)

    def _typed(self, fields: dict[str, pa.Array], record: pa.Array, numbers: Any, file: str) -> tuple[pa.Table, Any]:
        """Return the rows, and which of them have a time that cannot be read."""
        from ..convert import convert

        count = len(numbers)
        nothing = pa.nulls(count, pa.string())
        made = {name: fields.get(_RENAMED.get(name, name), nothing) for name in _TEXTS}
        comment = made["body"].is_valid()
        made["body"] = pc.coalesce(made["body"], fields.get("selftext", nothing))
        made["kind"] = pc.if_else(comment, "comment", "post")
        prefix = pc.if_else(comment, "t1_", "t3_")
        made["fullname"] = pc.coalesce(made["fullname"], pc.binary_join_element_wise(prefix, made["id"], ""))
        time, wrong_time = convert(fields.get("created_utc", nothing), TIMESTAMP)
        score, _ = convert(fields.get("score", nothing), pa.int64())
        seen = pc.coalesce(*(fields.get(name, nothing) for name in _RETRIEVED))
        (edited, _), (retrieved, _) = (convert(each, TIMESTAMP) for each in (fields.get("edited", nothing), seen))
        typed = {**made, "created_utc": time, "score": score, "edited": edited, "retrieved": retrieved}
        words = pc.coalesce(made["body"], made["title"])
        gone, blank = pc.fill_null(pc.is_in(words, _GONE), False), pa.scalar(None, pa.string())
        typed |= {"record": pc.if_else(gone, blank, record), "title": pc.if_else(gone, blank, made["title"])}
        typed["body"] = pc.if_else(gone, words, made["body"])
        typed |= {"file": constant(file, count), "line": pa.array(numbers, pa.int64())}
        return pa.table([typed[name] for name in self.schema.names], schema=self.schema), wrong_time


def _fields(things: list[dict[str, Any]]) -> dict[str, pa.Array]:
    names = [*(_RENAMED.get(name, name) for name in _TEXTS), "selftext", "created_utc", "score", "edited", *_RETRIEVED]
    return {name: jsonlines.column([thing.get(name) for thing in things]) for name in names}
