"""Drift and suggestion: what moved is found, what did not is left alone, and a proposal holds of its own data."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from dataweir.quality.drift import anomaly, distances
from dataweir.quality.drift.compare import drift
from dataweir.quality.execution.ranks import sketch
from dataweir.quality.profile import profile, profile_table

START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
BUSY = np.array([200 if 8 <= h % 24 < 18 and h // 24 % 7 < 5 else 20 for h in range(168)])
"""Rows by hour of week: working hours are busy, nights and weekends are not."""


def events(first: int, hours: int, seed: int = 1, **other: Any) -> pa.Table:
    rng = np.random.default_rng(seed)
    counts = [int(rng.poisson(BUSY[hour % 168])) for hour in range(first, first + hours)]
    begins = np.repeat(np.arange(first, first + hours), counts)
    rows = len(begins)
    seconds = begins * 3600 + rng.integers(0, 3600, rows)
    columns = {
        "ts": pa.array(int(START.timestamp() * 10**6) + seconds * 10**6).cast(pa.timestamp("us", tz="UTC")),
        "method": rng.choice(["GET", "POST", "HEAD"], rows, p=[0.8, 0.15, 0.05]),
        "bytes": rng.lognormal(8, 1, rows),
        "agent": pa.array([f"agent {i}" for i in rng.integers(0, 5000, rows)], mask=rng.random(rows) < 0.02),
    }
    return pa.table({**columns, **{name: make(rng, rows) for name, make in other.items()}})


def compared(now: pa.Table, hours_late: int = 0) -> set[tuple[str, str | None]]:
    baseline = profile_table(events(0, 28 * 24), "ts")
    ends = START + dt.timedelta(hours=29 * 24 + hours_late)
    found = drift("web", profile_table(now, "ts"), baseline, ends)
    return {(f.kind, f.column) for f in found.findings if f.drifted}


def test_the_same_again_is_no_drift() -> None:
    assert compared(events(28 * 24, 24, seed=2)) == set()


def test_what_moved_is_found() -> None:
    day = 28 * 24
    assert compared(events(day, 24, method=lambda rng, n: rng.choice(["GET", "POST"], n))) == {("shares", "method")}
    assert ("distribution", "bytes") in compared(events(day, 24, bytes=lambda rng, n: rng.lognormal(9, 1, n)))
    gone = events(day, 24, agent=lambda rng, n: pa.array(["a"] * n, mask=rng.random(n) < 0.5))
    assert ("null rate", "agent") in compared(gone)
    assert compared(events(day, 24).drop_columns("agent")) == {("schema", "agent")}
    assert ("schema", "bytes") in compared(events(day, 24, bytes=lambda rng, n: rng.integers(0, 9, n).astype(str)))
    assert ("freshness", None) in compared(events(day, 24), hours_late=72)
    assert ("volume", None) in compared(pa.concat_tables([events(day, 24, seed=s) for s in range(5)]))


def test_a_busy_sunday_is_drift_and_a_busy_monday_is_not() -> None:
    monday, sunday = events(28 * 24, 24), events(27 * 24, 24)
    assert ("volume", None) not in compared(monday)
    shifted = sunday.set_column(0, "ts", pa.array(monday["ts"].to_numpy()[: len(sunday)]).cast(sunday["ts"].type))
    assert len(shifted) < len(monday)
    assert anomaly.judge([*range(0, 168 * 9, 168), 168 * 9], [10.0] * 9 + [60.0]).score > 100  # type: ignore[union-attr]


def test_distances_agree_with_scipy() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(0, 1, 3000), rng.normal(0.3, 1.2, 2000)
    import pandas as pd

    ours = distances.kolmogorov_smirnov(
        [sketch(pd.Series(a[:1000])), sketch(pd.Series(a[1000:]))], [sketch(pd.Series(b))]
    )
    assert ours == pytest.approx(stats.ks_2samp(a, b).statistic, abs=1e-9)
    p, q = np.array([5.0, 3, 2, 0]), np.array([1.0, 1, 1, 7])
    assert distances.jensen_shannon(p, q) == pytest.approx(jensenshannon(p, q, base=2))
    assert distances.stability_index(p, p) == pytest.approx(0)
    assert distances.stability_index(p, q) > 0.25


def test_profiles_merge_to_the_profile_of_the_whole(tmp_path: Path) -> None:
    whole = events(0, 48)
    files = []
    for number in range(3):
        part = whole.slice(number * 1000, 1000 if number < 2 else None)
        files.append(str(tmp_path / f"{number}.parquet"))
        pq.write_table(part, files[-1], row_group_size=400)
    merged, at_once = profile(files, "ts"), profile_table(whole, "ts")
    assert merged.rows == at_once.rows
    assert merged.hours == at_once.hours
    for name, column in at_once.columns.items():
        other = merged.columns[name]
        assert (other.nulls, other.values, other.lowest, other.highest, other.forms, other.longest) == (
            column.nulls,
            column.values,
            column.lowest,
            column.highest,
            column.forms,
            column.longest,
        )


def test_a_proposed_suite_holds_of_its_data_gives_reasons_and_names_no_rare_value(tmp_path: Path) -> None:
    from dataweir.quality.suggestion import changes, suggest
    from dataweir.quality.validation import validate

    table = events(0, 168, key=lambda rng, n: [f"{i:032x}" for i in range(n)])
    rare = pa.array(["canary-1", *table["method"].to_pylist()[1:]])
    file = str(tmp_path / "web.parquet")
    pq.write_table(table.set_column(1, "method", rare), file)
    suite = suggest([file], "web").suite
    assert validate(file, suite).success
    assert all(e["meta"]["why"] for e in suite["expectations"])
    assert "canary" not in str(suite)
    found = {(e["type"], e["kwargs"].get("column")) for e in suite["expectations"]}
    assert ("expect_column_values_to_be_unique", "key") in found
    assert ("expect_column_values_to_be_in_set", "method") in found
    assert ("expect_column_values_to_be_unique", "agent") not in found
    fewer = {**suite, "expectations": suite["expectations"][1:]}
    assert [c["change"] for c in changes(fewer, suite)] == ["added"]
    assert changes(suite, suite) == []


def test_a_proposal_leaves_what_is_in_force_and_says_what_of_it_fails(tmp_path: Path) -> None:
    from dataweir.quality.suggestion import suggest

    table = events(0, 168, key=lambda rng, n: [f"{i:032x}" for i in range(n)])
    table = table.append_column("retries", pa.array([i % 4 for i in range(len(table))]))
    table = table.append_column("file", pa.array([f"part-{i % 3}" for i in range(len(table))]))
    file = str(tmp_path / "web.parquet")
    pq.write_table(table, file)
    reviewed = [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "method", "mostly": 0.5}, "meta": {}},
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "method", "value_set": ["NONE"]}},
        {"type": "expect_table_columns_to_match_ordered_list", "kwargs": {"column_list": table.column_names}},
    ]
    found = suggest([file], "web", reviewed)
    assert found.suite["expectations"][:3] == reviewed
    assert found.broken == (reviewed[1],)
    added = {(e["type"].removeprefix("expect_"), e["kwargs"].get("column")): e for e in found.added}
    assert not {key for key in added if key[1] == "method" and key[0].endswith(("not_be_null", "in_set"))}
    assert ("table_columns_to_match_set", None) not in added
    assert ("column_values_to_be_in_set", "retries") not in added
    assert ("column_values_to_be_in_set", "file") not in added
    critical = {key for key, e in added.items() if e["severity"] == "critical"}
    assert critical == {
        ("table_row_count_to_be_between", None),
        ("column_values_to_not_be_null", "key"),
        ("column_values_to_be_unique", "key"),
    }
