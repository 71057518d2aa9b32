"""From which size of batch a CUDA device sketches faster than the cores: measured by the worker that has to know."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa

from ...resources import resolve_gpu
from .banding import Banding, banding
from .minhash import Sketch
from .shingles import Shingle
from .sketches import on_cores, on_device

Gpu = Literal["off", "auto", "on"]
Way = Callable[[pa.ChunkedArray, Shingle, Banding], Sketch]

SIZES = (1 << 14, 1 << 17, 1 << 20, 1 << 23)
"""The sizes at which both ways are timed, in bytes of text."""

_ROUNDS = 3


class Crossover(NamedTuple):
    """From which size on the device is faster, in bytes of text (None: from none), and the seconds that say so."""

    size: int | None
    cores: tuple[float, ...]
    device: tuple[float, ...]


def sketch_all(texts: pa.ChunkedArray, shingle: Shingle, bands: Banding, gpu: Gpu = "off") -> Sketch:
    """Sketch all texts, on the cores or on the device: `auto` takes the device from the measured cross-over on.

    Raises MissingExtra or ConfigError where `on` cannot be had.
    """
    there = gpu != "off" and resolve_gpu(gpu)[0]
    if there and gpu == "auto":
        least = crossover().size
        there = least is not None and texts.nbytes >= least
    return (on_device if there else on_cores)(texts, shingle, bands)


@cache
def crossover() -> Crossover:
    """Compare the device with the cores, once a process; one that fails is faster at no size."""
    import cupy

    try:
        return compare(on_cores, on_device)
    except (RuntimeError, OSError, MemoryError, cupy.cuda.compiler.CompileException):
        # CUDA's errors are RuntimeErrors, and so, or OSErrors, are libraries that it misses for compiling.
        return Crossover(None, (), ())


def compare(cores: Way, device: Way, sizes: Sequence[int] = SIZES) -> Crossover:
    """Time both ways on made-up posts, the best of three; the size is the least from which the device stays ahead."""
    shingle, bands = Shingle.parse("word:5"), banding(0.8, 0.95)
    seconds = []
    for texts in map(_posts, sizes):
        for way in (cores, device):
            way(texts, shingle, bands)  # what is compiled on first use is compiled before the clock starts
        turns = [[_timed(way, texts, shingle, bands) for way in (cores, device)] for _ in range(_ROUNDS)]
        seconds.append(tuple(map(min, zip(*turns, strict=True))))
    least = None
    for size, (there, here) in zip(reversed(sizes), reversed(seconds), strict=True):
        if here >= there:
            break
        least = size
    return Crossover(least, *zip(*seconds, strict=True))


def _timed(way: Way, texts: pa.ChunkedArray, shingle: Shingle, bands: Banding) -> float:
    begin = time.perf_counter()
    way(texts, shingle, bands)
    return time.perf_counter() - begin


def _posts(size: int) -> pa.ChunkedArray:
    """Make some `size` bytes of posts of fifty words, the same for ever."""
    made = np.random.default_rng(size)
    letters = made.choice(np.frombuffer(b"etaoinshrdlucmfw", dtype="S1"), (4096, 9))
    words = [bytes(word[:length]).decode() for word, length in zip(letters, made.integers(2, 10, 4096), strict=True)]
    posts = made.choice(np.array(words), (-(-size // 320), 50))
    return pa.chunked_array([[" ".join(post) for post in posts]], pa.large_string())
