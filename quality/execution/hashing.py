"""Uniqueness over many partitions: 128-bit hashes of values, split into buckets, counted bucket by bucket.

A partition sends each of its distinct values as two 64-bit hashes and a count. The first hash of a value of fixed
width is one to one (no collision at all). A text is hashed word by word through two different permutations, so that
any two of 10^10 texts collide with a probability of about 10^-19 (the birthday bound of 128 bits).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from ...errors import DataError

U64 = npt.NDArray[np.uint64]

MAX_DUPLICATES = 1_000_000
"""How many duplicated values are remembered (16 bytes each) to find their rows again; counts are always exact."""

_NULL = np.uint64(0x9E3779B97F4A7C15)


SAMPLE = 4096
"""Rows that tell whether a column's values repeat within a partition."""


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


class Modes(NamedTuple):
    """The most common values: how often each occurs, and their hashes (hi, lo: uint64)."""

    occurrences: int
    hashes: pa.Table


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
    counted = _count(hashes)
    if buckets == 1:
        return [counted]
    # The high bits choose the bucket: the low ones of small integers are what group_by's own table hashes on.
    bucket = _mix(counted["hi"].to_numpy()) >> np.uint64(33)
    bucket %= np.uint64(buckets)
    order = np.argsort(bucket, kind="stable")
    edges = np.searchsorted(bucket[order], np.arange(buckets + 1, dtype=np.uint64))
    ordered = counted.take(pa.array(order))
    return [ordered.slice(edges[i], edges[i + 1] - edges[i]) for i in range(buckets)]


def _count(hashes: Hashes) -> pa.Table:
    """Count equal hashes; where a sample finds hardly any, each row stands for itself, for counting would not help."""
    rows = pa.table({"hi": hashes.hi, "lo": hashes.lo})
    sample = hashes.hi[:: max(1, len(hashes.hi) // SAMPLE)]
    if len(sample) >= SAMPLE and len(np.unique(sample)) > 0.95 * len(sample):
        return rows.append_column("n", pa.array(np.ones(len(rows), dtype=np.int64)))
    return (
        rows.group_by(["hi", "lo"], use_threads=False).aggregate([([], "count_all")]).rename_columns(["hi", "lo", "n"])
    )


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


def mode_bucket(parts: list[pa.Table]) -> Modes:
    """Find the most common values of one bucket. Raises DataError where there are more than MAX_DUPLICATES."""
    table = pa.concat_tables(parts).group_by(["hi", "lo"], use_threads=False).aggregate([("n", "sum")])
    top = int(pc.max(table["n_sum"]).as_py() or 0)
    return _bounded(Modes(top, table.filter(pc.equal(table["n_sum"], top)).select(["hi", "lo"]).combine_chunks()))


def merge_modes(parts: list[Modes]) -> Modes:
    """Return the most common values of all buckets. Raises DataError as mode_bucket."""
    top = max(p.occurrences for p in parts)
    return _bounded(Modes(top, pa.concat_tables([p.hashes for p in parts if p.occurrences == top]).combine_chunks()))


def _bounded(modes: Modes) -> Modes:
    if modes.hashes.num_rows > MAX_DUPLICATES:
        raise DataError(f"more than {MAX_DUPLICATES:,} values are equally common")
    return modes


def among(hashes: Hashes, duplicates: pa.Table) -> npt.NDArray[np.bool_]:
    """Return which rows are among the duplicated values."""
    hi, lo = duplicates["hi"].to_numpy(), duplicates["lo"].to_numpy()
    found: npt.NDArray[np.bool_] = np.isin(hashes.hi, hi) & np.isin(hashes.lo, lo)
    return found


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
    if not isinstance(column.dtype, pd.StringDtype) and not _arrow_text(column.dtype):
        codes, uniques = pd.factorize(column, use_na_sentinel=True)
        a, b = _hash_texts(pa.array([_text(v) for v in uniques] or [""], pa.large_string()))
        a, b = a[codes], b[codes]
    else:
        a, b = _hash_texts(pa.array(column, pa.large_string()))
    a[null], b[null] = _NULL, _mix(np.array([_NULL]))[0]
    return a, b


def _arrow_text(dtype: Any) -> bool:
    if not isinstance(dtype, pd.ArrowDtype):
        return False
    kind = dtype.pyarrow_dtype
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _hash_texts(texts: pa.Array | pa.ChunkedArray) -> tuple[U64, U64]:
    """Hash texts from their Arrow buffers; what a null gets is arbitrary."""
    chunks = texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]
    parts = []
    for chunk in chunks:
        _, offsets, data = chunk.buffers()
        hi, lo = np.empty(len(chunk), dtype=np.uint64), np.empty(len(chunk), dtype=np.uint64)
        if len(chunk):
            ends = np.frombuffer(offsets, dtype=np.int64)[chunk.offset : chunk.offset + len(chunk) + 1]
            _hash_bytes(np.frombuffer(data or b"", dtype=np.uint8), ends, hi, lo)
        parts.append((hi, lo))
    if len(parts) == 1:
        return parts[0]
    empty = np.empty(0, dtype=np.uint64)
    return np.concatenate([empty, *(p[0] for p in parts)]), np.concatenate([empty, *(p[1] for p in parts)])


@njit(
    "void(Array(uint8, 1, 'C', readonly=True), Array(int64, 1, 'C', readonly=True), uint64[::1], uint64[::1])",
    cache=True,
    nogil=True,
)
def _hash_bytes(data: Any, ends: Any, hi: U64, lo: U64) -> None:
    """Chain each text's 8-byte words and its length through two permutations: SplitMix64's and MurmurHash3's."""
    for row in range(hi.size):
        at, end = ends[row], ends[row + 1]
        a = np.uint64(end - at) ^ np.uint64(0x243F6A8885A308D3)
        b = np.uint64(end - at) ^ np.uint64(0x13198A2E03707344)
        while at < end:
            word = np.uint64(0)
            for i in range(min(8, end - at)):
                word |= np.uint64(data[at + i]) << np.uint64(8 * i)
            at += 8
            a = (a ^ word) + np.uint64(0x9E3779B97F4A7C15)
            a = (a ^ (a >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            a = (a ^ (a >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            a ^= a >> np.uint64(31)
            b = (b ^ word) * np.uint64(0xFF51AFD7ED558CCD)
            b = (b ^ (b >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
            b ^= b >> np.uint64(33)
        hi[row], lo[row] = a, b


def _text(value: Any) -> str:
    """Return a text that is the same for equal values, in every process. Raises TypeError for lists and mappings."""
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
