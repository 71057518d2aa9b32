"""What acquisition costs is stored a run and a source: completeness, drift, freshness, rejects by reason."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dataweir.flow.project import Project

Weir = Callable[..., Any]


def test_a_run_stores_what_its_sources_cost(tmp_path: Path, run_weir: Weir) -> None:
    hour_ago = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=5)).isoformat()
    made = sqlite3.connect(tmp_path / "shop.db")
    made.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, price REAL)")
    made.executemany("INSERT INTO orders VALUES (?, ?)", [(n, n / 2) for n in range(1, 11)])
    made.commit()
    made.close()
    (tmp_path / "a.csv").write_text(f"id,at,n\n1,{hour_ago},5\n2,{hour_ago},x\n3,{hour_ago}\n")
    (tmp_path / "weir.yaml").write_text(
        """\
project: p
sources:
  orders: {type: sql, url: "sqlite:///shop.db", table: orders, cursor: id}
  tickets: {type: files, path: "*.csv", into: social_posts, columns: {post_id: id, ts: at}, schema: {n: int}}
"""
    )
    assert run_weir("run", cwd=tmp_path).code == 0
    store = Project.open(tmp_path).reading()
    steps = {step.subject: step.facts for step in store.recent_steps(100) if step.name == "pull"}
    assert steps["orders"]["expected_records"] == steps["orders"]["records"] == 10
    assert steps["tickets"]["rejected_pull:type:n"] == 1
    assert steps["tickets"]["rejected_pull:columns"] == 1
    assert steps["tickets"]["lag_hours"] == pytest.approx(5, abs=0.5)
    run = store.runs()[0].id
    values = {(m.scope, m.name): m.value for m in store.metrics(run)}
    assert values["source:orders", "missing_share"] == 0
    assert values["source:tickets", "malformed_share"] == pytest.approx(2 / 3)
    assert values["source:tickets", "freshness_lag"] == pytest.approx(5, abs=0.5)

    (tmp_path / "b.csv").write_text(f"id,at,n,extra\n4,{hour_ago},5,y\n")
    assert run_weir("run", cwd=tmp_path).code == 0
    store = Project.open(tmp_path).reading()
    newest = max(store.runs(), key=lambda r: r.id).id
    values = {(m.scope, m.name): m.value for m in store.metrics(newest)}
    assert values["source:tickets", "schema_drift_share"] == 1 / 4
