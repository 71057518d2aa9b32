"""The kernels that read one field of every line of a block: where it lies, what number it holds, where the next begins.

A kernel takes the place that each line has been read up to (`at`, below zero where the line is done with), moves it
behind the field and what follows it, and leaves in `status` why a line is refused. It runs over all lines before the
next field is looked at, so that it is one tight loop over one kind.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from ..columns import Bytes, Ints
from ..scan import borrowed, find
from ..times import Longs, read_any_time

WORD, NAME, TEXT, LIST, QUOTED, LOOSE, ADDRESS, PORT, TIME, STATUS, NUMBER, REST = range(12)
"""Kinds. WORD: text without blanks, not empty, up to what closes it; NAME: a word that may hold blanks, but no lone
dash with more beside it; TEXT: anything, or nothing; LIST: words with a comma and a blank, or a colon in blanks,
between; QUOTED: text with backslash escapes, between quotes that stand in the format; LOOSE: a word, or a quoted text
with its quotes; ADDRESS: `address:port`, it fills the PORT field behind it too; TIME by a pattern; STATUS: three
digits, `0` or `-`; NUMBER: a whole number or `-`, or a decimal one where it is scaled; REST: all that follows."""

ABSENT = np.iinfo(np.int64).min
"""The number of a field that says `-`."""
EMPTY, FIELDS, TRAILING = 1, 2, 3
"""The first status codes behind 0 (kept): an empty line, a line that ends too soon, one that goes on too long."""


class Edge(NamedTuple):
    """How a field ends. `text` closes it (its first `closed` bytes), the rest stands before the next field.

    `last`: there is none; `may_end`: the line may end here; `code`: the status of a line where this is not so.
    """

    text: Bytes
    closed: int
    last: bool
    may_end: bool
    code: int


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _borrowed(edge: Edge) -> Edge:
    return Edge(borrowed(edge.text), edge.closed, edge.last, edge.may_end, edge.code)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def begin(data: Bytes, starts: Ints, ends: Ints, before: Bytes) -> tuple[Ints, Bytes]:
    """Return where the first field of each line begins (-1: none does) and the status of the lines."""
    at, status = starts.copy(), np.zeros(len(starts), np.uint8)
    data, before = borrowed(data), borrowed(before)
    for row in range(len(starts)):
        if starts[row] == ends[row]:
            at[row], status[row] = -1, EMPTY
        elif _matches(data, starts[row], ends[row], before, len(before)):
            at[row] += len(before)
        else:
            at[row], status[row] = -1, FIELDS
    return at, status


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def read_texts(data: Bytes, at: Ints, ends: Ints, status: Bytes, edge: Edge, kind: int) -> tuple[Ints, Ints]:
    """Read a WORD, NAME, TEXT, LIST, QUOTED or REST; return where it begins and ends."""
    count, data, edge = len(at), borrowed(data), _borrowed(edge)
    starts, stops = np.full(count, -1, np.int32), np.full(count, -1, np.int32)
    for row in range(count):
        start, end = np.int64(at[row]), np.int64(ends[row])
        if start < 0:
            continue
        if start >= end and edge.closed:
            at[row], status[row] = -1, FIELDS
            continue
        stop = end if kind == REST else _find(data, start, end, edge, kind)
        if stop < 0 or ((kind <= NAME or kind == LIST) and not _is_word(data, start, stop, kind)):
            at[row], status[row] = -1, edge.code
            continue
        starts[row], stops[row] = start, stop
        at[row], status[row] = _behind(data, stop, end, edge)
    return starts, stops


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def read_loose(data: Bytes, at: Ints, ends: Ints, status: Bytes, edge: Edge) -> tuple[Ints, Ints]:
    """Read a LOOSE field; return where it begins and ends, within its quotes."""
    count, data, edge = len(at), borrowed(data), _borrowed(edge)
    starts, stops = np.full(count, -1, np.int32), np.full(count, -1, np.int32)
    gap = np.uint8(32)
    if len(edge.text) > edge.closed:
        gap = edge.text[edge.closed]
    for row in range(count):
        if at[row] < 0:
            continue
        end = np.int64(ends[row])
        if at[row] >= end and edge.closed:
            at[row], status[row] = -1, FIELDS
            continue
        start = _behind_blanks(data, np.int64(at[row]), end)
        quoted = start < end and data[start] == 34
        stop = _quoted_end(data, start, end, gap) if quoted else -1
        if not quoted or (stop < 0 and not edge.may_end):  # a quote that none closes is a letter of a word
            quoted, stop = False, _find(data, start, end, edge, LOOSE)
        if stop < 0:
            at[row], status[row] = -1, edge.code
            continue
        inside = np.int32(quoted and stop - start > 1)
        starts[row], stops[row] = start + inside, stop - inside
        at[row], status[row] = _behind(data, stop, end, edge)
    return starts, stops


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def read_addresses(data: Bytes, at: Ints, ends: Ints, status: Bytes, edge: Edge) -> tuple[Ints, Ints, Ints, Ints]:
    """Read `address:port`, both up to the edge of the port; return where each begins and ends, without brackets."""
    count, data, edge = len(at), borrowed(data), _borrowed(edge)
    starts, stops = np.full(count, -1, np.int32), np.full(count, -1, np.int32)
    port_starts, port_stops = np.full(count, -1, np.int32), np.full(count, -1, np.int32)
    for row in range(count):
        start, end = np.int64(at[row]), np.int64(ends[row])
        if start < 0:
            continue
        stop = after = _find(data, start, end, edge, ADDRESS)
        if stop < 0 or not _is_word(data, start, stop, ADDRESS):
            at[row], status[row] = -1, edge.code
            continue
        colon = stop - 1
        while colon > start and 48 <= data[colon] <= 57:
            colon -= 1
        if data[colon] == 58 and colon > start:
            port_starts[row], port_stops[row] = colon + 1, stop
            stop = colon
        bracketed = np.int32(stop - start > 2 and data[start] == 91 and data[stop - 1] == 93)
        starts[row], stops[row] = start + bracketed, stop - bracketed
        at[row], status[row] = _behind(data, after, end, edge)
    return starts, stops, port_starts, port_stops


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def read_times(
    data: Bytes, at: Ints, ends: Ints, status: Bytes, edge: Edge, pattern: Bytes
) -> tuple[Ints, Ints, Longs, Longs]:
    """Read a TIME; return where it begins and ends, microseconds (UTC) and the minutes of its zone."""
    count, data, edge = len(at), borrowed(data), _borrowed(edge)
    starts, stops = np.full(count, -1, np.int32), np.full(count, -1, np.int32)
    numbers, zones = np.full(count, ABSENT, np.int64), np.zeros(count, np.int64)
    pattern = borrowed(pattern)
    for row in range(count):
        if at[row] < 0:
            continue
        end = np.int64(ends[row])
        if at[row] >= end and edge.closed:
            at[row], status[row] = -1, FIELDS
            continue
        start = _behind_blanks(data, np.int64(at[row]), end)
        stop, numbers[row], zones[row] = read_any_time(data, start, end, pattern, 0, len(pattern))
        if stop < 0:
            at[row], status[row] = -1, edge.code
            continue
        starts[row], stops[row] = start, stop
        at[row], status[row] = _behind(data, stop, end, edge)
    return starts, stops, numbers, zones


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def read_numbers(
    data: Bytes, at: Ints, ends: Ints, status: Bytes, edge: Edge, kind: int, scale: int
) -> tuple[Ints, Ints, Longs]:
    """Read a STATUS or a NUMBER; return where it begins and ends, and its value times `scale`."""
    count, data, edge = len(at), borrowed(data), _borrowed(edge)
    starts, stops = np.full(count, -1, np.int32), np.full(count, -1, np.int32)
    numbers = np.full(count, ABSENT, np.int64)
    delimited = len(edge.text) > 0 and edge.text[0] != 32  # between delimiters, nothing is a value
    for row in range(count):
        if at[row] < 0:
            continue
        end = np.int64(ends[row])
        if at[row] >= end and edge.closed:
            at[row], status[row] = -1, FIELDS
            continue
        start = _behind_blanks(data, np.int64(at[row]), end)
        stop = _find(data, start, end, edge, kind)
        value: int = np.int64(-1)  # type: ignore[assignment]
        if stop == start and delimited:
            value = ABSENT
        elif stop >= 0:
            value = read_number(data, start, stop, scale)
        if value == -1 or (kind == STATUS and value > 0 and stop - start != 3):
            at[row], status[row] = -1, edge.code
            continue
        starts[row], stops[row], numbers[row] = start, stop, value
        at[row], status[row] = _behind(data, stop, end, edge)
    return starts, stops, numbers


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def read_number(data: Bytes, start: int, end: int, scale: int) -> int:
    """Return the number in a range times `scale`, ABSENT for `-` and `-1`, or -1 where it is none or over 64 bits.

    Blanks before it and a plus are passed over. A negative scale divides. A fraction is cut off behind what the
    scale holds, and refused where it is 1. An exponent (`3.4e-05`) is read as JSON writes it.
    """
    while start < end and data[start] == 32:
        start += 1
    if start < end and data[start] == 45 and (end - start == 1 or (end - start == 2 and data[start + 1] == 49)):
        return ABSENT
    if start < end and data[start] == 43:
        start += 1
    times, parts = np.int64(max(scale, 1)), np.int64(max(-scale, 1))
    limit = np.int64(9223372036854775807)
    value, at, power = np.int64(0), start, 0
    while at < end and 48 <= data[at] <= 57:
        digit = np.int64(data[at]) - 48
        if value > (limit - digit) // 10:
            return -1
        value = value * 10 + digit
        at += 1
    if at == start:
        return -1
    if at + 1 < end and data[at] == 46:
        at += 1
        while at < end and 48 <= data[at] <= 57:
            digit = np.int64(data[at]) - 48
            if value < limit // 10 // times - 1:
                value = value * 10 + digit
                power -= 1
            at += 1
    if at + 1 < end and (data[at] | 32) == 101:
        at += 1
        sign = -1 if data[at] == 45 else 1
        at += data[at] == 45 or data[at] == 43
        exponent, first = np.int64(0), at
        while at < end and 48 <= data[at] <= 57 and at - first < 3:
            exponent = exponent * 10 + np.int64(data[at]) - 48
            at += 1
        if at == first:
            return -1
        power += sign * exponent  # type: ignore[assignment]
    if at != end or value > limit // times:
        return -1
    value *= times
    while power > 0 and value > 0:
        if value > limit // 10:
            return -1
        value *= 10
        power -= 1
    while power < 0 and value > 0:
        if scale == 1 and value % 10 != 0:
            return -1
        value //= 10
        power += 1
    return value // parts  # type: ignore[return-value]


@njit(inline="always")  # type: ignore[untyped-decorator]
def _matches(data: Bytes, at: int, end: int, text: Bytes, size: int) -> bool:
    if at + size > end:
        return False
    for i in range(size):
        if data[at + i] != text[i]:
            return False
    return True


@njit(inline="always")  # type: ignore[untyped-decorator]
def _behind_blanks(data: Bytes, at: int, end: int) -> int:
    while at < end and data[at] == 32:
        at += 1
    return at


@njit(inline="always")  # type: ignore[untyped-decorator]
def _behind(data: Bytes, after: int, end: int, edge: Edge) -> tuple[int, int]:
    """Return where the next field begins (-1: the line is done with) and the status, where a field ends at `after`."""
    if not edge.last and _matches(data, after, end, edge.text, len(edge.text)):
        return after + len(edge.text), 0
    if edge.may_end and _matches(data, after, end, edge.text, edge.closed):
        if after + edge.closed == end:
            return -1, 0
        return -1, TRAILING if edge.last else edge.code
    return -1, FIELDS if after == end else edge.code


@njit(inline="always")  # type: ignore[untyped-decorator]
def _find(data: Bytes, at: int, end: int, edge: Edge, kind: int) -> int:
    """Return where a field ends: before its close and gap, or before its close at the line's end; -1: nowhere."""
    size = len(edge.text)
    if size == 0:
        return end if kind == TEXT or kind == LIST or kind == NAME else find(data, at, end, 32, 32)
    first = edge.text[0]
    words = kind == WORD or kind == ADDRESS
    other = np.uint8(92) if kind == QUOTED else (np.uint8(32) if words else first)
    while True:
        at = find(data, at, end, first, other)
        if at >= end:
            break
        byte = data[at]
        if byte == 92 and kind == QUOTED:
            at += 2
            continue
        if byte == first:
            if (
                kind == LIST
                and byte == 32
                and (data[at - 1] == 44 or data[at - 1] == 58 or (at + 1 < end and data[at + 1] == 58))
            ):
                at += 1
                continue
            if size > edge.closed and _matches(data, at, end, edge.text, size):
                return at
            if edge.may_end and edge.closed > 0 and _matches(data, at, end, edge.text, edge.closed):
                after = at + edge.closed
                if after == end or (size == edge.closed and kind == QUOTED and data[after] == 32):
                    return at
        if byte == 32 and words:
            return -1
        at += 1
    return end if edge.may_end and edge.closed == 0 and at == end else -1


@njit(inline="always")  # type: ignore[untyped-decorator]
def _is_word(data: Bytes, start: int, stop: int, kind: int) -> bool:
    """Whether a range is not empty, begins without a quote, and as a NAME holds no dash of its own."""
    if stop == start or data[start] == 34:
        return False
    if kind == NAME:
        for at in range(start, stop - 1):
            if data[at] == 45 and data[at + 1] == 32 and (at == start or data[at - 1] == 32):
                return False
    return True


@njit(inline="always")  # type: ignore[untyped-decorator]
def _quoted_end(data: Bytes, at: int, end: int, gap: int) -> int:
    """Return the place behind a text in quotes that begins at `at`, followed by the byte `gap` or nothing; or -1."""
    at = find(data, at + 1, end, 34, 92)
    while at < end:
        if data[at] == 34 and (at + 1 == end or data[at + 1] == gap):
            return at + 1
        at = find(data, at + 1 + (data[at] == 92), end, 34, 92)
    return -1
