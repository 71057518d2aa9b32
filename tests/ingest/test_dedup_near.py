"""Near duplicates in memory: shingles, signatures and clusters against plain references, on made-up and real text."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from dedup_texts import alike, components, jaccard, shingle_set, social_texts, words
from hypothesis import given, settings
from hypothesis import strategies as st

import dataweir
from dataweir.errors import ConfigError
from dataweir.ingest.dedup.arrays import array_sketch
from dataweir.ingest.dedup.banding import Banding, banding
from dataweir.ingest.dedup.minhash import Sketch, sketch
from dataweir.ingest.dedup.near import near_duplicates
from dataweir.ingest.dedup.shingles import Shingle

SCRIPTS = "aAbÀéÉß ﬁ\t.,-_Ⅷ½ΩωДдا ب中文字かなカﾞ한국กำກ😂\u200b\ufeff\u0301\u0308\u00ad\ufe0f\n#@'0٣"
TEXTS = st.lists(st.none() | st.text(st.sampled_from(SCRIPTS) | st.characters(codec="utf-8"), max_size=40), max_size=8)


def rows(made: Sketch) -> list[list[int]]:
    hashes, starts, counts = made.shingles
    return [hashes[s : s + c].tolist() for s, c in zip(starts[:-1], counts, strict=True)]


@settings(max_examples=80, deadline=None)
@given(TEXTS, st.sampled_from(["word:1", "word:3", "char:1", "char:4"]), st.integers(0, 3))
def test_array_form_gives_the_same_integers(device: Any, texts: list[str | None], shingle: str, skip: int) -> None:
    array, way, bands = pa.array(texts, pa.string())[skip:], Shingle.parse(shingle), Banding(3, 2)
    here, there = sketch(array, way, bands), array_sketch(device, array, way, bands)
    assert rows(here) == rows(there)
    filled = here.shingles.counts > 0
    assert (here.keys[:, filled] == there.keys[:, filled]).all()


@settings(max_examples=80, deadline=None)
@given(TEXTS, st.integers(1, 4))
def test_word_shingles_are_those_of_the_plain_reference(texts: list[str | None], size: int) -> None:
    made = rows(sketch(pa.array(texts, pa.string()), Shingle(False, size), Banding(1, 1)))
    expected = [shingle_set(text or "", size) for text in texts]
    assert [len(set(row)) for row in made] == [len(row) for row in expected]
    for i, mine in enumerate(made):
        for j, theirs in enumerate(made):
            assert len(set(mine) & set(theirs)) == len(expected[i] & expected[j])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Quick brown fox", "the  quick,\nBROWN fox!"),
        ("caf\u00e9 Stra\u00dfe", "CAFE\u0301 STRASSE"),
        ("\ufeffzero\u200bwidth so\u00adft", "zerowidth soft"),
        ("ｆｕｌｌ width", "full width"),
        ("中文字符 かな", "中 文 字 符 か な"),
        ("한국어 문장", "\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165 문장"),
    ],
)
def test_spelling_that_makes_no_difference(one: str, other: str) -> None:
    assert words(one) == words(other)
    assert near_duplicates([one, other], shingle="word:2")["similarity"].to_pylist() == [1.0, 1.0]


def test_scripts_without_spaces_are_compared_by_characters() -> None:
    text = "我们昨天在公园里看到了很多漂亮的花还有一只小狗在草地上跑来跑去非常可爱大家都很开心"
    changed = text.replace("小狗", "小猫")
    found = near_duplicates(
        [text, changed, "今天天气不好我们没有出去玩在家里看了一天的电视节目"], 0.6, shingle="word:3"
    )
    assert found["cluster"].to_pylist() == [0, 0, 1]


@given(st.floats(0.3, 0.95), st.floats(0.5, 0.99))
def test_banding_keeps_the_recall_asked_for(threshold: float, recall: float) -> None:
    try:
        made = banding(threshold, recall)
    except ConfigError:
        return
    assert made.probability(threshold) >= recall
    assert made.values <= 256
    assert [p for _, p in made.curve()] == sorted(p for _, p in made.curve())


def test_signatures_estimate_without_bias() -> None:
    rng = random.Random(5)
    vocabulary = [f"w{i}" for i in range(5000)]
    pairs = []
    for _ in range(60):
        shared, own = rng.sample(vocabulary, 60), [rng.sample(vocabulary, 20) for _ in "ab"]
        pairs += [" ".join(shared + extra) for extra in own]
    made = sketch(pa.array(pairs), Shingle(False, 1), Banding(256, 1))
    estimates = (made.keys[:, 0::2] == made.keys[:, 1::2]).mean(axis=0)
    true = np.array(
        [jaccard(shingle_set(a, 1), shingle_set(b, 1)) for a, b in zip(pairs[::2], pairs[1::2], strict=True)]
    )
    assert abs((estimates - true).mean()) < 0.01
    assert np.abs(estimates - true).max() < 0.12


def edited(rng: random.Random, count: int) -> list[str]:
    """Return texts of 40 words, half of them copies of another with up to three words changed."""
    vocabulary = [f"word{i}" for i in range(400)]
    made: list[list[str]] = []
    for number in range(count):
        text = rng.choices(vocabulary, k=40)
        if number % 2 and made:
            text = list(rng.choice(made))
            for _ in range(rng.randint(0, 3)):
                text[rng.randrange(40)] = rng.choice(vocabulary)
        made.append(text)
    return [" ".join(text) for text in made]


@pytest.mark.parametrize(("threshold", "recall"), [(0.5, 0.9), (0.7, 0.95), (0.8, 0.95)])
def test_clusters_are_the_components_of_pairs_that_are_alike(threshold: float, recall: float) -> None:
    texts = edited(random.Random(11), 600)
    pairs = alike(texts, 5, threshold)
    found = near_duplicates(texts, threshold, recall)
    kept = found["kept_row"].to_pylist()
    whole = components(len(texts), list(pairs))
    assert all(whole[row] == whole[first] for row, first in enumerate(kept)), "no two that are not connected"
    assert sum(kept[a] == kept[b] for a, b in pairs) / len(pairs) >= recall
    for row, first, similarity in zip(range(len(texts)), kept, found["similarity"].to_pylist(), strict=True):
        assert similarity == pytest.approx(jaccard(shingle_set(texts[row], 5), shingle_set(texts[first], 5)))


def test_rows_without_words_stand_alone() -> None:
    found = near_duplicates([None, "", "?!", None, "one", "One."])
    assert found["kept_row"].to_pylist() == [0, 1, 2, 3, 4, 4]
    assert near_duplicates([]).num_rows == 0


def test_chunks_and_types_make_no_difference() -> None:
    texts = edited(random.Random(3), 200)
    whole = near_duplicates(texts)
    pieces = pa.chunked_array([pa.array(texts[:70]), pa.array(texts[70:71]), pa.array(texts[71:])], pa.string())
    assert near_duplicates(pieces).equals(whole)
    assert dataweir.near_duplicates(pa.array(texts, pa.large_string()).slice(0)).equals(whole)


def test_many_equal_texts_take_no_quadratic_time() -> None:
    texts = ["the very same words in every one of them", "the very same words in every one of these"]
    found = near_duplicates(texts * 100_000, 0.5, shingle="word:2")
    assert set(found["cluster"].to_pylist()) == {0}


@pytest.mark.parametrize(
    "call",
    [
        lambda: near_duplicates(["a"], threshold=1.2),
        lambda: near_duplicates(["a"], recall=0.0),
        lambda: near_duplicates(["a"], threshold=0.01, recall=0.99),
        lambda: near_duplicates(["a"], shingle="line:3"),
        lambda: near_duplicates(["a"], shingle="word:0"),
    ],
)
def test_wrong_settings_say_what_is_right(call: Callable[[], object]) -> None:
    with pytest.raises(ConfigError) as caught:
        call()
    assert caught.value.cure


@pytest.mark.real_data
@pytest.mark.parametrize("size", [100, 1000, 2500])
def test_planted_articles_are_found_and_nothing_else(shared_data: Path, size: int) -> None:
    folder = shared_data / "dedup" / "minhash_mccormick"
    lines = (folder / f"articles_{size}.train").read_text(encoding="utf-8").splitlines()
    names, texts = zip(*(line.split(" ", 1) for line in lines), strict=True)
    truth = [tuple(line.split()) for line in (folder / f"articles_{size}.truth").read_text().splitlines()]
    kept = dict(zip(names, near_duplicates(texts, 0.8)["kept_row"].to_pylist(), strict=True))
    assert all(kept[a] == kept[b] for a, b in truth)
    assert sum(kept[name] != row for row, name in enumerate(names)) == len(truth)


@pytest.mark.real_data
@pytest.mark.parametrize(("threshold", "recall"), [(0.6, 0.95), (0.8, 0.95)])
def test_posts_of_real_people(shared_data: Path, threshold: float, recall: float) -> None:
    texts = list(dict.fromkeys(text for text in social_texts(shared_data) if len(words(text)) >= 5))
    pairs = alike(texts, 3, threshold)
    kept = near_duplicates(texts, threshold, recall, "word:3")["kept_row"].to_pylist()
    whole = components(len(texts), list(pairs))
    assert len(pairs) > 50
    assert all(whole[row] == whole[first] for row, first in enumerate(kept))
    assert sum(kept[a] == kept[b] for a, b in pairs) / len(pairs) >= recall
