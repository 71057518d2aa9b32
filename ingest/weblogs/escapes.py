"""Escapes in the strings of JSON, resolved for whole columns without a Python object a value."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from ..columns import Bytes, Ints, Slices, frozen
from ..scan import borrowed


def unescaped(values: Slices, escaped: npt.NDArray[np.bool_]) -> Slices:
    """Return the values with the escapes of those that hold some resolved (RFC 8259, section 7)."""
    made, starts, ends = _unescape(*(frozen(a) for a in (*values, escaped)))
    return Slices(np.concatenate((values.data, made)), starts, ends)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _unescape(data: Bytes, starts: Ints, ends: Ints, escaped: npt.NDArray[np.bool_]) -> tuple[Bytes, Ints, Ints]:
    """Return the new text, and where the values lie behind the old one; a lone surrogate is written like any other."""
    data, size = borrowed(data), 0
    for row in range(len(starts)):
        size += (ends[row] - starts[row]) * escaped[row]
    out, put = np.empty(size, np.uint8), 0
    new_starts, new_ends = starts.copy(), ends.copy()
    for row in range(len(starts)):
        if not escaped[row]:
            continue
        at, end = starts[row], ends[row]
        new_starts[row] = len(data) + put
        while at < end:
            if data[at] != 92:
                out[put] = data[at]
                at, put = at + 1, put + 1
            elif data[at + 1] != 117:
                out[put] = _letter(data[at + 1])
                at, put = at + 2, put + 1
            else:
                code, at = _unit(data, at + 2), at + 6
                if 0xD800 <= code < 0xDC00 and at + 6 <= end and data[at] == 92 and data[at + 1] == 117:
                    low = _unit(data, at + 2)
                    if 0xDC00 <= low < 0xE000:
                        code, at = 0x10000 + ((code - 0xD800) << 10) + low - 0xDC00, at + 6
                put = _encode(out, put, code)
        new_ends[row] = len(data) + put
    return out[:put], new_starts, new_ends


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _letter(letter: int) -> int:
    """Return the character that a backslash and a letter stand for."""
    if letter == 98:
        return 8
    if letter == 102:
        return 12
    if letter == 110:
        return 10
    if letter == 114:
        return 13
    return 9 if letter == 116 else letter


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _unit(data: Bytes, at: int) -> int:
    """Return the number that four hexadecimal digits write."""
    value = 0
    for i in range(at, at + 4):
        digit = np.int64(data[i])
        value = value * 16 + (digit - 48 if digit <= 57 else (digit | 32) - 87)  # type: ignore[assignment]
    return value


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _encode(out: Bytes, put: int, code: int) -> int:
    """Write a code point as UTF-8 (RFC 3629) and return the place behind it."""
    if code < 0x80:
        out[put] = code
        return put + 1
    if code < 0x800:
        out[put] = 0xC0 | (code >> 6)
    elif code < 0x10000:
        out[put] = 0xE0 | (code >> 12)
        out[put + 1] = 0x80 | ((code >> 6) & 0x3F)
        put += 1
    else:
        out[put] = 0xF0 | (code >> 18)
        out[put + 1] = 0x80 | ((code >> 12) & 0x3F)
        out[put + 2] = 0x80 | ((code >> 6) & 0x3F)
        put += 2
    out[put + 1] = 0x80 | (code & 0x3F)
    return put + 2
