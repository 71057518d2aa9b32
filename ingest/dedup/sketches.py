"""Sketching all texts of a batch: on the machine's cores, or on a CUDA device in pieces that its memory holds."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa

from .arrays import array_sketch
from .banding import Banding
from .minhash import Sketch, joined, sketch
from .shingles import Shingle

_CHUNK = 1 << 24
"""Bytes of text that a thread works on at a time."""

BYTES_A_BYTE = 160
"""What the arrays of a sketch take of a device's memory for a byte of text: 45 to 115 were measured; 320 for ligatures
that fold to eighteen characters each, whose pieces are halved where that is too much."""


def on_cores(texts: pa.ChunkedArray, shingle: Shingle, bands: Banding) -> Sketch:
    """Sketch texts by the compiled kernels, a thread a core."""
    chunks, workers = cut(texts, _CHUNK), len(os.sched_getaffinity(0))
    if workers == 1 or len(chunks) == 1:
        return joined([sketch(chunk, shingle, bands) for chunk in chunks], bands)
    with ThreadPoolExecutor(workers) as pool:
        return joined(list(pool.map(lambda chunk: sketch(chunk, shingle, bands), chunks)), bands)


def on_device(texts: pa.ChunkedArray, shingle: Shingle, bands: Banding) -> Sketch:
    """Sketch texts on this worker's CUDA device, as much at a time as half its free memory holds.

    The result is in the machine's memory, the same integers as those of `on_cores`. Raises MemoryError where a
    single text is too much, and CuPy's errors where the device fails.
    """
    import cupy

    with cupy.cuda.Device(device_number(int(cupy.cuda.runtime.getDeviceCount()))) as device:
        room = device.mem_info[0] // (2 * BYTES_A_BYTE)
        try:
            return within(cupy, texts, shingle, bands, min(_CHUNK, room))
        finally:
            cupy.get_default_memory_pool().free_all_blocks()  # other workers may share the device


def within(xp: Any, texts: pa.ChunkedArray, shingle: Shingle, bands: Banding, room: int) -> Sketch:
    """Sketch texts by the array module `xp`, `room` bytes of them at a time, halved where its memory does not do."""
    parts: list[Sketch] = []
    left = cut(texts, max(1, room))[::-1]
    while left:
        piece = left.pop()
        try:
            parts.append(array_sketch(xp, piece, shingle, bands))
        except MemoryError:
            half = len(piece) // 2
            if not half:
                raise
            left += [piece.slice(half), piece.slice(0, half)]
    return joined(parts, bands)


def device_number(count: int) -> int:
    """Return which of `count` devices this process takes: Dask's workers take turns by their number."""
    from distributed import get_worker

    try:
        name = get_worker().name
    except ValueError:
        return 0
    return name % count if isinstance(name, int) else 0


def cut(texts: pa.ChunkedArray, size: int) -> list[pa.Array]:
    """Cut into pieces of about `size` bytes, whole texts each."""
    made = []
    for chunk in texts.chunks:
        pieces = max(1, min(len(chunk), -(-chunk.nbytes // size)))
        step = -(-len(chunk) // pieces) if len(chunk) else 1
        made += [chunk.slice(at, step) for at in range(0, len(chunk), step)]
    return made
