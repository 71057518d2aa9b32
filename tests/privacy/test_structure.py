"""Addresses, query strings, user agents and JSON inside strings are taken apart, not matched blind."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataweir.privacy.keyed import key_id
from dataweir.privacy.mask import mask
from dataweir.privacy.operators.hash import pseudonym
from dataweir.privacy.policy import Policy
from dataweir.privacy.residual import scan
from dataweir.privacy.reveal import reveal
from dataweir.privacy.structure import KINDS, parts_of

KEY = b"k" * 32


def masked(text: str, kind: str, **more: Any) -> str:
    policy = Policy(name="p", columns={"c": {"mask": {"kind": kind}}}, **more)
    made = mask(pa.table({"c": [text]}), policy, key=KEY)["c"][0].as_py()
    assert isinstance(made, str)
    return made


@given(st.text(alphabet=st.sampled_from('ab1/?#&;=@:.%20{}[]"\\ ,()+_-é\n'), max_size=40), st.sampled_from(KINDS))
def test_the_parts_of_a_text_are_the_text(text: str, kind: Any) -> None:
    assert "".join(part.raw for part in parts_of(text, kind)) == text


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("page=2&lang=de&q=blue+shoes", "query", "page=2&lang=de&q=*"),
        ("mail=kim%40example.org&utm_source=news", "query", "mail=<EMAIL_ADDRESS>&utm_source=news"),
        ("page=kim%40example.org", "query", "page=<EMAIL_ADDRESS>"),
        ("kim%40example.org=1&=&&x", "query", "<EMAIL_ADDRESS>=*&=&&*"),
        ("/users/kim/orders/77", "url", "/users/*/orders/*"),
        ("/shop/shoes/red", "url", "/shop/shoes/red"),
        ("/verify/kim%40example.org/done", "url", "/verify/<EMAIL_ADDRESS>/done"),
        ("/a/3f2504e0-4f89-11d3-9a0c-0305e82c3301/b", "url", "/a/<UUID>/b"),
        ("https://kim:secret@host.org/~kim?sort=asc&sid=9f8e7d#top", "url", "https://host.org/*?sort=asc&sid=*#*"),
        ("-", "url", "-"),
        (
            "Mozilla/5.0 (Linux; Android 13; SM-G991B Build/TP1A.220624.014) Chrome/115.0.5790.166 Safari/537.36",
            "user_agent",
            "Mozilla/5 (Linux; Android 13; SM-G991B Build/*) Chrome/115 Safari/537",
        ),
        ("bot/1.2 (+http://bot.org/kim; kim@example.org)", "user_agent", None),
        ('{"mail": "kim@example.org", "n": 4, "ok": true}', "text", '{"mail": "<EMAIL_ADDRESS>", "n": 4, "ok": true}'),
        ('["4111111111111111", 4111111111111111]', "json", '["<CREDIT_CARD>", "<CREDIT_CARD>"]'),
        ("{not json} kim@example.org", "text", "{not json} <EMAIL_ADDRESS>"),
    ],
)
def test_values_are_masked_where_they_stand(text: str, kind: str, expected: str | None) -> None:
    made = masked(text, kind)
    assert expected is None or made == expected
    assert "kim@example" not in made
    assert scan(pa.table({"c": [made]})).total == 0


def test_a_value_in_an_address_gets_the_pseudonym_that_it_gets_everywhere() -> None:
    name = pseudonym("kim@example.org", KEY)
    hashed = {"EMAIL_ADDRESS": "hash"}
    assert masked("to=kim%40example.org", "query", entities=hashed) == f"to=<EMAIL_ADDRESS:{name}>"
    assert masked('{"a": {"b": ["kim@example.org"]}}', "text", entities=hashed) == json.dumps(
        {"a": {"b": [f"<EMAIL_ADDRESS:{name}>"]}}
    )


def test_what_was_encrypted_inside_an_address_is_read_again() -> None:
    policy = Policy(name="p", columns={"query": "mask"}, entities={"EMAIL_ADDRESS": "encrypt"})
    sealed = mask(pa.table({"query": ["page=1&to=kim%40example.org"]}), policy, key=KEY)
    back, _ = reveal(sealed, policy, {key_id(KEY): KEY}, key_id(KEY))
    assert back["query"].to_pylist() == ["page=1&to=kim@example.org"]


def test_masked_json_is_still_json() -> None:
    text = '{"u": "\\u00e9 \\"kim@example.org\\" \\n", "tel": "+49 30 901820", "deep": [[1e5, -2.5, null]]}'
    made = json.loads(masked(text, "json"))
    assert made == {"u": 'é "<EMAIL_ADDRESS>" \n', "tel": "<PHONE_NUMBER>", "deep": [[1e5, -2.5, None]]}
