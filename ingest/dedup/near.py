"""The Python door to near duplicates: texts in memory in, clusters out."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from .banding import Banding, banding
from .cluster import Clusters, link, passes
from .minhash import Sketch, sketch
from .sets import similarities
from .shingles import Shingle, Shingles

_CHUNK = 1 << 24
"""Bytes of text that a thread works on at a time."""


def near_duplicates(
    texts: pa.Array | pa.ChunkedArray | Iterable[str | None],
    threshold: float = 0.8,
    recall: float = 0.95,
    shingle: str = "word:5",
    gpu: Literal["off", "auto", "on"] = "off",
) -> pa.Table:
    """Find texts that are nearly the same: MinHash-LSH, every pair verified by its exact Jaccard similarity.

    Returns one line per input row: row (int64), cluster (int64, numbered in the order of their first rows),
    kept_row (int64, the first row of the cluster) and similarity (float64, of the row and the kept row by the
    Jaccard index of their shingle sets; 1 where the row is the kept one). A pair whose similarity is
    `threshold` is found with the probability `recall`, more similar ones with more; a cluster is a connected
    component, so similarity may be less than the threshold at the far end of a chain. Rows without a word
    stand alone. Raises ConfigError for a bad threshold, recall or shingle, MissingExtra for gpu="on" without
    CuPy.
    """
    way, bands = Shingle.parse(shingle), banding(threshold, recall)
    made = sketch_all(_strings(texts), way, bands, gpu)
    count = len(made.shingles.counts)
    clusters = Clusters(count)
    links = link(made.shingles, passes(made, threshold), clusters)
    kept = clusters.roots()
    alike = np.ones(count, dtype=np.float64)
    dropped = np.flatnonzero(kept != np.arange(count))
    if len(links.a):
        alike[dropped] = similarities(made.shingles, kept[dropped], dropped)
    number = np.cumsum(kept == np.arange(count)) - 1
    columns = {"row": np.arange(count), "cluster": number[kept], "kept_row": kept, "similarity": alike}
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def sketch_all(texts: pa.ChunkedArray, shingle: Shingle, bands: Banding, gpu: str = "off") -> Sketch:
    """Sketch all texts, in chunks on the machine's cores or, where there is one and it is wanted, on the GPU."""
    chunks = _cut(texts)
    work: Any = sketch
    workers = len(os.sched_getaffinity(0))
    if gpu != "off":
        from ...resources import resolve_gpu

        if resolve_gpu(gpu)[0]:
            from .arrays import device_sketch

            work, workers = device_sketch, 1
    if workers == 1 or len(chunks) == 1:
        parts = [work(chunk, shingle, bands) for chunk in chunks]
    else:
        with ThreadPoolExecutor(workers) as pool:
            parts = list(pool.map(lambda chunk: work(chunk, shingle, bands), chunks))
    return _joined(parts, bands)


def _joined(parts: list[Sketch], bands: Banding) -> Sketch:
    if len(parts) == 1:
        return parts[0]
    starts, base = [np.zeros(1, dtype=np.int64)], 0
    for part in parts:
        starts.append(part.shingles.starts[1:] + base)
        base += int(part.shingles.starts[-1])
    shingles = Shingles(
        np.concatenate([np.empty(0, np.uint32), *(p.shingles.hashes for p in parts)]),
        np.concatenate(starts),
        np.concatenate([np.empty(0, np.int32), *(p.shingles.counts for p in parts)]),
    )
    return Sketch(shingles, np.concatenate([np.empty((bands.bands, 0), np.uint64), *(p.keys for p in parts)], axis=1))


def _strings(texts: Any) -> pa.ChunkedArray:
    if isinstance(texts, pa.Array):
        texts = pa.chunked_array([texts])
    if not isinstance(texts, pa.ChunkedArray):
        texts = pa.chunked_array([pa.array(texts, pa.large_string())])
    return texts.cast(pa.large_string())


def _cut(texts: pa.ChunkedArray) -> list[pa.Array]:
    """Cut into chunks of about _CHUNK bytes, whole texts each."""
    made = []
    for chunk in texts.chunks:
        pieces = max(1, min(len(chunk), -(-chunk.nbytes // _CHUNK)))
        size = -(-len(chunk) // pieces) if len(chunk) else 1
        made += [chunk.slice(at, size) for at in range(0, len(chunk), size)]
    return made
