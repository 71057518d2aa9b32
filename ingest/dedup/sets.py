"""Sets of shingle hashes, sorted, and their Jaccard similarity."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .shingles import Shingles

FEW = 128
"""Sets of up to so many values are sorted and compared value by value: quadratic, but in vectors, without a branch."""


def sorted_sets(shingles: Shingles) -> Shingles:
    """Return the shingles of each text as a sorted set, one text's right behind the other's."""
    hashes = shingles.hashes.copy()
    starts = np.zeros(len(shingles.counts) + 1, dtype=np.int64)
    counts = np.empty_like(shingles.counts)
    _sort_sets(shingles, hashes, starts, counts)
    return Shingles(hashes[: starts[-1]], starts, counts)


def similarities(
    shingles: Shingles, a: NDArray[np.int64], b: NDArray[np.int64], are_sets: bool = False, by_cosine: bool = False
) -> NDArray[np.float64]:
    """Return the exact Jaccard similarity of the texts a[i] and b[i]; 1 for two without shingles.

    With `by_cosine` the shingles are unit vectors of float32, and it is their cosine. Where the shingles are not sorted
    sets yet, those of texts that are compared become so, in place.
    """
    out = np.empty(len(a), dtype=np.float64)
    _similarities((*shingles, np.full(len(shingles.counts), are_sets, dtype=np.bool_)), a, b, out, by_cosine)
    return out


@njit(cache=True, nogil=True)
def jaccard(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> float:
    """Return the Jaccard similarity of two sorted sets."""
    both = _common_of_few(a, b) if max(a.size, b.size) <= FEW else _common(a, b)
    return both / (a.size + b.size - both)


@njit(cache=True, nogil=True)
def cosine(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> float:
    """Return the cosine of two unit vectors of float32; 1 for equal ones alone."""
    x, y = a.view(np.float32), b.view(np.float32)
    total, equal = 0.0, True
    for i in range(x.size):
        total += np.float64(x[i]) * np.float64(y[i])
        equal &= x[i] == y[i]
    return 1.0 if equal else min(total, 1.0 - 1e-9)


@njit(cache=True, nogil=True)
def alike(a: NDArray[np.uint32], b: NDArray[np.uint32], by_cosine: bool) -> float:
    """Return how similar two texts are: by the cosine of their vectors, or by the Jaccard index of their sets."""
    return cosine(a, b) if by_cosine else jaccard(a, b)


@njit(cache=True, nogil=True)
def _common_of_few(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> np.int64:
    both = np.uint32(0)
    for i in range(a.size):
        value = a[i]
        for j in range(b.size):
            both += np.uint32(b[j] == value)
    return np.int64(both)


@njit(cache=True, nogil=True)
def _common(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> int:
    i = j = both = 0
    while i < a.size and j < b.size:
        x, y = a[i], b[j]
        both += x == y
        i += x <= y
        j += y <= x
    return both


@njit(cache=True, nogil=True)
def shingle_set(sets: Any, text: np.int64, room: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return a text's shingles as a sorted set; make it one the first time. `room` is scratch for FEW values."""
    hashes, starts, counts, ready = sets
    start = starts[text]
    if not ready[text]:
        ready[text] = True
        counts[text] = _sort(hashes[start : start + counts[text]], room)
    return hashes[start : start + counts[text]]


@njit(cache=True, nogil=True)
def _sort(values: NDArray[np.uint32], room: NDArray[np.uint32]) -> np.int64:
    """Sort values in place, each once; return how many there are."""
    if values.size > FEW:
        values.sort()
        return _each_once(values, values)
    _spread(values, room)
    return _each_once(values, room)


@njit(cache=True, nogil=True)
def _spread(values: NDArray[np.uint32], room: NDArray[np.uint32]) -> None:
    """Put each value where it belongs. One that is there twice leaves a 0 behind it; the value 0 comes first itself."""
    room[: values.size] = 0
    for i in range(values.size):
        value, less = values[i], np.uint32(0)
        for j in range(values.size):
            less += np.uint32(values[j] < value)
        room[less] = value


@njit(cache=True, nogil=True)
def _each_once(values: NDArray[np.uint32], ordered: NDArray[np.uint32]) -> np.int64:
    """Write to `values` those of `ordered` that are larger than all before them; return how many there are."""
    if values.size == 0:
        return np.int64(0)
    kept, last = np.uint64(1), ordered[0]
    values[0] = last
    for i in range(1, values.size):
        value = ordered[i]
        values[kept] = value
        kept += np.uint64(value > last)
        last = max(last, value)
    return np.int64(kept)


@njit(cache=True, nogil=True)
def _sort_sets(shingles: Any, hashes: NDArray[np.uint32], starts: NDArray[np.int64], counts: NDArray[np.int32]) -> None:
    room = np.empty(FEW, dtype=np.uint32)
    old, first, sizes = shingles
    for text in range(sizes.size):
        made = hashes[starts[text] : starts[text] + sizes[text]]
        made[:] = old[first[text] : first[text] + sizes[text]]
        counts[text] = _sort(made, room)
        starts[text + 1] = starts[text] + counts[text]


@njit(cache=True, nogil=True)
def _similarities(
    sets: Any, a: NDArray[np.int64], b: NDArray[np.int64], out: NDArray[np.float64], by_cosine: bool
) -> None:
    room = np.empty(FEW, dtype=np.uint32)
    for i in range(a.size):
        one = shingle_set(sets, a[i], room)
        out[i] = alike(one, shingle_set(sets, b[i], room), by_cosine) if one.size else 1.0
