"""Every recogniser finds its positives, spares its negatives, and lets its gate through what it finds."""

from __future__ import annotations

import itertools

import pytest

from dataweir.privacy.analyzer import analyzer
from dataweir.privacy.contract import Recognizer, marked, recognizer
from dataweir.privacy.detect import detect

PLUGS = list(recognizer.all().values())


def language(plug: type[Recognizer]) -> str:
    return plug.languages[0] if plug.languages else "en"


@pytest.mark.parametrize("plug", PLUGS, ids=lambda p: p.name)
def test_positives_are_found(plug: type[Recognizer]) -> None:
    assert plug.positives
    for example in plug.positives:
        text, spans = marked(example)
        found = {(f.start, f.end) for f in analyzer(language(plug)).find(text) if f.entity == plug.entity}
        assert set(spans) <= found, (text, found)


@pytest.mark.parametrize("plug", PLUGS, ids=lambda p: p.name)
def test_negatives_are_spared(plug: type[Recognizer]) -> None:
    for text in plug.negatives:
        assert not [f for f in analyzer(language(plug)).find(text) if f.entity == plug.entity], text


@pytest.mark.parametrize("plug", PLUGS, ids=lambda p: p.name)
def test_finding_fast_is_finding_the_same(plug: type[Recognizer]) -> None:
    engine = analyzer(language(plug))
    for example in (*plug.positives, *plug.negatives):
        text, _ = marked(example)
        assert engine.find(text) == engine.plain(text), text


def test_who_is_named_once_is_found_wherever_a_part_of_the_name_stands() -> None:
    text, spans = marked("Ask «Rosalind Featherby», please: «Featherby» knows, and feathers are none of it.")
    assert [(r["start"], r["end"]) for r in detect([text]).to_pylist()] == spans


def test_findings_do_not_overlap_and_nulls_have_none() -> None:
    found = detect(["write jane@example.org or call +44 20 7946 0958", None, "nothing", "write jane@example.org"])
    assert set(found["row"].to_pylist()) == {0, 3}
    spans = [(r["start"], r["end"]) for r in found.to_pylist() if r["row"] == 0]
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
