"""Distinct values, uniqueness, value counts and sets: partial states on a partition and their merge."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from .hashing import Modes, among, hash_column
from .partition import Condition, Partition
from .work import Again, Work

MAX_DISTINCT_VALUES = 20
"""So many values of a set a result shows (great_expectations.constants)."""


def hash_rows(partition: Partition, work: Work) -> Any:
    """Return the hashes of a domain's rows, for the buckets."""
    return None, partition.hashes(work.domain)


def nothing(_states: list[Any], _: Work) -> None:
    """Combine the small states of what is counted in the buckets."""


def distinct(states: list[Any], _: Work) -> int:
    """Return how many distinct values the buckets counted."""
    return int(states[-1].distinct)


def unique(states: list[Any], work: Work) -> Condition:
    """Return the condition of uniqueness, now that the buckets know what is repeated."""
    return Condition(work.metric, work.domain, work.values, {}, states[-1])


def _foreign(partition: Partition, work: Work) -> pd.Series:
    """Return the distinct values that are not in the value set."""
    values = partition.distinct(work.domain)
    present = set(values.unique())
    expected = _alike(present, list(work.values["value_set"]))
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return values[[v not in expected for v in values.unique()]]
    return values[~values.isin(list(expected))]


def foreign_hashes(partition: Partition, work: Work) -> Any:
    """Return the hashes of the distinct values outside the value set."""
    return None, hash_column(_foreign(partition, work))


def foreign_first(partition: Partition, work: Work) -> list[Any]:
    """Return the first distinct values outside the value set, at most as many as a result shows."""
    return _in_order(set(_foreign(partition, work).unique()))[:MAX_DISTINCT_VALUES]


def foreign_combined(states: list[Any], _: Work) -> list[Any]:
    """Return the first of several partitions' first distinct values outside the value set."""
    return _in_order({value for state in states for value in state})[:MAX_DISTINCT_VALUES]


def foreign_merged(states: list[Any], work: Work) -> list[Any]:
    """Return the first of all distinct values outside the value set."""
    return _in_order({value for state in states for value in state})[: _shown(work)]


def _in_order(values: set[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        return list(values)


def present(partition: Partition, work: Work) -> tuple[set[Any], set[Any]]:
    """Return the value set in the column's terms, and which of it the partition holds."""
    column = set(partition.distinct(work.domain).unique())
    expected = _alike(column, list(work.values["value_set"]))
    return (expected if column else set()), expected & column


def all_present(states: list[Any], _: Work) -> tuple[set[Any], set[Any]]:
    """Return the value set in the column's terms, and which of it several partitions hold."""
    return set().union(*(s[0] for s in states)), set().union(*(s[1] for s in states))


def _missing(states: list[Any], work: Work) -> list[Any]:
    expected, found = all_present(states, work)
    return list((expected or set(work.values["value_set"])) - found)


def missing_first(states: list[Any], work: Work) -> list[Any]:
    """Return the values of the set that no partition holds, as many as a result shows."""
    return _missing(states, work)[: _shown(work)]


def missing_count(states: list[Any], work: Work) -> int:
    """Return how many values of the set no partition holds."""
    return len(_missing(states, work))


def _shown(work: Work) -> int:
    limit = work.values.get("limit")
    return MAX_DISTINCT_VALUES if limit is None else int(limit)


def _alike(column: set[Any], wanted: list[Any]) -> set[Any]:
    """Return a suite's values in the kind of the column's: texts of times as times where the column holds times."""
    sample = next(iter(column), None)
    if isinstance(sample, np.datetime64):
        return {_instant(value) for value in wanted}
    if isinstance(sample, dt.date):
        from dateutil.parser import parse

        only_date = not isinstance(sample, dt.datetime)
        return {_parsed(parse, value, only_date) for value in wanted}
    return set(wanted)


def _instant(value: Any) -> Any:
    try:
        return pd.Timestamp(value).to_datetime64()
    except (ValueError, TypeError):
        return value


def _parsed(parse: Any, value: Any, only_date: bool) -> Any:
    try:
        found = parse(value) if isinstance(value, str) else value
    except (ValueError, TypeError):
        return value
    return found.date() if only_date and isinstance(value, str) else found


def distinct_values(partition: Partition, work: Work) -> set[Any]:
    """Return the distinct values, null among them."""
    return set(partition.column(work.domain, nulls=True).unique())


def counts(partition: Partition, work: Work) -> pd.Series:
    """Return how often each value occurs."""
    return partition.column(work.domain, nulls=True).value_counts()


def all_distinct(states: list[set[Any]], _: Work) -> set[Any]:
    """Return the distinct values of all partitions."""
    return set().union(*states)


def all_counts(states: list[pd.Series], _: Work) -> pd.Series:
    """Add up value counts."""
    filled = [s for s in states if len(s)] or states[:1]
    return pd.concat(filled).groupby(level=0, sort=False).sum()


def value_counts(states: list[pd.Series], work: Work) -> pd.Series:
    """Add up value counts, sorted as Great Expectations' pandas metric sorts them."""
    counts = all_counts(states, work)
    if (work.values.get("sort") or "value") == "value":
        try:
            counts = counts.sort_index()
        except TypeError:  # values of several kinds are sorted as texts, as Great Expectations does it
            counts = counts.set_axis(counts.index.astype(str)).sort_index()
    counts.name, counts.index.name = "count", "value"
    return counts


def modes_wanted(partition: Partition, work: Work) -> Any:
    """First pass: the hashes of all values. Second: the values among the most common hashes."""
    if work.again is None:
        return hash_rows(partition, work)
    column = partition.distinct(work.domain)
    return column[among(hash_column(column), work.again)], None


def modes(states: list[Any], work: Work) -> Any:
    """Return the most common values in order; which they are, the buckets find, and a second pass looks them up."""
    if work.again is None:
        common: Modes = states[-1]
        return Again(common.hashes) if common.occurrences else []
    found = pd.concat([s for s in states if len(s)]).drop_duplicates()
    with contextlib.suppress(TypeError):  # values of several kinds keep their order, as in pandas
        found = found.sort_values()
    return list(found.values)
