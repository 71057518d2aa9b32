"""128-bit hashes of Arrow rows and strings: MurmurHash3_x64_128 over whole buffers.

The algorithm is Austin Appleby's MurmurHash3 (x64, 128 bits, seed 0), which he placed in the public domain
(github.com/aappleby/smhasher, MurmurHash3.cpp). It is not cryptographic: it names rows, it does not hide
them. A hash is a pair of uint64 (h1, h2); its text is the 32 hex digits of the digest, h1 first,
little-endian, as the `mmh3` package prints it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
"""Shape (rows, 2)."""

_BATCH = 65_536
"""Rows packed at a time: small enough for the processor's cache."""

_DIGITS = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), dtype="<u2")
_VALUES = np.full(256, 255, dtype=np.uint8)
_VALUES[np.frombuffer(b"0123456789abcdef", dtype=np.uint8)] = np.arange(16, dtype=np.uint8)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _rotate(value: np.uint64, bits: int) -> np.uint64:
    return (value << np.uint64(bits)) | (value >> np.uint64(64 - bits))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _mix(value: np.uint64) -> np.uint64:
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _load(data: NDArray[np.uint8], start: int, size: int) -> np.uint64:
    value = np.uint64(0)
    for i in range(size):
        value |= np.uint64(data[start + i]) << np.uint64(8 * i)
    return value


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _murmur(data: NDArray[np.uint8], offsets: NDArray[np.int64], out: Hashes) -> None:
    """Write the hash of data[offsets[i]:offsets[i + 1]] to out[i]."""
    c1 = np.uint64(0x87C37B91114253D5)
    c2 = np.uint64(0x4CF5AD432745937F)
    for row in range(out.shape[0]):
        at = offsets[row]
        size = offsets[row + 1] - at
        h1 = np.uint64(0)
        h2 = np.uint64(0)
        for _ in range(size // 16):
            # Eight shifts and ors in a row: LLVM folds them into one load.
            k1 = (
                np.uint64(data[at])
                | np.uint64(data[at + 1]) << np.uint64(8)
                | np.uint64(data[at + 2]) << np.uint64(16)
                | np.uint64(data[at + 3]) << np.uint64(24)
                | np.uint64(data[at + 4]) << np.uint64(32)
                | np.uint64(data[at + 5]) << np.uint64(40)
                | np.uint64(data[at + 6]) << np.uint64(48)
                | np.uint64(data[at + 7]) << np.uint64(56)
            )
            k2 = (
                np.uint64(data[at + 8])
                | np.uint64(data[at + 9]) << np.uint64(8)
                | np.uint64(data[at + 10]) << np.uint64(16)
                | np.uint64(data[at + 11]) << np.uint64(24)
                | np.uint64(data[at + 12]) << np.uint64(32)
                | np.uint64(data[at + 13]) << np.uint64(40)
                | np.uint64(data[at + 14]) << np.uint64(48)
                | np.uint64(data[at + 15]) << np.uint64(56)
            )
            h1 ^= _rotate(k1 * c1, 31) * c2
            h1 = (_rotate(h1, 27) + h2) * np.uint64(5) + np.uint64(0x52DCE729)
            h2 ^= _rotate(k2 * c2, 33) * c1
            h2 = (_rotate(h2, 31) + h1) * np.uint64(5) + np.uint64(0x38495AB5)
            at += 16
        rest = size % 16
        if rest > 8:
            h2 ^= _rotate(_load(data, at + 8, rest - 8) * c2, 33) * c1
        if rest > 0:
            h1 ^= _rotate(_load(data, at, min(rest, 8)) * c1, 31) * c2
        h1 ^= np.uint64(size)
        h2 ^= np.uint64(size)
        h1 += h2
        h2 += h1
        h1 = _mix(h1)
        h2 = _mix(h2)
        h1 += h2
        out[row, 0] = h1
        out[row, 1] = h2 + h1


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _pack(
    packed: NDArray[np.uint8],
    position: NDArray[np.int64],
    tag: int,
    valid: NDArray[np.bool_],
    offsets: NDArray[np.int32],
    data: NDArray[np.uint8],
) -> None:
    """Append (tag, length, bytes) of each value that is there to its row of `packed`; move `position` on."""
    for row in range(valid.size):
        if valid[row]:
            at = position[row]
            start = offsets[row]
            size = offsets[row + 1] - start
            for i in range(4):
                packed[at + i] = (tag >> (8 * i)) & 0xFF
                packed[at + 4 + i] = (size >> (8 * i)) & 0xFF
            at += 8
            for i in range(size):
                packed[at + i] = data[start + i]
            position[row] = at + size


def string_hashes(values: pa.Array | pa.ChunkedArray) -> Hashes:
    """Hash each string or binary value (its bytes, without any prefix); a null hashes as the empty string."""
    chunks = values.chunks if isinstance(values, pa.ChunkedArray) else [values]
    parts = [_hash_strings(chunk) for chunk in chunks]
    return np.concatenate(parts) if parts else np.empty((0, 2), dtype=np.uint64)


def row_hashes(table: pa.Table, columns: Sequence[str]) -> Hashes:
    """Hash each row over the named columns, whatever the chunks and slices of the table are.

    A row is packed as (32-bit hash of the column's name, length, bytes) for each value that is not null, so
    no two different rows pack alike, and a column that is null everywhere changes nothing. Integers, times
    and booleans count as int64 (the type's own unit), floats as float64 with one zero and one NaN, nested
    values as JSON.
    """
    tags = [_tag(name) for name in columns]
    out = np.empty((table.num_rows, 2), dtype=np.uint64)
    done = 0
    for batch in table.select(list(columns)).to_batches(max_chunksize=_BATCH):
        parts = [_bytes_of(column) for column in batch.columns]
        sizes = np.zeros(batch.num_rows, dtype=np.int64)
        for valid, offsets, _ in parts:
            sizes += valid * (np.diff(offsets) + 8)
        ends = np.zeros(batch.num_rows + 1, dtype=np.int64)
        np.cumsum(sizes, out=ends[1:])
        packed = np.empty(int(ends[-1]), dtype=np.uint8)
        position = ends[:-1].copy()
        for tag, (valid, offsets, data) in zip(tags, parts, strict=True):
            _pack(packed, position, tag, _frozen(valid), _frozen(offsets), _frozen(data))
        _murmur(_frozen(packed), _frozen(ends), out[done : done + batch.num_rows])
        done += batch.num_rows
    return out


def to_hex(hashes: Hashes) -> pa.Array:
    """Return the hashes as 32 hex digits each (pa.string)."""
    count = len(hashes)
    digits = _DIGITS[np.ascontiguousarray(hashes, dtype="<u8").view(np.uint8).reshape(-1)]
    offsets = np.arange(0, 32 * (count + 1), 32, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(digits))


def from_hex(values: pa.Array | pa.ChunkedArray) -> tuple[Hashes, NDArray[np.bool_]]:
    """Read hashes back from hex digits; the second array says which values are 32 lower-case hex digits."""
    if isinstance(values, pa.ChunkedArray):
        parts = [from_hex(chunk) for chunk in values.chunks]
        empty: tuple[Hashes, NDArray[np.bool_]] = (np.empty((0, 2), np.uint64), np.empty(0, bool))
        return np.concatenate([empty[0], *(p[0] for p in parts)]), np.concatenate([empty[1], *(p[1] for p in parts)])
    valid, offsets, data = _bytes_of(values)
    good = valid & (np.diff(offsets) == 32)
    if not good.all():
        hashes = np.zeros((len(values), 2), dtype=np.uint64)
        if good.any():
            hashes[good], digits = from_hex(values.filter(pa.array(good)))
            good[good] = digits
        return hashes, good
    nibbles = _VALUES[data[offsets[0] : offsets[-1]]].reshape(-1, 32)
    good = np.asarray((nibbles < 16).all(axis=1))
    octets = np.ascontiguousarray(nibbles[:, ::2] << 4 | nibbles[:, 1::2])
    return octets.view("<u8").astype(np.uint64, copy=False) * good[:, None], good


def _hash_strings(values: pa.Array) -> Hashes:
    valid, offsets, data = _bytes_of(values)
    if not valid.all():  # the bytes under a null are arbitrary
        return _hash_strings(pc.fill_null(values, b"" if pa.types.is_binary(values.type) else ""))
    out = np.empty((len(values), 2), dtype=np.uint64)
    _murmur(_frozen(data), _frozen(offsets.astype(np.int64)), out)
    return out


def _tag(name: str) -> int:
    return int(_hash_strings(pa.array([name], pa.string()))[0, 0] & np.uint64(0x7FFFFFFF))


def _frozen(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return a read-only view: Numba compiles a kernel anew for each mix of writable and read-only."""
    view = array.view()
    view.flags.writeable = False
    return view


def _bytes_of(values: pa.Array) -> tuple[NDArray[np.bool_], NDArray[np.int32], NDArray[np.uint8]]:
    """Return (valid, offsets, data) of an array, its values seen as bytes."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _bytes_of(values.cast(kind.value_type))
    valid = values.is_valid().to_numpy(zero_copy_only=False) if values.null_count else np.ones(len(values), dtype=bool)
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        _, offsets, data = values.buffers()
        ends = np.frombuffer(offsets, dtype=np.int32)[values.offset : values.offset + len(values) + 1]
        if ends.size == 0:
            ends = np.zeros(1, dtype=np.int32)
        return valid, ends, np.frombuffer(data or b"", dtype=np.uint8)
    if _is_text(kind):
        return _bytes_of(values.cast(pa.binary() if "binary" in str(kind) else pa.string()))
    fixed = _fixed(values)
    if fixed is None:
        texts = [None if v is None else json.dumps(v, default=str, sort_keys=True) for v in values.to_pylist()]
        return _bytes_of(pa.array(texts, pa.string()))
    ends = np.arange(0, 8 * (len(values) + 1), 8, dtype=np.int32)
    return valid, ends, fixed.view(np.uint8)


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_large_string(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def _fixed(values: pa.Array) -> NDArray[np.int64] | None:
    """Return integers, booleans, times and floats as int64, nulls as 0; None for every other type."""
    kind = values.type
    if pa.types.is_floating(kind):
        floats = pc.fill_null(values.cast(pa.float64()), 0.0).to_numpy(zero_copy_only=False) + 0.0
        floats[np.isnan(floats)] = np.nan
        return np.ascontiguousarray(floats).view(np.int64)
    if pa.types.is_uint64(kind):
        return np.ascontiguousarray(pc.fill_null(values, 0).to_numpy(zero_copy_only=False)).view(np.int64)
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        values = values.cast(pa.int64())
    elif pa.types.is_date32(kind) or pa.types.is_time32(kind):
        values = values.cast(pa.int32()).cast(pa.int64())
    elif (pa.types.is_temporal(kind) and not pa.types.is_interval(kind)) or pa.types.is_null(kind):
        values = values.cast(pa.int64())
    else:
        return None
    return np.ascontiguousarray(pc.fill_null(values, 0).to_numpy(zero_copy_only=False))
