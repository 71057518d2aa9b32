"""Exact order statistics over many partitions, in two passes and little memory.

The first pass takes evenly spaced values of each sorted partition, with their positions; from these follow, for
every wanted rank, two values that must enclose it. The second pass collects only what lies between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from .sorting import sort

SAMPLES = 4096
"""Values a partition sends in the first pass; partitions up to this size send all, and need no second."""

KEPT = 8 * SAMPLES
"""Values that stay of sketches that are combined."""


class Sketch(NamedTuple):
    """What is known of `n` values: at most `below[i]` are smaller than `values[i]`, at least `upto[i]` not greater.

    `values` rise, each once; `like` is an empty series of their type. It is a rank summary as of Greenwald and
    Khanna (SIGMOD 2001), whose bounds stay true when summaries are added up or thinned out.
    """

    n: int
    values: npt.NDArray[Any]
    below: npt.NDArray[np.int64]
    upto: npt.NDArray[np.int64]
    like: pd.Series


class Bracket(NamedTuple):
    """The value of rank `rank` (from 0) lies in [low, high]."""

    rank: int
    low: Any
    high: Any


class Slice(NamedTuple):
    """One partition's part of a bracket: how many values are below, at its ends, and those strictly inside."""

    below: int
    at_low: int
    inside: npt.NDArray[Any]


def sketch(column: pd.Series) -> Sketch:
    """Sketch a column without nulls. Raises TypeError for values that are neither numbers nor times."""
    values = sort(_numeric(column))
    n = len(values)
    places = np.linspace(0, n - 1, min(n, SAMPLES)).round().astype(np.int64)
    kept = values[places]
    first = np.flatnonzero(np.append(True, kept[1:] != kept[:-1])) if n else places
    last = np.append(first[1:], len(kept)) - 1 if n else places
    return Sketch(n, kept[first], places[first], places[last] + 1, column.iloc[:0])


def combine(sketches: Sequence[Sketch]) -> Sketch:
    """Return the sketch of all values together: no more than KEPT values, each thinning adds 1/KEPT to the error."""
    whole = _add_up(sketches)
    if len(whole.values) <= KEPT:
        return whole
    wanted = np.linspace(0, whole.n, KEPT)
    kept = np.unique([0, *np.searchsorted(whole.upto[:-1], wanted).tolist(), len(whole.values) - 1])
    return Sketch(whole.n, whole.values[kept], whole.below[kept], whole.upto[kept], whole.like)


def _add_up(sketches: Sequence[Sketch]) -> Sketch:
    """Add the bounds of all sketches at every value that any of them names: sums of step functions."""
    parts = [s for s in sketches if s.n] or sketches[:1]
    places = np.concatenate([s.values for s in parts])
    order = np.argsort(places, kind="stable")
    places = places[order]
    # Past a value, the next one's bound holds of what is smaller; from a value on, its own of what is not greater.
    later = np.concatenate([np.diff(np.append(s.below, s.n)) for s in parts])[order].cumsum()
    upto = np.concatenate([np.diff(s.upto, prepend=0) for s in parts])[order].cumsum()
    last = np.flatnonzero(np.append(places[1:] != places[:-1], True)) if len(places) else order
    start = sum(int(s.below[0]) for s in parts if s.n)
    below = start + np.append(0, later[last])[:-1] if len(places) else later
    return Sketch(sum(s.n for s in parts), places[last], below, upto[last], parts[0].like)


def brackets(sketches: Sequence[Sketch], ranks: Sequence[int]) -> list[Bracket]:
    """Return for each rank the narrowest bracket that the sketches prove."""
    whole = _add_up(sketches)
    found = []
    for rank in ranks:
        low = int(np.searchsorted(whole.below, rank, side="right")) - 1
        high = int(np.searchsorted(whole.upto, rank + 1, side="left"))
        found.append(Bracket(rank, whole.values[low], whole.values[high]))
    return found


def estimate(sketches: Sequence[Sketch], ranks: Sequence[int]) -> dict[int, Any]:
    """Return for each rank a value whose own rank is off by at most 1/SAMPLES of all values.

    Of combined sketches it is off by 1/KEPT more for each time that they were combined.
    """
    return {bracket.rank: bracket.low for bracket in brackets(sketches, ranks)}


def cut(column: pd.Series, wanted: Sequence[Bracket]) -> list[Slice]:
    """Return what one partition holds of each bracket."""
    values = _numeric(column)
    slices = []
    for bracket in wanted:
        inside = values[(values > bracket.low) & (values < bracket.high)]
        below = int(np.count_nonzero(values < bracket.low))
        slices.append(Slice(below, int(np.count_nonzero(values == bracket.low)), inside))
    return slices


def resolve(wanted: Sequence[Bracket], parts: Sequence[Sequence[Slice]]) -> dict[int, Any]:
    """Return the value of each bracket's rank."""
    values = {}
    for position, bracket in enumerate(wanted):
        slices = [part[position] for part in parts]
        below = sum(s.below for s in slices) + sum(s.at_low for s in slices)
        inside = sort(np.concatenate([s.inside for s in slices]))
        if bracket.rank < below:
            values[bracket.rank] = bracket.low
        elif bracket.rank - below < len(inside):
            values[bracket.rank] = inside[bracket.rank - below]
        else:
            values[bracket.rank] = bracket.high
    return values


def wanted_ranks(n: int, quantile: float, nearest: bool) -> list[int]:
    """Return the ranks that a quantile of n values is made of, by the rule (n - 1) q."""
    position = (n - 1) * quantile
    return [int(np.around(position))] if nearest else [int(np.floor(position)), int(np.ceil(position))]


def quantile_of(n: int, quantile: float, method: str, values: dict[int, Any], like: pd.Series) -> Any:
    """Return one quantile from its order statistics, as pandas interpolates it."""
    position = (n - 1) * quantile
    nearest = method == "nearest"
    ends = [values[rank] for rank in wanted_ranks(n, quantile, nearest)]
    series = _like(ends, like)
    share = 0.0 if nearest else position - np.floor(position)
    return series.quantile([share], interpolation=method).tolist()[0]


def median_of(n: int, values: dict[int, Any], like: pd.Series) -> Any:
    """Return the median from its order statistics, as pandas does."""
    return _like([values[rank] for rank in wanted_ranks(n, 0.5, nearest=False)], like).median()


def _numeric(column: pd.Series) -> npt.NDArray[Any]:
    dtype = column.dtype
    if pd.api.types.is_datetime64_any_dtype(dtype) or pd.api.types.is_timedelta64_dtype(dtype):
        return column.astype("int64").to_numpy()
    if not len(column) and pd.api.types.is_object_dtype(dtype):
        return np.array([], dtype=np.float64)
    if pd.api.types.is_bool_dtype(dtype):
        return column.to_numpy(dtype=np.int8)
    if not pd.api.types.is_numeric_dtype(dtype):
        raise TypeError("order statistics need numbers or times")
    return column.to_numpy()


def _like(values: list[Any], like: pd.Series) -> pd.Series:
    array = np.array(values)
    if pd.api.types.is_datetime64_any_dtype(like.dtype) or pd.api.types.is_timedelta64_dtype(like.dtype):
        return pd.Series(array.astype(np.int64)).astype(like.dtype)
    return pd.Series(array).astype(like.dtype)
