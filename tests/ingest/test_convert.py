"""Text to typed columns against Python's own int, float and datetime."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataweir.ingest.convert import TYPES, convert, infer, outside

fast = settings(max_examples=200, deadline=None)
numberish = st.text(alphabet="0123456789+-.eE_ naif", max_size=24)
timeish = st.text(alphabet="0123456789-:.TtZz +,/", max_size=32)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))


def one(text: str | None, kind: str) -> tuple[object, bool]:
    made, wrong = convert(pa.array([text], pa.string()), TYPES[kind])
    made.validate(full=True)
    assert made.type == TYPES[kind]
    assert made.is_null()[0].as_py() == (wrong[0] or text is None)
    return made[0].as_py(), bool(wrong[0])


@fast
@given(value=st.integers(-(2**63) + 1, 2**63 - 1), tail=st.sampled_from(["", ".", ".0", ".000"]), plus=st.booleans())
def test_whole_numbers(value: int, tail: str, plus: bool) -> None:
    sign = "+" if plus and value >= 0 else ""
    assert one(f"{sign}{value}{tail}", "int") == (value, False)


@fast
@given(text=numberish)
def test_what_is_taken_for_a_whole_number_is_one(text: str) -> None:
    value, wrong = one(text, "int")
    if not wrong:
        assert value == int(text.partition(".")[0])
        assert set(text.partition(".")[2]) <= {"0"}


@pytest.mark.parametrize(
    "text", ["9223372036854775808", "-9223372036854775809", "1" * 40, "", "-", "+", ".", ".0", "0x1", "1 "]
)
def test_what_is_no_int64_is_refused(text: str) -> None:
    assert one(text, "int") == (None, True)


@fast
@given(value=st.floats())
def test_decimal_numbers(value: float) -> None:
    found, wrong = one(repr(value), "float")
    assert not wrong
    assert found == value or (math.isnan(found) and math.isnan(value))


@fast
@given(text=numberish)
def test_what_is_taken_for_a_decimal_number_is_one(text: str) -> None:
    value, wrong = one(text, "float")
    if not wrong:
        expected = float(text)
        assert value == expected or (math.isnan(value) and math.isnan(expected))


@fast
@given(
    moment=st.datetimes(dt.datetime(2, 1, 1), dt.datetime(9998, 12, 31), timezones=st.none() | ZONES),
    separator=st.sampled_from("T "),
    spec=st.sampled_from(["auto", "milliseconds", "microseconds", "seconds", "minutes"]),
)
def test_iso_times(moment: dt.datetime, separator: str, spec: str) -> None:
    text = moment.isoformat(separator, spec)
    expected = dt.datetime.fromisoformat(text)
    expected = expected.replace(tzinfo=dt.UTC) if expected.tzinfo is None else expected.astimezone(dt.UTC)
    assert one(text, "timestamp") == (expected, False)


@fast
@given(
    text=st.one_of(timeish, st.from_regex(r"\A\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?\Z"))
)
def test_what_is_taken_for_a_time_is_one(text: str) -> None:
    value, wrong = one(text, "timestamp")
    if wrong or not text.isascii():
        return
    if len(text) >= 10 and text[4] == "-":
        spelled = text.replace(" Z", "Z").replace(" +", "+").replace(":60", ":59")
        try:
            expected = dt.datetime.fromisoformat(spelled)
        except ValueError:
            return  # Python knows fewer spellings
        expected = expected.replace(tzinfo=dt.UTC) if expected.tzinfo is None else expected.astimezone(dt.UTC)
        assert abs(value - expected) <= dt.timedelta(seconds=1)
    else:
        assert abs((value - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)).total_seconds() - float(text)) < 1e-3


@fast
@given(seconds=st.integers(-62_135_596_800, 253_402_300_799), micros=st.integers(0, 999_999))
def test_seconds_since_1970(seconds: int, micros: int) -> None:
    expected = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
    assert one(str(seconds), "timestamp") == (expected, False)
    if seconds >= 0:
        assert one(f"{seconds}.{micros:06d}", "timestamp") == (expected + dt.timedelta(microseconds=micros), False)


@fast
@given(day=st.dates())
def test_dates(day: dt.date) -> None:
    assert one(day.isoformat(), "date") == (day, False)


@pytest.mark.parametrize(
    "text", ["2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-01-32", "0000-01-01", "20240101", "2024-1-1"]
)
def test_days_that_are_not_are_refused(text: str) -> None:
    assert one(text, "date") == (None, True)


@fast
@given(texts=st.lists(st.none() | st.one_of(numberish, timeish, st.text(max_size=8)), max_size=12))
def test_a_sample_fits_the_kind_inferred_from_it(texts: list[str | None]) -> None:
    column = pa.array([text or None for text in texts], pa.string())
    made, wrong = convert(column, TYPES[infer(column)])
    assert not wrong.any()
    assert np.array_equal(made.is_null().to_numpy(False), column.is_null().to_numpy(False))


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "-2"], "int"),
        (["1", "2.5"], "float"),
        (["007", "12"], "string"),
        (["true", "False"], "bool"),
        (["1", "0"], "int"),
        (["2024-05-01", "2024-05-02"], "date"),
        (["2024-05-01T10:00:00Z", "2024-05-01"], "timestamp"),
        (["99999999999999999999"], "float"),
        ([None, None], "string"),
        ([], "string"),
    ],
)
def test_kinds(texts: list[str | None], kind: str) -> None:
    assert infer(pa.array(texts, pa.string())) == kind


def test_days_and_times_outside_the_years_1_to_9999_are_told() -> None:
    days = pa.array([-719_163, -719_162, None, 2_932_896, 2_932_897], pa.int32())
    assert outside(days.cast(pa.date32())).tolist() == [True, False, False, False, True]
    micros = pa.array(
        [-62_135_596_800_000_001, -62_135_596_800_000_000, None, 253_402_300_799_999_999, 253_402_300_800_000_000]
    )
    assert outside(micros.cast(TYPES["timestamp"])).tolist() == [True, False, False, False, True]
    assert outside(pa.array([1.5, None])).tolist() == [False, False]
