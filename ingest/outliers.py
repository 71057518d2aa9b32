"""Which numbers are far from all others: a mergeable sketch of each column, and the limits that follow from it.

Values are counted in bins a fiftieth of their size wide, so a quantile is right to two per cent whatever was merged
in which order (DDSketch: Masson, Rim and Lee, VLDB 12, 2019), and one partition and four give the same limits. The
sketch of all rows that a table ever got is kept beside it (SKETCHES), so one batch and ten do too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .cleaning import flag
from .schemas import SKETCHES

_WIDTH = np.log1p(0.02)
_STEP = 4
"""Limits stand on every fourth bin (eight per cent), so that they rest once a table has its shape."""
_NORMAL = 1.482602218505602
"""Standard deviations of a normal distribution in its median absolute deviation."""

Sketch = dict[int, int]
"""Bin: how many values. Bin 0 holds what is closer to zero than 1e-9; negative bins hold negative values."""


class Limits(NamedTuple):
    """Values below `low` or above `high` are outliers."""

    low: float
    high: float


def sketch(values: pa.ChunkedArray) -> Sketch:
    """Count a column of numbers; nulls, NaN and infinities do not count."""
    numbers = values.drop_null().cast(pa.float64(), safe=False).to_numpy()
    numbers = numbers[np.isfinite(numbers)]
    bins, counts = np.unique(_bins(numbers), return_counts=True)
    return dict(zip(bins.tolist(), counts.tolist(), strict=True))


def merged(sketches: list[Sketch]) -> Sketch:
    """Add up sketches."""
    total: Sketch = {}
    for one in sketches:
        for at, count in one.items():
            total[at] = total.get(at, 0) + count
    return total


def merge(states: Sequence[Mapping[str, Sketch]]) -> dict[str, Sketch]:
    """Add up the sketches of each column over all parts."""
    names = sorted({name for state in states for name in state})
    return {name: merged([state[name] for state in states if name in state]) for name in names}


def limits(counted: Sketch, method: str, factor: float, least: int, most: float = 0.01) -> Limits | None:
    """Return where outliers begin; None where fewer than `least` values were seen, or half of them are alike.

    iqr: `factor` interquartile ranges beyond the quartiles (Tukey, Exploratory Data Analysis, 1977). robust_z:
    `factor` robust standard deviations from the median, those being 1.4826 median absolute deviations (Iglewicz and
    Hoaglin, How to Detect and Handle Outliers, 1993). Both on the logarithm of sizes (its sign kept), for sizes,
    durations and scores have long tails by nature. At each end a share of `most` lies outside at most: where the
    numbers of several kinds of rows stand in one column, the largest kind would make outliers of the others.
    """
    if sum(counted.values()) < least:
        return None
    bins = np.array(sorted(counted), np.int64)
    weights = np.array([counted[int(at)] for at in bins], np.int64)
    middle = _quantile(bins, weights, 0.5)
    if method == "iqr":
        low, high = _quantile(bins, weights, 0.25), _quantile(bins, weights, 0.75)
        reach = factor * (high - low)
    else:
        away = np.abs(bins - middle)
        order = np.argsort(away, kind="stable")
        low = high = middle
        reach = factor * _NORMAL * _quantile(away[order], weights[order], 0.5)
    if reach == 0:
        return None
    begin = min(low - reach, _quantile(bins, weights, most) - 1)
    end = max(high + reach, _quantile(bins, weights, 1 - most))
    return Limits(_value(_STEP * np.floor(begin / _STEP)), _value(_STEP * np.ceil(end / _STEP)))


def to_rows(sketches: Mapping[str, Sketch], table: str) -> pa.Table:
    """Return the sketches of a table's columns as rows of SKETCHES."""
    rows = [(table, name, at, count) for name, one in sorted(sketches.items()) for at, count in sorted(one.items())]
    return (
        pa.table([list(each) for each in zip(*rows, strict=True)], schema=SKETCHES) if rows else SKETCHES.empty_table()
    )


def from_rows(rows: pa.Table) -> dict[str, Sketch]:
    """Add up rows of SKETCHES, all of one table."""
    found: dict[str, Sketch] = {}
    for row in rows.group_by(["column", "bin"]).aggregate([("count", "sum")]).to_pylist():
        found.setdefault(row["column"], {})[row["bin"]] = row["count_sum"]
    return found


def remark(rows: pa.Table, found: Mapping[str, Limits]) -> pa.Table:
    """Take all marks of outliers away and make them anew."""
    at = rows.schema.get_field_index("flags")
    other = pc.utf8_ltrim(pc.replace_substring_regex(rows["flags"], r"(?:^|,)outlier:[^,]+", ""), ",")
    other = pc.if_else(pc.equal(other, ""), pa.scalar(None, pa.string()), other)
    return mark(rows.set_column(at, rows.schema.field(at), other), found)[0]


def mark(rows: pa.Table, found: Mapping[str, Limits]) -> tuple[pa.Table, int]:
    """Mark the rows with a number outside in `flags` (`outlier:COLUMN`); return how many marks were made."""
    marked = 0
    for name, limit in sorted(found.items()):
        rows, count = flag(rows, outside(rows[name], limit), f"outlier:{name}")
        marked += count
    return rows, marked


def outside(values: pa.ChunkedArray, limit: Limits) -> pa.Array:
    """Return which values lie outside; nulls do not."""
    null = values.is_null().to_numpy()
    numbers = values.cast(pa.float64(), safe=False).to_numpy()
    with np.errstate(invalid="ignore"):
        return pa.array(((numbers < limit.low) | (numbers > limit.high)) & ~null)


def _bins(numbers: NDArray[np.float64]) -> NDArray[np.int64]:
    size = np.ceil(np.log(np.maximum(np.abs(numbers), 1e-9) / 1e-9) / _WIDTH).astype(np.int64)
    return np.sign(numbers).astype(np.int64) * size


def _value(at: float) -> float:
    return float(np.sign(at) * 1e-9 * np.exp(abs(at) * _WIDTH)) if at else 0.0


def _quantile(bins: NDArray[np.int64], weights: NDArray[np.int64], share: float) -> int:
    total = np.cumsum(weights)
    return int(bins[np.searchsorted(total, share * total[-1])])
