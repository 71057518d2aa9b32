"""Near duplicates through a whole project: several runs, the index, `weir plan` and `weir dedup explain`."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import dataweir
from dataweir.catalog import erasure
from dataweir.catalog.store import Store
from dataweir.engine import Engine
from dataweir.flow.compact import compact
from dataweir.flow.run import run
from dataweir.ingest.dedup import compact as compaction
from dataweir.output import Output
from dataweir.storage import list_files

pytestmark = pytest.mark.slow
CONFIG = """
project: near
sources:
  forum:
    type: files
    path: "in/*.csv"
    into: social_posts
    columns: {post_id: id, ts: at, text: text}
    constants: {platform: forum, kind: post, author_id: ann}
dedup: {social_posts: {text: text, threshold: 0.7, recall: 0.9}}
quality: {social_posts: false}
engine: {workers: 1}
"""


def batch(folder: Path, name: str, posts: dict[str, str], day: str = "2026-03-01") -> None:
    lines = ["id,at,text", *(f"{ident},{day}T00:00:0{i}Z,{text}" for i, (ident, text) in enumerate(posts.items()))]
    (folder / "in").mkdir(exist_ok=True)
    (folder / "in" / name).write_text("\n".join(lines) + "\n")


class Here(Engine):
    """The engine with its work done in this process."""

    def map(self, function: Callable[..., Any], items: Sequence[Any], *arguments: Any, **_: Any) -> list[Any]:
        return [function(item, *arguments) for item in items]


def compacted(project: dataweir.Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compact the index, killed once before its commit; its rows stay what they are."""
    tables, engine, replace = project.tables(), Here(project.config.engine), erasure.replace_files
    names = ("refined.near_bands", "refined.near_docs")
    before = {name: sorted(map(repr, tables.read(name).to_pylist())) for name in names}
    bands = len({row["band"] for row in tables.read(names[0]).to_pylist()})
    assert [len(tables.files(name)) for name in names] == [2 * bands, 2]
    with monkeypatch.context() as patch:
        patch.setattr(compaction, "FAN", 2)
        patch.setattr(erasure, "replace_files", _dies)
        with pytest.raises(KeyboardInterrupt):
            compact(tables, engine, "killed", Output(json=True))
        patch.setattr(erasure, "replace_files", replace)
        assert compact(tables, engine, "one", Output(json=True)) == 2 * bands + 2
        assert compact(tables, engine, "two", Output(json=True)) == 0
    assert [len(tables.files(name)) for name in names] == [bands, 1]
    assert {name: sorted(map(repr, tables.read(name).to_pylist())) for name in names} == before
    kept = [path for name in names for path in list_files(tables.data_folder(name))]
    assert len(kept) == bands + 1


def _dies(*_: object) -> None:
    raise KeyboardInterrupt


def test_batch_by_batch(tmp_path: Path, call_weir: Callable[..., object], monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(1)
    one, other = (" ".join(rng.sample([f"word{i}" for i in range(900)], 50)) for _ in "ab")
    (tmp_path / "weir.yaml").write_text(CONFIG)
    batch(tmp_path, "a.csv", {"a1": one, "a2": other, "a3": one + " again"})
    plan = call_weir("plan", "--json", cwd=tmp_path).json["near_duplicates"]["social_posts"]
    assert plan["recall_at_threshold"] >= 0.9
    assert plan["curve"][-1] == [1.0, 1.0]
    assert "a pair at the threshold is found" in " ".join(call_weir("plan", cwd=tmp_path).out.split())
    project = dataweir.open(tmp_path)
    run(project, Output(json=True))
    batch(tmp_path, "b.csv", {"b1": one + " too", "b2": "first " + other, "b3": "quite another text than the others"})
    report = run(project, Output(json=True))
    assert report.account["balanced"]
    dropped = {r["id"]: (r["kept_id"], r["method"]) for r in project.table("duplicates").to_pylist()}
    assert dropped == {"a3": ("a1", "near"), "b1": ("a1", "near"), "b2": ("a2", "near")}
    assert sorted(project.table("near_docs")["id"].to_pylist()) == ["a1", "a2", "a3", "b1", "b2", "b3"]
    assert project.tables().row_count("refined.near_bands") == 6 * (plan["bands"] + 1)
    found = call_weir("dedup", "explain", "b1", "--json", cwd=tmp_path).json["members"]
    assert [(m["id"], m["kept"], m["text"]) for m in found] == [
        ("a1", True, one),
        ("a3", False, one + " again"),
        ("b1", False, one + " too"),
    ]
    assert "«too»" in call_weir("dedup", "explain", "b1", cwd=tmp_path).out
    assert call_weir("dedup", "explain", "nobody", cwd=tmp_path).code == 2
    compacted(project, monkeypatch)
    batch(tmp_path, "c.csv", {"c1": one + " earlier"}, day="2026-02-01")
    assert run(project, Output(json=True)).account["balanced"]
    assert sorted(project.table("social_posts")["post_id"].to_pylist()) == ["a2", "b3", "c1"]
    assert sorted(project.table("user_events")["event_id"].to_pylist()) == ["a2", "b3", "c1"]
    (gone,) = project.table("duplicates", ["kept_id", "method", "file"], "id == 'a1'").to_pylist()
    assert (gone["kept_id"], gone["method"], gone["file"].endswith("a.csv")) == ("c1", "near", True)
    found = call_weir("dedup", "explain", "b1", "--json", cwd=tmp_path).json["members"]
    assert [(m["id"], m["kept"], m["text"]) for m in found if m["id"] in ("a1", "c1")] == [
        ("c1", True, one + " earlier"),
        ("a1", False, one),
    ]


def test_a_run_killed_before_its_commit_leaves_no_trace_in_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dataweir.catalog.commit as commits

    (tmp_path / "weir.yaml").write_text(CONFIG)
    texts = {f"p{i}": " ".join(f"w{i // 2}x{k}" for k in range(30)) + f" {i}" for i in range(6)}
    batch(tmp_path, "a.csv", texts)
    project = dataweir.open(tmp_path)
    change = commits.Tables.change
    calls: list[str] = []

    def dies(self, name: str, *arguments: object) -> int | None:
        calls.append(name)
        if name == "refined.near_docs" and calls.count(name) == 1:
            raise KeyboardInterrupt
        return change(self, name, *arguments)

    monkeypatch.setattr(commits.Tables, "change", dies)
    with contextlib.suppress(KeyboardInterrupt):
        run(project, Output(json=True))
    run(project, Output(json=True))
    assert Store.open(project.config.catalog_url).pending_intents() == []
    assert project.tables().row_count("refined.near_docs") == 6
    assert project.table("social_posts").num_rows == 3
    assert project.table("duplicates").num_rows == 3
