"""A source whose columns change: new ones join the table, a changed type is refused before anything is committed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import dataweir
from dataweir.errors import ConfigError


def configure(folder: Path, **source: Any) -> Any:
    tickets = {"type": "files", "path": "*.csv", **source}
    config = {"project": "drift", "engine": {"workers": 1}, "sources": {"tickets": tickets}}
    (folder / "weir.yaml").write_text(json.dumps(config))
    return dataweir.open(folder)


def test_columns_that_come_later(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,amount\n1,10\n2,20\n")
    configure(tmp_path).run()
    (tmp_path / "b.csv").write_text("id,amount,note\n3,30,late\n4,much,later\n")
    project = configure(tmp_path)
    project.run()
    rows = project.sql("select id, amount, note from tickets order by id").to_pylist()
    assert rows == [
        {"id": 1, "amount": 10, "note": None},
        {"id": 2, "amount": 20, "note": None},
        {"id": 3, "amount": 30, "note": "late"},
    ]
    reasons = project.table("raw.rejects")["reason"].to_pylist()
    assert reasons == ["type:amount"]

    files = project.tables().files("raw.tickets")
    (tmp_path / "c.csv").write_text("id,amount,note\n5,50,x\n")
    with pytest.raises(ConfigError, match="'amount' is string now and was int") as refused:
        configure(tmp_path, schema={"amount": "string"}).run()
    assert "new name" in refused.value.cure
    assert project.tables().files("raw.tickets") == files
    assert project.table("tickets").num_rows == 3


def test_a_column_that_is_gone_is_told_of(tmp_path: Path) -> None:
    mapped = {"into": "social_posts", "columns": {"post_id": "id", "text": "body"}, "constants": {"platform": "x"}}
    (tmp_path / "a.csv").write_text("id,body\n1,how do you do\n")
    first = configure(tmp_path, **mapped).run()
    assert first.drifted == []
    (tmp_path / "b.csv").write_text("id,content\n2,never heard of it\n")
    project = configure(tmp_path, **mapped)
    (warning,) = project.plan().warnings
    assert "source 'tickets' lack 'body' (mapped to text), and 'content' came" in warning
    assert project.run().drifted == [warning]
    steps = project.store().steps(project.store().runs(1)[0].id)
    facts = next(step.facts for step in steps if step.name == "pull")
    assert (facts["columns_changed"], facts["columns_vanished"]) == (2, 1)
