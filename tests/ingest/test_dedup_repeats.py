"""Repeated lines, batch by batch, against a plain reference."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from near_table import START, Posts

from dataweir.config import DedupConfig, RepeatsConfig
from dataweir.ingest.dedup import repeats

LINES = [f"line number {word} of them all" for word in ("one", "two", "three", "four")]
BATCHES = st.lists(st.lists(st.lists(st.sampled_from(LINES), max_size=4), max_size=6), min_size=1, max_size=4)


def dedup(least: int = 3) -> DedupConfig:
    return DedupConfig(text="text", repeats=RepeatsConfig(least=least, min_chars=10))


def posts(batch: list[list[str]], number: int) -> list[dict[str, object]]:
    """Return posts of these lines, each with one of its own."""
    own = [f"quite its own words, {number} and {i}" for i in range(len(batch))]
    return [
        {
            "post_id": f"p{number}-{i:02d}",
            "platform": "x",
            "kind": "post",
            "text": "\n".join([*lines, own[i], "short"]),
            "ts": START + 100 * number + i,
        }
        for i, lines in enumerate(batch)
    ]


def reference(batches: list[list[list[str]]], least: int) -> dict[str, list[str]]:
    """Return which lines are left of each post, by the rule as the guide states it."""
    having: dict[str, set[str]] = defaultdict(set)
    left = {}
    for number, batch in enumerate(batches):
        before = {line: set(ids) for line, ids in having.items()}
        for i, lines in enumerate(batch):
            for line in lines:
                having[line].add(f"p{number}-{i:02d}")
        for i, lines in enumerate(batch):
            name = f"p{number}-{i:02d}"
            often = {line for line in lines if len(having[line]) >= least}
            cut = {line for line in often if before.get(line) or min(having[line]) != name}
            left[name] = [line for line in lines if line not in cut]
    return left


@settings(max_examples=12, deadline=None)
@given(BATCHES, st.integers(2, 3), st.integers(1, 3))
def test_what_is_cut_is_what_the_plain_reference_cuts(batches: list[list[list[str]]], least: int, parts: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = Posts(Path(folder), dedup(least))
        for number, batch in enumerate(batches):
            if batch:
                table.add(posts(batch, number), parts)
        expected = reference(batches, least)
        found = {row["post_id"]: row["text"].split("\n")[:-2] for row in table.rows("social_posts")}
        if parts == 1:
            assert found == expected
        for line in LINES:  # in however many parts the first copy is another one, as many stay
            left = sum(line in lines for lines in found.values())
            assert left == sum(line in lines for lines in expected.values())
        cut = {(row["id"], row["number"]) for row in table.rows("cuts")}
        made = {(name, i + 1) for n, b in enumerate(batches) for name, i in _places(b, n)}
        assert cut <= made
        assert len(made) - len(cut) == sum(map(len, found.values()))


def _places(batch: list[list[str]], number: int) -> list[tuple[str, int]]:
    return [(f"p{number}-{i:02d}", at) for i, lines in enumerate(batch) for at in range(len(lines))]


def test_the_index_holds_no_more_texts_a_line_than_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "KEYS_AT_A_TIME", 8)
    table = Posts(tmp_path, dedup())
    for number in range(3):
        table.add(posts([[LINES[0]]] * 20, number))
    per_key: dict[int, set[int]] = defaultdict(set)
    for row in table.rows("repeats"):
        per_key[row["key"]].add(row["doc"])
    assert sorted(map(len, per_key.values()))[-2:] == [1, 3]
    assert {row["texts"] for row in table.rows("cuts")} == {20, 23}
    assert len(table.rows("cuts")) == 59


def test_an_edited_post_counts_once(tmp_path: Path) -> None:
    table = Posts(tmp_path, dedup(2))
    (post,) = posts([[LINES[0], LINES[1]]], 0)
    table.add([post])
    table.add([post | {"text": f"{post['text']} now", "edited_at": START + 7}])
    (row,) = [r for r in table.rows("social_posts") if r["edited_at"]]
    assert row["text"].startswith(LINES[0])
    assert table.rows("cuts") == []


def test_turned_on_late_it_counts_what_is_in_the_table_and_leaves_it(tmp_path: Path) -> None:
    table = Posts(tmp_path, DedupConfig(text="text"))
    table.add(posts([[LINES[0]], [LINES[0]]], 0))
    table.dedup = dedup()
    table.add(posts([[LINES[0]]], 1))
    texts = {row["post_id"]: row["text"].split("\n")[0] for row in table.rows("social_posts")}
    assert texts["p0-00"] == texts["p0-01"] == LINES[0]
    assert texts["p1-00"].startswith("quite its own")
