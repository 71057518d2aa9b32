"""What acquisition costs is stored a run and a source: completeness, drift, freshness, rejects by reason."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataweir import Project


def test_a_run_stores_what_its_sources_cost(tmp_path: Path, scheduler: str) -> None:
    hour_ago = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=5)).isoformat()
    made = sqlite3.connect(tmp_path / "shop.db")
    made.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, price REAL)")
    made.executemany("INSERT INTO orders VALUES (?, ?)", [(n, n / 2) for n in range(1, 11)])
    made.commit()
    made.close()
    (tmp_path / "a.csv").write_text(f"Id,Created At,n\n1,{hour_ago},5\n2,{hour_ago},x\n3,{hour_ago}\n")
    (tmp_path / "weir.yaml").write_text(
        f"""\
project: p
engine: {{scheduler: '{scheduler}'}}
quality: {{social_posts: false, user_events: false}}
sources:
  orders: {{type: sql, url: "sqlite:///shop.db", table: orders, cursor: id, rows_per_split: 4}}
  tickets: {{type: files, path: "*.csv", into: social_posts, schema: {{n: int}},
            columns: {{post_id: Id, ts: Created At}}}}
  visits: {{type: files, path: "*.parquet"}}
"""
    )
    seen = [dt.datetime.now(dt.UTC) - dt.timedelta(hours=2), dt.datetime(2099, 1, 1, tzinfo=dt.UTC)]
    pq.write_table(pa.table({"Seen on": seen, "born": [dt.datetime(1970, 1, 1)] * 2}), tmp_path / "v.parquet")
    Project.open(tmp_path).run()
    store = Project.open(tmp_path).reading()
    steps = {step.subject: step.facts for step in store.recent_steps(100) if step.name == "pull"}
    assert steps["orders"]["expected_records"] == steps["orders"]["records"] == 10
    assert steps["tickets"]["rejected_pull:type:n"] == 1
    assert steps["tickets"]["rejected_pull:columns"] == 1
    assert steps["tickets"]["lag_hours"] == pytest.approx(5, abs=0.5)
    assert steps["visits"]["lag_hours"] == pytest.approx(2, abs=0.5)  # a day to come is no news
    assert steps["visits"]["expected_records"] == steps["visits"]["received_of_expected"] == 2
    run = store.runs()[0].id
    values = {(m.scope, m.name): m.value for m in store.metrics(run)}
    assert values["source:orders", "missing_share"] == 0
    assert values["source:tickets", "malformed_share"] == pytest.approx(2 / 3)
    assert values["source:tickets", "freshness_lag"] == pytest.approx(5, abs=0.5)

    (tmp_path / "b.csv").write_text(f"Id,Created At,extra\n4,{hour_ago},y\n")
    Project.open(tmp_path).run()
    store = Project.open(tmp_path).reading()
    newest = max(store.runs(), key=lambda r: r.id).id
    values = {(m.scope, m.name): m.value for m in store.metrics(newest)}
    assert values["source:tickets", "schema_drift_share"] == 2 / 4  # one is new, one is gone
