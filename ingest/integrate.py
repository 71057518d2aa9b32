"""Bringing tables to the integrated schemas, and deriving who did what from them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import DataError
from ..registry import nearest
from .persons import Identify
from .schemas import USER_EVENTS

_NOBODY = pa.array(["", "-", "[deleted]", "[removed]"])


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the table with exactly the columns of `schema`, in its order and types.

    Missing columns become nulls; times are cut to the schema's unit, and a time without a zone counts as
    UTC. Raises DataError for a column that the schema does not know, and for one whose values do not fit
    its type.
    """
    for name in table.column_names:
        if name not in schema.names:
            raise DataError(
                f"the column '{name}' is not known here{nearest(name, schema.names)}",
                f"the source should give only: {', '.join(schema.names)}",
                column=name,
            )
    columns = []
    for field in schema:
        if field.name not in table.column_names:
            columns.append(pa.nulls(table.num_rows, field.type))
            continue
        column = table[field.name]
        try:
            columns.append(column.cast(field.type, safe=not pa.types.is_timestamp(column.type)))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # its text quotes the value
            raise DataError(
                f"the column '{field.name}' ({column.type}) does not fit {field.type}",
                "give the column that type in the source",
                column=field.name,
            ) from None
    return pa.table(columns, schema=schema)


def generic_schema(schema: pa.Schema, with_text_key: bool = False) -> pa.Schema:
    """Return the refined schema of a source that is not mapped to an integrated table.

    `row_id` stands first; `source`, `file` and `line` are there; `text_key` where texts are compared.
    Dictionaries and large or view types become plain ones, times microseconds in UTC.
    """
    fields = {"row_id": pa.string()}
    fields.update({field.name: plain_type(field.type) for field in schema if field.name not in ("row_id", "text_key")})
    fields.setdefault("source", pa.string())
    fields.setdefault("file", pa.string())
    fields.setdefault("line", pa.int64())
    if with_text_key:
        fields["text_key"] = pa.string()
    return pa.schema([pa.field(name, kind) for name, kind in fields.items()])


def plain_type(kind: pa.DataType) -> pa.DataType:
    """Return the type as the tables hold it."""
    if pa.types.is_dictionary(kind):
        return plain_type(kind.value_type)
    if pa.types.is_null(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        return pa.binary()
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", tz="UTC")
    return kind


def user_events(
    web: pa.Table | None = None, social: pa.Table | None = None, identify: Identify | None = None
) -> pa.Table:
    """Derive who did what to what from refined web events and social posts (USER_EVENTS).

    Web: the actor is 'user:' and the login, or 'ip:' and the address; the verb is the method in lower case;
    the object is host and path. Social: the actor is the platform, a colon and the author's id (or name);
    the verb is the kind (post, comment, repost); the object is the thread, or the post itself where it
    opens one; event_id is the post's id. Left out are the events of bots, and rows without an actor (no
    login and no address; an author that is missing or deleted) or without a verb (no HTTP request). So
    there are at most as many events as rows. `identify` gives each event its person.
    """
    parts = [USER_EVENTS.empty_table()]
    if web is not None:
        parts.append(_web(web, identify))
    if social is not None:
        parts.append(_social(social, identify))
    return pa.concat_tables(parts)


def _web(web: pa.Table, identify: Identify | None) -> pa.Table:
    actor = pc.coalesce(_prefixed("user:", web["user"]), _prefixed("ip:", web["client_ip"]))
    place = pc.binary_join_element_wise(pc.fill_null(web["host"], ""), pc.fill_null(web["path"], ""), "")
    place = pc.if_else(pc.equal(place, ""), pa.scalar(None, pa.string()), place)
    person = pc.invert(pc.fill_null(web["is_bot"], False))
    told = pc.and_(pc.is_valid(actor), pc.is_valid(web["method"]))
    who = identify.persons(web, "web_events") if identify else None
    return _events(actor, who, pc.utf8_lower(web["method"]), place, web, "event_id", pc.and_(person, told))


def _social(social: pa.Table, identify: Identify | None) -> pa.Table:
    author = pc.coalesce(_known(social["author_id"]), _known(social["author_name"]))
    actor = pc.binary_join_element_wise(pc.fill_null(social["platform"], "social"), author, ":")
    target = pc.coalesce(social["thread_id"], social["post_id"])
    who = identify.persons(social, "social_posts") if identify else None
    return _events(actor, who, social["kind"], target, social, "post_id", pc.is_valid(actor))


def _events(
    actor: pa.ChunkedArray,
    who: pa.ChunkedArray | None,
    verb: pa.ChunkedArray,
    target: pa.ChunkedArray,
    table: pa.Table,
    id_column: str,
    chosen: pa.ChunkedArray,
) -> pa.Table:
    who = who if who is not None else pa.nulls(table.num_rows, pa.string())
    columns = [actor, who, verb, target, table["ts"], table["source"], table[id_column]]
    return pa.table(columns, schema=USER_EVENTS).filter(chosen)


def _known(values: pa.ChunkedArray) -> pa.ChunkedArray:
    nobody = pc.is_in(pc.utf8_trim_whitespace(values), _NOBODY)
    return pc.if_else(nobody, pa.scalar(None, pa.string()), values)


def _prefixed(prefix: str, values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(prefix, _known(values), "")
