"""What signatures of b bits a value would save in the index of near duplicates, and cost, on real posts.

    python -m benchmarks.dedup.bbit ../shared/data [POSTS]

b-bit minwise hashing (Li, König 2010) keeps the lowest b bits of each MinHash value; two different values then agree
by chance once in 2**b. The first table packs a band's values into its key and holds that against a hash of the whole
values cut to as many bits; the second puts a text's values in place of its shingle set, so that pairs are judged by
the estimate (agreement - 2**-b) / (1 - 2**-b) and not by their exact Jaccard similarity.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.clean.rules import posts
from dataweir.config import DedupConfig
from dataweir.ingest.dedup.banding import Banding, banding
from dataweir.ingest.dedup.index import GROUP
from dataweir.ingest.dedup.minhash import sketch
from dataweir.ingest.dedup.sets import similarities, sorted_sets
from dataweir.ingest.dedup.shingles import Q, Shingle, Shingles
from dataweir.storage import write_parquet

THRESHOLD, RECALL, WAY = 0.8, 0.95, Shingle.parse("word:5")
BITS = (1, 2, 4, 8, 16)
Keys = NDArray[np.uint64]
Pairs = NDArray[np.int64]


def main() -> None:
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 50_000
    texts = pc.unique(posts(Path(sys.argv[1]).resolve(), rows)["text"].drop_null())
    texts = texts.filter(pc.greater_equal(pc.utf8_length(texts), DedupConfig().min_chars))
    bands = banding(THRESHOLD, RECALL)
    made, values = sketch(texts, WAY, bands), sketch(texts, WAY, Banding(bands.values, 1)).keys
    some = made.shingles.counts > 0
    sets = sorted_sets(made.shingles)
    pairs = sharing(sets)
    alike = similarities(sets, pairs[:, 0], pairs[:, 1], are_sets=True) >= THRESHOLD
    true = pairs[alike]
    print(f"{some.sum():,} different texts, {bands.bands} bands of {bands.rows}, word:5; ", end="")
    print(f"{len(true):,} pairs with a similarity of {THRESHOLD} or more\n")
    print("| key of a band | bits | bytes a row | pairs proposed, band by band | recall |")
    print("|---|--:|--:|--:|--:|")
    line("64-bit hash of whole values (as it is)", made.keys, 64, some, true)
    for b in BITS:
        keys = packed(values, bands, b)
        line(f"{b}-bit values", keys, min(64, b * bands.rows), some, true)
    for bits in (20, 40, 48):
        line(f"the hash cut to {bits} bits", made.keys >> np.uint64(64 - bits), bits, some, true)
    proposed = pairs[(made.keys[:, pairs[:, 0]] == made.keys[:, pairs[:, 1]]).any(axis=0)]
    exact = similarities(sets, proposed[:, 0], proposed[:, 1], are_sets=True) >= THRESHOLD
    mean = 4 * sets.counts[some].mean()
    print("\n| stored to judge a pair | bytes a text | pairs dropped wrongly | pairs missed | precision |")
    print("|---|--:|--:|--:|--:|")
    print(f"| shingle set (as it is) | {mean:.0f} | 0 | 0 | 1.000 |")
    for count in (bands.values, 128):
        signature = sketch(texts, WAY, Banding(count, 1)).keys
        for b in BITS:
            found = estimate(signature, proposed, b) >= THRESHOLD
            wrong, missed = int((found & ~exact).sum()), int((exact & ~found).sum())
            right = (found & exact).sum() / max(1, found.sum())
            print(f"| {count} {b}-bit values | {count * b / 8:.0f} | {wrong} | {missed} | {right:.3f} |")


def sharing(sets: Shingles) -> Pairs:
    """Return all pairs of texts that share a shingle, shape (pairs, 2): what similar pairs are among."""
    text = np.repeat(np.arange(len(sets.counts)), sets.counts)
    order = np.argsort(sets.hashes, kind="stable")
    hashes, text = sets.hashes[order], text[order]
    found, step = [], 1
    while (same := np.flatnonzero(hashes[step:] == hashes[:-step])).size:
        found.append(np.unique(text[same] << 32 | text[same + step]))
        step += 1
    both = np.unique(np.concatenate(found))
    return np.stack([both >> 32, both & 0xFFFFFFFF], axis=1)


def packed(values: Keys, bands: Banding, b: int) -> Keys:
    """Return the keys of each band made of b bits of each value; longer ones than 64 bits are hashed."""
    low = (values & np.uint64((1 << b) - 1)).reshape(bands.bands, bands.rows, -1)
    factor = np.uint64(1 << b) if b * bands.rows <= 64 else Q
    keys = np.zeros((bands.bands, values.shape[1]), np.uint64)
    for row in range(bands.rows):
        keys = keys * factor + low[:, row]
    return keys


def estimate(values: Keys, pairs: Pairs, b: int) -> NDArray[np.float64]:
    """Return the similarity of pairs as b bits of their values show it."""
    mask, chance = np.uint64((1 << b) - 1), 2.0**-b
    agreed = ((values[:, pairs[:, 0]] ^ values[:, pairs[:, 1]]) & mask == 0).mean(axis=0)
    return np.asarray((agreed - chance) / (1 - chance))


def line(name: str, keys: Keys, bits: int, some: NDArray[np.bool_], true: Pairs) -> None:
    """Print what keys cost and find; only texts with words (`some`) have any."""
    proposed = 0
    for band in keys[:, some]:
        size = np.unique(band, return_counts=True)[1]
        proposed += int((size * (size - 1) // 2).sum())
    recall = (keys[:, true[:, 0]] == keys[:, true[:, 1]]).any(axis=0).mean()
    print(f"| {name} | {bits} | {stored(keys[:, some]):.2f} | {proposed:,} | {recall:.3f} |", flush=True)


def stored(keys: Keys) -> float:
    """Return the bytes that keys take a row in the files of the index, written as those are."""
    total = 0
    with tempfile.TemporaryDirectory() as folder:
        for number, band in enumerate(keys):
            rows = pa.table({"key": pa.array(np.sort(band.view(np.int64)))})
            path = f"{folder}/{number}.parquet"
            write_parquet(rows, path, row_group_size=GROUP, hashes=["key"])
            total += _bytes(pq.read_metadata(path))
    return total / keys.size


def _bytes(metadata: Any) -> int:
    return sum(metadata.row_group(at).column(0).total_compressed_size for at in range(metadata.num_row_groups))


if __name__ == "__main__":
    main()
