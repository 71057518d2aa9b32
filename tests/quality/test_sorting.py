"""Sorting by radix gives what NumPy's sort gives, whatever the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dataweir.quality.execution.sorting import sort


@given(
    st.sampled_from([np.int64, np.uint64, np.float64, np.int8, np.float32]).flatmap(
        lambda kind: arrays.arrays(kind, st.integers(0, 300))
    )
)
def test_it_is_numpys_order(values: npt.NDArray[Any]) -> None:
    kept = values.copy()
    np.testing.assert_array_equal(sort(values), np.sort(values))
    np.testing.assert_array_equal(values, kept)


@pytest.mark.parametrize("kind", [np.int64, np.float64])
def test_many_values_of_few_bytes_and_views(kind: Any) -> None:
    values = np.random.default_rng(1).integers(-1000, 1000, 100_001).astype(kind)
    np.testing.assert_array_equal(sort(values), np.sort(values))
    np.testing.assert_array_equal(sort(values[::3]), np.sort(values[::3]))
