"""Arrow columns from byte ranges of one buffer: strings, binaries, integers, and back again.

A `Slices` is the seam between the parsers and Arrow: where each value of a column lies in a block of text. Text
that is not UTF-8 is kept by escaping the odd bytes as `\\xNN`, as web servers do in their logs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from .contract import REJECTS
from .scan import borrowed, copy, find

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)


class Slices(NamedTuple):
    """One column: value i is `data[starts[i]:ends[i]]`; a start below zero is a null."""

    data: Bytes
    starts: Ints
    ends: Ints

    def take(self, rows: npt.NDArray[Any]) -> Slices:
        """Return the values of the rows given by index or mask."""
        return Slices(self.data, self.starts[rows], self.ends[rows])

    def without(self, mask: npt.NDArray[np.bool_]) -> Slices:
        """Return the column with nulls where `mask` holds."""
        return Slices(self.data, np.where(mask, np.int32(-1), self.starts), np.where(mask, np.int32(-1), self.ends))

    def equal(self, byte: int) -> npt.NDArray[np.bool_]:
        """Return where the value is this one byte."""
        return np.asarray(_equal(frozen(self.data), frozen(self.starts), frozen(self.ends), byte))


def lines(data: Bytes, mark: int) -> Slices:
    """Return the lines of a block, without their ends; `mark` is the byte that ends a line (10 or 13)."""
    return Slices(data, *_lines(frozen(data), mark))


def clean(block: bytes) -> bool:
    """Whether a block is valid UTF-8, so that whole fields of it are."""
    if block.isascii():
        return True
    try:
        block.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def strings(values: Slices, valid: bool, slashes: int = 1) -> pa.StringArray:
    """Return the column as strings; where the text is not known to be UTF-8, odd bytes become `\\xNN`.

    `slashes` is how many backslashes an escape begins with (two inside JSON text).
    """
    if valid:
        return _array(pa.string(), values)
    where = frozen(values.data), frozen(values.starts), frozen(values.ends)
    size, changed = _escaped_size(*where, slashes)
    return _array(pa.string(), Slices(*_escape(*where, slashes, size)) if changed else values)


def binaries(values: Slices) -> pa.BinaryArray:
    """Return the column as the bytes that stand there."""
    return _array(pa.binary(), values)


def integers(values: npt.NDArray[Any], null: npt.NDArray[np.bool_] | None, kind: pa.DataType) -> pa.Array:
    """Return whole numbers as an Arrow array of `kind` (integer or timestamp), null where the mask holds."""
    return pa.array(values, mask=null).cast(kind)


def slices(array: pa.Array) -> Slices:
    """Return an Arrow string or binary array as ranges of its own buffer."""
    count = len(array)
    _, offset_buffer, data_buffer = array.buffers()
    if not count or offset_buffer is None:
        return Slices(np.zeros(0, np.uint8), np.full(count, -1, np.int32), np.full(count, -1, np.int32))
    offsets = np.frombuffer(offset_buffer, np.int32)[array.offset : array.offset + count + 1]
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer is not None else np.zeros(0, np.uint8)
    found = Slices(data, offsets[:-1], offsets[1:])
    if not array.null_count:
        return found
    return found.without(array.is_null().to_numpy(zero_copy_only=False))


def frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a read-only view: Numba compiles a kernel for each mix of writable and read-only arguments."""
    view = array.view()
    view.flags.writeable = False
    return view


def rejects(
    source: str,
    file: str,
    numbers: npt.NDArray[np.int64],
    words: list[str],
    codes: npt.NDArray[Any],
    raw: Slices | pa.Array,
) -> pa.Table:
    """Return rejected records as a table of REJECTS: `words[codes[i]]` is the reason of record i."""
    count = len(codes)
    return pa.table(
        [
            constant(source, count),
            constant(file, count),
            pa.array(numbers, pa.int64()),
            constant("pull", count),
            pa.array(words, pa.string()).take(pa.array(codes.astype(np.int64))),
            binaries(raw) if isinstance(raw, Slices) else raw,
        ],
        schema=REJECTS,
    )


def constant(value: str, count: int) -> pa.Array:
    """Return a column that holds one string everywhere."""
    return pa.repeat(pa.scalar(value, pa.string()), count)


def _array(kind: pa.DataType, values: Slices) -> pa.Array:
    where = frozen(values.data), frozen(values.starts), frozen(values.ends)
    offsets, validity, nulls = _offsets(*where[1:])
    data = np.empty(offsets[-1], np.uint8)
    _copy(*where[:2], frozen(offsets), data)
    there = pa.py_buffer(validity) if nulls else None
    return pa.Array.from_buffers(kind, len(values.starts), [there, pa.py_buffer(offsets), pa.py_buffer(data)], nulls)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _equal(data: Bytes, starts: Ints, ends: Ints, byte: int) -> npt.NDArray[np.bool_]:
    mask = np.zeros(len(starts), np.bool_)
    for row in range(len(starts)):
        mask[row] = ends[row] - starts[row] == 1 and data[starts[row]] == byte
    return mask


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _lines(data: Bytes, mark: int) -> tuple[Ints, Ints]:
    data, size = borrowed(data), len(data)
    starts, ends = np.empty(size // 64 + 16, np.int32), np.empty(size // 64 + 16, np.int32)
    count, at = 0, 0
    while at < size:
        if count == len(starts):
            starts, ends = np.append(starts, np.empty_like(starts)), np.append(ends, np.empty_like(ends))
        stop = find(data, at, size, mark, mark)
        starts[count] = at
        ends[count] = stop - (mark == 10 and stop > at and data[stop - 1] == 13)
        count += 1
        at = stop + 1
    return starts[:count], ends[:count]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _offsets(starts: Ints, ends: Ints) -> tuple[Ints, Bytes, int]:
    """Return Arrow's offsets and validity bits of ranges, and how many are null."""
    count, put, nulls = len(starts), 0, 0
    offsets, validity = np.empty(count + 1, np.int32), np.zeros((count + 7) // 8, np.uint8)
    for row in range(count):
        offsets[row] = put
        there = starts[row] >= 0
        put += (ends[row] - starts[row]) * there
        nulls += not there
        validity[row >> 3] |= there << (row & 7)
    offsets[count] = put
    return offsets, validity, nulls


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _copy(data: Bytes, starts: Ints, offsets: Ints, out: Bytes) -> None:
    data, out = borrowed(data), borrowed(out)
    for row in range(len(starts)):
        copy(data, starts[row], out, offsets[row], offsets[row + 1] - offsets[row])


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _sequence(data: Bytes, at: int, end: int) -> int:
    """Return the length of the UTF-8 sequence at `at`, or 0 where there is none (RFC 3629, table in section 4)."""
    first = data[at]
    if first < 0x80:
        return 1
    if first < 0xC2 or first > 0xF4:
        return 0
    length = 2 if first < 0xE0 else (3 if first < 0xF0 else 4)
    if at + length > end:
        return 0
    second = data[at + 1]
    low = 0xA0 if first == 0xE0 else (0x90 if first == 0xF0 else 0x80)
    high = 0x9F if first == 0xED else (0x8F if first == 0xF4 else 0xBF)
    if second < low or second > high:
        return 0
    for i in range(at + 2, at + length):
        if data[i] & 0xC0 != 0x80:
            return 0
    return length


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _escaped_size(data: Bytes, starts: Ints, ends: Ints, slashes: int) -> tuple[int, bool]:
    size, changed = 0, False
    for row in range(len(starts)):
        at = starts[row]
        while 0 <= at < ends[row]:
            length = _sequence(data, at, ends[row])
            if length == 0:
                changed = True
                size += slashes + 3
                at += 1
            else:
                size += length
                at += length
    return size, changed


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _escape(data: Bytes, starts: Ints, ends: Ints, slashes: int, size: int) -> tuple[Bytes, Ints, Ints]:
    out = np.empty(size, np.uint8)
    new_starts = np.full(len(starts), -1, np.int32)
    new_ends = np.full(len(starts), -1, np.int32)
    put = 0
    for row in range(len(starts)):
        if starts[row] < 0:
            continue
        new_starts[row] = put
        at = starts[row]
        while at < ends[row]:
            length = _sequence(data, at, ends[row])
            if length == 0:
                for _ in range(slashes):
                    out[put] = 92
                    put += 1
                out[put] = 120
                out[put + 1] = _HEX[data[at] >> 4]
                out[put + 2] = _HEX[data[at] & 15]
                put += 3
                at += 1
            else:
                for i in range(length):
                    out[put + i] = data[at + i]
                put += length
                at += length
        new_ends[row] = put
    return out, new_starts, new_ends
