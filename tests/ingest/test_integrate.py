"""Integrated schemas, and who did what to what."""

from __future__ import annotations

import datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataweir.errors import DataError
from dataweir.ingest.integrate import conform, generic_schema, user_events
from dataweir.ingest.schemas import SOCIAL_POSTS, TIMESTAMP, USER_EVENTS, WEB_EVENTS

TIME = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)


@given(st.permutations(WEB_EVENTS.names), st.integers(0, len(WEB_EVENTS.names)))
@settings(deadline=None)
def test_any_choice_of_columns_in_any_order_conforms(names: list[str], count: int) -> None:
    table = pa.table({name: pa.nulls(3, WEB_EVENTS.field(name).type) for name in names[:count]} | {"line": [1, 2, 3]})
    done = conform(table, WEB_EVENTS)
    assert done.schema.equals(WEB_EVENTS)
    assert done["line"].to_pylist() == [1, 2, 3]


def test_types_are_brought_to_the_schema() -> None:
    table = pa.table(
        {
            "ts": pa.array([TIME.replace(tzinfo=None, microsecond=5)], pa.timestamp("ns")),
            "method": pa.array(["GET"]).dictionary_encode(),
            "path": pa.array(["/"], pa.large_string()),
            "status": pa.array([200], pa.int64()),
            "line": pa.array([7], pa.int32()),
        }
    )
    row = conform(table, WEB_EVENTS).to_pylist()[0]
    assert (row["ts"], row["method"], row["path"], row["status"]) == (
        TIME.replace(microsecond=5),
        "GET",
        "/",
        200,
    )


def test_zones_are_told_apart() -> None:
    table = pa.table({"ts": pa.array([TIME], pa.timestamp("s", tz="Europe/Paris"))})
    assert conform(table, WEB_EVENTS)["ts"].to_pylist() == [TIME]


def test_what_does_not_fit_is_refused_without_a_value() -> None:
    with pytest.raises(DataError, match=r"'refferer' is not known here \(did you mean 'referer'\?\)"):
        conform(pa.table({"refferer": ["canary"]}), WEB_EVENTS)
    with pytest.raises(DataError, match=r"'status' \(string\) does not fit int32") as caught:
        conform(pa.table({"status": ["canary"]}), WEB_EVENTS)
    assert "canary" not in f"{caught.value}{caught.value.cure}{caught.value.facts}"
    assert caught.value.__suppress_context__


def test_a_table_of_its_own_gets_plain_types() -> None:
    given_schema = pa.schema(
        {
            "a": pa.dictionary(pa.int8(), pa.large_string()),
            "b": pa.null(),
            "t": pa.timestamp("ns"),
            "x": pa.large_binary(),
            "line": pa.int64(),
        }
    )
    schema = generic_schema(given_schema, with_text_key=True)
    assert schema.names == ["row_id", "a", "b", "t", "x", "line", "source", "file", "text_key"]
    assert schema.types[1:5] == [pa.string(), pa.string(), TIMESTAMP, pa.binary()]


def web(**row: Any) -> dict[str, Any]:
    return {"ts": TIME, "source": "shop", "event_id": "e", "method": "GET", "path": "/", **row}


def test_web_events_become_deeds_of_people() -> None:
    rows = [
        web(user="ann", client_ip="192.0.2.1", host="shop.example", path="/cart", is_bot=False),
        web(user="-", client_ip="192.0.2.2", method=None),
        web(client_ip="192.0.2.3", is_bot=True),
        web(user=None, client_ip=None),
        web(user="", client_ip="2001:db8::1", path=None, is_bot=None),
    ]
    done = user_events(web=pa.Table.from_pylist(rows, schema=WEB_EVENTS))
    assert done.schema.equals(USER_EVENTS)
    assert [(r["actor"], r["verb"], r["object"]) for r in done.to_pylist()] == [
        ("user:ann", "get", "shop.example/cart"),
        ("ip:2001:db8::1", "get", None),
    ]
    assert done["event_id"].to_pylist() == ["e"] * 2


def test_posts_become_deeds_of_authors() -> None:
    base = {"ts": TIME, "source": "r", "platform": "reddit", "kind": "comment", "thread_id": "t1"}
    rows = [
        {**base, "post_id": "c1", "author_id": "u1", "author_name": "ann"},
        {**base, "post_id": "p1", "kind": "post", "author_name": "bob", "thread_id": None},
        {**base, "post_id": "c2", "author_name": "[deleted]"},
        {**base, "post_id": "c3"},
    ]
    done = user_events(social=pa.Table.from_pylist(rows, schema=SOCIAL_POSTS))
    assert [(r["actor"], r["verb"], r["object"], r["event_id"]) for r in done.to_pylist()] == [
        ("reddit:u1", "comment", "t1", "c1"),
        ("reddit:bob", "post", "p1", "p1"),
    ]
    assert user_events().num_rows == 0
