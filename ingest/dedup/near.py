"""The Python door to near duplicates: texts in memory in, clusters out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from .banding import banding
from .cluster import Clusters, link, passes
from .crossover import Gpu, sketch_all
from .sets import similarities
from .shingles import Shingle


def near_duplicates(
    texts: pa.Array | pa.ChunkedArray | Iterable[str | None],
    threshold: float = 0.8,
    recall: float = 0.95,
    shingle: str = "word:5",
    gpu: Gpu = "off",
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


def _strings(texts: Any) -> pa.ChunkedArray:
    if isinstance(texts, pa.Array):
        texts = pa.chunked_array([texts])
    if not isinstance(texts, pa.ChunkedArray):
        texts = pa.chunked_array([pa.array(texts, pa.large_string())])
    return texts.cast(pa.large_string())
