"""Searching and copying by vectors: the same as byte by byte, wherever the array ends."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from dataweir.ingest.columns import Bytes, frozen
from dataweir.ingest.scan import borrowed, copy, find


@njit
def found(data: Bytes, at: int, end: int, byte: int, other: int) -> int:
    return find(borrowed(data), at, end, byte, other)


@njit
def copied(data: Bytes, at: int, out: Bytes, put: int, size: int) -> None:
    copy(data, at, out, put, size)


@settings(max_examples=100, deadline=None)
@given(
    text=st.binary(max_size=120),
    size=st.integers(0, 120),
    at=st.integers(0, 60),
    bytes_=st.binary(min_size=2, max_size=2),
)
def test_find_is_the_first_of_two_bytes(text: bytes, size: int, at: int, bytes_: bytes) -> None:
    end = min(size, len(text))
    at = min(at, end)
    places = [i for i in range(at, end) if text[i] in bytes_]
    assert found(frozen(np.frombuffer(text, np.uint8)), at, end, *bytes_) == (places[0] if places else end)


@settings(max_examples=100, deadline=None)
@given(text=st.binary(max_size=120), size=st.integers(0, 120), at=st.integers(0, 60), room=st.integers(0, 80))
def test_copy_fills_its_place_and_touches_nothing_before_it(text: bytes, size: int, at: int, room: int) -> None:
    at = min(at, len(text))
    size = min(size, len(text) - at)
    out = np.full(room + size, 7, np.uint8)
    copied(frozen(np.frombuffer(text, np.uint8)), at, out, room // 2, size)
    assert out[room // 2 : room // 2 + size].tobytes() == text[at : at + size]
    assert (out[: room // 2] == 7).all()
