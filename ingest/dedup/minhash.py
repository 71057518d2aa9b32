"""MinHash signatures and band keys, fused with the shingling: from Arrow's buffers in one pass.

MinHash (Broder 1997) with k permutations x -> (a[i] * x + b[i]) mod 2**32, a[i] odd, of 32-bit shingle hashes.
One-permutation hashing with optimal densification (Shrivastava 2017) is slower for texts as short as posts, and
finds a little less than was asked among them: benchmarks/dedup/signatures.py measures both. The signature itself is
never stored; its bands are, each as one 64-bit key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from .banding import Banding
from .shingles import BLOCK, Q, Scratch, Shingle, Shingles, mix, shingle_block, text_buffers
from .tokens import Alphabet


class Sketch(NamedTuple):
    """What is known of texts: their shingles, and a key for each band, shape (bands, texts)."""

    shingles: Shingles
    keys: NDArray[np.uint64]


class Permutations(NamedTuple):
    """The factors and summands of k permutations, uint32, shape (k,)."""

    factors: NDArray[np.uint32]
    summands: NDArray[np.uint32]

    @classmethod
    def make(cls, count: int) -> Permutations:
        """Return the first `count` permutations; they are the same for ever, for stored keys hang on them."""
        numbers = [_splitmix(i) for i in range(2 * count)]
        factors = np.array([n >> 32 | 1 for n in numbers[::2]], dtype=np.uint32)
        return cls(factors, np.array([n >> 32 for n in numbers[1::2]], dtype=np.uint32))


def sketch(texts: pa.Array, shingle: Shingle, banding: Banding) -> Sketch:
    """Return the shingles and band keys of a string array; the keys of a text without shingles mean nothing."""
    offsets, data = text_buffers(texts)
    made = Shingles.room(offsets, shingle)
    keys = np.empty((banding.bands, len(texts)), dtype=np.uint64)
    alphabet, permutations = Alphabet.make(), Permutations.make(banding.values)
    way = (shingle.characters, shingle.size)
    _sketch(data, offsets, alphabet, way, made, Scratch.room(offsets, shingle), permutations, keys)
    return Sketch(made._replace(hashes=made.hashes[: made.starts[-1]]), keys)


def joined(parts: Sequence[Sketch], banding: Banding) -> Sketch:
    """Put the sketches of parts behind each other."""
    if len(parts) == 1:
        return parts[0]
    starts, base = [np.zeros(1, dtype=np.int64)], 0
    for part in parts:
        starts.append(part.shingles.starts[1:] + base)
        base += int(part.shingles.starts[-1])
    shingles = Shingles(
        np.concatenate([np.empty(0, np.uint32), *(part.shingles.hashes for part in parts)]),
        np.concatenate(starts),
        np.concatenate([np.empty(0, np.int32), *(part.shingles.counts for part in parts)]),
    )
    none = np.empty((banding.bands, 0), np.uint64)
    return Sketch(shingles, np.concatenate([none, *(part.keys for part in parts)], axis=1))


@njit(cache=True, nogil=True)
def _sketch(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    alphabet: Any,
    way: Any,
    shingles: Any,
    scratch: Any,
    permutations: Any,
    keys: NDArray[np.uint64],
) -> None:
    hashes, starts, counts = shingles
    values = np.empty(permutations[0].size, dtype=np.uint32)
    first = last = 0
    while first < counts.size:
        # A text takes a byte more than it has: one without any still is one.
        while last < counts.size and (last == first or offsets[last + 1] - offsets[first] + last - first < BLOCK):
            last += 1
        block = slice(first, last + 1)
        shingle_block(data, offsets[block], alphabet, way, scratch, hashes, starts[block], counts[first:last])
        for text in range(first, last):
            _sign(hashes[starts[text] : starts[text] + counts[text]], permutations, values)
            _band(values, keys[:, text])
        first = last


@njit(cache=True, nogil=True)
def _sign(hashes: NDArray[np.uint32], permutations: Any, values: NDArray[np.uint32]) -> None:
    """Write the least value of each permutation."""
    factors, summands = permutations
    values[:] = np.uint32(0xFFFFFFFF)
    last = max(hashes.size - 1, 0)
    for i in range(0, hashes.size, 4):
        # Four at a time, the last one again where there are fewer: the values are loaded and stored once for all.
        one, two = hashes[i], hashes[min(i + 1, last)]
        three, four = hashes[min(i + 2, last)], hashes[min(i + 3, last)]
        for k in range(factors.size):
            factor, summand = factors[k], summands[k]
            lower = min(np.uint32(factor * one + summand), np.uint32(factor * two + summand))
            upper = min(np.uint32(factor * three + summand), np.uint32(factor * four + summand))
            values[k] = min(values[k], min(lower, upper))


@njit(cache=True, nogil=True)
def _band(values: NDArray[np.uint32], keys: NDArray[np.uint64]) -> None:
    """Write the key of each band: its values as a polynomial in Q, mixed."""
    rows = values.size // max(keys.size, 1)
    for band in range(keys.size):
        key = np.uint64(band)
        for value in values[band * rows : (band + 1) * rows]:
            key = key * Q + np.uint64(value)
        keys[band] = mix(key)


def _splitmix(number: int) -> int:
    """Return the number-th output of SplitMix64 from seed 0 (Steele, Lea, Flood 2014)."""
    mask = (1 << 64) - 1
    value = (number + 1) * 0x9E3779B97F4A7C15 & mask
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & mask
    value = (value ^ value >> 27) * 0x94D049BB133111EB & mask
    return value ^ value >> 31
