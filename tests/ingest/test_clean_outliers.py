"""Outliers: marked by what the whole batch is like, whatever its parts; never dropped."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refine_driver import Slab, refine, rows_of

from dataweir.ingest.outliers import limits, merged, outside, sketch

NUMBERS = st.lists(st.integers(-(10**6), 10**6) | st.none(), min_size=1, max_size=60)


@settings(max_examples=80, deadline=None)
@given(NUMBERS, st.integers(1, 7))
def test_a_sketch_is_the_sum_of_its_parts(numbers: list[int | None], cut: int) -> None:
    whole = sketch(pa.chunked_array([pa.array(numbers, pa.int64())]))
    parts = [
        sketch(pa.chunked_array([pa.array(numbers[i : i + cut], pa.int64())])) for i in range(0, len(numbers), cut)
    ]
    assert merged(parts[::-1]) == whole


def test_limits_are_those_of_the_whole_sample() -> None:
    values = np.random.default_rng(1).lognormal(8, 1.0, 50_000)
    found = limits(sketch(pa.chunked_array([values])), "robust_z", 4.0, 200)
    assert found is not None
    assert np.log(found.low) == pytest.approx(8 - 4, abs=0.1)
    assert np.log(found.high) == pytest.approx(8 + 4, abs=0.1)
    fences = limits(sketch(pa.chunked_array([values])), "iqr", 1.5, 200)
    low, high = np.quantile(np.log(values), [0.25, 0.75])
    assert fences is not None
    assert np.log(fences.high) == pytest.approx(high + 1.5 * (high - low), abs=0.1)


@pytest.mark.parametrize("method", ["robust_z", "iqr"])
def test_the_largest_kind_of_rows_makes_no_outliers_of_the_others(method: str) -> None:
    rng = np.random.default_rng(4)
    values = np.concatenate([rng.lognormal(3.4, 0.02, 80_000), rng.lognormal(9, 1.5, 20_000)])  # an API, and pages
    found = limits(sketch(pa.chunked_array([values])), method, 5, 200, most=0.01)
    assert found is not None
    marked = pc.sum(outside(pa.chunked_array([values]), found)).as_py()
    assert 0 < marked <= 2000
    assert 0 < (values > found.high).sum() <= 1000


def test_few_or_equal_values_are_not_judged() -> None:
    assert limits({5: 100}, "robust_z", 5, 200) is None
    assert limits({5: 1000, 90: 3}, "robust_z", 5, 200) is None
    assert limits({}, "iqr", 5, 1) is None


def test_nothing_stands_outside_without_a_number() -> None:
    found = limits(sketch(pa.chunked_array([np.random.default_rng(2).normal(100, 5, 1000)])), "robust_z", 5, 200)
    assert found is not None
    values = pa.chunked_array([pa.array([None, float("nan"), 100.0, 1e9, -5.0])])
    assert outside(values, found).to_pylist() == [False, False, False, True, True]


@pytest.mark.parametrize("parts", [1, 4])
def test_far_numbers_are_marked_and_stay(tmp_path: Path, parts: int) -> None:
    sizes = np.random.default_rng(3).lognormal(8, 0.5, 400).astype(int).tolist()
    sizes[7] = 10**12
    start = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    rows = [
        {
            "ts": start + dt.timedelta(seconds=i),
            "method": "GET",
            "path": f"/{i}",
            "bytes": size,
            "file": "a",
            "line": i + 1,
        }
        for i, size in enumerate(sizes)
    ]
    cut = -(-len(rows) // parts)
    slabs = [Slab("s", "a", at + 1, rows[at : at + cut]) for at in range(0, len(rows), cut)]
    done = refine(tmp_path, "web_events", slabs)
    flags = {row["line"]: row["flags"] for row in done.tables["refined.web_events"].to_pylist()}
    assert len(flags) == 400
    assert {line for line, flag in flags.items() if flag} == {8}
    assert flags[8] == "outlier:bytes"
    assert sum(part.outliers for part in done.finished) == 1
    (tmp_path / "off").mkdir()
    off = refine(tmp_path / "off", "web_events", slabs, clean={"outliers": False})
    assert off.tables["refined.web_events"]["flags"].null_count == 400
    assert rows_of(off, "refined.duplicates") == []
