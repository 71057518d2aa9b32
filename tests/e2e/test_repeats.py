"""Repeated lines through a whole project: counted over runs, cut, explained, and once only when a run is killed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import dataweir
from dataweir.flow.run import run
from dataweir.output import Output

CONFIG = """
project: forum
sources:
  forum:
    type: files
    path: "in/*.ndjson"
    into: social_posts
    columns: {post_id: id, ts: at, text: text}
    constants: {platform: forum, kind: post, author_id: ann}
dedup: {social_posts: {text: text, repeats: {unit: line, least: 3}}}
quality: {social_posts: false}
engine: {workers: 1}
"""
FOOTER = "Sent from the reading room of the library"


def batch(folder: Path, name: str, posts: dict[str, str]) -> None:
    rows = [{"id": key, "at": f"2026-03-01T00:00:0{i}Z", "text": text} for i, (key, text) in enumerate(posts.items())]
    (folder / "in").mkdir(exist_ok=True)
    (folder / "in" / name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_counted_over_runs_cut_and_explained(
    tmp_path: Path, call_weir: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    import dataweir.catalog.commit as commits

    (tmp_path / "weir.yaml").write_text(CONFIG)
    batch(tmp_path, "a.ndjson", {f"a{i}": f"What the {i}th reader says of it\n{FOOTER}" for i in range(2)})
    project = dataweir.open(tmp_path)
    run(project, Output(json=True))
    assert not project.tables().exists("refined.cuts")
    batch(
        tmp_path, "b.ndjson", {"b0": f"Another thing altogether\n{FOOTER}\nand its end", "b1": "no footer, but words"}
    )
    change = commits.Tables.change
    died: list[str] = []

    def dies(self, name: str, *arguments: object) -> int | None:
        if name == "refined.repeats" and not died:
            died.append(name)
            raise KeyboardInterrupt
        return change(self, name, *arguments)

    monkeypatch.setattr(commits.Tables, "change", dies)
    with pytest.raises(KeyboardInterrupt):
        run(project, Output(json=True))
    run(project, Output(json=True))
    texts = dict(zip(*project.table("social_posts", ["post_id", "text"]).to_pydict().values(), strict=True))
    assert texts["a0"].endswith(FOOTER)
    assert texts["a1"].endswith(FOOTER)
    assert texts["b0"] == "Another thing altogether\nand its end"
    (cut,) = project.table("cuts").to_pylist()
    assert (cut["id"], cut["number"], cut["chars"], cut["texts"]) == ("b0", 2, len(FOOTER), 3)
    per_line = project.sql("select count(*) n, count(distinct doc) d from repeats group by key order by n").to_pylist()
    assert per_line[-1] == {"n": 3, "d": 3}
    (shown,) = call_weir("dedup", "explain", "b0", "--json", cwd=tmp_path).json["members"]
    assert shown["whole"] == f"Another thing altogether\n{FOOTER}\nand its end"
    assert [each["number"] for each in shown["cut"]] == [2]
    out = call_weir("dedup", "explain", "b0", cwd=tmp_path).out
    assert "‹Sent from" in out
    assert "line 2" in out


def test_without_a_text_it_is_refused(tmp_path: Path, call_weir: Callable[..., object]) -> None:
    (tmp_path / "weir.yaml").write_text(CONFIG.replace("social_posts: {text: text, repeats", "web_events: {repeats"))
    (tmp_path / "a.log").write_text("")
    config = (tmp_path / "weir.yaml").read_text()
    logs = 'sources:\n  log: {type: weblog, path: "*.log", format: combined}\n'
    (tmp_path / "weir.yaml").write_text(config.replace("sources:\n", logs))
    failed = call_weir("run", cwd=tmp_path)
    assert failed.code == 2
    assert "dedup.web_events.repeats: no column is cut" in failed.err
