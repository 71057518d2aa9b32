"""Finding fast is finding the same: the sieve holds nothing back, on real texts and by both of its engines."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataweir.privacy.analyzer import analyzer
from dataweir.privacy.contract import marked, recognizer
from dataweir.privacy.sieve import Gate, Sieve

EXAMPLES = sorted(
    {marked(text)[0] for plug in recognizer.all().values() for text in (*plug.positives, *plug.negatives)}
)


def same(texts: list[str], language: str) -> None:
    engine = analyzer(language)
    for text, parts in zip(texts, engine.sieve.suspects(pa.array(texts, pa.string())), strict=True):
        assert engine.find(text, parts) == engine.plain(text), f"{language}: a text of {len(text)} characters differs"


@pytest.mark.parametrize("language", ["en", "de", "es", "it"])
def test_examples_of_all_recognisers(language: str) -> None:
    same(EXAMPLES, language)


@pytest.mark.real_data
def test_real_texts(shared_data: Path) -> None:
    """A sample of every folder of texts; `python -m benchmarks.privacy.speed --equal` takes more of two of them."""
    lines: list[str] = []
    for file in sorted((shared_data / "social").rglob("*.csv.gz"))[:6]:
        lines += gzip.decompress(file.read_bytes()).decode("utf-8", "replace").splitlines()[:40]
    same(lines, "en")


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.sampled_from("a1@.- /:é٣中AZ+(#x_"), max_size=60))
def test_any_text(text: str) -> None:
    same([text], "en")


@given(st.lists(st.one_of(st.none(), st.text(max_size=12)), max_size=8))
def test_both_engines_let_through_what_matches(texts: list[str | None]) -> None:
    gates = [Gate(r"\pN"), Gate("@"), Gate(""), Gate(r"(?-i:\p{Lu})", (r"[A-Z]",))]
    column = pa.array(texts, pa.string())
    exact = list(Sieve(gates, "re2").suspects(column))
    quick = list(Sieve(gates).suspects(column))
    assert len(exact) == len(quick) == len(texts)
    assert all(set(a) <= set(b) for a, b in zip(exact, quick, strict=True))
