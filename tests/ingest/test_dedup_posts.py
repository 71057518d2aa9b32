"""Exact duplicates of posts (by id, then by text) and of tables of their own, against a plain reference."""

from __future__ import annotations

import itertools
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from refine_driver import Slab, refine, rows_of

from dataweir.config import DedupConfig
from dataweir.errors import ConfigError, DataError
from dataweir.ingest.dedup.decide import decide
from dataweir.ingest.dedup.text import normalise, text_keys
from dataweir.ingest.hashing import string_hashes, to_hex

SLOW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
LONG = "the same words as everybody else wrote"
POSTS = st.lists(
    st.builds(
        lambda post_id, platform, text, author: {
            "post_id": post_id,
            "platform": platform,
            "kind": "post",
            "text": text,
            "url": "https://x.example",
            "author_id": author,
        },
        st.sampled_from([None, "1", "2", "3", "4"]),
        st.sampled_from(["reddit", "mastodon"]),
        st.sampled_from([None, "short", LONG, LONG.upper() + "  !", LONG + "!", f"{LONG}\u00a0!", "other " + LONG]),
        st.sampled_from(["ann", "bob"]),
    ),
    max_size=12,
)
FILES = st.dictionaries(st.sampled_from(["a.csv", "b.csv"]), POSTS, min_size=1)


def slabs_of(files: dict[str, list[dict[str, Any]]], cuts: list[int]) -> list[Slab]:
    made = []
    for file, rows in files.items():
        rows = [{**row, "file": file, "line": i + 1} for i, row in enumerate(rows)]
        for a, b in itertools.pairwise(sorted({0, len(rows) + 1, *(c % (len(rows) + 1) for c in cuts)})):
            made.append(Slab("forum", file, a + 1, rows[a:b]))
    return made


class Reference:
    """Row by row, what the definition says."""

    def __init__(self) -> None:
        self.ids: set[Any] = set()
        self.texts: dict[str, Any] = {}

    def add(self, files: dict[str, list[dict[str, Any]]]) -> tuple[set[Any], Counter[str]]:
        survivors, dropped = [], Counter[str]()
        for file in sorted(files):
            count: Counter[Any] = Counter()
            for line, row in enumerate(files[file], 1):
                identity: Any = (row["platform"], row["post_id"])
                method = "id"
                if row["post_id"] is None:
                    content = tuple(row.values())
                    identity = (content, count[content])
                    count[content] += 1
                    method = "exact"
                if identity in self.ids:
                    dropped[method] += 1
                else:
                    self.ids.add(identity)
                    survivors.append((file, line, identity, row["text"]))
        kept = set()
        for file, line, identity, text in survivors:
            key = normalise((text or "").strip())
            if len(key) >= 20 and key in self.texts:
                dropped["text"] += 1
                self.ids.discard(identity)  # it is not in the table, so a later row with its id meets nothing
                continue
            if len(key) >= 20:
                self.texts[key] = identity
            kept.add((file, line))
        return kept, dropped


@SLOW
@given(
    FILES,
    FILES,
    st.lists(st.integers(0, 12), max_size=4),
    st.integers(1, 5),
    st.integers(1, 10),
    st.randoms(),
)
def test_posts_are_kept_as_the_definition_says(
    first: dict[str, Any], second: dict[str, Any], cuts: list[int], buckets: int, group: int, random: Any
) -> None:
    expected = Reference()
    seen: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for batch, files in (("b1", first), ("b2", second), ("b3", second)):
            slabs = slabs_of(files, cuts)
            random.shuffle(slabs)
            root = Path(folder, "cut")
            done = refine(root, "social_posts", slabs, batch=batch, buckets=buckets, seen=seen, rows_per_group=group)
            whole = refine(Path(folder, "whole"), "social_posts", slabs_of(files, []), batch=batch, seen=seen)
            for name in ("refined.social_posts", "refined.user_events", "refined.duplicates"):
                assert rows_of(done, name) == rows_of(whole, name)
            kept, dropped = expected.add(files)
            posts = done.tables.get("refined.social_posts")
            found = posts.select(["file", "line"]).to_pylist() if posts else []
            assert {(r["file"], r["line"]) for r in found} == kept
            methods: Counter[str] = Counter()
            for count in done.counts:
                assert count.balanced
                methods.update(count.duplicates)
            assert methods == dropped
            assert batch != "b3" or not kept
            seen = seen + done.files.get("refined.social_posts", [])


def posts(*rows: tuple[str | None, str], file: str = "a.csv") -> list[Slab]:
    made = [{"post_id": i, "platform": "p", "text": t, "file": file, "line": n} for n, (i, t) in enumerate(rows, 1)]
    return [Slab("forum", file, 1, made)]


def test_a_text_repeated_names_the_post_it_repeats(tmp_path: Path) -> None:
    done = refine(
        tmp_path,
        "social_posts",
        posts(("1", LONG), ("2", f" {LONG.upper()}"), ("3", "short"), ("4", "short")),
    )
    assert done.tables["refined.social_posts"]["post_id"].to_pylist() == ["1", "3", "4"]
    (dropped,) = done.tables["refined.duplicates"].to_pylist()
    assert (dropped["id"], dropped["kept_id"], dropped["method"], dropped["similarity"]) == (
        "2",
        "1",
        "text",
        1.0,
    )
    seen = done.files["refined.social_posts"]
    again = refine(
        tmp_path,
        "social_posts",
        posts(("0", LONG), ("3", "edited " + LONG)),
        batch="b2",
        seen=seen,
        buckets=2,
    )
    assert "refined.social_posts" not in again.tables
    rows = again.tables["refined.duplicates"].to_pylist()
    assert {(r["id"], r["kept_id"], r["method"]) for r in rows} == {("0", "1", "text"), ("3", "3", "id")}


def test_a_row_dropped_by_id_is_nobody_s_original(tmp_path: Path) -> None:
    done = refine(tmp_path, "social_posts", posts(("1", "something"), ("1", LONG), ("2", LONG)), buckets=3)
    assert done.tables["refined.social_posts"]["post_id"].to_pylist() == ["1", "2"]
    assert [d["method"] for d in done.tables["refined.duplicates"].to_pylist()] == ["id"]


def test_posts_without_an_id_get_one(tmp_path: Path) -> None:
    done = refine(tmp_path, "social_posts", posts((None, "short"), (None, "short"), ("1", "short")))
    ids = done.tables["refined.social_posts"]["post_id"].to_pylist()
    assert len(set(ids)) == 3
    assert all(len(i) == 32 for i in ids[:2])
    again = refine(
        tmp_path,
        "social_posts",
        posts((None, "short"), file="b.csv"),
        batch="b2",
        seen=done.files["refined.social_posts"],
    )
    assert [c.duplicates for c in again.counts] == [{"exact": 1}]


def test_texts_are_left_alone_where_switched_off(tmp_path: Path) -> None:
    dedup = DedupConfig(text=None)
    done = refine(tmp_path, "social_posts", posts(("1", LONG), ("2", LONG)), dedup=dedup)
    assert done.tables["refined.social_posts"].num_rows == 2
    assert done.tables["refined.social_posts"]["text_key"].null_count == 0
    dedup = DedupConfig(text="text", min_chars=100)
    done = refine(tmp_path, "social_posts", posts(("1", LONG), ("2", LONG)), dedup=dedup, batch="b2")
    assert done.tables["refined.social_posts"]["text_key"].null_count == 2


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=40)), max_size=8), st.integers(1, 10))
def test_text_keys_are_hashes_of_the_normal_form(texts: list[str | None], min_chars: int) -> None:
    keys = text_keys(pa.chunked_array([texts], pa.string()), min_chars).to_pylist()
    for text, key in zip(texts, keys, strict=True):
        normal = None if text is None else normalise(text)
        if normal is None or len(normal) < min_chars:
            assert key is None
        else:
            assert key == to_hex(string_hashes(pa.array([normal])))[0].as_py()


OWN = pa.schema({"name": pa.string(), "n": pa.int64(), "file": pa.string(), "line": pa.int64()})


def own(rows: list[tuple[str | None, int]], file: str = "t.csv", first: int = 1) -> list[Slab]:
    made = [{"name": name, "n": n, "file": file, "line": i} for i, (name, n) in enumerate(rows, first)]
    return [Slab("orders", file, first, made)]


def test_a_table_of_its_own_goes_by_content_and_occurrence(tmp_path: Path) -> None:
    rows = [("x", 1), ("x", 1), (None, 2), ("y", 2)]
    one = refine(tmp_path, "orders", own(rows), schema=OWN)
    assert one.tables["refined.orders"].column_names == ["row_id", "name", "n", "file", "line", "source"]
    assert len(set(one.tables["refined.orders"]["row_id"].to_pylist())) == 4
    assert "refined.user_events" not in one.tables
    seen = one.files["refined.orders"]
    copy = refine(tmp_path, "orders", own([*rows, ("x", 1)], "copy.csv"), batch="b2", schema=OWN, seen=seen)
    assert copy.tables["refined.orders"]["line"].to_pylist() == [5]
    wider = OWN.append(pa.field("note", pa.string()))
    more = refine(tmp_path, "orders", own(rows, "wide.csv"), batch="b3", schema=wider, seen=seen)
    assert "refined.orders" not in more.tables


def test_a_table_of_its_own_may_compare_texts(tmp_path: Path) -> None:
    dedup = DedupConfig(text="name")
    rows = [(LONG, 1), (LONG.title(), 2), ("z", 3)]
    one = refine(tmp_path, "orders", own(rows), schema=OWN, dedup=dedup, buckets=2)
    assert one.tables["refined.orders"]["line"].to_pylist() == [1, 3]
    two = refine(
        tmp_path,
        "orders",
        own([(LONG, 9)]),
        batch="b2",
        schema=OWN,
        dedup=dedup,
        seen=one.files["refined.orders"],
    )
    assert [c.duplicates for c in two.counts] == [{"text": 1}]
    with pytest.raises(ConfigError, match=r"dedup\.orders\.text: there is no text column 'title'"):
        refine(tmp_path, "orders", own(rows), schema=OWN, dedup=DedupConfig(text="title"), batch="b3")


def test_the_text_round_wants_text_keys(tmp_path: Path) -> None:
    done = refine(tmp_path, "orders", own([("x", 1)]), schema=OWN)
    with pytest.raises(DataError, match="without text keys"):
        decide(0, "orders", "text", done.prepared, [], str(tmp_path))
