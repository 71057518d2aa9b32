"""How the partial results of the partitions become one metric: one reducer a metric, one pass for all.

A reducer has a partial (on a worker), a merge (in the driver), and may ask for a second look at the data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..frames import load
from . import exchange, moments, order, sequence, shown, values
from .hashing import count_bucket, merge_buckets, merge_modes, mode_bucket, split
from .nested import with_fields
from .partition import Failed, Partition, attempt
from .work import Work


@dataclass(frozen=True)
class Shuffle:
    """How hash buckets are counted: one bucket on a worker, the buckets in the driver."""

    count: Callable[[list[Any]], Any]
    merge: Callable[[list[Any]], Any]


@dataclass(frozen=True)
class Reducer:
    """Partial on a partition, merge in the driver; the partial of a shuffled one also gives hashes (or None).

    `combine` makes one state of several, in any order; None where a state belongs to its partition's place.
    """

    partial: Callable[[Partition, Work], Any]
    merge: Callable[[list[Any], Work], Any]
    combine: Callable[[list[Any], Work], Any] | None = None
    shuffle: Shuffle | None = None


def reducer_of(metric: str) -> Reducer | None:
    """Return the reducer of a metric, or None where there is none."""
    if metric in REDUCERS:
        return REDUCERS[metric]
    suffix = metric.rpartition(".")[2]
    return SUFFIXES.get(suffix) if not metric.startswith("column.") else None


def run_partition(
    part: Any, number: int, works: Sequence[Work], buckets: int, paths: Sequence[str] = (), folder: str | None = None
) -> list[Any]:
    """Compute every work's partial on one partition: first the small states, then one mapping a hash bucket.

    `part` is what frames.load takes, `paths` are the fields of nested columns that the works read, `folder` is where
    the hashes are put; None for the memory.
    """
    block = load(part)
    fields = with_fields(block.frame, paths)
    partition = Partition(block._replace(frame=fields, names=[*block.names, *paths]), number)
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
    return [small, *(hashed if folder is None else exchange.put(hashed, folder))]


def run_bucket(parts: Sequence[dict[int, Any]], works: Sequence[Work]) -> dict[int, Any]:
    """Count one hash bucket of every shuffled work over all partitions."""
    counted = {}
    for position in sorted({position for part in parts for position in part}):
        shuffle = _reducer(works[position]).shuffle
        assert shuffle is not None
        found = [exchange.take(part[position]) for part in parts if position in part]
        counted[position] = attempt(shuffle.count, found)
    return counted


def combined(work: Work, states: list[Any]) -> list[Any]:
    """Return a work's states (in the partitions' order) as one where that can be, or the first Failed among them."""
    failed = [s for s in states if isinstance(s, Failed)]
    if failed:
        return failed[:1]
    combine = _reducer(work).combine
    return states if combine is None or len(states) < 2 else [attempt(combine, states, work)]


def is_combined(work: Work) -> bool:
    """Whether one state stands for several partitions."""
    return _reducer(work).combine is not None


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


_UNIQUE = Shuffle(count_bucket, merge_buckets)

SUFFIXES: dict[str, Reducer] = {
    "unexpected_count": Reducer(shown.counted, moments.total, moments.total),
    "filtered_row_count": Reducer(shown.filtered, moments.total, moments.total),
    "unexpected_values": Reducer(shown.values, shown.merge_values),
    "unexpected_index_list": Reducer(shown.labels, shown.merge_labels),
    "unexpected_index_query": Reducer(shown.places, shown.merge_places),
    "unexpected_rows": Reducer(shown.rows, shown.merge_rows),
}
"""Reducers of what Great Expectations derives from every row-wise condition."""

_LARGEST, _SMALLEST = moments.extreme(max), moments.extreme(min)

REDUCERS: dict[str, Reducer] = {
    "table.row_count": Reducer(moments.rows, moments.total, moments.total),
    "column.non_null_count": Reducer(moments.present, moments.wide_total, moments.total),
    "column_values.between.count": Reducer(moments.between, moments.total, moments.total),
    "column.max": Reducer(moments.largest, _LARGEST, _LARGEST),
    "column.min": Reducer(moments.smallest, _SMALLEST, _SMALLEST),
    "column_values.length.max": Reducer(moments.longest, _LARGEST, _LARGEST),
    "column_values.length.min": Reducer(moments.shortest, _SMALLEST, _SMALLEST),
    "column.sum": Reducer(moments.partial_sum, moments.add, moments.add),
    "column.mean": Reducer(moments.moments, moments.mean, moments.pooled),
    "column.standard_deviation": Reducer(moments.moments, moments.deviation, moments.pooled),
    "column.histogram": Reducer(moments.histogram, moments.totals, moments.totals),
    "column.median": Reducer(order.rank_states, order.median, order.combined_ranks),
    "column.quantile_values": Reducer(order.rank_states, order.quantiles, order.combined_ranks),
    "column.outlier_statistics": Reducer(order.outlier_states, order.outliers, order.combined_outliers),
    "column.distinct_values": Reducer(values.distinct_values, values.all_distinct, values.all_distinct),
    "column.distinct_values.count": Reducer(values.hash_rows, values.distinct, values.nothing, _UNIQUE),
    "column.distinct_values.not_in_set.count": Reducer(values.foreign_hashes, values.distinct, values.nothing, _UNIQUE),
    "column.distinct_values.not_in_set": Reducer(values.foreign_first, values.foreign_merged, values.foreign_combined),
    "column.distinct_values.missing_from_column.count": Reducer(
        values.present, values.missing_count, values.all_present
    ),
    "column.distinct_values.missing_from_column": Reducer(values.present, values.missing_first, values.all_present),
    "column.value_counts": Reducer(values.counts, values.value_counts, values.all_counts),
    "column.most_common_value": Reducer(
        values.modes_wanted, values.modes, values.nothing, Shuffle(mode_bucket, merge_modes)
    ),
    "column_values.unique.condition": Reducer(values.hash_rows, values.unique, values.nothing, _UNIQUE),
    "compound_columns.unique.condition": Reducer(values.hash_rows, values.unique, values.nothing, _UNIQUE),
}
"""Reducers by the name of the metric."""
