"""People whom a table names are found in its texts, in the forms that others write, and nobody else is."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dataweir.privacy.contract import marked
from dataweir.privacy.identities import WORD, Identities, fold, names_in, variants

NAMES = [
    "Zoë van Quastberg",
    "Jean-Luc Ferrand",
    "@night_owl77",
    "m.oberhuber@example.org",
    "Will Young",
    "News",
    "王小明",
    "Paris",
    "Ann",
    "u/cat-herder",
    "4815162342",
    "Apple",
    "monkey",
    "The Channel",
    "iPhone",
]


@pytest.mark.parametrize(
    "text",
    [
        "so «Zoë van Quastberg» said",
        "so «ZOE VAN QUASTBERG» said",
        "«Zoe Quastberg»!",
        "(«Quastberg, Zoë»)",
        "by «Z. Quastberg», 2021",
        "mail «zquastberg» or «zoevanquastberg»",
        "«jean luc ferrand» and «Jean‑Luc Ferrand» and «Ferrand Jean»",
        "ask @«night_owl77» or «Night-Owl77» or «nightowl77»",
        "«M Oberhuber» wrote as «m.oberhuber»@example.net",
        "我和«王小明»去了",
        "like «cat_herder» did",
        "user «4815162342» left",
        "thanks @«Apple» and u/«monkey»",
        "as @«news» says",
        "«Apple»",
    ],
)
def test_variants_are_found(text: str) -> None:
    plain, spans = marked(text)
    assert [(f.start, f.end) for f in Identities(NAMES).find(plain)] == spans


@pytest.mark.parametrize(
    "text",
    [
        "the news from Paris",
        "an Apple for the Monkey",
        "sent from my iPhone",
        "watch the channel",
        "I will, young man",
        "Anna annoys",
        "night owls77",
        "x4815162342",
    ],
)
def test_others_are_spared(text: str) -> None:
    assert Identities(NAMES).find(text) == []


def test_kinds_tell_people_from_accounts() -> None:
    found = Identities(["Zoë Quastberg", "zq_1999"]).find("Zoe Quastberg is zq_1999")
    assert [f.entity for f in found] == ["PERSON", "USERNAME"]


@given(st.text(max_size=30), st.text(alphabet="abcdeéß中ſ", min_size=4, max_size=10), st.text(max_size=30))
def test_a_name_between_spaces_is_found_wherever_it_stands(before: str, name: str, behind: str) -> None:
    assume(WORD not in {kind for _, kind in variants(name)})
    people = Identities([name])
    text = f"{before} {name} {behind}"
    assert len(fold(text)) == len(text)
    at = len(before) + 1
    assert not people or any(f.start <= at and f.end >= at + len(name) for f in people.find(text))


def test_names_come_from_the_columns_that_name_people() -> None:
    table = pa.table(
        {
            "first_name": ["Ada", None],
            "last_name": ["Quill", "Zed"],
            "author_name": ["x y", "x y"],
            "text": ["no", "no"],
        }
    )
    assert sorted(names_in(table).to_pylist()) == ["Ada Quill", "x y"]
    assert not Identities([])
