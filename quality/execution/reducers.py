"""How the partial results of the partitions become one metric: one reducer a metric, one pass for all.

Row-wise metrics run Great Expectations' own pandas code on each partition (partition.py); only what is here is
ours. A reducer has a partial (on a worker), a merge (in the driver), and may ask for a second look at the data.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from great_expectations.constants import MAX_DISTINCT_VALUES, MAX_RESULT_RECORDS
from great_expectations.expectations.metrics.column_aggregate_metrics.column_distinct_values import (
    _coerce_value_set_to_column_type,
)

from . import ranks
from .hashing import Uniqueness, count_bucket, hash_columns, merge_buckets, split
from .partition import Condition, Failed, Partition, attempt, domain_columns, shows_other_columns


@dataclass(frozen=True)
class Work:
    """One metric to compute over all partitions."""

    metric: str
    domain: Mapping[str, Any]
    values: Mapping[str, Any]
    inputs: Mapping[str, Any] = field(default_factory=dict)
    again: Any = None
    """What a first pass found, where this is the second."""

    @property
    def columns(self) -> list[str] | None:
        """The columns it reads, or None for any."""
        if self.domain.get("row_condition") or shows_other_columns(self.metric, self.values):
            return None
        return domain_columns(self.domain)


@dataclass(frozen=True)
class Again:
    """A merge that needs a second pass: the same work, told what the first one found."""

    found: Any


@dataclass(frozen=True)
class Reducer:
    """Partial on a partition, merge in the driver; `shuffled` ones merge hash buckets on the workers before."""

    partial: Callable[[Partition, Work], Any]
    merge: Callable[[list[Any], Work], Any]
    shuffled: bool = False


def reducer_of(metric: str) -> Reducer | None:
    """Return the reducer of a metric, or None where there is none."""
    if metric in REDUCERS:
        return REDUCERS[metric]
    suffix = metric.rpartition(".")[2]
    return SUFFIXES.get(suffix) if not metric.startswith("column.") else None


def run_partition(frame: pd.DataFrame, works: Sequence[Work], buckets: int) -> list[dict[int, Any]]:
    """Compute every work's partial on one partition: first the small states, then one mapping a hash bucket."""
    partition = Partition(frame)
    out: list[dict[int, Any]] = [{} for _ in range(buckets + 1)]
    for position, work in enumerate(works):
        reducer = reducer_of(work.metric)
        assert reducer is not None
        state = attempt(reducer.partial, partition, work)
        if reducer.shuffled and not isinstance(state, Failed):
            state, hashes = state
            for bucket, table in enumerate(split(hashes, buckets)):
                out[bucket + 1][position] = table
        out[0][position] = state
    return out


def run_bucket(parts: Sequence[dict[int, Any]]) -> dict[int, Uniqueness]:
    """Count one hash bucket of every shuffled work over all partitions."""
    positions = {position for part in parts for position in part}
    return {p: count_bucket([part[p] for part in parts if p in part]) for p in sorted(positions)}


def finish(work: Work, states: list[Any], buckets: list[Uniqueness]) -> Any:
    """Merge a work's states in the driver: a value, Again or Failed."""
    reducer = reducer_of(work.metric)
    assert reducer is not None
    failed = [s for s in states if isinstance(s, Failed)]
    if failed:
        return failed[0]
    return attempt(reducer.merge, [*states, merge_buckets(buckets)] if reducer.shuffled else states, work)


def _provide(partition: Partition, work: Work) -> Any:
    return partition.provide(work.metric, work.domain, work.values, work.inputs)


def _total(states: list[Any], _: Work) -> Any:
    return int(sum(states))


def _sum(states: list[Any], _: Work) -> Any:
    present = [s for s in states if not pd.isna(s)]
    if any(isinstance(s, (float, np.floating)) for s in present):
        return math.fsum(float(s) for s in present)
    return sum(present) if present else states[0]


def _extreme(pick: Callable[[Any], Any]) -> Callable[[list[Any], Work], Any]:
    def merge(states: list[Any], _: Work) -> Any:
        present = [s for s in states if not pd.isna(s)]
        return pick(present) if present else states[0]

    return merge


def _concat(cap: int) -> Callable[[list[Any], Work], Any]:
    def merge(states: list[Any], work: Work) -> Any:
        shape = work.values["result_format"]
        limit = cap if shape["result_format"] == "COMPLETE" else min(cap, shape["partial_unexpected_count"])
        return [value for state in states for value in state][:limit]

    return merge


def _concat_rows(states: list[Any], _: Work) -> Any:
    return pd.concat(states)


def _moments(partition: Partition, work: Work) -> tuple[int, Any, float]:
    """Return count, sum and the sum of squared deviations from the mean."""
    column = partition.column(work.domain)
    if not len(column):
        return 0, 0.0, 0.0
    values = _numbers(column).to_numpy(dtype=np.float64)
    mean = float(values.mean())
    return len(values), float(math.fsum(values)), float(((values - mean) ** 2).sum())


def _partial_sum(partition: Partition, work: Work) -> Any:
    return _numbers(partition.column(work.domain)).sum()


def _numbers(column: pd.Series) -> pd.Series:
    """Return the column as numbers; decimals become floats, as Great Expectations does it."""
    if column.dtype == object or isinstance(column.dtype, pd.ArrowDtype):
        if len(column) and isinstance(column.iloc[0], str):
            raise TypeError("texts are no numbers")
        return column.astype(float)
    if not pd.api.types.is_numeric_dtype(column.dtype):
        raise TypeError("sums, means and deviations need numbers")
    return column


def _mean(states: list[tuple[int, float, float]], _: Work) -> float:
    n = sum(s[0] for s in states)
    return math.fsum(s[1] for s in states) / n if n else math.nan


def _deviation(states: list[tuple[int, float, float]], _: Work) -> float:
    """Merge by Chan, Golub and LeVeque's rule; sample deviation (n - 1), as pandas."""
    n, mean, squares = 0, 0.0, 0.0
    for count, total, part in states:
        if count:
            delta = total / count - mean
            squares += part + delta * delta * n * count / (n + count)
            mean += delta * count / (n + count)
            n += count
    return math.sqrt(squares / (n - 1)) if n > 1 else math.nan


def _hash_rows(partition: Partition, work: Work) -> Any:
    return None, partition.hashes(work.domain)[1]


def _distinct(states: list[Any], _: Work) -> int:
    return int(states[-1].distinct)


def _unique(states: list[Any], work: Work) -> Condition:
    return Condition(work.metric, work.domain, work.values, {}, states[-1])


def _foreign(partition: Partition, work: Work) -> pd.Series:
    """Return the distinct values that are not in the value set."""
    values = partition.column(work.domain).drop_duplicates()
    present = set(values.unique())
    expected = _coerce_value_set_to_column_type(present, list(work.values["value_set"]))
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return values[[v not in expected for v in values.unique()]]
    return values[~values.isin(list(expected))]


def _foreign_hashes(partition: Partition, work: Work) -> Any:
    return None, hash_columns(_foreign(partition, work).to_frame())


def _foreign_first(partition: Partition, work: Work) -> list[Any]:
    return _in_order(set(_foreign(partition, work).unique()))[:MAX_DISTINCT_VALUES]


def _foreign_merged(states: list[Any], work: Work) -> list[Any]:
    return _in_order({value for state in states for value in state})[: _shown(work)]


def _in_order(values: set[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        return list(values)


def _present(partition: Partition, work: Work) -> tuple[set[Any], set[Any]]:
    """Return the value set in the column's terms, and which of it the partition holds."""
    column = set(partition.column(work.domain).unique())
    expected = _coerce_value_set_to_column_type(column, list(work.values["value_set"]))
    return (expected if column else set()), expected & column


def _missing(states: list[Any], work: Work) -> list[Any]:
    expected = set().union(*(s[0] for s in states)) or set(work.values["value_set"])
    return list(expected - set().union(*(s[1] for s in states)))


def _missing_first(states: list[Any], work: Work) -> list[Any]:
    return _missing(states, work)[: _shown(work)]


def _missing_count(states: list[Any], work: Work) -> int:
    return len(_missing(states, work))


def _shown(work: Work) -> int:
    limit = work.values.get("limit")
    return MAX_DISTINCT_VALUES if limit is None else int(limit)


def _ranks(partition: Partition, work: Work) -> Any:
    column = partition.column(work.domain)
    return ranks.cut(column, work.again[1]) if work.again else ranks.sketch(column)


def _order(states: list[Any], work: Work, wanted: Callable[[int], list[int]]) -> Any:
    """Return (n, values by rank, empty series), Again for a second pass, or None where there is no value."""
    if work.again:
        head, open_brackets, known = work.again
        return head[0], {**known, **ranks.resolve(open_brackets, states)}, head[1]
    n = sum(s.n for s in states)
    if not n:
        return None
    like = next(s.like for s in states if s.n)
    found = ranks.brackets(states, sorted(set(wanted(n))))
    known = {b.rank: b.low for b in found if b.low == b.high}
    still_open = [b for b in found if b.low != b.high]
    return Again(((n, like), still_open, known)) if still_open else (n, known, like)


def _median(states: list[Any], work: Work) -> Any:
    found = _order(states, work, lambda n: ranks.wanted_ranks(n, 0.5, nearest=False))
    if found is None:
        return math.nan
    return found if isinstance(found, Again) else ranks.median_of(*found)


def _quantiles(states: list[Any], work: Work) -> Any:
    method = work.values.get("allow_relative_error") or "nearest"
    wanted = list(work.values["quantiles"])
    if method not in ("linear", "lower", "higher", "midpoint", "nearest"):
        raise ValueError("unknown interpolation")

    def all_ranks(n: int) -> list[int]:
        return [r for q in wanted for r in ranks.wanted_ranks(n, q, nearest=method == "nearest")]

    found = _order(states, work, all_ranks)
    if found is None:
        return [math.nan] * len(wanted)
    if isinstance(found, Again):
        return found
    n, values, like = found
    return [ranks.quantile_of(n, q, method, values, like) for q in wanted]


def again(work: Work, found: Again) -> Work:
    """Return the work of a second pass."""
    return replace(work, again=found.found)


_COUNT = Reducer(_provide, _total)
_MAX, _MIN = Reducer(_provide, _extreme(max)), Reducer(_provide, _extreme(min))

SUFFIXES: dict[str, Reducer] = {
    "unexpected_count": _COUNT,
    "filtered_row_count": _COUNT,
    "unexpected_values": Reducer(_provide, _concat(MAX_RESULT_RECORDS)),
    "unexpected_index_list": Reducer(_provide, _concat(10**9)),
    "unexpected_rows": Reducer(_provide, _concat_rows),
}
"""Reducers of what Great Expectations derives from every row-wise condition."""

REDUCERS: dict[str, Reducer] = {
    "table.row_count": _COUNT,
    "column.non_null_count": _COUNT,
    "column.max": _MAX,
    "column.min": _MIN,
    "column_values.length.max": _MAX,
    "column_values.length.min": _MIN,
    "column.sum": Reducer(_partial_sum, _sum),
    "column.mean": Reducer(_moments, _mean),
    "column.standard_deviation": Reducer(_moments, _deviation),
    "column.median": Reducer(_ranks, _median),
    "column.quantile_values": Reducer(_ranks, _quantiles),
    "column.distinct_values.count": Reducer(_hash_rows, _distinct, shuffled=True),
    "column.distinct_values.not_in_set.count": Reducer(_foreign_hashes, _distinct, shuffled=True),
    "column.distinct_values.not_in_set": Reducer(_foreign_first, _foreign_merged),
    "column.distinct_values.missing_from_column.count": Reducer(_present, _missing_count),
    "column.distinct_values.missing_from_column": Reducer(_present, _missing_first),
    "column_values.unique.condition": Reducer(_hash_rows, _unique, shuffled=True),
    "compound_columns.unique.condition": Reducer(_hash_rows, _unique, shuffled=True),
}
"""Reducers by the name of the metric."""
