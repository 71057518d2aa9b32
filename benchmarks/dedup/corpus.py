"""Documents for the benchmarks: real words recombined by a seeded generator, one in ten an edited copy.

With a folder of text files the words are theirs; without, they are made up with the frequencies of a language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

COPIES = 0.1
_BATCH = 50_000


def documents(count: int, seed: int = 1, folder: Path | None = None) -> Iterator[pa.Array]:
    """Yield `count` texts of some 20 to 80 words in batches; about one in ten is a copy with two words changed."""
    words = stream(folder, seed)
    for first in range(0, count, _BATCH):
        yield _batch(min(_BATCH, count - first), words, np.random.default_rng([seed, first]))


def stream(folder: Path | None, seed: int) -> pa.Array:
    """Return the words in the order of the text they are from."""
    if folder is None:
        rng = np.random.default_rng(seed)
        syllables = np.array(["ka", "re", "mo", "ti", "su", "len", "dor", "fa", "wi", "pel", "na", "gro"])
        made = ["".join(rng.choice(syllables, rng.integers(1, 4))) for _ in range(20_000)]
        return pa.array(made).take(pa.array(np.minimum(rng.zipf(1.2, 1_000_000), 20_000) - 1))
    text = " ".join(path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.rglob("*.train")))
    text += " ".join(path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.rglob("*.txt")))
    return pa.array(re.findall(r"\S+", text))


def _batch(count: int, words: pa.Array, rng: np.random.Generator) -> pa.Array:
    """Join phrases of 6 to 12 words from random places of the stream."""
    phrases = rng.integers(3, 9, count)
    lengths = rng.integers(6, 13, int(phrases.sum()))
    places = rng.integers(0, len(words) - 12, len(lengths))
    sizes = np.add.reduceat(lengths, np.cumsum(phrases) - phrases)
    picked = np.arange(int(lengths.sum())) + np.repeat(places - (np.cumsum(lengths) - lengths), lengths)
    ends = np.cumsum(sizes)
    pieces = np.split(picked, ends[:-1])
    copies = np.flatnonzero(rng.random(count) < COPIES)
    for copy in copies[copies > 0]:
        piece = pieces[rng.integers(0, copy)].copy()
        piece[rng.integers(0, len(piece), 2)] = rng.integers(0, len(words), 2)
        pieces[copy] = piece
    offsets = np.concatenate([[0], np.cumsum([len(piece) for piece in pieces])])
    lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), words.take(pa.array(np.concatenate(pieces))))
    return pc.binary_join(lists, " ")
