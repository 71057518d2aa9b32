"""A line format as a program of fields, run over whole blocks of text by one compiled kernel.

A format is data: text before the first field, then fields, each of a kind, with the text that closes it and the
text up to the next. The kernel walks every line of a block once and leaves where each field lies, the numbers it
read, and a status: kept, or which field was not there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from ..columns import Bytes, Ints, Slices, frozen
from ..times import CLF, Longs, read_any_time

WORD, NAME, TEXT, LIST, QUOTED, LOOSE, ADDRESS, PORT, TIME, STATUS, NUMBER, REST = range(12)
"""Kinds. WORD: text without blanks, not empty, up to what closes it; NAME: a word that may hold blanks, but no lone
dash with more beside it; TEXT: anything, or nothing; LIST: words with a comma and a blank between; QUOTED: text with
backslash escapes, between quotes that stand in the format; LOOSE: a word, or a quoted text with its quotes; ADDRESS:
`address:port`, it fills the PORT field behind it too; TIME by a pattern; STATUS: three digits or `-`; NUMBER: a whole
number or `-`, or a decimal one where it is scaled; REST: all that follows."""

ABSENT = np.iinfo(np.int64).min
"""The number of a field that says `-`."""
EMPTY, FIELDS, TRAILING = 1, 2, 3
"""The first status codes behind 0 (kept): an empty line, a line that ends too soon, one that goes on too long."""


class Field(NamedTuple):
    """One field: the column it fills, its kind, what closes it, what stands before the next, and its details.

    A NUMBER is multiplied by `scale` (to microseconds, from seconds with a fraction: 1,000,000; from nanoseconds:
    -1000, which divides).
    """

    name: str
    kind: int = WORD
    close: bytes = b""
    gap: bytes = b" "
    pattern: bytes = CLF
    scale: int = 1

    @property
    def reason(self) -> str:
        """The word in the rejects where the field is not there."""
        return "time" if self.kind == TIME else "fields" if self.kind in (WORD, NAME, ADDRESS, PORT) else self.name


class Parsed(NamedTuple):
    """What a block of lines came to. `fields[name]` and `numbers[name]` hold one value a line, kept or not.

    `status` indexes `reasons`; 0 is kept. A time fills `numbers[name]` (microseconds, UTC) and `zones[name]`.
    """

    status: npt.NDArray[np.uint8]
    reasons: list[str]
    fields: dict[str, Slices]
    numbers: dict[str, Longs]
    zones: dict[str, Longs]

    def take(self, rows: npt.NDArray[Any]) -> Parsed:
        """Return the same of some rows."""
        return Parsed(
            self.status[rows],
            self.reasons,
            {name: values.take(rows) for name, values in self.fields.items()},
            {name: values[rows] for name, values in self.numbers.items()},
            {name: values[rows] for name, values in self.zones.items()},
        )


@dataclass(frozen=True)
class LineFormat:
    """A format of lines. From field number `required` on, the line may end behind any field.

    A line that begins with `header` is none of the records.
    """

    name: str
    fields: tuple[Field, ...]
    before: bytes = b""
    required: int | None = None
    header: bytes = b""

    def parse(self, found: Slices) -> Parsed:
        """Run the format over lines."""
        status, starts, ends, numbers, zones = _run(
            *(frozen(a) for a in (found.data, found.starts, found.ends)), *self._code, self._least
        )
        fields = {f.name: Slices(found.data, starts[i], ends[i]) for i, f in enumerate(self.fields)}
        counted = [f for f in self.fields if f.kind in (TIME, STATUS, NUMBER)]
        timed = [f for f in self.fields if f.kind == TIME]
        return Parsed(
            status,
            self.reasons,
            fields,
            {f.name: numbers[i] for i, f in enumerate(counted)},
            {f.name: zones[i] for i, f in enumerate(timed)},
        )

    @cached_property
    def reasons(self) -> list[str]:
        """Why a line is refused, by status code."""
        return ["", "empty_line", "fields", "trailing", *(field.reason for field in self.fields)]

    @property
    def _least(self) -> int:
        return len(self.fields) if self.required is None else self.required

    @cached_property
    def _code(self) -> tuple[Any, ...]:
        text, marks = bytearray(self.before), [[len(self.before)] * 4]
        for field in self.fields:
            places = [len(text)]
            last = field is self.fields[-1]
            for part in (field.close, b"" if last else field.gap, field.pattern if field.kind == TIME else b""):
                text += part
                places.append(len(text))
            marks.append(places)
        return (
            frozen(np.array([f.kind for f in self.fields], np.uint8)),
            frozen(np.frombuffer(bytes(text), np.uint8)),
            frozen(np.array(marks, np.int32)),
            frozen(np.array([f.scale for f in self.fields], np.int64)),
        )


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


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _matches(data: Bytes, at: int, end: int, text: Bytes, low: int, high: int) -> bool:
    if at + high - low > end:
        return False
    for i in range(low, high):
        if data[at + i - low] != text[i]:
            return False
    return True


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _find(data: Bytes, at: int, end: int, text: Bytes, marks: Ints, field: int, kind: int, open_end: bool) -> int:
    """Return where a field ends: before its close and gap, or before its close at the line's end; -1: nowhere."""
    low, closed, high = marks[field, 0], marks[field, 1], marks[field, 2]
    if low == high:
        if kind != TEXT and kind != LIST and kind != NAME:
            while at < end and data[at] != 32:
                at += 1
            return at
        return end
    first = text[low]
    second = 92 if kind == QUOTED else (32 if kind == WORD or kind == ADDRESS else first)
    while at < end:
        byte = data[at]
        if byte != first and byte != second:
            at += 1
            continue
        if byte == 92 and kind == QUOTED:
            at += 2
            continue
        if byte == first:
            if kind == LIST and byte == 32 and data[at - 1] == 44:
                at += 1
                continue
            if high > closed and _matches(data, at, end, text, low, high):
                return at
            if open_end and closed > low and _matches(data, at, end, text, low, closed):
                after = at + closed - low
                if after == end or (high == closed and kind == QUOTED and data[after] == 32):
                    return at
        if byte == 32 and (kind == WORD or kind == ADDRESS):
            return -1
        at += 1
    return end if open_end and closed == low and at == end else -1


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _is_word(data: Bytes, start: int, stop: int, kind: int) -> bool:
    """Whether a range is not empty, begins without a quote, and as a NAME holds no dash of its own."""
    if stop == start or data[start] == 34:
        return False
    if kind == NAME:
        for at in range(start, stop - 1):
            if data[at] == 45 and data[at + 1] == 32 and (at == start or data[at - 1] == 32):
                return False
    return True


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _quoted_end(data: Bytes, at: int, end: int, gap: int) -> int:
    """Return the place behind a text in quotes that begins at `at`, followed by the byte `gap` or nothing; or -1."""
    at += 1
    while at < end:
        if data[at] == 92:
            at += 2
            continue
        if data[at] == 34 and (at + 1 == end or data[at + 1] == gap):
            return at + 1
        at += 1
    return -1


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _run(
    data: Bytes,
    line_starts: Ints,
    line_ends: Ints,
    kinds: Bytes,
    text: Bytes,
    marks: Ints,
    scales: Longs,
    required: int,
) -> tuple[Bytes, Ints, Ints, Longs, Longs]:
    count, width, timed, counted = len(line_starts), len(kinds), 0, 0
    for kind in kinds:
        timed += kind == TIME
        counted += kind == TIME or kind == STATUS or kind == NUMBER
    status = np.zeros(count, np.uint8)
    starts = np.full((width, count), -1, np.int32)
    ends = np.full((width, count), -1, np.int32)
    numbers = np.full((counted, count), ABSENT, np.int64)
    zones = np.zeros((timed, count), np.int64)
    for row in range(count):
        at, end = line_starts[row], line_ends[row]
        if at == end:
            status[row] = EMPTY
            continue
        if not _matches(data, at, end, text, 0, marks[0, 0]):
            status[row] = FIELDS
            continue
        at += marks[0, 0]
        field, slot, zone, code = 0, 0, 0, 0
        while field < width:
            kind, mark = kinds[field], field + 1
            if at >= end and marks[mark, 1] > marks[mark, 0]:
                code = FIELDS
                break
            open_end = field + 1 >= required
            if kind == NUMBER or kind == STATUS or kind == LOOSE or kind == TIME:
                while at < end and data[at] == 32:
                    at += 1
            start, stop = at, -1
            if kind == TIME:
                stop, micros, minutes = read_any_time(data, at, end, text, marks[mark, 2], marks[mark, 3])
                numbers[slot, row], zones[zone, row] = micros, minutes
                slot += 1
                zone += 1
            elif kind == LOOSE and at < end and data[at] == 34:
                stop = _quoted_end(data, at, end, text[marks[mark, 1]] if marks[mark, 2] > marks[mark, 1] else 32)
            elif kind == ADDRESS:
                stop = _find(data, at, end, text, marks, mark + 1, kind, field + 2 >= required)
            elif kind == REST:
                stop = end
            else:
                stop = _find(data, at, end, text, marks, mark, kind, open_end)
            if stop < 0 or (
                (kind <= NAME or kind == LIST or kind == ADDRESS) and not _is_word(data, start, stop, kind)
            ):
                code = 4 + field
                break
            after = stop
            if kind == STATUS or kind == NUMBER:
                value = read_number(data, start, stop, scales[field])
                if stop == start and marks[mark, 2] > marks[mark, 1] and text[marks[mark, 1]] != 32:
                    value = ABSENT  # between delimiters, nothing is a value
                if value == -1 or (kind == STATUS and value != ABSENT and stop - start != 3):
                    code = 4 + field
                    break
                numbers[slot, row] = value
                slot += 1
            elif kind == LOOSE and start < stop and data[start] == 34 and stop - start > 1:
                start, stop = start + 1, stop - 1
            elif kind == ADDRESS:
                colon = stop - 1
                while colon > start and 48 <= data[colon] <= 57:
                    colon -= 1
                if data[colon] == 58 and colon > start:
                    starts[field + 1, row], ends[field + 1, row] = colon + 1, stop
                    stop = colon
                if stop - start > 2 and data[start] == 91 and data[stop - 1] == 93:
                    start, stop = start + 1, stop - 1
            starts[field, row], ends[field, row] = start, stop
            if kind == ADDRESS:
                field += 1
                mark += 1
                open_end = field + 1 >= required
            low, closed, high = marks[mark, 0], marks[mark, 1], marks[mark, 2]
            if field + 1 < width and _matches(data, after, end, text, low, high):
                at = after + high - low
            elif open_end and _matches(data, after, end, text, low, closed):
                at = after + closed - low
                if at < end:
                    code = TRAILING if field + 1 == width else 4 + field
                break
            else:
                code = FIELDS if after == end else 4 + field
                break
            field += 1
        status[row] = code
    return status, starts, ends, numbers, zones
