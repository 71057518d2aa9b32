"""Sets of integers as sorted arrays."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", np.int32, np.int64, np.uint32, np.uint64)


def distinct(*arrays: NDArray[Number]) -> NDArray[Number]:
    """Return what is in any of the arrays (one at least, of one dtype), each number once, sorted.

    By sorting: NumPy's own `unique` hashes integers since 2.3, and took 16 s for ten million where this took 0.7.
    """
    values = np.sort(np.concatenate(arrays))
    first = np.ones(len(values), dtype=bool)
    first[1:] = values[1:] != values[:-1]
    return values[first]


def is_in(values: NDArray[Number], members: NDArray[Number]) -> NDArray[np.bool_]:
    """Return which values are members; `members` are sorted. (NumPy's `isin` would hash them first.)"""
    if not len(members):
        return np.zeros(len(values), dtype=bool)
    found: NDArray[np.bool_] = members[np.minimum(np.searchsorted(members, values), len(members) - 1)] == values
    return found
