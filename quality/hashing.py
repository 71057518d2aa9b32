"""Uniqueness over many partitions: 128-bit hashes of values, split into buckets, counted bucket by bucket.

A partition sends each of its distinct values as two 64-bit hashes and a count. Values of fixed width are mapped
one to one (no collision at all); texts by SipHash under two keys, so two of 10^10 texts collide with a
probability of about 10^-19.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

U64 = npt.NDArray[np.uint64]

MAX_DUPLICATES = 1_000_000
"""How many duplicated values are remembered (16 bytes each) to find their rows again; counts are always exact."""

_KEYS = ("weir.quality.hi-", "weir.quality.lo-")
_NULL = np.uint64(0x9E3779B97F4A7C15)


class Hashes(NamedTuple):
    """Two 64-bit hashes a row."""

    hi: U64
    lo: U64


class Uniqueness(NamedTuple):
    """What the buckets found: rows, distinct values, rows whose value another row has too, and those values."""

    rows: int
    distinct: int
    repeated: int
    duplicates: pa.Table
    """hi, lo (uint64): the hashes of the values that occur more than once, at most MAX_DUPLICATES of them."""


def hash_columns(frame: pd.DataFrame) -> Hashes:
    """Hash the rows of a frame; equal rows (nulls equal each other, as in pandas) get equal hashes.

    Raises TypeError for a column of lists or mappings.
    """
    hi = np.zeros(len(frame), dtype=np.uint64)
    lo = np.full(len(frame), _NULL)
    single = frame.shape[1] == 1
    for _, column in frame.items():
        a, b = _hash_values(column)
        hi, lo = (a, b) if single else (_mix(hi ^ a), _mix(lo + b))
    return Hashes(hi, lo)


def split(hashes: Hashes, buckets: int) -> list[pa.Table]:
    """Return the distinct hashes with their counts (hi, lo, n) as one table a bucket."""
    rows = pa.table({"hi": hashes.hi, "lo": hashes.lo})
    counted = rows.group_by(["hi", "lo"], use_threads=False).aggregate([([], "count_all")])
    counted = counted.rename_columns(["hi", "lo", "n"])
    if buckets == 1:
        return [counted]
    # The high bits choose the bucket: the low ones of small integers are what group_by's own table hashes on.
    bucket = _mix(counted["hi"].to_numpy()) >> np.uint64(33)
    bucket %= np.uint64(buckets)
    order = np.argsort(bucket, kind="stable")
    edges = np.searchsorted(bucket[order], np.arange(buckets + 1, dtype=np.uint64))
    ordered = counted.take(pa.array(order))
    return [ordered.slice(edges[i], edges[i + 1] - edges[i]) for i in range(buckets)]


def count_bucket(parts: list[pa.Table], cap: int = MAX_DUPLICATES) -> Uniqueness:
    """Count one bucket over all partitions."""
    table = pa.concat_tables(parts).group_by(["hi", "lo"], use_threads=False).aggregate([("n", "sum")])
    counts = table["n_sum"]
    repeated = pc.greater(counts, 1)
    duplicates = table.filter(repeated)
    rows = pc.sum(counts).as_py() or 0
    again = pc.sum(duplicates["n_sum"]).as_py() or 0
    kept = duplicates.select(["hi", "lo"]).slice(0, cap).combine_chunks()
    return Uniqueness(int(rows), table.num_rows, int(again), kept)


def merge_buckets(parts: list[Uniqueness]) -> Uniqueness:
    """Add up the buckets."""
    return Uniqueness(
        sum(p.rows for p in parts),
        sum(p.distinct for p in parts),
        sum(p.repeated for p in parts),
        pa.concat_tables([p.duplicates for p in parts]).slice(0, MAX_DUPLICATES).combine_chunks(),
    )


def among(hashes: Hashes, duplicates: pa.Table) -> npt.NDArray[np.bool_]:
    """Return which rows are among the duplicated values."""
    hi, lo = duplicates["hi"].to_numpy(), duplicates["lo"].to_numpy()
    return np.isin(hashes.hi, hi) & np.isin(hashes.lo, lo)


def _hash_values(column: pd.Series) -> tuple[U64, U64]:
    null = column.isna().to_numpy(dtype=bool)
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    bits = _bits(column, null)
    if bits is None:
        return _hash_objects(column, null)
    a = _mix(bits)
    a[null] = _NULL
    return a, _mix(a ^ _NULL)


def _bits(column: pd.Series, null: npt.NDArray[np.bool_]) -> U64 | None:
    """Return 64 bits that stand for each value one to one, or None for types that have no such form."""
    dtype = column.dtype
    if pd.api.types.is_bool_dtype(dtype) and getattr(dtype, "kind", "") != "O":
        values = column.to_numpy(dtype=bool, na_value=False) if null.any() else column.to_numpy(dtype=bool)
        return values.astype(np.uint64)
    if pd.api.types.is_integer_dtype(dtype):
        width = np.uint64 if pd.api.types.is_unsigned_integer_dtype(dtype) else np.int64
        filled = column.fillna(0) if null.any() else column
        return filled.to_numpy(dtype=width).view(np.uint64).copy()
    if pd.api.types.is_float_dtype(dtype):
        floats = column.to_numpy(dtype=np.float64, na_value=np.nan) + 0.0  # -0.0 equals 0.0
        floats[null] = np.nan
        return floats.view(np.uint64)
    if pd.api.types.is_datetime64_any_dtype(dtype) or pd.api.types.is_timedelta64_dtype(dtype):
        if isinstance(dtype, pd.ArrowDtype):
            return column.astype("int64[pyarrow]").fillna(0).to_numpy(dtype=np.int64).view(np.uint64).copy()
        return column.astype("int64").to_numpy().view(np.uint64).copy()
    return None


def _hash_objects(column: pd.Series, null: npt.NDArray[np.bool_]) -> tuple[U64, U64]:
    codes, uniques = pd.factorize(column, use_na_sentinel=True)
    texts = np.asarray(uniques, dtype=object)
    if pd.api.types.infer_dtype(texts, skipna=False) not in ("string", "empty"):
        texts = np.array([_text(v) for v in texts], dtype=object)
    if len(texts) == 0:
        texts = np.array([""], dtype=object)
    a, b = (pd.util.hash_array(texts, hash_key=key, categorize=False)[codes] for key in _KEYS)
    a[null], b[null] = _NULL, _mix(np.array([_NULL]))[0]
    return a, b


def _text(value: Any) -> str:
    """Return a text that is the same for equal values, in every process."""
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        value = value.normalize()
    elif isinstance(value, (bool, int, float)):
        value = Decimal(value).normalize()
    return f"{type(value).__name__}:{value!r}"


def _mix(values: U64) -> U64:
    """SplitMix64's finaliser: a permutation of the 64-bit integers (Steele, Lea, Flood 2014)."""
    x = values + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
