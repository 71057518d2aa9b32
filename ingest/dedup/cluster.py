"""From band keys to clusters: propose pairs, verify each by its exact Jaccard similarity, join what is alike.

Pairs are never listed: a band's texts go through a hash table one by one, each is compared at once with those
that had its key before, unless the two are joined already. Clusters are the connected components of the verified
pairs, whatever the order in which they are found. Equal texts are found first, by all bands together, and but one
of them goes on: a text that a million others repeat costs no more than they do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .minhash import Sketch
from .sets import FEW, alike, shingle_set
from .shingles import Q, Shingles


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


class Pass(NamedTuple):
    """One go over the texts: those of equal key are compared, and joined where they are alike at least so much."""

    keys: NDArray[np.uint64]
    counts: NDArray[np.int32]
    """How many shingles each text has; one with none is passed over."""
    least: float


def passes(sketch: Sketch, threshold: float) -> list[Pass]:
    """Return the passes over texts in memory: equal ones first, by all bands together, then band by band."""
    keys, counts = sketch.keys, sketch.shingles.counts
    whole = np.zeros(keys.shape[1], dtype=np.uint64)
    for band in keys:
        whole = add_band(whole, band)
    return [Pass(whole, counts, 1.0), *(Pass(band, counts, threshold) for band in keys)]


def add_band(whole: NDArray[np.uint64], band: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Fold another band into the keys for all bands together, which are equal for texts of equal shingles."""
    return whole * Q + band


def link(
    shingles: Shingles, steps: Iterable[Pass], clusters: Clusters, are_sets: bool = False, by_cosine: bool = False
) -> Links:
    """Join all texts that share a key and are alike; return the links made.

    Where the shingles are not sorted sets yet, those of texts that are compared become so, in place.
    """
    hashes, starts, sizes = shingles
    count = len(sizes)
    links = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64), np.empty(count, dtype=np.float64)
    ready = np.full(count, are_sets, dtype=np.bool_)
    copies = np.zeros(count, dtype=np.bool_)
    width = max(4, (2 * count - 1).bit_length())
    slots, marks = np.empty(1 << width, dtype=np.int32), np.empty(1 << width + 2, dtype=np.uint8)
    earlier = np.empty(count, dtype=np.int32)
    sets = (hashes, starts, sizes, ready)
    made = 0
    for keys, counts, least in steps:
        made = _link_pass(
            keys, counts, sets, copies, least, clusters.parent, (marks, slots, earlier), links, made, by_cosine
        )
    a, b, similarity = links
    return Links(a[:made], b[:made], similarity[:made])


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
def _link_pass(
    keys: NDArray[np.uint64],
    counts: NDArray[np.int32],
    sets: Any,
    copies: NDArray[np.bool_],
    least: float,
    parent: NDArray[np.int64],
    tables: Any,
    links: Any,
    made: int,
    by_cosine: bool,
) -> int:
    """Link the texts of one pass.

    Most keys are of one text only. `marks` counts keys by some of their bits, and what is alone there goes no further:
    no branch to guess wrongly, and a table of bytes. For the others `slots` is a hash table, `earlier` chains the texts
    of equal keys.

    A text whose shingles equal an earlier one's is of its `copies`: it has the same keys in every band, and
    whatever is alike to the one is alike to the other, so no chain need hold both.
    """
    a, b, similarity = links
    marks, slots, earlier = tables
    room = np.empty(FEW, dtype=np.uint32)
    mask, wide = np.uint64(slots.size - 1), np.uint64(marks.size - 1)
    slots[:] = -1
    marks[:] = 0
    for text in range(keys.size):
        place = keys[text] & wide
        marks[place] = min(marks[place] + (counts[text] != 0), 2)
    for text in range(keys.size):
        if marks[keys[text] & wide] < 2 or counts[text] == 0 or copies[text]:
            continue
        slot = keys[text] & mask
        while slots[slot] >= 0 and keys[slots[slot]] != keys[text]:
            slot = (slot + np.uint64(1)) & mask
        other = np.int64(slots[slot])
        root = find(parent, text)
        while other >= 0 and not copies[text]:
            if find(parent, other) != root:
                mine, theirs = shingle_set(sets, text, room), shingle_set(sets, other, room)
                if min(mine.size, theirs.size) >= least * max(mine.size, theirs.size):
                    found = alike(mine, theirs, by_cosine)
                    if found >= least:
                        unite(parent, text, other)
                        root = find(parent, text)
                        a[made], b[made], similarity[made] = other, text, found
                        made += 1
                        copies[text] = found == 1.0
            other = np.int64(earlier[other])
        if not copies[text]:
            earlier[text] = slots[slot]
            slots[slot] = text
    return made
