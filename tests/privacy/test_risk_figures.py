"""k, l, t and the rest against pycanon, an independent reckoning of the same figures, and against the definitions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataweir.privacy.risk.figures import Risk, combine, judge, measure
from dataweir.privacy.risk.groups import ROWS, bucket_of, group_sizes, merge

pycanon = pytest.importorskip("pycanon.anonymity", reason="pycanon is not installed: pip install 'dataweir[dev]'")

SORT = np.sort
QUASI, SENSITIVE = ["place", "age"], ["ill", "income"]


def spread_of(table: pa.Table, columns: list[str]) -> dict[str, pa.Table]:
    return {c: group_sizes(table, [c]).rename_columns(["value", ROWS]) for c in columns}


def assessed(
    table: pa.Table, parts: int = 3, buckets: int = 4, population: pa.Table | None = None, **names: Any
) -> Risk:
    """Assess as the flow does: counted on parts, shuffled into buckets, each measured alone, merged."""
    quasi, sensitive = names.get("quasi", QUASI), names.get("sensitive", SENSITIVE)
    step = -(-table.num_rows // parts) or 1
    counts = merge(group_sizes(table.slice(i * step, step), [*quasi, *sensitive]) for i in range(parts))
    at = bucket_of(counts, quasi, buckets)
    people = None if population is None else group_sizes(population, quasi)
    found = []
    for bucket in range(buckets):
        inside = None
        if people is not None:
            inside = people.filter(pa.array(bucket_of(people, quasi, buckets) == bucket))
        found.append(measure(counts.filter(pa.array(at == bucket)), quasi, spread_of(table, sensitive), inside))
    return judge(combine(found), quasi, 3, population is not None)


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(st.integers(1, 60))
    dice = np.random.default_rng(draw(st.integers(0, 2**32)))
    return pd.DataFrame(
        {
            "place": dice.choice(["north", "south", "east"], rows),
            "age": dice.integers(20, 23, rows),
            "ill": dice.choice(["a", "b", "c", "d"], rows, p=[0.6, 0.2, 0.1, 0.1]),
            "income": dice.integers(0, 5, rows) * 10,
        }
    )


def compared(frame: pd.DataFrame, table: pa.Table, monkeypatch: pytest.MonkeyPatch, **names: Any) -> Risk:
    quasi, sensitive = names.get("quasi", QUASI), names.get("sensitive", SENSITIVE)
    found = assessed(table, **names)
    assert found.k_found == pycanon.k_anonymity(frame, quasi)
    for column in sensitive:
        got = found.sensitive[column]
        assert got.l == pycanon.l_diversity(frame, quasi, [column])
        assert math.floor(got.entropy_l + 1e-9) in (n := pycanon.entropy_l_diversity(frame, quasi, [column]), n + 1)
        if frame[column].nunique() > 1:
            assert got.t == pytest.approx(pycanon.t_closeness(frame, quasi, [column]))
        # pycanon sorts the counts of a group upwards, where the paper has the most frequent value first.
        with monkeypatch.context() as patched:
            patched.setattr("pycanon.anonymity._l_diversity.np.sort", lambda a: SORT(a)[::-1])
            c, _ = pycanon.recursive_c_l_diversity(frame, quasi, [column])
        assert got.recursive_c == (None if np.isnan(c) else c)
    return found


@given(tables())
@settings(max_examples=12, deadline=None)
def test_figures_are_those_of_pycanon_on_random_tables(frame: pd.DataFrame) -> None:
    with pytest.MonkeyPatch.context() as patched:
        compared(frame, pa.Table.from_pandas(frame, preserve_index=False), patched)


@pytest.mark.real_data
def test_figures_are_those_of_pycanon_on_real_requests(shared_data: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import dataweir

    file = next((shared_data / "weblogs" / "apache_combined").iterdir())
    rows = dataweir.read_weblog(file).rows.slice(0, 600)
    frame = pd.DataFrame(
        {
            "method": rows["method"].to_pylist(),
            "status": rows["status"].to_pylist(),
            "protocol": rows["protocol"].to_pylist(),
            "bytes": [(b or 0) // 1000 for b in rows["bytes"].to_pylist()],
            "host": [(ip or "").rpartition(".")[0] for ip in rows["remote_host"].to_pylist()],
        }
    ).fillna("-")
    table = pa.Table.from_pandas(frame, preserve_index=False)
    found = compared(frame, table, monkeypatch, quasi=["method", "status"], sensitive=["host", "bytes", "protocol"])
    assert found.rows == len(frame) > 500


@given(tables(), st.integers(1, 5), st.integers(1, 7))
@settings(max_examples=25, deadline=None)
def test_any_partitions_and_buckets_give_the_same(frame: pd.DataFrame, parts: int, buckets: int) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    one, other = assessed(table, 1, 1), assessed(table, parts, buckets)
    assert one.sizes == other.sizes
    assert [(d.l, d.recursive_c) for d in one.sensitive.values()] == [
        (d.l, d.recursive_c) for d in other.sensitive.values()
    ]
    for column in SENSITIVE:
        assert one.sensitive[column].t == pytest.approx(other.sensitive[column].t)


def test_the_three_attackers_and_presence_by_hand() -> None:
    population = pa.table({"place": ["n"] * 10 + ["s"] * 4 + ["e"] * 5, "age": [1] * 19})
    sample = pa.table({"place": ["n"] * 2 + ["s"] * 4, "age": [1] * 6, "ill": ["a"] * 6, "income": [1] * 6})
    found = assessed(sample, population=population)
    assert found.prosecutor_max == 1 / 2
    assert found.prosecutor_mean == 2 / 6
    assert found.expected == 2, "who guesses in every group is right once a group"
    assert found.journalist_max == 1 / 4
    assert found.journalist_mean == pytest.approx(max(2 / 14, (2 / 10 + 4 / 4) / 6))
    assert found.marketer == pytest.approx((2 / 10 + 4 / 4) / 6)
    assert found.presence == (0.0, 1.0)
    assert found.population == 19
    assert found.as_dict()["rows_by_group_size"] == {
        "1": 0, "2-4": 6, "5-9": 0, "10-19": 0, "20-49": 0, "50-99": 0, "100 or more": 0,
    }  # fmt: skip


def test_null_is_a_value_of_its_own_in_groups_and_in_sensitive_columns() -> None:
    table = pa.table(
        {
            "place": ["n", "n", None, None],
            "age": [1, 1, 1, 1],
            "ill": ["a", None, "a", "b"],
            "income": [1.5, 1.5, None, 2],
        }
    )
    found = assessed(table)
    assert (found.k_found, found.groups) == (2, 2)
    assert found.sensitive["ill"].l == 2
    assert found.sensitive["income"].l == 1


def test_no_rows_have_no_risk() -> None:
    empty = pa.table({"place": ["n"], "age": [1], "ill": ["a"], "income": [1]}).slice(0, 0)
    found = assessed(empty)
    assert (found.k_found, found.rows, found.prosecutor_mean) == (None, 0, None)
