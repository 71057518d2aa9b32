"""From band keys to clusters: propose pairs, verify each by its exact Jaccard similarity, join what is alike.

Pairs are never listed: a band's texts go through a hash table one by one, each is compared at once with those
that had its key before, unless the two are joined already. Clusters are the connected components of the verified
pairs, whatever the order in which they are found. Equal texts are found first, by all bands together, and but one
of them goes on: a text that a million others repeat costs no more than they do.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .minhash import Sketch
from .shingles import Q


class Links(NamedTuple):
    """Verified pairs that join texts to clusters: a forest. Positions a and b, and their similarity."""

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    similarity: NDArray[np.float64]


class Clusters:
    """The clusters among `count` texts, to begin with each its own."""

    def __init__(self, count: int) -> None:
        self.parent = np.arange(count, dtype=np.int64)

    def join(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> None:
        """Join the clusters of a[i] and b[i]."""
        _join(self.parent, a, b)

    def roots(self) -> NDArray[np.int64]:
        """Return the first text of each text's cluster."""
        return _roots(self.parent)


def link(sketch: Sketch, threshold: float, clusters: Clusters) -> Links:
    """Join all texts whose similarity is at least `threshold` and that share a band; return the links made.

    The shingles are sorted in place, texts that are compared only.
    """
    hashes, starts, counts = sketch.shingles
    count = len(counts)
    a, b = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    similarity = np.empty(count, dtype=np.float64)
    ready, copies = np.zeros((2, count), dtype=np.bool_)
    slots = np.empty(1 << max(4, (2 * count - 1).bit_length()), dtype=np.int32)
    earlier = np.empty(count, dtype=np.int32)
    made = 0
    links = (a, b, similarity)
    for keys, least in [(_whole(sketch.keys), 1.0), *((keys, threshold) for keys in sketch.keys)]:
        made = _link_band(
            keys, hashes, starts, counts, ready, copies, least, clusters.parent, slots, earlier, links, made
        )
    return Links(a[:made], b[:made], similarity[:made])


def similarities(sketch: Sketch, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the exact Jaccard similarity of the texts a[i] and b[i], by their shingle hashes."""
    hashes, starts, counts = sketch.shingles
    out = np.empty(len(a), dtype=np.float64)
    sorted_before = np.zeros(len(counts), dtype=np.bool_)
    _similarities(hashes, starts, counts, sorted_before, a, b, out)
    return out


def _whole(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return one key for all bands together: equal for texts of equal shingles."""
    whole = np.zeros(keys.shape[1], dtype=np.uint64)
    for band in keys:
        whole = whole * Q + band
    return whole


@njit(cache=True, nogil=True)
def find(parent: NDArray[np.int64], text: np.int64) -> np.int64:
    """Return the first text of the cluster, and shorten the way there."""
    while parent[text] != text:
        parent[text] = parent[parent[text]]
        text = parent[text]
    return text


@njit(cache=True, nogil=True)
def unite(parent: NDArray[np.int64], a: np.int64, b: np.int64) -> bool:
    """Join two clusters under the earlier first text; return whether they were two."""
    a, b = find(parent, a), find(parent, b)
    if a < b:
        parent[b] = a
    elif b < a:
        parent[a] = b
    return a != b


@njit(cache=True, nogil=True)
def _join(parent: NDArray[np.int64], a: NDArray[np.int64], b: NDArray[np.int64]) -> None:
    for i in range(a.size):
        unite(parent, a[i], b[i])


@njit(cache=True, nogil=True)
def _roots(parent: NDArray[np.int64]) -> NDArray[np.int64]:
    out = np.empty_like(parent)
    for text in range(parent.size):
        out[text] = find(parent, text)
    return out


@njit(cache=True, nogil=True)
def jaccard(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> float:
    """Return the Jaccard similarity of two sorted sets."""
    i = j = both = 0
    while i < a.size and j < b.size:
        x, y = a[i], b[j]
        both += x == y
        i += x <= y
        j += y <= x
    return both / (a.size + b.size - both)


@njit(cache=True, nogil=True)
def _shingle_set(
    hashes: NDArray[np.uint32],
    starts: NDArray[np.int64],
    counts: NDArray[np.int32],
    ready: NDArray[np.bool_],
    text: np.int64,
) -> NDArray[np.uint32]:
    """Return a text's shingles as a sorted set; sort them the first time."""
    start = starts[text]
    if not ready[text]:
        ready[text] = True
        mine = hashes[start : start + counts[text]]
        mine.sort()
        kept = 0
        for i in range(mine.size):
            if i == 0 or mine[i] != mine[kept - 1]:
                mine[kept] = mine[i]
                kept += 1
        counts[text] = kept
    return hashes[start : start + counts[text]]


@njit(cache=True, nogil=True)
def _similarities(
    hashes: NDArray[np.uint32],
    starts: NDArray[np.int64],
    counts: NDArray[np.int32],
    ready: NDArray[np.bool_],
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    out: NDArray[np.float64],
) -> None:
    for i in range(a.size):
        one = _shingle_set(hashes, starts, counts, ready, a[i])
        out[i] = jaccard(one, _shingle_set(hashes, starts, counts, ready, b[i])) if one.size else 1.0


@njit(cache=True, nogil=True)
def _link_band(
    keys: NDArray[np.uint64],
    hashes: NDArray[np.uint32],
    starts: NDArray[np.int64],
    counts: NDArray[np.int32],
    ready: NDArray[np.bool_],
    copies: NDArray[np.bool_],
    threshold: float,
    parent: NDArray[np.int64],
    slots: NDArray[np.int32],
    earlier: NDArray[np.int32],
    links: Any,
    made: int,
) -> int:
    """Link the texts of one band; `slots` is the hash table, `earlier` chains the texts of equal keys.

    A text whose shingles equal an earlier one's is of its `copies`: it has the same keys in every band, and
    whatever is alike to the one is alike to the other, so no chain need hold both.
    """
    a, b, similarity = links
    mask = np.uint64(slots.size - 1)
    slots[:] = -1
    for text in range(keys.size):
        if counts[text] == 0 or copies[text]:
            continue
        slot = keys[text] & mask
        while slots[slot] >= 0 and keys[slots[slot]] != keys[text]:
            slot = (slot + np.uint64(1)) & mask
        other = np.int64(slots[slot])
        root = find(parent, text)
        while other >= 0 and not copies[text]:
            if find(parent, other) != root:
                mine = _shingle_set(hashes, starts, counts, ready, text)
                theirs = _shingle_set(hashes, starts, counts, ready, other)
                small, large = min(mine.size, theirs.size), max(mine.size, theirs.size)
                if small >= threshold * large:
                    alike = jaccard(mine, theirs)
                    if alike >= threshold:
                        unite(parent, text, other)
                        root = find(parent, text)
                        a[made], b[made], similarity[made] = other, text, alike
                        made += 1
                        copies[text] = alike == 1.0
            other = np.int64(earlier[other])
        if not copies[text]:
            earlier[text] = slots[slot]
            slots[slot] = text
    return made
