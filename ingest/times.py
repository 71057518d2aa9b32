"""Times in text to microseconds: the kernels that read a time by a pattern, without a Python object a value.

A pattern is strftime's, with a few directives more, for what logs hold: `%z` also `Z` and `+hh:mm`; `%f` the digits
of a fraction; `%?` a fraction or nothing; `%@` a zone or nothing; `%t` a T or a blank; `%s`, `%L`, `%U`, `%G` the
seconds, milli-, micro- and nanoseconds since 1970; `%*` ISO 8601, with slashes too, the Common Log Format's time, or
one of these by its number of digits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from .columns import Bytes, Ints
from .scan import borrowed

Longs = npt.NDArray[np.int64]
NO_ZONE = np.iinfo(np.int16).min
"""The zone of a time that was written without one."""
ISO = b"%Y-%m-%d%t%H:%M:%S%?%@"
"""ISO 8601 / RFC 3339, the zone and the fraction optional."""
CLF = b"%d/%b/%Y:%H:%M:%S %z"
"""The time of the Common Log Format."""
_CLF = np.frombuffer(CLF, np.uint8)
_ISO = np.frombuffer(ISO, np.uint8)
_SLASHED = np.frombuffer(b"%Y/%m/%d%t%H:%M:%S%?%@", np.uint8)
_LAST = 9214646400  # the year 2262: what nanosecond clocks of other tools can hold


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
def digits(data: Bytes, at: int, end: int, most: int) -> tuple[int, int]:
    """Read up to `most` digits; return their number and where they end (`at`, where there are none)."""
    value = np.int64(0)
    start = at
    while at < end and at - start < most and 48 <= data[at] <= 57:
        value = value * 10 + np.int64(data[at]) - 48
        at += 1
    return value, at  # type: ignore[return-value]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _month(data: Bytes, at: int, end: int) -> int:
    names = b"JanFebMarAprMayJunJulAugSepOctNovDec"
    if at + 3 <= end:
        for month in range(12):
            if (
                data[at] == names[3 * month]
                and data[at + 1] == names[3 * month + 1]
                and data[at + 2] == names[3 * month + 2]
            ):
                return month + 1
    return 0


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def fraction(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Read the digits of a fraction as microseconds, further digits cut off; return them and where they end."""
    value, unit = np.int64(0), np.int64(100000)
    while at < end and 48 <= data[at] <= 57:
        value += (np.int64(data[at]) - 48) * unit
        unit //= 10
        at += 1
    return value, at  # type: ignore[return-value]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _zone(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Read `Z`, `UTC`, `GMT`, `+hh`, `+hhmm` or `+hh:mm`; return minutes and where it ends, or -1 there."""
    if at < end and (data[at] == 90 or data[at] == 122):
        return 0, at + 1
    if at + 3 <= end and data[at] == 85 and data[at + 1] == 84 and data[at + 2] == 67:
        return 0, at + 3
    if at + 3 <= end and data[at] == 71 and data[at + 1] == 77 and data[at + 2] == 84:
        return 0, at + 3
    if at + 3 > end or (data[at] != 43 and data[at] != 45):
        return 0, -1
    hour, stop = digits(data, at + 1, end, 2)
    if stop != at + 3:
        return 0, -1
    minute, after = digits(data, stop + (stop < end and data[stop] == 58), end, 2)
    if after <= stop + 1:
        minute, after = 0, stop
    if hour > 14 or minute > 59:
        return 0, -1
    value = hour * 60 + minute
    return (-value if data[at] == 45 else value), after


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def read_time(data: Bytes, at: int, end: int, patterns: Bytes, low: int, high: int) -> tuple[int, int, int]:
    """Read a time at `at` by `patterns[low:high]`; return where it ends (-1: it is none), microseconds, minutes.

    A time without a zone is taken as UTC, and its zone is NO_ZONE; one without a date is the time of day.
    """
    year, month, day, hour, minute = 1970, 1, 1, 0, 0
    second, micros, zone, epoch, noon = np.int64(0), np.int64(0), NO_ZONE, np.int64(-1), -1
    p = low
    while p < high:
        if patterns[p] != 37:
            if at >= end or data[at] != patterns[p]:
                return -1, 0, 0
            at += 1
            p += 1
            continue
        directive = patterns[p + 1]
        p += 2
        start, wanted = at, 2
        if directive == 89:  # Y
            year, at = digits(data, at, end, 4)
            wanted = 4
        elif directive == 121:  # y: POSIX takes 69 to 99 as the last century
            year, at = digits(data, at, end, 2)
            year += 1900 if year >= 69 else 2000
        elif directive == 109:  # m
            month, at = digits(data, at, end, 2)
        elif directive == 97:  # a: any three letters
            at += 3
            wanted = 3
        elif directive == 98:  # b
            month = _month(data, at, end)
            at += 3
            wanted = 3
        elif directive == 100 or directive == 101:  # d, e: a leading blank or one digit will do
            at += at < end and data[at] == 32
            day, at = digits(data, at, end, 2)
            wanted = max(1, at - start)
            if at == start:
                return -1, 0, 0
        elif directive == 72 or directive == 73:  # H, I
            hour, at = digits(data, at, end, 2)
        elif directive == 77:  # M
            minute, at = digits(data, at, end, 2)
        elif directive == 83:  # S
            second, at = digits(data, at, end, 2)
        elif directive == 112:  # p
            if at + 2 > end or (data[at] != 65 and data[at] != 80) or data[at + 1] != 77:
                return -1, 0, 0
            noon = 1 if data[at] == 80 else 0
            at += 2
        elif directive == 102:  # f
            micros, at = fraction(data, at, end)
            wanted = max(1, at - start)
        elif directive == 63:  # ?
            if at + 1 < end and (data[at] == 46 or data[at] == 44) and 48 <= data[at + 1] <= 57:
                micros, at = fraction(data, at + 1, end)
            wanted = at - start
        elif directive == 122 or directive == 90:  # z, Z
            zone, at = _zone(data, at, end)
            wanted = at - start
            if at < 0:
                return -1, 0, 0
        elif directive == 64:  # @
            if at < end:
                minutes, stop = _zone(data, at, end)
                if stop > 0:
                    zone, at = minutes, stop
            wanted = at - start
        elif directive == 116:  # t
            if at < end and (data[at] == 84 or data[at] == 116 or data[at] == 32):
                at += 1
            wanted = 1
        elif directive == 115 or directive == 76 or directive == 85 or directive == 71:  # s, L, U, G
            epoch, at = digits(data, at, end, 19)
            wanted = max(1, at - start)
            if directive == 76:
                micros = (epoch % 1000) * 1000
                epoch //= 1000
            elif directive == 85:
                micros = epoch % 1000000
                epoch //= 1000000
            elif directive == 71:
                micros = epoch % 1000000000 // 1000
                epoch //= 1000000000
            zone = 0
        if at - start != wanted:
            return -1, 0, 0
    if epoch >= 0:
        return (at if epoch < _LAST else -1), epoch * 1000000 + micros, zone  # type: ignore[return-value]
    if noon >= 0:
        if hour < 1 or hour > 12:
            return -1, 0, 0
        hour = hour % 12 + 12 * noon
    if year < 1970 or year > 2261 or month < 1 or month > 12 or day < 1 or day > month_days(year, month):
        return -1, 0, 0
    if hour > 23 or minute > 59 or second > 60:  # a leap second
        return -1, 0, 0
    days = days_from_civil(year, month, day)
    seconds = np.int64(days) * 86400 + hour * 3600 + minute * 60 + second
    if zone != NO_ZONE:
        seconds -= zone * 60
    return at, seconds * 1000000 + micros, zone  # type: ignore[return-value]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _pair(data: Bytes, at: int) -> int:
    """Return two digits as a number, or one over 99."""
    tens, ones = np.int64(data[at]) - 48, np.int64(data[at + 1]) - 48
    return tens * 10 + ones if 0 <= tens <= 9 and 0 <= ones <= 9 else 100  # type: ignore[return-value]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _read_clf(data: Bytes, at: int) -> tuple[int, int, int]:
    """Read `dd/Mon/yyyy:HH:MM:SS +hhmm`, the commonest time, at fixed places; return an end of -1 where it is none."""
    sign = data[at + 21]
    if (
        data[at + 2] != 47
        or data[at + 6] != 47
        or data[at + 11] != 58
        or data[at + 14] != 58
        or data[at + 17] != 58
        or data[at + 20] != 32
        or (sign != 43 and sign != 45)
    ):
        return -1, 0, 0
    day, month, hour, minute = _pair(data, at), _month(data, at + 3, at + 6), _pair(data, at + 12), _pair(data, at + 15)
    year, second = _pair(data, at + 7) * 100 + _pair(data, at + 9), _pair(data, at + 18)
    zone_hour, zone_minute = _pair(data, at + 22), _pair(data, at + 24)
    if year < 1970 or year > 2261 or month == 0 or day < 1 or day > month_days(year, month):
        return -1, 0, 0
    if hour > 23 or minute > 59 or second > 60 or zone_hour > 14 or zone_minute > 59:
        return -1, 0, 0
    zone = zone_hour * 60 + zone_minute
    zone = -zone if sign == 45 else zone
    seconds = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - zone * 60
    return at + 26, seconds * 1000000, zone


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def read_any_time(data: Bytes, at: int, end: int, patterns: Bytes, low: int, high: int) -> tuple[int, int, int]:
    """Read a time that fills a range, by a pattern, or for `%*` as ISO 8601 or a number of (milli-...) seconds."""
    if end - at >= 26 and high - low == len(_CLF) and patterns[low + 4] == 98 and patterns[low + 8] == 58:
        stop, micros, zone = _read_clf(data, at)
        if stop > 0:
            return stop, micros, zone
    if high - low == 2 and patterns[low + 1] == 42:
        if end - at > 4 and data[at + 4] == 45:
            return read_time(data, at, end, _ISO, 0, len(_ISO))
        if end - at > 4 and data[at + 4] == 47:
            return read_time(data, at, end, _SLASHED, 0, len(_SLASHED))
        if end - at >= 26 and data[at + 2] == 47:
            return _read_clf(data, at)
        value, stop = digits(data, at, end, 19)
        scale = np.int64(1000000)
        if stop - at > 16:
            value, scale = value // 1000, np.int64(1)
        elif stop - at > 13:
            scale = np.int64(1)
        elif stop - at > 11:
            scale = np.int64(1000)
        if stop == at or value > _LAST * 1000000 // scale:
            return -1, 0, 0
        micros = value * scale
        if scale == 1000000 and stop + 1 < end and data[stop] == 46:
            part, stop = fraction(data, stop + 1, end)
            micros += part
        return stop, micros, 0
    return read_time(data, at, end, patterns, low, high)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def times(data: Bytes, starts: Ints, ends: Ints, pattern: Bytes) -> tuple[npt.NDArray[np.bool_], Longs, Longs]:
    """Read one time a range; return which are none (a null is not wrong), microseconds UTC, minutes of the zone."""
    count, data, pattern = len(starts), borrowed(data), borrowed(pattern)
    wrong, micros, zones = np.zeros(count, np.bool_), np.zeros(count, np.int64), np.zeros(count, np.int64)
    for row in range(count):
        if starts[row] >= 0:
            start, end = np.int64(starts[row]), np.int64(ends[row])  # as other kernels call it: compiled once
            stop, micros[row], zones[row] = read_any_time(data, start, end, pattern, 0, len(pattern))
            wrong[row] = stop != ends[row]
    return wrong, micros, zones
