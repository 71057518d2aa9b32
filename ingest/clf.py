"""Access-log formats as small programs of fields, run over whole blocks of text by one compiled kernel.

A format is data: a row of fields, each of a kind, with the word that stands in the rejects when it is not there.
The kernel walks every line of a block once and leaves where each field lies, the numbers it read, and a status.

Formats: Apache's `common` and `combined` (also nginx's default), https://httpd.apache.org/docs/2.4/logs.html.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from .columns import Bytes, Ints, Slices, frozen

TOKEN, TIME, QUOTED, STATUS, NUMBER = range(5)
"""Kinds: a bare word; `[dd/Mon/yyyy:HH:MM:SS +hhmm]`; text in double quotes with backslash escapes; three digits
or `-`; a whole number or `-`. Fields stand one space apart."""

ABSENT = np.iinfo(np.int64).min
"""The number of a field that says `-`."""


class Field(NamedTuple):
    """One field of a format: the column it fills, its kind, and the reason when it is not there."""

    name: str
    kind: int
    reason: str


_COMMON = (
    Field("remote_host", TOKEN, "fields"),
    Field("ident", TOKEN, "fields"),
    Field("user", TOKEN, "fields"),
    Field("ts", TIME, "time"),
    Field("request", QUOTED, "request"),
    Field("status", STATUS, "status"),
    Field("bytes", NUMBER, "bytes"),
)
FORMATS: dict[str, tuple[Field, ...]] = {
    "common": _COMMON,
    "combined": (*_COMMON, Field("referer", QUOTED, "referer"), Field("user_agent", QUOTED, "user_agent")),
}
REASONS = [
    "",
    "empty_line",
    "fields",
    "trailing",
    "time",
    "request",
    "status",
    "bytes",
    "referer",
    "user_agent",
]
"""Why a line is refused, by status code; code 0 is a line that is kept."""


class Parsed(NamedTuple):
    """What a block of lines came to. `fields[name]` and `numbers[name]` hold one value a line, kept or not."""

    status: npt.NDArray[np.uint8]
    fields: dict[str, Slices]
    numbers: dict[str, npt.NDArray[np.int64]]


def parse(program: tuple[Field, ...], found: Slices) -> Parsed:
    """Run a format over the lines of a block; time becomes `ts` (microseconds, UTC) and `tz_minutes`."""
    kinds = np.array([field.kind for field in program], np.uint8)
    codes = np.array([REASONS.index(field.reason) for field in program], np.uint8)
    names = []
    for field in program:
        if field.kind == TIME:
            names += [field.name, "tz_minutes"]
        elif field.kind in (STATUS, NUMBER):
            names.append(field.name)
    status, starts, ends, numbers = _run(
        *(frozen(a) for a in (found.data, found.starts, found.ends, kinds, codes)), len(names)
    )
    fields = {f.name: Slices(found.data, starts[i], ends[i]) for i, f in enumerate(program)}
    return Parsed(status, fields, dict(zip(names, numbers, strict=True)))


class Request(NamedTuple):
    """A request line in its parts; what cannot be told is null."""

    method: Slices
    path: Slices
    query: Slices
    protocol: Slices


def split_requests(requests: Slices) -> Request:
    """Split `METHOD target PROTOCOL` lines (RFC 9112, section 3), the protocol optional as in HTTP/0.9."""
    cuts = _requests(*(frozen(a) for a in (requests.data, requests.starts, requests.ends)))
    return Request(*(Slices(requests.data, cuts[2 * i], cuts[2 * i + 1]) for i in range(4)))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _digits(data: Bytes, at: int, count: int) -> int:
    """Return `count` digits at `at` as a number, or -1 where one is no digit."""
    value = 0
    for i in range(at, at + count):
        digit = data[i] - 48
        if digit < 0 or digit > 9:
            return -1
        value = value * 10 + digit  # type: ignore[assignment]
    return value


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def days_from_civil(year: int, month: int, day: int) -> int:
    """Return the days from 1970-01-01 to a date (H. Hinnant, chrono-compatible low-level date algorithms)."""
    year -= month <= 2
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def month_days(year: int, month: int) -> int:
    """Return how many days a month has."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _month(a: int, b: int, c: int) -> int:
    names = b"JanFebMarAprMayJunJulAugSepOctNovDec"
    for month in range(12):
        if a == names[3 * month] and b == names[3 * month + 1] and c == names[3 * month + 2]:
            return month + 1
    return 0


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _time(data: Bytes, at: int) -> tuple[bool, int, int]:
    """Read `dd/Mon/yyyy:HH:MM:SS +hhmm` at `at`; return whether it is one, microseconds UTC, minutes of the zone."""
    day = _digits(data, at, 2)
    month = _month(data[at + 3], data[at + 4], data[at + 5])
    year = _digits(data, at + 7, 4)
    hour = _digits(data, at + 12, 2)
    minute = _digits(data, at + 15, 2)
    second = _digits(data, at + 18, 2)
    zone_hour = _digits(data, at + 22, 2)
    zone_minute = _digits(data, at + 24, 2)
    sign = data[at + 21]
    good = (
        data[at + 2] == 47
        and data[at + 6] == 47
        and data[at + 11] == 58
        and data[at + 14] == 58
        and data[at + 17] == 58
        and data[at + 20] == 32
        and (sign == 43 or sign == 45)
        and month > 0
        and 1970 <= year <= 2261  # what nanosecond clocks of other tools can hold
        and 0 <= hour < 24
        and 0 <= minute < 60
        and 0 <= second <= 60  # a leap second
        and 0 <= zone_hour <= 14
        and 0 <= zone_minute < 60
    )
    if not good or day < 1 or day > month_days(year, month):
        return False, 0, 0
    zone = zone_hour * 60 + zone_minute
    if sign == 45:
        zone = -zone
    seconds = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - zone * 60
    return True, seconds * 1000000, zone


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _number(data: Bytes, start: int, end: int) -> int:
    """Return the whole number in a range, ABSENT for `-`, or -1 where it is neither or exceeds 64 bits."""
    if end - start == 1 and data[start] == 45:
        return ABSENT
    if end == start or end - start > 19:
        return -1
    value = 0
    for i in range(start, end):
        digit = np.int64(data[i]) - 48
        if digit < 0 or digit > 9 or (i - start == 18 and value > (9223372036854775807 - digit) // 10):
            return -1
        value = value * 10 + digit  # type: ignore[assignment]
    return value


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _run(
    data: Bytes, line_starts: Ints, line_ends: Ints, kinds: Bytes, codes: Bytes, slots: int
) -> tuple[Bytes, Ints, Ints, npt.NDArray[np.int64]]:
    count, width = len(line_starts), len(kinds)
    status = np.zeros(count, np.uint8)
    starts = np.full((width, count), -1, np.int32)
    ends = np.full((width, count), -1, np.int32)
    numbers = np.zeros((slots, count), np.int64)
    for row in range(count):
        at, end, slot, code = line_starts[row], line_ends[row], 0, 0
        if at == end:
            status[row] = 1
            continue
        for field in range(width):
            if at >= end:
                code = 2
                break
            kind = kinds[field]
            start, stop, after = at, at, -1  # after: the byte behind the field, a space or the line's end
            if kind == TIME:
                if end - at >= 28 and data[at] == 91 and data[at + 27] == 93:
                    good, numbers[slot, row], numbers[slot + 1, row] = _time(data, at + 1)
                    if good:
                        slot += 2
                        start, stop, after = at + 1, at + 27, at + 28
            elif kind == QUOTED:
                if data[at] == 34:
                    i = at + 1
                    while i < end:
                        if data[i] == 92:
                            i += 2
                            continue
                        if data[i] == 34 and (i + 1 == end or data[i + 1] == 32):
                            start, stop, after = at + 1, i, i + 1
                            break
                        i += 1
            else:
                while stop < end and data[stop] != 32:
                    stop += 1
                if stop > start:
                    after = stop
                if kind != TOKEN and after > 0:
                    value = _number(data, start, stop)
                    if value == -1 or (kind == STATUS and value != ABSENT and stop - start != 3):
                        after = -1
                    numbers[slot, row] = value
                    slot += 1
            if after < 0 or (after < end and data[after] != 32):
                code = codes[field]
                break
            starts[field, row], ends[field, row] = start, stop
            if field + 1 < width and after < end:
                after += 1
            at = after
        if code == 0 and at < end:
            code = 3
        status[row] = code
    return status, starts, ends, numbers


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _is_protocol(data: Bytes, start: int, end: int) -> bool:
    """Whether a range reads like `HTTP/1.1`: capitals, a slash, digits and dots."""
    at = start
    while at < end and 65 <= data[at] <= 90:
        at += 1
    if at == start or at + 1 >= end or data[at] != 47 or data[at + 1] < 48 or data[at + 1] > 57:
        return False
    for i in range(at + 1, end):
        if data[i] != 46 and (data[i] < 48 or data[i] > 57):
            return False
    return True


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _is_target(data: Bytes, start: int, end: int) -> bool:
    """Whether a range without a protocol behind it can only be a request target: a path, `*`, or a URL."""
    if start == end:
        return False
    if data[start] == 47 or (data[start] == 42 and end - start == 1):
        return True
    for i in range(start, end - 2):
        if data[i] == 58:
            return i > start and data[i + 1] == 47 and data[i + 2] == 47
        if not (97 <= (data[i] | 32) <= 122):
            return False
    return False


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _requests(data: Bytes, starts: Ints, ends: Ints) -> Ints:
    cuts = np.full((8, len(starts)), -1, np.int32)
    for row in range(len(starts)):
        start, end = starts[row], ends[row]
        gap = start
        while gap < end and (97 <= (data[gap] | 32) <= 122 or data[gap] == 45 or data[gap] == 95):
            gap += 1
        if gap == start or gap >= end or data[gap] != 32 or gap - start > 32:
            continue
        last = end
        while data[last - 1] != 32:
            last -= 1
        target_start, target_end = gap + 1, end
        if _is_protocol(data, last, end):
            cuts[6, row], cuts[7, row] = last, end
            target_end = max(target_start, last - 1)
        elif not _is_target(data, target_start, target_end):
            continue
        cuts[0, row], cuts[1, row] = start, gap
        if target_end == target_start:
            continue
        mark = target_start
        while mark < target_end and data[mark] != 63:
            mark += 1
        cuts[2, row], cuts[3, row] = target_start, mark
        if mark < target_end:
            cuts[4, row], cuts[5, row] = mark + 1, target_end
    return cuts
