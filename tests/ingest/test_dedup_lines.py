"""Repeated lines and paragraphs against a plain reference."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataweir.errors import ConfigError
from dataweir.ingest.dedup.lines import repeated_lines
from dataweir.ingest.dedup.text import normalise

LINES = [
    "Share this page with friends",
    "SHARE  this page with friends",
    "All rights reserved by us",
    "short",
    "",
    "é" * 21,
]
TEXTS = st.lists(st.none() | st.lists(st.sampled_from([*LINES, "something of its own here"]), max_size=5), max_size=7)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.integers(2, 3), st.sampled_from([("line", "\n"), ("paragraph", "\n\n")]), st.booleans())
def test_repeats_are_those_of_the_plain_reference(
    made: list[list[str] | None], least: int, unit: tuple[Any, str], chunked: bool
) -> None:
    texts = [None if lines is None else unit[1].join(lines) for lines in made]
    cut = [(text or "").split(unit[1]) for text in texts]
    having: dict[str, set[int]] = {}
    for row, units in enumerate(cut):
        for one in units:
            having.setdefault(normalise(one), set()).add(row)
    often = {key for key, rows in having.items() if len(key) >= 20 and len(rows) >= least}
    array = pa.chunked_array([pa.array(texts[:2], pa.string()), pa.array(texts[2:], pa.string())]) if chunked else texts
    for row, found in enumerate(repeated_lines(array, least, unit[0]).to_pylist()):
        repeated = [one for one in cut[row] if normalise(one) in often]
        stays = [one for one in cut[row] if normalise(one) not in often or row == min(having[normalise(one)])]
        size = sum(map(len, cut[row]))
        assert (found["row"], found["units"], found["repeated"]) == (row, len(cut[row]), len(repeated))
        assert found["repeated_share"] == pytest.approx(sum(map(len, repeated)) / size if size else 0)
        assert found["text"] == (None if texts[row] is None else unit[1].join(stays))


@pytest.mark.parametrize("wrong", [{"least": 1}, {"unit": "word"}])
def test_wrong_settings_say_what_is_right(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="a repeat is"):
        repeated_lines(["a"], **wrong)
