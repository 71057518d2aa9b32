"""k permutations against one-permutation hashing with optimal densification: time, and pairs found among short texts.

    python -m benchmarks.dedup.signatures [FOLDER]

One-permutation hashing (Li, Owen, Zhang 2012) puts each shingle in one of k bins and keeps the least of each; an empty
bin takes the value of a bin chosen by a hash (Shrivastava 2017). A text of n < k shingles borrows most of its values.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit

from benchmarks.dedup.corpus import stream
from dataweir.ingest.dedup.banding import Banding, banding
from dataweir.ingest.dedup.minhash import sketch
from dataweir.ingest.dedup.shingles import Q, Shingle, mix

EMPTY = np.uint32(0xFFFFFFFF)


@njit(nogil=True)
def one_permutation(hashes: Any, starts: Any, counts: Any, values: int, bands: int, keys: Any) -> None:
    rows = values // bands
    least, full = np.empty(values, np.uint32), np.empty(values, np.uint32)
    for text in range(counts.size):
        least[:] = EMPTY
        for i in range(starts[text], starts[text] + counts[text]):
            place = (np.uint64(hashes[i]) * np.uint64(values)) >> np.uint64(32)
            value = np.uint32(mix(np.uint64(hashes[i])) >> np.uint64(32))
            least[place] = min(least[place], value)
        for k in range(values):
            place, attempt = np.uint64(k), np.uint64(0)
            while least[place] == EMPTY and counts[text]:
                attempt += np.uint64(1)
                place = ((mix(np.uint64(k) * Q + attempt) >> np.uint64(32)) * np.uint64(values)) >> np.uint64(32)
            full[k] = least[place]
        for band in range(bands):
            key = np.uint64(band)
            for k in range(band * rows, (band + 1) * rows):
                key = mix(key * Q + np.uint64(full[k]))
            keys[band, text] = key


def pairs(words: pa.Array, length: int, count: int, changed: int) -> pa.Array:
    """Return `count` pairs of texts of `length` words, one with `changed` words in a row replaced."""
    rng = np.random.default_rng([length, changed])
    made = []
    text = words.to_numpy(zero_copy_only=False)
    for _ in range(count):
        at = rng.integers(0, len(text) - length)
        one = list(text[at : at + length])
        other = [*one]
        place = rng.integers(0, max(1, length - changed))
        other[place : place + changed] = [f"new{n}" for n in rng.integers(0, 1 << 30, changed)]
        made += [" ".join(one), " ".join(other)]
    return pa.array(made, pa.large_string())


def main() -> None:
    words = stream(Path(sys.argv[1]) if len(sys.argv) > 1 else None, 1)
    way, bands = Shingle.parse("word:3"), banding(0.7, 0.95)
    print(f"{bands.bands} bands of {bands.rows}: found of pairs at the similarity, and microseconds a text")
    print(f"{'words':>6}{'similarity':>12}{'asked':>8}{'k permutations':>16}{'one permutation':>17}{'µs':>7}{'µs':>7}")
    for length, changed in ((10, 1), (20, 2), (40, 5), (160, 26), (640, 110)):
        texts = pairs(words, length, 4000, changed)
        made, seconds = _timed(texts, way, bands)
        keys = np.empty_like(made.keys)
        hashes, starts, counts = made.shingles
        one_permutation(hashes, starts, counts[:1], bands.values, bands.bands, keys)
        began = time.thread_time()
        one_permutation(hashes, starts, counts, bands.values, bands.bands, keys)
        other = time.thread_time() - began + _timed(texts, way, Banding(1, 1))[1]
        sets = [set(hashes[s : s + c].tolist()) for s, c in zip(starts[:-1], counts, strict=True)]
        alike = np.array([len(a & b) / len(a | b) for a, b in zip(sets[::2], sets[1::2], strict=True)])
        asked = np.mean([bands.probability(s) for s in alike])
        found = [(each[:, ::2] == each[:, 1::2]).any(axis=0).mean() for each in (made.keys, keys)]
        micro = [s / len(texts) * 1e6 for s in (seconds, other)]
        print(
            f"{length:6}{alike.mean():12.2f}{asked:8.3f}{found[0]:16.3f}{found[1]:17.3f}{micro[0]:7.2f}{micro[1]:7.2f}"
        )


def _timed(texts: pa.Array, way: Shingle, bands: Banding) -> tuple[Any, float]:
    sketch(texts[:2], way, bands)
    best = float("inf")
    for _ in range(3):
        began = time.thread_time()
        made = sketch(texts, way, bands)
        best = min(best, time.thread_time() - began)
    return made, best


if __name__ == "__main__":
    main()
