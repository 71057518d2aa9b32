"""How the partial results of the partitions become one metric: one reducer a metric, one pass for all.

Row-wise metrics run Great Expectations' own pandas code on each partition (partition.py); only what is here is
ours. A reducer has a partial (on a worker), a merge (in the driver), and may ask for a second look at the data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from great_expectations.constants import MAX_RESULT_RECORDS

from . import moments, order, sequence, values
from .hashing import count_bucket, merge_buckets, merge_modes, mode_bucket, split
from .nested import with_fields
from .partition import Failed, Partition, attempt
from .work import Work, provide


@dataclass(frozen=True)
class Shuffle:
    """How hash buckets are counted: one bucket on a worker, the buckets in the driver."""

    count: Callable[[list[Any]], Any]
    merge: Callable[[list[Any]], Any]


@dataclass(frozen=True)
class Reducer:
    """Partial on a partition, merge in the driver; the partial of a shuffled one also gives hashes (or None)."""

    partial: Callable[[Partition, Work], Any]
    merge: Callable[[list[Any], Work], Any]
    shuffle: Shuffle | None = None


def reducer_of(metric: str) -> Reducer | None:
    """Return the reducer of a metric, or None where there is none."""
    if metric in REDUCERS:
        return REDUCERS[metric]
    suffix = metric.rpartition(".")[2]
    return SUFFIXES.get(suffix) if not metric.startswith("column.") else None


def run_partition(
    frame: pd.DataFrame,
    number: int,
    works: Sequence[Work],
    buckets: int,
    paths: Sequence[str] = (),
    keep: Callable[[dict[int, Any]], Any] | None = None,
) -> list[Any]:
    """Compute every work's partial on one partition: first the small states, then one mapping a hash bucket.

    `paths` are the fields of nested columns that the works read; `keep` is called with the small states.
    """
    partition = Partition(with_fields(frame, paths), number)
    small: dict[int, Any] = {}
    hashed: list[dict[int, Any]] = [{} for _ in range(buckets)]
    for position, work in enumerate(works):
        reducer = _reducer(work)
        state = attempt(reducer.partial, partition, work)
        if reducer.shuffle and not isinstance(state, Failed):
            state, hashes = state
            for bucket, table in enumerate(split(hashes, buckets) if hashes is not None else []):
                hashed[bucket][position] = table
        small[position] = state
    if keep is not None:
        keep(small)
    return [small, *hashed]


def run_bucket(parts: Sequence[dict[int, Any]], works: Sequence[Work]) -> dict[int, Any]:
    """Count one hash bucket of every shuffled work over all partitions."""
    counted = {}
    for position in sorted({position for part in parts for position in part}):
        shuffle = _reducer(works[position]).shuffle
        assert shuffle is not None
        counted[position] = attempt(shuffle.count, [part[position] for part in parts if position in part])
    return counted


def finish(work: Work, states: list[Any], buckets: list[Any]) -> Any:
    """Merge a work's states in the driver: a value, Again or Failed."""
    reducer = _reducer(work)
    failed = [s for s in [*states, *buckets] if isinstance(s, Failed)]
    if failed:
        return failed[0]
    if reducer.shuffle and buckets:
        states = [*states, reducer.shuffle.merge(buckets)]
    return attempt(reducer.merge, states, work)


def _reducer(work: Work) -> Reducer:
    found = reducer_of(work.metric)
    assert found is not None
    if sequence.is_sequential(work):
        if work.metric.endswith(".unexpected_count"):
            return Reducer(sequence.count_states, sequence.count)
        if not work.metric.endswith(".filtered_row_count"):
            merge = found.merge
            return Reducer(sequence.shown_states, lambda s, w: merge(s, w) if w.again else sequence.edges(s))
    return found


def _concat(cap: int) -> Callable[[list[Any], Work], Any]:
    def merge(states: list[Any], work: Work) -> Any:
        shape = work.values["result_format"]
        limit = cap if shape["result_format"] == "COMPLETE" else min(cap, shape["partial_unexpected_count"])
        return [value for state in states for value in state][:limit]

    return merge


def _concat_rows(states: list[Any], _: Work) -> Any:
    return pd.concat(states)


_COUNT = Reducer(provide, moments.total)
_MAX, _MIN = Reducer(provide, moments.extreme(max)), Reducer(provide, moments.extreme(min))
_UNIQUE = Shuffle(count_bucket, merge_buckets)

SUFFIXES: dict[str, Reducer] = {
    "unexpected_count": _COUNT,
    "filtered_row_count": _COUNT,
    "unexpected_values": Reducer(provide, _concat(MAX_RESULT_RECORDS)),
    "unexpected_index_list": Reducer(provide, _concat(10**9)),
    "unexpected_rows": Reducer(provide, _concat_rows),
}
"""Reducers of what Great Expectations derives from every row-wise condition."""

REDUCERS: dict[str, Reducer] = {
    "table.row_count": _COUNT,
    "column.non_null_count": _COUNT,
    "column_values.between.count": _COUNT,
    "column.max": _MAX,
    "column.min": _MIN,
    "column_values.length.max": _MAX,
    "column_values.length.min": _MIN,
    "column.sum": Reducer(moments.partial_sum, moments.add),
    "column.mean": Reducer(moments.moments, moments.mean),
    "column.standard_deviation": Reducer(moments.moments, moments.deviation),
    "column.histogram": Reducer(provide, moments.totals),
    "column.median": Reducer(order.rank_states, order.median),
    "column.quantile_values": Reducer(order.rank_states, order.quantiles),
    "column.outlier_statistics": Reducer(order.outlier_states, order.outliers),
    "column.distinct_values": Reducer(provide, values.all_distinct),
    "column.distinct_values.count": Reducer(values.hash_rows, values.distinct, _UNIQUE),
    "column.distinct_values.not_in_set.count": Reducer(values.foreign_hashes, values.distinct, _UNIQUE),
    "column.distinct_values.not_in_set": Reducer(values.foreign_first, values.foreign_merged),
    "column.distinct_values.missing_from_column.count": Reducer(values.present, values.missing_count),
    "column.distinct_values.missing_from_column": Reducer(values.present, values.missing_first),
    "column.value_counts": Reducer(provide, values.value_counts),
    "column.most_common_value": Reducer(values.modes_wanted, values.modes, Shuffle(mode_bucket, merge_modes)),
    "column_values.unique.condition": Reducer(values.hash_rows, values.unique, _UNIQUE),
    "compound_columns.unique.condition": Reducer(values.hash_rows, values.unique, _UNIQUE),
}
"""Reducers by the name of the metric."""
