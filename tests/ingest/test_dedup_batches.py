"""Near duplicates batch by batch: the stored index gives the same clusters whatever came in which order."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from dedup_texts import alike, components, jaccard, shingle_set
from refine_driver import Given, shipped

from dataweir.config import DedupConfig
from dataweir.ingest.dedup.documents import sketch_part
from dataweir.ingest.dedup.index import Stored, index_band, index_docs
from dataweir.ingest.dedup.scheme import scheme
from dataweir.ingest.dedup.settle import settle
from dataweir.ingest.refine import RawPart, decide, finish, groups, prepare, rounds
from dataweir.ingest.schemas import SOCIAL_POSTS

TABLE = "social_posts"
START = 1_770_000_000_000_000
NEAR = DedupConfig(text="text", threshold=0.6, recall=0.99)


class Posts:
    """The table of posts with its index, as a project holds them, without Iceberg and without Dask."""

    def __init__(self, root: Path, dedup: DedupConfig = NEAR) -> None:
        self.root, self.dedup, self.batches = root, dedup, 0
        self.files: dict[str, list[str]] = defaultdict(list)

    def add(self, posts: list[dict[str, Any]], parts: int = 1, buckets: int = 1) -> None:
        """Refine one batch, cut into parts, and take its files into the tables."""
        self.batches += 1
        name, staging = f"b{self.batches}", str(self.root / f"staging-{self.batches}")
        prepared = []
        rows = [{"source": "forum", "file": f"{name}.csv", "line": i + 1, **p} for i, p in enumerate(posts)]
        self.root.mkdir(parents=True, exist_ok=True)
        for number, source in itertools.product(range(parts), sorted({row["source"] for row in rows})):
            path = self.root / f"raw-{name}-{source}-{number}.parquet"
            mine = [row for row in rows[number::parts] if row["source"] == source]
            pq.write_table(pa.Table.from_pylist(mine, schema=SOCIAL_POSTS), path)
            part = RawPart(str(path), source, f"{name}-{number}", f"{name}.csv", 1)
            prepared.append(shipped(prepare, part, Given(TABLE), {}, self.dedup, staging, buckets))
        decided: list[Any] = []
        seen = self.files[f"refined.{TABLE}"]
        for method in rounds(TABLE, self.dedup):
            earlier = tuple(decided)
            decided += [shipped(decide, b, TABLE, method, prepared, seen, staging, earlier) for b in range(buckets)]
        gained = self._near(prepared, decided, staging, name)
        for group in groups(prepared, 50):
            for table, files in shipped(finish, group, TABLE, decided, str(self.root / "wh"), name).files.items():
                self.files[table] += files
        for table, file in gained:
            self.files[table].append(file)

    def _near(self, prepared: list[Any], decided: list[Any], staging: str, name: str) -> list[tuple[str, str]]:
        wanted = scheme(self.dedup)
        if wanted is None:
            return []
        mine = [f for f in self.files["refined.near_docs"] if self._scheme(f) == wanted.name]
        items = [*([] if mine else self.files[f"refined.{TABLE}"]), *prepared]
        before = tuple(decided)
        sketched = [shipped(sketch_part, i, TABLE, self.dedup, wanted, before, staging, "off") for i in items]
        bands = defaultdict(list)
        for file in self.files["refined.near_bands"]:
            bands[pq.read_table(file, columns=["band"])["band"][0].as_py()].append(file)
        stored = Stored(bands, self.files["refined.near_docs"])
        settled, stale = shipped(settle, TABLE, wanted, sketched, stored, staging)
        decided.append(settled)
        self._forget(stale)
        out = str(self.root / "wh")
        made = [
            shipped(index_band, b, TABLE, wanted, sketched, settled, out, name) for b in range(wanted.banding.bands)
        ] + [shipped(index_docs, each, TABLE, wanted, settled, out, name) for each in sketched]
        return [each for each in made if each]

    def _forget(self, stale: tuple[int, ...]) -> None:
        """Take rows out of the index, as the commit does."""
        for name in ("near_docs", "near_bands") if stale else ():
            for file in self.files[f"refined.{name}"]:
                rows = pq.read_table(file)
                pq.write_table(rows.filter(pc.invert(pc.is_in(rows["doc"], pa.array(stale)))), file)

    def _scheme(self, file: str) -> str:
        return str(pq.read_table(file, columns=["scheme"])["scheme"][0].as_py())

    def rows(self, name: str) -> list[dict[str, Any]]:
        return [row for file in self.files[f"refined.{name}"] for row in pq.read_table(file).to_pylist()]

    def clusters(self) -> set[frozenset[str]]:
        """Return the clusters of more than one: of the stored links and of equal texts."""
        pairs = [(row["id"], other) for row in self.rows("near_docs") for other in row["links"]]
        pairs += [(row["id"], row["kept_id"]) for row in self.rows("duplicates") if row["method"] == "text"]
        names = sorted({name for pair in pairs for name in pair})
        number = {name: i for i, name in enumerate(names)}
        found: dict[int, set[str]] = defaultdict(set)
        for name, first in zip(names, components(len(names), [(number[a], number[b]) for a, b in pairs]), strict=True):
            found[first].add(name)
        return {frozenset(each) for each in found.values() if len(each) > 1}


def posts_of(texts: list[str], **more: Any) -> list[dict[str, Any]]:
    return [
        {"post_id": f"p{i}", "platform": "x", "kind": "post", "text": text, "ts": START + i, **more}
        for i, text in enumerate(texts)
    ]


def chain(rng: random.Random, length: int) -> list[str]:
    """Return texts of 60 words, each the one before with two words changed: the ends are not alike."""
    vocabulary = [f"word{i}" for i in range(5000)]
    text = rng.sample(vocabulary, 60)
    made = [" ".join(text)]
    for step in range(length - 1):
        text[(7 * step) % 60] = text[(7 * step + 31) % 60] = rng.choice(vocabulary)
        made.append(" ".join(text))
    return made


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
    kept = {row["post_id"] for row in table.rows("social_posts")}
    assert {row["kept_id"] for row in table.rows("duplicates")} <= kept
    assert len(kept) + len(table.rows("duplicates")) == len(posts)


def test_a_batch_again_brings_nothing(tmp_path: Path, posts: list[dict[str, Any]]) -> None:
    table = Posts(tmp_path)
    table.add(posts)
    before = {name: len(table.rows(name)) for name in ("social_posts", "near_docs", "near_bands")}
    table.add(posts)
    assert {name: len(table.rows(name)) for name in before} == before


def test_rows_from_before_the_search_was_on_are_indexed_and_stay(tmp_path: Path, posts: list[dict[str, Any]]) -> None:
    table = Posts(tmp_path, DedupConfig(text="text"))
    table.add(posts[::2])
    stood = {row["post_id"] for row in table.rows("social_posts")}
    table.dedup = NEAR
    table.add(posts[1::2])
    assert table.clusters() == expected(posts)
    assert stood <= {row["post_id"] for row in table.rows("social_posts")}


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


def test_a_bridge_joins_two_that_stand_and_both_stay(tmp_path: Path) -> None:
    links = chain(random.Random(2), 9)
    table = Posts(tmp_path)
    made = posts_of([links[0], links[8], *links[1:8]])
    table.add(made[:1])
    table.add(made[1:2])
    table.add(made[2:])
    assert {row["post_id"] for row in table.rows("social_posts")} == {"p0", "p1"}
    assert table.clusters() == {frozenset(f"p{i}" for i in range(9))}


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
