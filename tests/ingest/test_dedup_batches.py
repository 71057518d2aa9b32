"""Near duplicates batch by batch: the same clusters and the same rows kept, whatever came in which order."""

from __future__ import annotations

import itertools
import random
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from dedup_texts import alike, components, jaccard, shingle_set
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from near_table import NEAR, START, Posts, chain, posts_of

from dataweir.config import DedupConfig
from dataweir.ingest.dedup.scheme import scheme


@pytest.fixture(scope="module")
def posts() -> list[dict[str, Any]]:
    rng = random.Random(7)
    texts = [text for _ in range(12) for text in chain(rng, 5)]
    texts += [texts[3], texts[20].upper(), "too short", "too short"]
    rng.shuffle(texts)
    return posts_of(texts)


def expected(posts: list[dict[str, Any]]) -> set[frozenset[str]]:
    texts = [p["text"] if len(p["text"]) >= 20 else f"unlike {i}" for i, p in enumerate(posts)]
    found = defaultdict(set)
    for i, first in enumerate(components(len(texts), list(alike(texts, 5, 0.6)))):
        found[first].add(posts[i]["post_id"])
    return {frozenset(each) for each in found.values() if len(each) > 1}


def test_one_batch_finds_the_components(tmp_path: Path, posts: list[dict[str, Any]]) -> None:
    table = Posts(tmp_path)
    table.add(posts)
    assert table.clusters() == expected(posts)
    kept = {row["post_id"] for row in table.rows("social_posts")}
    assert all(len(cluster & kept) == 1 for cluster in table.clusters())
    texts = {p["post_id"]: p["text"] for p in posts}
    near = [row for row in table.rows("duplicates") if row["method"] == "near"]
    assert near
    assert len(kept) + len(table.rows("duplicates")) == len(posts)
    for row in near:
        sets = [shingle_set(texts[row[name]], 5) for name in ("id", "kept_id")]
        assert row["similarity"] == pytest.approx(jaccard(*sets))
        assert row["kept_id"] in kept


@pytest.mark.parametrize(("parts", "buckets"), [(4, 1), (3, 2)])
def test_parts_and_buckets_make_no_difference(
    tmp_path: Path, posts: list[dict[str, Any]], parts: int, buckets: int
) -> None:
    whole, cut = Posts(tmp_path / "whole"), Posts(tmp_path / "cut")
    whole.add(posts)
    cut.add(posts, parts, buckets)
    for name in ("social_posts", "duplicates"):
        assert sorted(map(repr, whole.rows(name))) == sorted(map(repr, cut.rows(name)))


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::7])
def test_clusters_are_the_same_whatever_the_order_of_batches(
    tmp_path: Path, posts: list[dict[str, Any]], order: tuple[int, ...]
) -> None:
    table = Posts(tmp_path)
    for number in order:
        table.add(posts[number::4], parts=2)
    assert table.clusters() == expected(posts)
    assert table.kept() == first_of(posts)
    assert set(table.stand_in().values()) <= table.kept()
    assert len(table.kept()) + len(table.rows("duplicates")) == len(posts)


TEXTS = [text for seed in range(4) for text in chain(random.Random(seed), 9, 12)]
TEXTS += [TEXTS[0].title(), TEXTS[9] + "!", "\U0001f602 " * 15, "\U0001f602" * 20, "\U0001f602 " * 15, "too short"]


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],  # an example takes a second: making a failing one small takes minutes
)
@given(
    st.lists(st.sampled_from(TEXTS), min_size=2, max_size=24),
    st.lists(st.integers(0, 3), min_size=24, max_size=24),
    st.permutations(range(4)),
    st.sampled_from([(1, 1), (4, 2)]),
    st.sampled_from(["earliest", "longest"]),
)
def test_batches_order_parts_and_buckets_make_no_difference(
    texts: list[str], batch_of: list[int], order: list[int], cut: tuple[int, int], keep: Any
) -> None:
    dedup = DedupConfig(text="text", threshold=0.6, recall=0.8, shingle="word:2", keep=keep)
    posts = [{**post, "ts": START - i * 7 % 25} for i, post in enumerate(posts_of(texts))]
    with tempfile.TemporaryDirectory() as folder:
        whole, cut_up = Posts(Path(folder, "whole"), dedup), Posts(Path(folder, "cut"), dedup)
        whole.add(posts)
        for batch in order:
            if mine := [post for post, at in zip(posts, batch_of, strict=False) if at == batch]:
                cut_up.add(mine, *cut)
        assert cut_up.clusters() == whole.clusters()
        assert all(len(cluster & whole.kept()) == 1 for cluster in whole.clusters())
        assert cut_up.kept() == whole.kept()
        assert cut_up.stand_in() == whole.stand_in()


def first_of(posts: list[dict[str, Any]]) -> set[str]:
    """Return the posts that are the first of their cluster by time."""
    time = {post["post_id"]: post["ts"] for post in posts}
    later = {name for cluster in expected(posts) for name in cluster - {min(cluster, key=lambda one: time[one])}}
    return set(time) - later


def test_a_batch_again_brings_nothing(tmp_path: Path, posts: list[dict[str, Any]]) -> None:
    table = Posts(tmp_path)
    table.add(posts)
    before = {name: len(table.rows(name)) for name in ("social_posts", "near_docs", "near_bands")}
    table.add(posts)
    assert {name: len(table.rows(name)) for name in before} == before


def test_rows_from_before_the_search_was_on_are_judged_too(tmp_path: Path, posts: list[dict[str, Any]]) -> None:
    table = Posts(tmp_path, DedupConfig(text="text"))
    table.add(posts[::2])
    table.dedup = NEAR
    table.add(posts[1::2])
    assert table.clusters() == expected(posts)
    assert table.kept() == first_of(posts)


def test_another_threshold_begins_an_index_of_its_own(tmp_path: Path, posts: list[dict[str, Any]]) -> None:
    table = Posts(tmp_path, DedupConfig(text="text", threshold=0.9))
    table.add(posts[::2])
    table.dedup = NEAR
    table.add(posts[1::2])
    assert {row["scheme"] for row in table.rows("near_docs")} == {
        scheme(NEAR).name,
        scheme(DedupConfig(threshold=0.9)).name,
    }  # type: ignore[union-attr]
    assert table.clusters() >= {c for c in expected(posts) if not any(int(n[1:]) % 2 == 0 for n in c)}


@pytest.mark.parametrize(
    ("dedup", "kept"),
    [
        ({}, "p0"),
        ({"keep": "longest"}, "p2"),
        ({"priority": ["blog"]}, "p1"),
        ({"priority": ["blog"], "keep": "longest"}, "p1"),
    ],
)
def test_the_rule_says_which_is_kept(tmp_path: Path, dedup: dict[str, Any], kept: str) -> None:
    text = chain(random.Random(1), 1)[0]
    made = posts_of([text, text + " tail", text + " a longer tail here"])
    made[1]["source"] = "blog"
    table = Posts(tmp_path, DedupConfig(text="text", threshold=0.6, **dedup))
    table.add(made[::-1])
    assert [row["post_id"] for row in table.rows("social_posts")] == [kept]
    assert {row["kept_id"] for row in table.rows("duplicates")} == {kept}


def test_a_bridge_joins_two_that_stand_and_the_later_goes(tmp_path: Path) -> None:
    links = chain(random.Random(2), 9)
    table = Posts(tmp_path)
    made = posts_of([links[0], links[8], links[7], *links[1:7], links[8] + " tail"])
    table.add(made[:1])
    table.add(made[1:3])
    assert table.kept() == {"p0", "p1"}
    table.add(made[3:9])
    assert table.kept() == {"p0"}
    assert table.clusters() == {frozenset(f"p{i}" for i in range(9))}
    (withdrawn,) = [row for row in table.rows("duplicates") if row["id"] == "p1"]
    assert (withdrawn["kept_id"], withdrawn["method"], withdrawn["file"]) == ("p0", "near", "b2.csv")
    assert withdrawn["similarity"] < NEAR.threshold
    assert table.stand_in()["p2"] == "p0", "its kept row was withdrawn, and says for which"
    table.add(made[9:])
    assert table.kept() == {"p0"}


def test_the_better_row_takes_the_place_of_the_one_that_came_first(tmp_path: Path) -> None:
    text = chain(random.Random(6), 1)[0]
    table = Posts(tmp_path, DedupConfig(text="text", threshold=0.6, priority=["blog"]))
    made = posts_of([text, text + " tail", text.upper()])
    table.add(made[:1])
    table.add([{**made[1], "source": "blog"}])
    assert table.kept() == {"p1"}
    table.add([{**made[2], "ts": START - 1}])
    assert table.kept() == {"p1"}
    table.add(made[:1])
    assert table.kept() == {"p1"}, "a row that was withdrawn comes again"
    assert {(row["id"], row["kept_id"]) for row in table.rows("duplicates")} == {("p0", "p1"), ("p2", "p1")}


def test_an_edited_post_is_compared_by_its_new_text(tmp_path: Path) -> None:
    one, other = chain(random.Random(3), 1)[0], chain(random.Random(4), 1)[0]
    table = Posts(tmp_path)
    table.add(posts_of([one, one + " tail"]))
    stored = {row["id"]: row["shingles"] for row in table.rows("near_docs")}
    table.add([{**posts_of([one, other])[0], "text": other, "edited_at": START + 9}])
    table.add([{**posts_of([other + " tail"])[0], "post_id": "p9"}])
    assert [row["kept_id"] for row in table.rows("duplicates") if row["id"] == "p9"] == ["p0"]
    index = {row["id"]: row["shingles"] for row in table.rows("near_docs")}
    assert len(table.rows("near_docs")) == 3
    assert index["p0"] != stored["p0"]
    assert index["p1"] == stored["p1"]


def test_a_deleted_post_leaves_the_index(tmp_path: Path) -> None:
    text = chain(random.Random(5), 1)[0]
    table = Posts(tmp_path)
    table.add(posts_of([text, text + " tail"]))
    table.add([{**posts_of([""])[0], "kind": "deleted"}, {**posts_of([text + " more"])[0], "post_id": "p9"}])
    assert sorted(row["id"] for row in table.rows("near_docs")) == ["p1", "p9"]
    assert "p9" in {row["post_id"] for row in table.rows("social_posts")}
