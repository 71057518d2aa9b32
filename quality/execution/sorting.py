"""Sorting of 64-bit numbers by their bytes: what order statistics and the counting of hashes spend their time on."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

_SIGN = np.uint64(1 << 63)


def sort(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the values in rising order: int64, uint64 and float64 (NaN last) by radix, others as NumPy sorts them."""
    kind = values.dtype
    if kind == np.uint64:
        return _radix(np.ascontiguousarray(values))
    if kind == np.int64:
        return (_radix(values.view(np.uint64) ^ _SIGN) ^ _SIGN).view(np.int64)
    if kind == np.float64:
        bits = np.where(np.isnan(values), np.nan, values).view(np.uint64)
        keys = _radix(np.where(bits & _SIGN, ~bits, bits | _SIGN))
        return np.where(keys & _SIGN, keys ^ _SIGN, ~keys).view(np.float64)
    return np.sort(values)


@njit("uint64[::1](Array(uint64, 1, 'C', readonly=True))", cache=True, nogil=True)
def _radix(values: Any) -> Any:
    """Sort by the lowest byte first, as Knuth has it (The Art of Computer Programming 3, 5.2.5).

    A byte that is the same in all values costs no pass.
    """
    counts = np.zeros((8, 256), dtype=np.int64)
    for value in values:
        for place in range(8):
            counts[place, (value >> np.uint64(8 * place)) & np.uint64(255)] += 1
    found, other = values.copy(), np.empty_like(values)
    for place in range(8):
        count = counts[place]
        if count.max() == values.size:
            continue
        at = np.cumsum(count) - count
        for value in found:
            byte = (value >> np.uint64(8 * place)) & np.uint64(255)
            other[at[byte]] = value
            at[byte] += 1
        found, other = other, found
    return found
