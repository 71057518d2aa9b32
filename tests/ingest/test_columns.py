"""Byte ranges to Arrow and back: the seam of every parser."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataweir.ingest import columns
from dataweir.ingest.columns import Slices
from dataweir.ingest.contract import REJECTS


def ranges(values: list[bytes | None]) -> Slices:
    data = np.frombuffer(b"".join(v or b"" for v in values), np.uint8)
    ends = np.cumsum([len(v or b"") for v in values]).astype(np.int32)
    starts = ends - np.array([len(v or b"") for v in values], np.int32)
    null = np.array([v is None for v in values], np.bool_)
    return Slices(data, starts.astype(np.int32), ends).without(null)


@pytest.mark.parametrize(
    ("text", "mark", "expected"),
    [
        (b"a\nbc\n", 10, [b"a", b"bc"]),
        (b"a\r\nbc", 10, [b"a", b"bc"]),
        (b"\n\r\n\n", 10, [b"", b"", b""]),
        (b"a\rbc\r", 13, [b"a", b"bc"]),
        (b"", 10, []),
        (b"x\r", 10, [b"x"]),
        (b"\r\r\n", 10, [b"\r"]),
    ],
)
def test_lines(text: bytes, mark: int, expected: list[bytes]) -> None:
    found = columns.lines(np.frombuffer(text, np.uint8), mark)
    assert columns.binaries(found).to_pylist() == expected


@settings(max_examples=80, deadline=None)
@given(st.lists(st.none() | st.binary(max_size=12), max_size=12))
def test_bytes_survive_and_strings_are_valid(values: list[bytes | None]) -> None:
    found = ranges(values)
    assert columns.binaries(found).to_pylist() == values
    made = columns.strings(found, False)
    made.validate(full=True)
    expected = [None if v is None else _escaped(v) for v in values]
    assert made.to_pylist() == expected
    assert columns.binaries(columns.slices(made)).to_pylist() == [None if e is None else e.encode() for e in expected]


def _escaped(value: bytes) -> str:
    """What Python makes of it: valid sequences stay, every other byte becomes an escape."""
    return value.decode("utf-8", "backslashreplace")


def test_slices_of_a_sliced_array() -> None:
    array = pa.array(["aa", None, "b", "ccc"]).slice(1, 3)
    assert columns.binaries(columns.slices(array)).to_pylist() == [None, b"b", b"ccc"]


def test_equal_and_take() -> None:
    found = ranges([b"-", b"--", None, b"x", b"-"])
    assert found.equal(45).tolist() == [True, False, False, False, True]
    assert columns.binaries(found.take(np.array([3, 0]))).to_pylist() == [b"x", b"-"]


def test_rejects_hold_the_reason_and_the_bytes() -> None:
    made = columns.rejects("s", "f", np.array([3, 9]), ["", "time"], np.array([1, 1]), ranges([b"\xff", b"b"]))
    assert made.schema.equals(REJECTS)
    assert made.to_pylist()[0] == {
        "source": "s",
        "file": "f",
        "line": 3,
        "stage": "pull",
        "reason": "time",
        "raw": b"\xff",
    }
