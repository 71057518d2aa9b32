"""Texts of one meaning, by a small model: synonyms share a direction, every other word has its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from near_table import Posts, posts_of
from onnx import TensorProto, helper, numpy_helper

import dataweir
from dataweir.config import DedupConfig, SemanticConfig
from dataweir.errors import ConfigError
from dataweir.flow.check import check
from dataweir.flow.explain import explain
from dataweir.flow.run import run
from dataweir.ingest.dedup import semantic
from dataweir.ingest.dedup.embed import embed
from dataweir.ingest.dedup.scheme import semantic_scheme
from dataweir.ingest.dedup.sets import similarities
from dataweir.ingest.dedup.shingles import Shingles
from dataweir.output import Output

MEANS = {"car": 0, "automobile": 0, "fast": 1, "quick": 1, "red": 2, "crimson": 2, "house": 3, "home": 3, "is": 4}
WORDS = ["[PAD]", "[UNK]", *MEANS]


def model(folder: Path, width: int = 8, tokens: bool = True) -> Path:
    """Write a model that looks each token's vector up, and a tokenizer of words beside it."""
    table = np.zeros((len(WORDS), width), np.float32)
    for word, at in MEANS.items():
        table[WORDS.index(word), at] = 1
    table[1, 7] = 0.1
    names = ["input_ids", "attention_mask"]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["rows", "tokens"]) for name in names]
    shape = ["rows", "tokens", width]
    output = helper.make_tensor_value_info("hidden", TensorProto.FLOAT, shape)
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["hidden"])]
    graph = helper.make_graph(nodes, "words", inputs, [output], [numpy_helper.from_array(table, "table")])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(made, folder / "model.onnx")
    if tokens:
        tokenizers = pytest.importorskip("tokenizers")
        levels = tokenizers.models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]")
        tokenizer = tokenizers.Tokenizer(levels)
        tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
        tokenizer.save(str(folder / "tokenizer.json"))
    return folder / "model.onnx"


TEXTS = [
    "car fast red house is here",
    "automobile quick crimson home is here",  # no word in common but two, the same meaning
    "house house home home house home",
    "home house home house home house",  # and this is of another meaning
    "red red crimson is is is fast",
    "something else that is not known at all",
]


def test_a_vector_hangs_on_its_text_alone(tmp_path: Path) -> None:
    path = str(model(tmp_path))
    texts = [" ".join(TEXTS[i % 6].split() * (1 + i % 5)) for i in range(40)]
    whole = embed(texts, path, 64)
    assert np.array_equal(whole, np.concatenate([embed([text], path, 64) for text in texts]))
    assert np.allclose((whole.astype(np.float64) ** 2).sum(axis=1), 1)
    assert np.array_equal(embed([TEXTS[0] + " house"], path, 6), embed([TEXTS[0]], path, 6))
    assert float(embed(TEXTS, path, 64)[0] @ embed(TEXTS, path, 64)[1]) == pytest.approx(1)
    with pytest.raises(ConfigError, match="no tokenizer"):
        embed(["a"], str(model(tmp_path / "bare", tokens=False)), 64)


def wanted(path: Path) -> DedupConfig:
    return DedupConfig(text="text", semantic=SemanticConfig(model=path.name, threshold=0.95))


def add(table: Posts, texts: Sequence[int], parts: int = 1) -> None:
    rows = posts_of(TEXTS)
    table.add([rows[i] for i in texts], parts)


@pytest.mark.parametrize("batches", [[[0, 1, 2, 3, 4, 5]], [[5, 3], [1, 4], [2, 0]], [[i] for i in (5, 4, 3, 2, 1, 0)]])
@pytest.mark.parametrize("parts", [1, 2])
def test_the_same_rows_stay_whatever_the_batches(tmp_path: Path, batches: list[list[int]], parts: int) -> None:
    table = Posts(tmp_path / "posts", wanted(path := model(tmp_path)))
    table.root_of_models = path.parent
    for batch in batches:
        add(table, batch, parts)
    assert table.kept() == {"p0", "p2", "p4", "p5"}
    dropped = {row["id"]: row for row in table.rows("duplicates")}
    assert {name: row["kept_id"] for name, row in dropped.items()} == {"p1": "p0", "p3": "p2"}
    assert {row["method"] for row in dropped.values()} == {"semantic"}
    assert [row["similarity"] for row in dropped.values()] == pytest.approx([1, 1])
    assert len(table.rows("near_docs")) == 6 + sum(i in (1, 3) for i in _withdrawn(batches))
    assert table.rows("near_bands") == []


def _withdrawn(batches: list[list[int]]) -> list[int]:
    """Name the texts that stood in the table for a while."""
    number = {i: n for n, batch in enumerate(batches) for i in batch}
    return [later for first, later in ((0, 1), (2, 3)) if number[later] < number[first]]


def test_blocks_find_what_one_product_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semantic, "_BLOCK", 2)
    table = Posts(tmp_path / "posts", wanted(path := model(tmp_path)))
    table.root_of_models = path.parent
    add(table, [5, 1, 3])
    add(table, [0, 2, 4], parts=3)
    assert table.kept() == {"p0", "p2", "p4", "p5"}


def test_the_kernel_is_the_cosine() -> None:
    made = np.random.default_rng(1).normal(size=(9, 384)).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    shingles = Shingles(made.view(np.uint32).ravel(), np.arange(10) * 384, np.full(9, 384, np.int32))
    a, b = np.arange(9), np.array([0, 0, 1, 2, 3, 4, 5, 6, 7])
    found = similarities(shingles, a, b, True, True)
    assert found[0] == 1.0
    assert found == pytest.approx((made[a].astype(float) * made[b]).sum(axis=1), abs=1e-6)


CONFIG = """
project: meaning
sources:
  forum:
    type: files
    path: "in/*.csv"
    into: social_posts
    columns: {post_id: id, ts: at, text: text}
    constants: {platform: forum, kind: post}
dedup: {social_posts: {text: text, semantic: {model: models/model.onnx, threshold: 0.95}}}
quality: {social_posts: false}
engine: {scheduler: SCHEDULER}
"""


def test_a_project_keeps_one_text_of_a_meaning(tmp_path: Path, run_weir: Callable[..., Any], scheduler: str) -> None:
    model(tmp_path / "models")
    (tmp_path / "weir.yaml").write_text(CONFIG.replace("SCHEDULER", scheduler))
    (tmp_path / "in").mkdir()
    lines = [f"p{i},2026-03-01T00:00:0{i}Z,{text}" for i, text in enumerate(TEXTS)]
    (tmp_path / "in" / "a.csv").write_text("\n".join(["id,at,text", *lines, ""]))
    out = " ".join(run_weir("plan", cwd=tmp_path).out.split())
    assert "texts of one meaning in social_posts: cosine 0.95 or more" in out
    report = run(project := dataweir.open(tmp_path), Output(json=True))
    assert report.account["balanced"]
    assert set(project.table("social_posts")["post_id"].to_pylist()) == {"p0", "p2", "p4", "p5"}
    dropped = project.table("duplicates").to_pylist()
    assert {row["id"]: (row["kept_id"], row["method"]) for row in dropped} == {
        "p1": ("p0", "semantic"),
        "p3": ("p2", "semantic"),
    }
    found = explain(project, "p1", "social_posts")["members"]
    assert [(m["id"], m["kept"], m["text"]) for m in found] == [("p0", True, TEXTS[0]), ("p1", False, TEXTS[1])]
    (tmp_path / "models" / "model.onnx").unlink()
    with pytest.raises(ConfigError, match="there is no model"):
        check(dataweir.open(tmp_path))


def test_without_its_model_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no model"):
        semantic_scheme(DedupConfig(semantic=SemanticConfig(model="absent.onnx")), str(tmp_path))
