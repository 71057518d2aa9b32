"""Sets of integers as sorted arrays, against NumPy's own."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dataweir.distinct import distinct, is_in

NUMBERS = arrays(np.int64, st.integers(0, 30), elements=st.integers(-5, 5) | st.integers(-(2**63), 2**63 - 1))


@given(NUMBERS, NUMBERS)
def test_sets_are_those_of_numpy(one: np.ndarray, other: np.ndarray) -> None:
    assert np.array_equal(distinct(one), np.unique(one))
    assert np.array_equal(distinct(one, other), np.union1d(one, other))
    assert np.array_equal(is_in(one, np.sort(other)), np.isin(one, other))
    assert distinct(one).dtype == one.dtype


def test_unsigned_numbers_beyond_half_are_kept_apart() -> None:
    values = np.array([2**64 - 1, 2**64 - 2, 0, 2**64 - 1], dtype=np.uint64)
    assert distinct(values).tolist() == [0, 2**64 - 2, 2**64 - 1]
    assert is_in(values, distinct(values[:2])).tolist() == [True, True, False, True]
