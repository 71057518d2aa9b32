"""Gopher's and FineWeb's shares of repetition and of lines, against a plain count of what the papers say."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from dedup_texts import social_texts
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dataweir.ingest.cleaning import Cleaned, Cleaner
from dataweir.ingest.contract import rule
from dataweir.ingest.repetition import REPETITION, repetition
from dataweir.ingest.schemas import SOCIAL_POSTS
from dataweir.ingest.textstats import SIGNALS, signals

TEXTS = st.lists(st.sampled_from(["a", "A", "bb", "Éd", "日本", "\n", "\n\n", " ", "."]), max_size=60).map(" ".join)


def lower(text: str) -> str:
    """Fold ASCII alone."""
    return "".join(c.lower() if c.isascii() else c for c in text)


def blocks(text: str) -> tuple[list[tuple[str, ...]], list[tuple[tuple[str, ...], ...]]]:
    """Return lines as their words, and paragraphs as their lines."""
    lines, paragraphs = [], []
    current: list[tuple[str, ...]] = []
    for line in [*lower(text).split("\n"), ""]:
        if words := tuple(line.split()):
            lines.append(words)
            current.append(words)
        elif current:
            paragraphs.append(tuple(current))
            current = []
    return lines, paragraphs


def characters(block: Any) -> int:
    return len(block) if isinstance(block, str) else sum(map(characters, block))


def plain(text: str) -> dict[str, float]:
    """Count the signals of table A1 of the paper on Gopher."""
    lines, paragraphs = blocks(text)
    words = [word for line in lines for word in line]
    if not words:
        return dict.fromkeys(REPETITION, 0.0)
    found = {
        "duplicate_lines": 1 - len(set(lines)) / len(lines),
        "duplicate_paragraphs": 1 - len(set(paragraphs)) / len(paragraphs),
        "repeated_paragraphs": 1 - sum(map(characters, set(paragraphs))) / characters(paragraphs),
    }
    for n in (2, 3, 4, 6, 7, 8, 9, 10):
        grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
        if n < 5:
            top, often = Counter(grams).most_common(1)[0] if grams else ((), 0)
            places = [i for i, gram in enumerate(grams) if gram == top] if often > 1 else []
        else:
            first = {gram: i for i, gram in reversed(list(enumerate(grams)))}
            places = [i for i, gram in enumerate(grams) if first[gram] < i]
        covered = {at for i in places for at in range(i, i + n)}
        name = f"top_{n}grams" if n < 5 else f"repeated_{n}grams"
        found[name] = sum(len(words[at]) for at in covered) / characters(words)
    return found


def measured(text: str) -> dict[str, float]:
    return dict(zip(REPETITION, repetition(pa.array([text]))[1][0].tolist(), strict=True))


@settings(max_examples=150, deadline=None)
@given(TEXTS)
@example("a a a a")
@example("\n\n a \n\n\n A\n\n")
@example("b a b a b a b a b a b a b a b a b a b a b a")
def test_repetition_is_that_of_a_plain_count(text: str) -> None:
    assert measured(text) == pytest.approx(plain(text), abs=1e-6)


@settings(max_examples=80, deadline=None)
@given(TEXTS | st.text(st.sampled_from("ab \n\t."), max_size=120))
@example("x" * 29 + "\n" + "x" * 30 + "\n  " + "é" * 14 + "  " + "é" * 14 + "  \n")
def test_shares_of_lines_are_those_of_a_plain_count(text: str) -> None:
    found = dict(zip(SIGNALS, signals(pa.array([text]))[0].tolist(), strict=True))
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    words = text.split()
    assert found["short_lines"] == pytest.approx(sum(len(x) < 30 for x in lines) / max(1, len(lines)), abs=1e-6)
    assert found["line_ends"] == pytest.approx(text.count("\n") / len(words) if words else 0, abs=1e-6)


@pytest.mark.real_data
def test_repetition_of_real_posts(shared_data: Path) -> None:
    texts = social_texts(shared_data, 1500)
    texts += ["\n\n".join([*texts[i : i + 4], "\n".join(texts[i : i + 3]), texts[i]]) for i in range(0, 400, 4)]
    counts, found = repetition(pa.array(texts))
    assert counts.tolist() == [len(text.split()) for text in texts]
    expected = np.array([[plain(text)[name] for name in REPETITION] for text in texts])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert (found.max(axis=0) > 0).all()


def test_repetition_does_not_depend_on_the_neighbours() -> None:
    texts = ["a b a b a b", None, "one\n\none\n\ntwo", "", "x" * 5000, "日本 の 日本 の"]
    whole = repetition(pa.array(texts, pa.string()))[1]
    alone = np.concatenate([repetition(pa.array([t], pa.string()))[1] for t in texts])
    np.testing.assert_array_equal(whole, alone)
    np.testing.assert_array_equal(repetition(pa.array(["cut", *texts], pa.string()).slice(1))[1], whole)


def clean(texts: list[str | None], options: Any = True) -> Cleaned:
    config = dict.fromkeys(rule.all(), False) | {"repetition": options}
    rows = [{"text": text} for text in texts]
    return Cleaner(config, "social_posts").run(pa.Table.from_pylist(rows, schema=SOCIAL_POSTS))


def test_signs_mark_long_texts_and_only_a_policy_rejects() -> None:
    words = [f"w{i}" for i in range(60)]
    lines = "\n".join(["one line of them"] * 20)
    run = " ".join([*words, *words[:12]])
    paragraphs = "\n\n".join([" ".join(words), " ".join(words)])
    texts = [" ".join(words), lines, run, paragraphs, "a a a a", None]
    done = clean(texts)
    assert [(flags or "").split(",") for flags in done.kept["flags"].to_pylist()] == [
        [""],
        ["duplicate_lines", "top_ngrams", "long_ngrams"],
        ["long_ngrams"],
        ["duplicate_lines", "duplicate_paragraphs", "repeated_paragraphs", "long_ngrams"],
        [""],
        [""],
    ]
    assert done.kept["top_2grams"].to_pylist()[-2:] == [1.0, None]
    done = clean(texts, {"reject": ["top_ngrams", "long_ngrams"]})
    assert done.rejected["reason"].to_pylist() == ["quality:top_ngrams", "quality:long_ngrams", "quality:long_ngrams"]
    assert done.kept.num_rows == 3
    assert clean(texts, {"min_words": 4}).kept["flags"].to_pylist()[4] == "top_ngrams"
