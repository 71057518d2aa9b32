"""Finding fast is finding the same: the sieve holds nothing back, on real texts and by both of its engines."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pyarrow as pa
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from dataweir.privacy.analyzer import analyzer
from dataweir.privacy.contract import marked, recognizer
from dataweir.privacy.sieve import Gate, Sieve
from dataweir.privacy.skeleton import odd, relaxed, skeleton

EXAMPLES = sorted(
    {marked(text)[0] for plug in recognizer.all().values() for text in (*plug.positives, *plug.negatives)}
)


FOREIGN = str.maketrans({"a": "á", "o": "ø", "E": "É", "1": "١", "3": "３", " ": "\u00a0", "-": "–"})
ODD_PATTERNS = [
    (r"né(?:e|es)?\b", True),
    (r"[^\W\d_]{2}[-–]\d{2,4}", False),
    (r"(?P<a>[àx])[^a-z](?P=a)", True),
    (r"([.,])\d\1[^ .]", False),
    (r"\s[À-ž]+\S", True),
    (r"(?i:ß|É)\w?[^\d\s]", False),
    (r"a{3,40}[\u4e00-\u9fff]?", True),
]


def same(texts: list[str], language: str) -> None:
    engine = analyzer(language)
    for text, parts in zip(texts, engine.sieve.suspects(pa.array(texts, pa.string())), strict=True):
        assert engine.find(text, parts) == engine.plain(text), f"{language}: a text of {len(text)} characters differs"


@pytest.mark.parametrize("language", ["en", "de", "es", "it"])
def test_examples_of_all_recognisers(language: str) -> None:
    same(EXAMPLES, language)


@pytest.mark.real_data
def test_real_texts(shared_data: Path) -> None:
    """A sample of every folder of texts; `python -m benchmarks.privacy.equality` takes them all."""
    lines: list[str] = []
    for file in sorted((shared_data / "social").rglob("*.csv.gz"))[:6]:
        lines += gzip.decompress(file.read_bytes()).decode("utf-8", "replace").splitlines()[:40]
    same(lines, "en")


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.sampled_from("a1@.- /:é٣中AZ+(#x_"), max_size=60))
def test_any_text(text: str) -> None:
    same([text], "en")


PATTERNS = sorted(
    {
        (p.regex, True)
        for part in analyzer("en").engine.registry.recognizers
        for p in getattr(part, "patterns", None) or ()
    }
    | {pattern for plug in recognizer.all().values() for pattern in plug.sieve()}
)
"""Every pattern that this project asks of a text, with whether it ignores case."""


@pytest.mark.parametrize("use", ["hyperscan", "re2"])
def test_both_engines_let_through_what_matches(use: str) -> None:
    """Every pattern on the examples of all recognisers, as they are and in letters, digits and spaces beyond ASCII."""
    texts = [*EXAMPLES, *(text.translate(FOREIGN) for text in EXAMPLES)]
    passed = list(Sieve([Gate((pattern,)) for pattern in PATTERNS], use).suspects(pa.array(texts)))
    matched = 0
    for number, (pattern, ignored) in enumerate(PATTERNS):
        compiled = regex.compile(pattern, regex.MULTILINE | regex.DOTALL | (regex.IGNORECASE if ignored else 0))
        for text, gates in zip(texts, passed, strict=True):
            if compiled.search(text):
                matched += 1
                assert number in gates, (pattern, text)
    assert matched > 500


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_relaxed_pattern_matches_the_skeleton(data: st.DataObject) -> None:
    """Whatever text a pattern matches, made from the pattern itself, its relaxed form matches the skeleton."""
    pattern, ignored = data.draw(st.sampled_from(ODD_PATTERNS))
    text = data.draw(st.from_regex(re.compile(pattern, re.IGNORECASE if ignored else 0)))
    if not odd(text) and regex.search(pattern, text, regex.IGNORECASE if ignored else 0):
        assert re.search(relaxed(pattern, ignored), skeleton(text)), (pattern, text)


def test_nulls_pass_no_gate_and_gates_without_patterns_pass_all() -> None:
    column = pa.array(["a1", None, ""], pa.string())
    for use in ("hyperscan", "re2"):
        assert list(Sieve([Gate(()), Gate(((r"\d", False),))], use).suspects(column)) == [[0, 1], [], [0]]
