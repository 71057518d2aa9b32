"""Counts, sums, extremes and moments: partial states on a partition and their merge."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .columns import is_text
from .conditions import condition_of
from .partition import Partition
from .work import Work

FEW = 1024
"""Up to so many values travel as they are: a small table comes to pandas' own last digit, however it is cut."""

Moments = tuple[int, float, float, npt.NDArray[np.float64] | None, str]
"""Count, sum, sum of squared deviations from the mean; the values while they are few; the dtype of times, or ''."""


def total(states: list[Any], _: Work) -> int:
    """Add up counts."""
    return int(sum(states))


def wide_total(states: list[Any], _: Work) -> Any:
    """Add up counts to an integer of NumPy, by whose zero Great Expectations divides without an error."""
    return np.int64(sum(states))


def totals(states: list[Any], _: Work) -> list[int]:
    """Add up lists of counts, place by place."""
    return [int(sum(counts)) for counts in zip(*states, strict=True)]


def add(states: list[Any], _: Work) -> Any:
    """Add up sums; what is no number in one partition (infinities of both signs) is none in the whole."""
    if any(isinstance(s, (float, np.floating)) for s in states):
        return float(np.sum([float(s) for s in states]))
    return sum(states[1:], states[0])


def extreme(pick: Callable[[Any], Any]) -> Callable[[list[Any], Work], Any]:
    """Return the merge that picks the smallest or the largest."""

    def merge(states: list[Any], _: Work) -> Any:
        present = [s for s in states if not pd.isna(s)]
        return pick(present) if present else states[0]

    return merge


def rows(partition: Partition, work: Work) -> int:
    """Return how many rows a domain has."""
    return partition.count(work.domain)


def present(partition: Partition, work: Work) -> int:
    """Return how many values of a column are not null."""
    return int(partition.column(work.domain, nulls=True).notna().sum())


def between(partition: Partition, work: Work) -> int:
    """Return how many values of a column, nulls left out, are within the bounds."""
    return int(condition_of("column_values.between").rule(partition.column(work.domain), work.values, {}).sum())  # type: ignore[union-attr]


def largest(partition: Partition, work: Work) -> Any:
    """Return the largest value of a column."""
    return partition.distinct(work.domain).max() if partition.coded(work.domain) else _column(partition, work).max()


def smallest(partition: Partition, work: Work) -> Any:
    """Return the smallest value of a column."""
    return partition.distinct(work.domain).min() if partition.coded(work.domain) else _column(partition, work).min()


def _column(partition: Partition, work: Work) -> pd.Series:
    return partition.column(work.domain, nulls=True)


def longest(partition: Partition, work: Work) -> Any:
    """Return the length of the longest value."""
    return _lengths(partition, work).max()


def shortest(partition: Partition, work: Work) -> Any:
    """Return the length of the shortest value."""
    return _lengths(partition, work).min()


def _lengths(partition: Partition, work: Work) -> pd.Series:
    values = partition.distinct(work.domain) if partition.coded(work.domain) else partition.column(work.domain)
    return values.str.len() if is_text(values) else values.map(len)


def histogram(partition: Partition, work: Work) -> list[int]:
    """Return how many values are in each bin."""
    return list(np.histogram(partition.column(work.domain), work.values["bins"])[0])


def moments(partition: Partition, work: Work) -> Moments:
    """Return the moments of a column of numbers, times or durations, both in their own unit."""
    column = partition.column(work.domain)
    if column.dtype.kind in "mM":
        return _moments(column.astype(np.int64).to_numpy(dtype=np.float64), str(column.dtype))
    return _moments(numbers(column).to_numpy(dtype=np.float64), "")


def _moments(values: npt.NDArray[np.float64], kind: str) -> Moments:
    if not len(values):
        return 0, 0.0, 0.0, values, kind
    squares = float(((values - values.mean()) ** 2).sum())
    return len(values), float(values.sum()), squares, values if len(values) <= FEW else None, kind


def partial_sum(partition: Partition, work: Work) -> Any:
    """Return the sum of a column's values: numbers, or durations."""
    column = partition.column(work.domain)
    return column.sum() if column.dtype.kind == "m" else numbers(column).sum()


def numbers(column: pd.Series) -> pd.Series:
    """Return the column as numbers; decimals become floats, as Great Expectations does it."""
    if column.dtype == object or isinstance(column.dtype, pd.ArrowDtype):
        if len(column) and isinstance(column.iloc[0], str):
            raise TypeError("texts are no numbers")
        return column.astype(float)
    if not pd.api.types.is_numeric_dtype(column.dtype):
        raise TypeError("sums, means and deviations need numbers")
    return column


def pooled(states: list[Moments], _: Work) -> Moments:
    """Merge moments by Chan, Golub and LeVeque's rule, or from the values themselves while they are few."""
    kind = states[0][4]
    kept = [state[3] for state in states if state[3] is not None]
    if len(kept) == len(states) and sum(map(len, kept)) <= FEW:
        return _moments(np.concatenate(kept), kind)
    n, mean, squares = 0, 0.0, 0.0
    for count, total, part, *_values in states:
        if count:
            delta = total / count - mean
            squares += part + delta * delta * n * count / (n + count)
            mean += delta * count / (n + count)
            n += count
    return n, float(np.sum([s[1] for s in states])), squares, None, kind


def mean(states: list[Moments], work: Work) -> Any:
    """Return the mean from moments: a number, a time or a duration."""
    n, total, _, _, kind = pooled(states, work)
    found = total / n if n else math.nan
    if not kind or not n:
        return found
    return pd.Series([int(found)]).astype(kind)[0]


def deviation(states: list[Moments], work: Work) -> Any:
    """Return the sample deviation (n - 1), as pandas: a number, or of times a duration."""
    n, _, squares, _, kind = pooled(states, work)
    found = math.sqrt(squares / (n - 1)) if n > 1 else math.nan
    if not kind or n < 2:
        return found
    unit = kind.partition("[")[2].rstrip("]").partition(",")[0]
    return pd.Series([int(found)]).astype(f"timedelta64[{unit}]")[0]
