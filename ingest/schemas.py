"""The integrated tables: columns, types, keys, partitions. UTC microseconds; plain Arrow strings."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa

TIMESTAMP = pa.timestamp("us", tz="UTC")


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field(name, kind) for name, kind in columns.items()])


WEB_EVENTS = _schema(
    event_id=pa.string(),
    ts=TIMESTAMP,
    client_ip=pa.string(),
    user=pa.string(),
    method=pa.string(),
    scheme=pa.string(),
    host=pa.string(),
    path=pa.string(),
    query=pa.string(),
    protocol=pa.string(),
    status=pa.int32(),
    bytes=pa.int64(),
    referer=pa.string(),
    user_agent=pa.string(),
    duration_us=pa.int64(),
    is_bot=pa.bool_(),
    session_id=pa.string(),
    flags=pa.string(),
    source=pa.string(),
    file=pa.string(),
    line=pa.int64(),
)
"""One request of a web log. `event_id` is a 128-bit hash of the request and its occurrence number in its file."""

SOCIAL_POSTS = _schema(
    post_id=pa.string(),
    ts=TIMESTAMP,
    platform=pa.string(),
    kind=pa.string(),
    author_id=pa.string(),
    author_name=pa.string(),
    text=pa.string(),
    lang=pa.string(),
    url=pa.string(),
    community=pa.string(),
    reply_to=pa.string(),
    thread_id=pa.string(),
    score=pa.int64(),
    edited_at=TIMESTAMP,
    words=pa.int32(),
    word_length=pa.float32(),
    alpha_words=pa.float32(),
    stop_words=pa.int32(),
    symbol_ratio=pa.float32(),
    bullet_lines=pa.float32(),
    ellipsis_lines=pa.float32(),
    punctuated_lines=pa.float32(),
    repeated_lines=pa.float32(),
    repeated_ngrams=pa.float32(),
    short_lines=pa.float32(),
    line_ends=pa.float32(),
    duplicate_lines=pa.float32(),
    duplicate_paragraphs=pa.float32(),
    repeated_paragraphs=pa.float32(),
    top_2grams=pa.float32(),
    top_3grams=pa.float32(),
    top_4grams=pa.float32(),
    repeated_6grams=pa.float32(),
    repeated_7grams=pa.float32(),
    repeated_8grams=pa.float32(),
    repeated_9grams=pa.float32(),
    repeated_10grams=pa.float32(),
    flags=pa.string(),
    source=pa.string(),
    dup_of=pa.string(),
    file=pa.string(),
    line=pa.int64(),
    text_key=pa.string(),
)
"""One post, comment or repost; `edited_at` is when its text last changed, where the platform says so. `text_key` is a
128-bit hash of the normalised text (null where it is too short).

From `words` to `repeated_10grams`: signals of text quality (textstats.py, repetition.py). `flags`: what cleaning
noticed and did not change, words joined by commas.
"""

DELETED = "deleted"
"""The kind of a row that takes a post back. It goes as far as deduplication, which removes the post, and no further."""

USER_EVENTS = _schema(
    actor=pa.string(),
    person=pa.string(),
    verb=pa.string(),
    object=pa.string(),
    ts=TIMESTAMP,
    source=pa.string(),
    event_id=pa.string(),
)
"""Who did what to what, when: derived from web events (bots left out) and social posts.

`person` is a keyed hash (persons.py), the same for all names that weir.yaml says are one person's; null where nothing
is said.
"""

DUPLICATES = _schema(
    table=pa.string(),
    id=pa.string(),
    kept_id=pa.string(),
    method=pa.string(),
    similarity=pa.float64(),
    source=pa.string(),
    file=pa.string(),
    line=pa.int64(),
    ts=TIMESTAMP,
)
"""One dropped row each: which row was kept in its place, found by which method, how similar. `ts` says of an account
that ended (method `account`) when; null: for good."""


NEAR_BANDS = _schema(
    table=pa.string(),
    scheme=pa.string(),
    band=pa.int32(),
    key=pa.int64(),
    doc=pa.int64(),
)
"""The index of near duplicates: the key of each band of each text, whole texts being the last band. `scheme` says how
keys were made."""

NEAR_DOCS = _schema(
    table=pa.string(),
    scheme=pa.string(),
    doc=pa.int64(),
    id=pa.string(),
    ts=pa.int64(),
    length=pa.int32(),
    source=pa.string(),
    file=pa.string(),
    line=pa.int64(),
    text=pa.int64(),
    shingles=pa.binary(),
    kept_doc=pa.int64(),
    kept_id=pa.string(),
    links=pa.list_(pa.field("element", pa.string())),
)
"""The texts of that index, dropped ones too. `shingles` is a sorted set of uint32 hashes, `links` names rows that
are at least as similar as the threshold; `ts` is in microseconds, `length` in characters, `text` the first half of the
text's key. Of two rows of one doc the one whose `kept_doc` is another counts: its row in the table was withdrawn."""


REPEATS = _schema(
    table=pa.string(),
    scheme=pa.string(),
    key=pa.int64(),
    doc=pa.int64(),
    source=pa.string(),
    file=pa.string(),
    line=pa.int64(),
)
"""The index of repeated lines and paragraphs: a line's hash and a text that has it (`doc` as in near_docs), for each
line no more texts than it takes to call it repeated."""

CUTS = _schema(
    table=pa.string(),
    id=pa.string(),
    source=pa.string(),
    file=pa.string(),
    line=pa.int64(),
    unit=pa.string(),
    number=pa.int32(),
    chars=pa.int32(),
    key=pa.int64(),
    texts=pa.int64(),
)
"""One repeated line (or paragraph: `unit`) each that was cut from a row's text: its number in the cleaned text, from 1
on, its length in characters, its hash, and how many texts were known to have it, at least."""

SKETCHES = _schema(
    table=pa.string(),
    column=pa.string(),
    bin=pa.int32(),
    count=pa.int64(),
)
"""One bin of the sketch of a batch's numbers (outliers.py); those of a table's batches add up."""


class TableSpec(NamedTuple):
    """An integrated table: its schema, the column that identifies a row, and its Iceberg partition."""

    schema: pa.Schema
    id: str
    partition: tuple[str, str] | None = None
    """(column, Iceberg transform), or None."""


TABLES: dict[str, TableSpec] = {
    "web_events": TableSpec(WEB_EVENTS, "event_id", ("ts", "day")),
    "social_posts": TableSpec(SOCIAL_POSTS, "post_id"),
    "user_events": TableSpec(USER_EVENTS, "event_id"),
    "duplicates": TableSpec(DUPLICATES, "id"),
    "near_bands": TableSpec(NEAR_BANDS, "doc", ("band", "identity")),
    "near_docs": TableSpec(NEAR_DOCS, "id"),
    "repeats": TableSpec(REPEATS, "doc"),
    "cuts": TableSpec(CUTS, "id"),
    "sketches": TableSpec(SKETCHES, "table", ("table", "identity")),
}
