"""How the partial results of the partitions become one metric: one reducer a metric, one pass for all.

A reducer has a partial (on a worker), a merge (in the driver), and may ask for a second look at the data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..frames import load
from . import moments, order, sequence, shown, values
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
    part: Any,
    number: int,
    works: Sequence[Work],
    buckets: int,
    paths: Sequence[str] = (),
    keep: Callable[[dict[int, Any]], Any] | None = None,
) -> list[Any]:
    """Compute every work's partial on one partition: first the small states, then one mapping a hash bucket.

    `part` is what frames.load takes, `paths` are the fields of nested columns that the works read; `keep` is called
    with the small states.
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


_UNIQUE = Shuffle(count_bucket, merge_buckets)

SUFFIXES: dict[str, Reducer] = {
    "unexpected_count": Reducer(shown.counted, moments.total),
    "filtered_row_count": Reducer(shown.filtered, moments.total),
    "unexpected_values": Reducer(shown.values, shown.merge_values),
    "unexpected_index_list": Reducer(shown.labels, shown.merge_labels),
    "unexpected_rows": Reducer(shown.rows, shown.merge_rows),
}
"""Reducers of what Great Expectations derives from every row-wise condition."""

REDUCERS: dict[str, Reducer] = {
    "table.row_count": Reducer(moments.rows, moments.total),
    "column.non_null_count": Reducer(moments.present, moments.wide_total),
    "column_values.between.count": Reducer(moments.between, moments.total),
    "column.max": Reducer(moments.largest, moments.extreme(max)),
    "column.min": Reducer(moments.smallest, moments.extreme(min)),
    "column_values.length.max": Reducer(moments.longest, moments.extreme(max)),
    "column_values.length.min": Reducer(moments.shortest, moments.extreme(min)),
    "column.sum": Reducer(moments.partial_sum, moments.add),
    "column.mean": Reducer(moments.moments, moments.mean),
    "column.standard_deviation": Reducer(moments.moments, moments.deviation),
    "column.histogram": Reducer(moments.histogram, moments.totals),
    "column.median": Reducer(order.rank_states, order.median),
    "column.quantile_values": Reducer(order.rank_states, order.quantiles),
    "column.outlier_statistics": Reducer(order.outlier_states, order.outliers),
    "column.distinct_values": Reducer(values.distinct_values, values.all_distinct),
    "column.distinct_values.count": Reducer(values.hash_rows, values.distinct, _UNIQUE),
    "column.distinct_values.not_in_set.count": Reducer(values.foreign_hashes, values.distinct, _UNIQUE),
    "column.distinct_values.not_in_set": Reducer(values.foreign_first, values.foreign_merged),
    "column.distinct_values.missing_from_column.count": Reducer(values.present, values.missing_count),
    "column.distinct_values.missing_from_column": Reducer(values.present, values.missing_first),
    "column.value_counts": Reducer(values.counts, values.value_counts),
    "column.most_common_value": Reducer(values.modes_wanted, values.modes, Shuffle(mode_bucket, merge_modes)),
    "column_values.unique.condition": Reducer(values.hash_rows, values.unique, _UNIQUE),
    "compound_columns.unique.condition": Reducer(values.hash_rows, values.unique, _UNIQUE),
}
"""Reducers by the name of the metric."""
