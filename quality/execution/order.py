"""Median, quantiles and what follows from them, exact: partial states on a partition and their merge."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pandas as pd

from . import ranks
from .moments import deviation, mean, moments, numbers, pooled
from .partition import Partition
from .work import Again, Work


def rank_states(partition: Partition, work: Work) -> Any:
    """First pass: a sketch of the sorted column. Second: what lies in the brackets that the sketches prove."""
    column = _told(partition.column(work.domain))
    if work.metric == "column.median" and (pd.api.types.is_bool_dtype(column.dtype) or column.dtype == "object"):
        column = numbers(column).astype(float)  # pandas' median counts booleans and decimals as floats
    return ranks.cut(column, work.again[1]) if work.again else ranks.sketch(column)


def _told(column: pd.Series) -> pd.Series:
    """Return a column of objects that are all numbers in the type of these numbers, any other as it is."""
    if column.dtype != object or not len(column):
        return column
    kind = pd.api.types.infer_dtype(column)
    if kind == "integer":
        return column.astype("int64")
    return column.astype("float64") if kind in ("floating", "mixed-integer-float") else column


def combined_ranks(states: list[Any], _: Work) -> Any:
    """Return one sketch of all."""
    return ranks.combine(states)


def _order(states: list[Any], work: Work, wanted: Callable[[int], list[int]]) -> Any:
    """Return (n, values by rank, empty series), Again for a second pass, or None where there is no value."""
    if work.again:
        head, open_brackets, known = work.again
        return head[0], {**known, **ranks.resolve(open_brackets, states)}, head[1]
    n = sum(s.n for s in states)
    if not n:
        return None
    like = next(s.like for s in states if s.n)
    if work.sketched:
        return n, ranks.estimate(states, sorted(set(wanted(n)))), like
    found = ranks.brackets(states, sorted(set(wanted(n))))
    known = {b.rank: b.low for b in found if b.low == b.high}
    still_open = [b for b in found if b.low != b.high]
    return Again(((n, like), still_open, known)) if still_open else (n, known, like)


def median(states: list[Any], work: Work) -> Any:
    """Return the median, or Again."""
    found = _order(states, work, lambda n: ranks.wanted_ranks(n, 0.5, nearest=False))
    if found is None:
        return math.nan
    return found if isinstance(found, Again) else ranks.median_of(*found)


def quantiles(states: list[Any], work: Work) -> Any:
    """Return the quantiles, interpolated as pandas does it, or Again."""
    method = work.values.get("allow_relative_error") or "nearest"
    return _quantiles(states, work, list(work.values["quantiles"]), method)


def outlier_states(partition: Partition, work: Work) -> Any:
    """Return what the method of outliers needs: ranks for quartiles, moments for deviations."""
    if work.values.get("method") == "std":
        return moments(partition, work)
    return rank_states(partition, work)


def combined_outliers(states: list[Any], work: Work) -> Any:
    """Return one state of all: moments or a sketch."""
    return pooled(states, work) if work.values.get("method") == "std" else ranks.combine(states)


def outliers(states: list[Any], work: Work) -> Any:
    """Return (low, high, spread) that outliers are measured by, None for what there is not; or Again."""
    method = work.values.get("method")
    if method == "std":
        n = sum(s[0] for s in states)
        center = _finite(mean(states, work)) if n else None
        return center, center, _finite(deviation(states, work)) if n > 1 else None
    if method != "iqr":
        raise NotImplementedError("outliers go by iqr or std")
    found = _quantiles(states, work, [0.25, 0.75], "linear")
    if isinstance(found, Again):
        return found
    low, high = (_finite(v) for v in found)
    return low, high, None if low is None or high is None else high - low


def _finite(value: Any) -> float | None:
    return float(value) if math.isfinite(float(value)) else None


def _quantiles(states: list[Any], work: Work, wanted: list[float], method: str) -> Any:
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
