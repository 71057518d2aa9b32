"""Uniqueness over many partitions: 128-bit hashes of values, split into buckets, counted bucket by bucket.

A partition sends each of its distinct values as two 64-bit hashes and a count. The first hash of a value of fixed
width is one to one (no collision at all). A text is hashed word by word through two different permutations, so that
any two of 10^10 texts collide with a probability of about 10^-19 (the birthday bound of 128 bits).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from numba import njit, vectorize

from ...distinct import distinct, is_in
from ...errors import DataError
from ..frames import Coded
from .sorting import sort

U64 = npt.NDArray[np.uint64]

HASH_BYTES = 16

MAX_DUPLICATES = 1_000_000
"""How many duplicated values are remembered (16 bytes each) to find their rows again; counts are always exact."""

_NULL = np.uint64(0x9E3779B97F4A7C15)


SAMPLE = 4096
"""Rows that tell whether a column's values repeat within a partition."""


class Hashes(NamedTuple):
    """Two 64-bit hashes a row; or, with `n`, two a distinct value and how many rows have it."""

    hi: U64
    lo: U64
    n: npt.NDArray[np.int64] | None = None


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


@vectorize(["uint64(uint64)"], cache=True)
def _mix(x: Any) -> Any:
    """SplitMix64's finaliser: a permutation of the 64-bit integers (Steele, Lea, Flood 2014)."""
    x += np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def hash_column(column: pd.Series | Coded) -> Hashes:
    """Hash each value; equal values (nulls equal each other, as in pandas) get equal hashes.

    Raises TypeError for a column of lists or mappings.
    """
    if isinstance(column, Coded):
        hi, lo = _hash_values(column.values)
        nothing = _mix(np.array([_NULL]))[0]
        hi, lo = np.append(hi, _NULL), np.append(lo, nothing)  # the code -1 takes the last
        return Hashes(hi[column.codes], lo[column.codes])
    return Hashes(*_hash_values(column))


def combine(columns: Sequence[Hashes]) -> Hashes:
    """Return the hashes of rows from those of their columns."""
    if len(columns) == 1:
        return columns[0]
    hi = np.zeros(len(columns[0].hi), dtype=np.uint64)
    lo = np.full(len(hi), _NULL)
    for column in columns:
        np.bitwise_xor(hi, column.hi, out=hi)
        np.add(lo, column.lo, out=lo)
        _mix(hi, out=hi)
        _mix(lo, out=lo)
    return Hashes(hi, lo)


def count_codes(column: Coded) -> Hashes:
    """Return the hashes of the distinct values of a column without nulls, with their counts."""
    counts = np.bincount(column.codes, minlength=len(column.values))
    present = counts > 0
    hi, lo = _hash_values(column.values[present])
    return Hashes(hi, lo, counts[present].astype(np.int64))


def split(hashes: Hashes, buckets: int) -> list[Hashes]:
    """Return the hashes as one part a bucket, with their counts where values repeat."""
    found = _counted(hashes)
    if buckets == 1:
        return [found]
    arrays = [found.hi, found.lo, *([] if found.n is None else [found.n.view(np.uint64)])]
    edges, parts = _scatter(np.stack(arrays), buckets)
    counts = None if found.n is None else parts[2].view(np.int64)
    return [
        Hashes(parts[0][a:b], parts[1][a:b], None if counts is None else counts[a:b])
        for a, b in itertools.pairwise(edges.tolist())
    ]


def _counted(hashes: Hashes) -> Hashes:
    """Count equal hashes; where a sample finds hardly any, each row stands for itself, for counting would not help."""
    if hashes.n is not None:
        return hashes
    sample = hashes.hi[:: max(1, len(hashes.hi) // SAMPLE)]
    if len(sample) >= SAMPLE and len(np.unique(sample)) > 0.95 * len(sample):
        return hashes
    return add_up([hashes])


def add_up(parts: Sequence[Hashes]) -> Hashes:
    """Return the distinct hashes of all parts with their counts."""
    tables = [pa.table({"hi": p.hi, "lo": p.lo, "n": ones(p) if p.n is None else p.n}) for p in parts]
    table = pa.concat_tables(tables).group_by(["hi", "lo"], use_threads=False).aggregate([("n", "sum")])
    return Hashes(*(table[name].to_numpy() for name in ("hi", "lo", "n_sum")))


def count_bucket(parts: Sequence[Hashes], cap: int = MAX_DUPLICATES) -> Uniqueness:
    """Count one bucket over all partitions.

    The first hashes of a key column stand alone, nearly all; sorting them shows which do not, and only those are
    grouped, which costs much more.
    """
    alone = 0
    if all(part.n is None for part in parts):
        hi, lo = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
        order = sort(hi)
        suspect = is_in(hi, distinct(order[1:][order[1:] == order[:-1]]))
        alone = len(hi) - int(suspect.sum())
        parts = [Hashes(hi[suspect], lo[suspect])]
    hi, lo, n = add_up(parts)
    assert n is not None
    repeated = n > 1
    kept = pa.table({"hi": hi[repeated][:cap], "lo": lo[repeated][:cap]})
    return Uniqueness(alone + int(n.sum()), alone + len(n), int(n[repeated].sum()), kept)


def merge_buckets(parts: list[Uniqueness]) -> Uniqueness:
    """Add up the buckets."""
    return Uniqueness(
        sum(p.rows for p in parts),
        sum(p.distinct for p in parts),
        sum(p.repeated for p in parts),
        pa.concat_tables([p.duplicates for p in parts]).slice(0, MAX_DUPLICATES).combine_chunks(),
    )


def mode_bucket(parts: Sequence[Hashes]) -> Modes:
    """Find the most common values of one bucket. Raises DataError where there are more than MAX_DUPLICATES."""
    hi, lo, n = add_up(parts)
    assert n is not None
    top = int(n.max(initial=0))
    return _bounded(Modes(top, pa.table({"hi": hi[n == top], "lo": lo[n == top]})))


def merge_modes(parts: list[Modes]) -> Modes:
    """Return the most common values of all buckets. Raises DataError as mode_bucket."""
    top = max(p.occurrences for p in parts)
    return _bounded(Modes(top, pa.concat_tables([p.hashes for p in parts if p.occurrences == top]).combine_chunks()))


def ones(part: Hashes) -> npt.NDArray[np.int64]:
    """Return the counts of hashes that come without: each stands for one row."""
    return np.ones(len(part.hi), dtype=np.int64)


def _bounded(modes: Modes) -> Modes:
    if modes.hashes.num_rows > MAX_DUPLICATES:
        raise DataError(f"more than {MAX_DUPLICATES:,} values are equally common")
    return modes


def among(hashes: Hashes, duplicates: pa.Table) -> npt.NDArray[np.bool_]:
    """Return which rows are among the duplicated values."""
    hi, lo = duplicates["hi"].to_numpy(), duplicates["lo"].to_numpy()
    found: npt.NDArray[np.bool_] = is_in(hashes.hi, np.sort(hi)) & is_in(hashes.lo, np.sort(lo))
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


@njit("Tuple((int64[::1], uint64[:,::1]))(uint64[:,::1], int64)", cache=True, nogil=True)
def _scatter(columns: Any, buckets: int) -> Any:
    """Sort rows by the bucket of their first hash, mixed once more: return where each bucket starts, and the rows."""
    width, rows = columns.shape
    bucket = np.empty(rows, dtype=np.int64)
    edges = np.zeros(buckets + 1, dtype=np.int64)
    for row in range(rows):
        x = columns[0, row] + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x ^= x >> np.uint64(27)
        bucket[row] = np.int64((x >> np.uint64(33)) % np.uint64(buckets))
        edges[bucket[row] + 1] += 1
    edges = np.cumsum(edges)
    at = edges[:-1].copy()
    parts = np.empty((width, rows), dtype=np.uint64)
    for row in range(rows):
        place = at[bucket[row]]
        at[bucket[row]] += 1
        for i in range(width):
            parts[i, place] = columns[i, row]
    return edges, parts


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
