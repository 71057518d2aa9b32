from __future__ import annotations

import itertools
import math
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataweir.errors import ConfigError
from dataweir.privacy.risk.figures import assess
from dataweir.privacy.risk.groups import ROWS, at_least, group_sizes, merge, release

SCHEMA = pa.schema([("age", pa.int64()), ("place", pa.string()), ("x", pa.float64()), ("row", pa.int64())])
QUASI = ["age", "place", "x"]

people = st.lists(
    st.tuples(
        st.sampled_from([None, 1, 2]),
        st.sampled_from([None, "", "a", "b"]),
        st.sampled_from([None, 0.0, -0.0, 1.5, math.nan]),
    ),
    max_size=40,
)


def make(rows: list[tuple[object, ...]]) -> pa.Table:
    columns = zip(*[(*row, i) for i, row in enumerate(rows)], strict=True)
    return pa.table([[*c] for c in columns], schema=SCHEMA) if rows else SCHEMA.empty_table()


def key(row: tuple[object, ...]) -> tuple[object, ...]:
    return tuple("nan" if isinstance(v, float) and math.isnan(v) else v for v in row)


def as_counter(groups: pa.Table) -> Counter[tuple[object, ...]]:
    return Counter({key(tuple(r[q] for q in QUASI)): r[ROWS] for r in groups.to_pylist()})


@given(people, st.integers(1, 6))
@settings(max_examples=150, deadline=None)
def test_risk_equals_brute_force(rows: list[tuple[object, ...]], k: int) -> None:
    table = make(rows)
    truth = Counter(key(r) for r in rows)
    groups = group_sizes(table, QUASI)
    assert as_counter(groups) == truth
    risk = assess(groups, k)
    assert risk.applicable
    assert risk.rows == len(rows)
    assert risk.groups == len(truth)
    assert risk.k_found == (min(truth.values()) if truth else None)
    assert risk.uniques == sum(n == 1 for n in truth.values())
    assert risk.rows_below == sum(n for n in truth.values() if n < k)
    if rows:
        each = [1 / truth[key(r)] for r in rows]
        assert risk.prosecutor_max == pytest.approx(max(each))
        assert risk.prosecutor_mean == pytest.approx(sum(each) / len(each))
        assert risk.share_below == pytest.approx(risk.rows_below / len(rows))


@given(people, st.integers(1, 6), st.booleans())
@settings(max_examples=150, deadline=None)
def test_suppression_equals_brute_force_and_loses_nothing(
    rows: list[tuple[object, ...]], k: int, only_large: bool
) -> None:
    table = make(rows)
    truth = Counter(key(r) for r in rows)
    groups = group_sizes(table, QUASI)
    kept, suppressed = release(table, at_least(groups, k), QUASI)
    assert kept["row"].to_pylist() == [i for i, r in enumerate(rows) if truth[key(r)] >= k]
    assert kept.num_rows + suppressed == len(rows)
    after = assess(group_sizes(kept, QUASI), k)
    assert after.rows_below == 0
    assert after.k_found is None or after.k_found >= k


@given(people, st.lists(st.integers(0, 40), max_size=5))
@settings(max_examples=150, deadline=None)
def test_any_partitioning_merges_to_the_same(rows: list[tuple[object, ...]], cuts: list[int]) -> None:
    table = make(rows)
    edges = [0, *sorted(min(c, len(rows)) for c in cuts), len(rows)]
    partials = [group_sizes(table.slice(a, b - a), QUASI) for a, b in itertools.pairwise(edges)]
    whole = merge([group_sizes(table, QUASI)])
    assert as_counter(merge(partials)) == as_counter(whole)
    assert as_counter(merge([merge(partials[:2]), *partials[2:]])) == as_counter(whole)
    assert str(merge(partials).to_pydict()) == str(whole.to_pydict()), "the order of groups depends on the cuts"


def test_groups_are_counted_across_partitions_before_anything_is_suppressed() -> None:
    one, two = (pa.table({"place": ["a", "b"]}), pa.table({"place": ["a", "c"]}))
    groups = merge([group_sizes(one, ["place"]), group_sizes(two, ["place"])])
    assert release(one, at_least(groups, 2), ["place"]).kept.to_pydict() == {"place": ["a"]}
    assert release(two, at_least(groups, 2), ["place"]).kept.to_pydict() == {"place": ["a"]}


def test_a_partition_without_a_known_value_keeps_its_type_on_merging() -> None:
    one = group_sizes(pa.table({"place": pa.array([None], pa.string())}), ["place"])
    two = group_sizes(pa.table({"place": ["a"]}), ["place"])
    assert merge([one, two]).schema.field("place").type == pa.string()


def test_without_quasi_identifiers_k_does_not_apply_and_says_so() -> None:
    table = pa.table({"place": ["a", "b"]})
    groups = merge([group_sizes(table, []), group_sizes(table, [])])
    risk = assess(groups, 5)
    assert (risk.applicable, risk.rows, risk.k_found, risk.groups) == (False, 4, None, None)
    assert release(table, at_least(groups, 5), []) == (table, 0)


def test_a_combination_that_was_never_counted_is_held_back() -> None:
    groups = group_sizes(pa.table({"place": ["a", "a"]}), ["place"])
    assert release(pa.table({"place": ["a", "zz", None]}), at_least(groups, 1), ["place"]).kept.num_rows == 1


def test_a_quasi_identifier_that_is_dropped_or_nested_is_refused() -> None:
    with pytest.raises(ConfigError, match="'place' is not in the masked table"):
        group_sizes(pa.table({"age": [1]}), ["place"])
    with pytest.raises(ConfigError, match="'tags' is nested"):
        group_sizes(pa.table({"tags": [["a"]]}), ["tags"])
