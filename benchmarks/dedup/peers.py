"""Weir beside rensa, datasketch and datatrove: the same texts, word 5-grams, 128 values in 16 bands of 8, one thread.

    pip install rensa datasketch datatrove && taskset -c 0 python -m benchmarks.dedup.peers [DOCUMENTS] [FOLDER]

From texts in memory to cluster ids. Each runs in turn in this one process; the best of several tries counts, one try
where it takes longer than ten seconds. Peers cut words by a regular expression in Python, as their own examples do;
datatrove uses the tokenizer it brings. Peers do not verify pairs, Weir does.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from benchmarks.dedup.corpus import documents
from dataweir.ingest.dedup.banding import Banding
from dataweir.ingest.dedup.cluster import Clusters, link, passes
from dataweir.ingest.dedup.minhash import sketch
from dataweir.ingest.dedup.near import sketch_all
from dataweir.ingest.dedup.shingles import Shingle

BANDS, ROWS, SIZE = 16, 8, 5
THRESHOLD = (1 / BANDS) ** (1 / ROWS)
_WORDS = re.compile(r"\w+")


def shingle_list(text: str) -> list[str]:
    words = _WORDS.findall(text.lower())
    return [" ".join(words[i : i + SIZE]) for i in range(max(1, len(words) - SIZE + 1))]


def components(count: int, groups: list[list[int]]) -> list[int]:
    parent = list(range(count))

    def find(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for group in groups:
        for other in group[1:]:
            a, b = sorted((find(group[0]), find(other)))
            parent[b] = a
    return [find(row) for row in range(count)]


def weir(texts: pa.ChunkedArray) -> list[int]:
    made = sketch_all(texts.cast(pa.large_string()), Shingle(False, SIZE), Banding(BANDS, ROWS))
    clusters = Clusters(len(texts))
    link(made.shingles, passes(made, THRESHOLD), clusters)
    return clusters.roots().tolist()


def rensa(texts: pa.ChunkedArray) -> list[int]:
    from rensa import RMinHash, RMinHashLSH

    index = RMinHashLSH(threshold=THRESHOLD, num_perm=BANDS * ROWS, num_bands=BANDS)
    sketches = RMinHash.from_token_sets([shingle_list(text) for text in texts.to_pylist()], BANDS * ROWS, 1)
    index.insert_many(sketches)
    return components(len(texts), index.query_all(sketches))


def datasketch(texts: pa.ChunkedArray) -> list[int]:
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(num_perm=BANDS * ROWS, params=(BANDS, ROWS))
    octets = ([s.encode() for s in shingle_list(text)] for text in texts.to_pylist())
    groups = []
    for row, each in enumerate(MinHash.generator(octets, num_perm=BANDS * ROWS, seed=1)):
        groups.append([row, *index.query(each)])
        index.insert(row, each, check_duplication=False)
    return components(len(texts), groups)


def datatrove(texts: pa.ChunkedArray) -> list[int]:
    from datatrove.data import Document
    from datatrove.pipeline.dedup.minhash import (
        MinhashConfig,
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupSignature,
    )
    from datatrove.utils.logging import logger
    from datatrove.utils.typeshelper import Languages

    logger.remove()
    config = MinhashConfig(n_grams=SIZE, num_buckets=BANDS, hashes_per_bucket=ROWS)
    with tempfile.TemporaryDirectory() as folder:
        signatures, buckets, clusters = (f"{folder}/{name}" for name in ("signatures", "buckets", "clusters"))
        made = (Document(text=text, id=str(row)) for row, text in enumerate(texts.to_pylist()))
        MinhashDedupSignature(signatures, config=config, language=Languages.english).run(made, 0, 1)
        for rank in range(BANDS):
            MinhashDedupBuckets(signatures, buckets, config=config).run(None, rank, BANDS)
        MinhashDedupCluster(buckets, clusters, config=config).run(None, 0, 1)
        dropped = sum(path.stat().st_size // 4 for path in Path(clusters).glob("*.remove"))
    return [0] * dropped + list(range(len(texts) - dropped + 1))[1:]


def best(run: Callable[[pa.ChunkedArray], list[int]], texts: pa.ChunkedArray) -> tuple[float, int]:
    """Return the least seconds of a try, and how many texts are dropped."""
    seconds, dropped = float("inf"), 0
    for _ in range(5):
        started = time.perf_counter()
        found = run(texts)
        took = time.perf_counter() - started
        seconds, dropped = min(seconds, took), len(found) - len(set(found))
        if took > 10:
            break
    return seconds, dropped


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    texts = pa.chunked_array(list(documents(count, folder=folder)))
    size = texts.nbytes / 1e6
    sketch(texts.chunks[0][:10], Shingle(False, SIZE), Banding(BANDS, ROWS))  # compiled before the clock starts
    print(f"{count:,} texts, {size:.1f} MB, word {SIZE}-grams, {BANDS} bands of {ROWS}, threshold {THRESHOLD:.2f}")
    print(f"{'':18}{'seconds':>9}{'MB/s':>9}{'texts/s':>12}{'dropped':>9}{'Weir is':>10}")
    mine = None
    for run in (weir, rensa, datasketch, datatrove):
        try:
            seconds, dropped = best(run, texts)
        except ImportError as error:
            print(f"{run.__name__:18}left out: {error}")
            continue
        mine = mine or seconds
        ratio = f"{seconds / mine:>8.1f} ×" if run is not weir else ""
        print(f"{run.__name__:18}{seconds:9.3f}{size / seconds:9.2f}{count / seconds:12,.0f}{dropped:9,}{ratio:>10}")


if __name__ == "__main__":
    main()
