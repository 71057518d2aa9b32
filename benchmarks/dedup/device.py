"""Sketches on a CUDA device beside the machine's cores: the same texts, the same integers, seconds of both.

    python -m benchmarks.dedup.device DOCUMENTS [FOLDER]

Texts go from the machine's memory to shingles and band keys in it. What `gpu: auto` measures of made-up posts is first.
Without a device it says so, and there is nothing to time.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.dedup.corpus import documents
from dataweir.ingest.dedup.banding import banding
from dataweir.ingest.dedup.crossover import SIZES, Way, crossover
from dataweir.ingest.dedup.minhash import Sketch
from dataweir.ingest.dedup.shingles import Shingle
from dataweir.ingest.dedup.sketches import on_cores, on_device
from dataweir.resources import resolve_gpu

BANDS = banding(0.8, 0.95)


def timed(way: Way, texts: pa.ChunkedArray, shingle: Shingle) -> tuple[float, Sketch]:
    """Return the least seconds of three rounds, and what was made."""
    rounds = []
    for _ in range(3):
        begin = time.perf_counter()
        made = way(texts, shingle, BANDS)
        rounds.append(time.perf_counter() - begin)
    return min(rounds), made


def rows(made: Sketch) -> list[np.ndarray]:
    """Return the shingles of each text."""
    return [made.shingles.hashes[s : s + n] for s, n in zip(made.shingles.starts, made.shingles.counts, strict=False)]


def main() -> None:
    there, reason = resolve_gpu("auto")
    if not there:
        print(f"{reason}: nothing to time")
        return
    found = crossover()
    print(f"the device is faster from {found.size} bytes of text on (None: from no size that was tried)")
    for size, cores, device in zip(SIZES, found.cores, found.device, strict=False):
        print(f"  {size:>10,} bytes: cores {cores * 1000:9.2f} ms, device {device * 1000:9.2f} ms")
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    texts = pa.chunked_array(list(documents(int(sys.argv[1]), folder=folder))).cast(pa.large_string())
    print("| texts | shingle | cores, MB/s | device, MB/s | device is |\n|--:|---|--:|--:|--:|")
    for way in ("word:5", "char:9"):
        shingle = Shingle.parse(way)
        (cores, one), (device, other) = timed(on_cores, texts, shingle), timed(on_device, texts, shingle)
        there_keys = one.keys[:, one.shingles.counts > 0]
        if not all(map(np.array_equal, rows(one), rows(other))) or not np.array_equal(
            there_keys, other.keys[:, other.shingles.counts > 0]
        ):
            sys.exit("the integers differ")
        size = texts.nbytes / 1e6
        print(f"| {len(texts):,} | {way} | {size / cores:.0f} | {size / device:.0f} | {cores / device:.1f} × |")


if __name__ == "__main__":
    main()
