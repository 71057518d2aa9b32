"""Text columns to typed columns: which values fit a type, which type fits a sample. Whole columns at a time."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from .columns import Bytes, Ints, Slices, frozen, slices
from .schemas import TIMESTAMP
from .times import days_from_civil, fraction, month_days

Kind = Literal["string", "int", "float", "bool", "timestamp", "date"]
TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "timestamp": TIMESTAMP,
    "date": pa.date32(),
}
_FLOAT = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$|^[+-]?(nan|NaN|NAN|inf|Inf|INF)$"
_TRUE = pa.array(["true", "True", "TRUE", "1"])
_FALSE = pa.array(["false", "False", "FALSE", "0"])
_DAY = 86_400_000_000
_FIRST_DAY, _DAYS_END = -719_162, 2_932_897  # 0001-01-01 and 10000-01-01, in days since 1970
_WRONG = np.iinfo(np.int64).min


def convert(text: pa.Array, kind: pa.DataType) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Return the strings as `kind`, and a mask of those that do not fit it (they and nulls come out as nulls).

    Times: ISO 8601 with or without a zone (none counts as UTC), or seconds since 1970 as a whole or decimal number.
    Whole numbers may be written with a zero fraction (`5.0`), as data frames with gaps write them.
    """
    null = text.is_null().to_numpy(zero_copy_only=False)
    if pa.types.is_string(kind):
        return text, np.zeros(len(text), np.bool_)
    if pa.types.is_floating(kind):
        fits = pc.fill_null(pc.match_substring_regex(text, _FLOAT), False)
        plain = pc.if_else(fits, pc.utf8_ltrim(text, "+"), pa.scalar(None, pa.string()))
        return plain.cast(kind), ~fits.to_numpy(zero_copy_only=False) & ~null
    if pa.types.is_boolean(kind):
        yes, no = pc.is_in(text, _TRUE), pc.is_in(text, _FALSE)
        good = pc.or_(yes, no)
        return pc.if_else(good, yes, pa.scalar(None, pa.bool_())), ~good.to_numpy(zero_copy_only=False) & ~null
    values = slices(text)
    if pa.types.is_integer(kind):
        numbers = _integers(*_read_only(values))
        limits = np.iinfo(kind.to_pandas_dtype())
        wrong = (numbers < limits.min) | (numbers > limits.max) | (numbers == _WRONG)
    else:
        numbers = _times(*_read_only(values))
        wrong = numbers == _WRONG
        if pa.types.is_date(kind):
            wrong |= (values.ends - values.starts != 10) | (numbers % _DAY != 0) | ~_dashed(values)
            numbers = (numbers // _DAY).astype(np.int32)
    made = pa.array(np.where(wrong, 0, numbers), mask=wrong).cast(pa.int32() if pa.types.is_date(kind) else pa.int64())
    return made.cast(kind), wrong & ~null


def outside(values: pa.Array) -> npt.NDArray[np.bool_]:
    """Return where a day or time lies outside the years 1 to 9999, which text could not have said; else nowhere."""
    if not pa.types.is_temporal(values.type):
        return np.zeros(len(values), np.bool_)
    numbers = values.cast(pa.int32() if pa.types.is_date32(values.type) else pa.int64())
    unit = 1 if pa.types.is_date32(values.type) else _DAY
    wrong = pc.or_(pc.less(numbers, _FIRST_DAY * unit), pc.greater_equal(numbers, _DAYS_END * unit))
    return pc.fill_null(wrong, False).to_numpy(zero_copy_only=False)


def infer(text: pa.Array) -> Kind:
    """Return the narrowest kind that every value of a sample fits; text where nothing is there to tell.

    Whole numbers with a leading zero are text: they are codes, not amounts.
    """
    values = pc.drop_null(text)
    if not len(values):
        return "string"
    if pc.all(pc.is_in(values, pa.array(["true", "false", "True", "False", "TRUE", "FALSE"]))).as_py():
        return "bool"
    if pc.any(pc.match_substring_regex(values, r"^[+-]?0\d")).as_py():
        return "string"
    if pc.all(pc.match_substring_regex(values, r"^[+-]?\d{1,19}$")).as_py() and _all(values, pa.int64()):
        return "int"
    if _all(values, pa.float64()):
        return "float"
    if _all(values, pa.date32()):
        return "date"
    if pc.all(pc.match_substring_regex(values, r"^\d{4}-\d\d-\d\d")).as_py() and _all(values, TIMESTAMP):
        return "timestamp"
    return "string"


def _all(values: pa.Array, kind: pa.DataType) -> bool:
    return not convert(values, kind)[1].any()


def _read_only(values: Slices) -> tuple[Any, Any, Any]:
    return frozen(values.data), frozen(values.starts), frozen(values.ends)


def _dashed(values: Slices) -> npt.NDArray[np.bool_]:
    """Whether the fifth byte is a dash: a date, not ten digits of seconds."""
    mask = np.zeros(len(values.starts), np.bool_)
    long = np.flatnonzero((values.starts >= 0) & (values.ends - values.starts > 4))
    mask[long] = values.data[values.starts[long] + 4] == 45
    return mask


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _integers(data: Bytes, starts: Ints, ends: Ints) -> npt.NDArray[np.int64]:
    """Read `[+-]digits[.000]`; the smallest int64 stands for what is none."""
    out = np.full(len(starts), np.iinfo(np.int64).min, np.int64)
    for row in range(len(starts)):
        at, end = starts[row], ends[row]
        if at < 0:
            continue
        negative = at < end and data[at] == 45
        if at < end and (data[at] == 45 or data[at] == 43):
            at += 1
        first, value, good = at, np.int64(0), True
        while at < end and 48 <= data[at] <= 57:
            digit = np.int64(data[at]) - 48
            if value > (9223372036854775807 - digit) // 10:
                good = False
                break
            value = value * 10 + digit
            at += 1
        good = good and at > first
        if good and at < end and data[at] == 46:
            at += 1
            while at < end and data[at] == 48:
                at += 1
        if good and at == end:
            out[row] = -value if negative else value
    return out


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _pair(data: Bytes, at: int, end: int) -> int:
    """Return two digits at `at` as a number, or -1."""
    if at + 2 > end or not (48 <= data[at] <= 57 and 48 <= data[at + 1] <= 57):
        return -1
    return (np.int64(data[at]) - 48) * 10 + np.int64(data[at + 1]) - 48  # type: ignore[return-value]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _iso(data: Bytes, at: int, end: int) -> int:
    """Read ISO 8601 (`2024-05-01[T ]12:30[:00[.5]][Z|+02[[:]00]]`) as microseconds UTC, or the smallest int64."""
    wrong = np.iinfo(np.int64).min
    century, years = _pair(data, at, end), _pair(data, at + 2, end)
    if end - at < 10 or century < 0 or years < 0 or data[at + 4] != 45 or data[at + 7] != 45:
        return wrong
    year, month, day = century * 100 + years, _pair(data, at + 5, end), _pair(data, at + 8, end)
    if year < 1 or month < 1 or month > 12 or day < 1 or day > month_days(year, month):
        return wrong
    micros = days_from_civil(year, month, day) * 86400000000
    at += 10
    if at == end:
        return micros
    if data[at] != 84 and data[at] != 116 and data[at] != 32:
        return wrong
    hour, minute = _pair(data, at + 1, end), _pair(data, at + 4, end)
    if hour < 0 or hour > 23 or minute < 0 or minute > 59 or data[at + 3] != 58:
        return wrong
    micros += (hour * 60 + minute) * 60000000
    at += 6
    if at < end and data[at] == 58:
        second = _pair(data, at + 1, end)
        if second < 0 or second > 60:
            return wrong
        micros += second * 1000000
        at += 3
        if at + 1 < end and (data[at] == 46 or data[at] == 44) and 48 <= data[at + 1] <= 57:
            part, at = fraction(data, at + 1, end)
            micros += part
    if at < end and data[at] == 32 and at + 1 < end:
        at += 1
    if at == end or (at + 1 == end and (data[at] == 90 or data[at] == 122)):
        return micros
    sign = 1 if data[at] == 43 else (-1 if data[at] == 45 else 0)
    zone_hour, zone_minute = _pair(data, at + 1, end), 0
    at += 3
    if at < end:
        at += data[at] == 58
        zone_minute = _pair(data, at, end)
        at += 2
    if sign == 0 or at != end or zone_hour < 0 or zone_hour > 14 or zone_minute < 0 or zone_minute > 59:
        return wrong
    return micros - sign * (zone_hour * 60 + zone_minute) * 60000000


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _times(data: Bytes, starts: Ints, ends: Ints) -> npt.NDArray[np.int64]:
    """Read ISO 8601 or decimal seconds since 1970 (years 1 to 9999) as microseconds, or the smallest int64."""
    out = np.full(len(starts), np.iinfo(np.int64).min, np.int64)
    for row in range(len(starts)):
        at, end = starts[row], ends[row]
        if at < 0 or at == end:
            continue
        if end - at >= 10 and data[at + 4] == 45:
            out[row] = _iso(data, at, end)
            continue
        negative = data[at] == 45
        at += negative
        first, value = at, np.int64(0)
        while at < end and 48 <= data[at] <= 57 and at - first < 13:
            value = value * 10 + np.int64(data[at]) - 48
            at += 1
        micros = value * 1000000
        if at == first or value > 253402300799:
            continue
        if at + 1 < end and data[at] == 46:
            part, at = fraction(data, at + 1, end)
            micros += part
        if at == end and not (negative and value > 62135596800):
            out[row] = -micros if negative else micros
    return out
