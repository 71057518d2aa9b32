"""Weir beside rensa, datasketch and datatrove: the same texts, word 5-grams, 128 values in 16 bands of 8, one thread.

    pip install rensa datasketch datatrove tokenizers 'xxhash<4'
    taskset -c 0 python -m benchmarks.dedup.peers [DOCUMENTS] [FOLDER]

From texts in memory to cluster ids. All run in this one process, in turn, in several rounds; the best of each counts,
one try where it takes longer than ten seconds. Peers cut words by a regular expression in Python, as their own examples
do; datatrove uses the tokenizer it brings. Peers do not verify pairs, Weir does.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from benchmarks.dedup.corpus import documents
from dataweir.ingest.dedup.banding import Banding
from dataweir.ingest.dedup.cluster import Clusters, link, passes
from dataweir.ingest.dedup.crossover import sketch_all
from dataweir.ingest.dedup.shingles import Shingle

BANDS, ROWS, SIZE = 16, 8, 5
THRESHOLD = (1 / BANDS) ** (1 / ROWS)
ROUNDS, TRIES, LONG = 4, 5, 10
"""Rounds for all; tries of Weir in each, as it takes so little; seconds of a try that is the only one."""

Run = Callable[[pa.ChunkedArray], list[int]]
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


class Took(NamedTuple):
    """The least of several tries: wall and CPU seconds; and how many texts are dropped."""

    wall: float
    cpu: float
    dropped: int


def measure(runs: list[Run], texts: pa.ChunkedArray) -> dict[str, Took]:
    """Let all have their turn, round after round, so that what else the machine does hits each alike."""
    took: dict[str, Took] = {}
    for number in range(ROUNDS):
        for run in runs:
            name = run.__name__
            if number and (name not in took or took[name].wall > LONG):
                continue
            for _ in range(TRIES if run is weir else 1):
                wall, cpu = time.perf_counter(), time.process_time()
                try:
                    found = run(texts)
                except ImportError as error:
                    print(f"{name:18}left out: {error}")
                    break
                wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
                best = took.get(name, Took(wall, cpu, 0))
                took[name] = Took(min(wall, best.wall), min(cpu, best.cpu), len(found) - len(set(found)))
    return took


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    texts = pa.chunked_array(list(documents(count, folder=folder)))
    size = texts.nbytes / 1e6
    weir(texts.slice(0, 10))  # compiled before the clock starts
    print(f"{count:,} texts, {size:.1f} MB, word {SIZE}-grams, {BANDS} bands of {ROWS}, threshold {THRESHOLD:.2f}")
    took = measure([weir, rensa, datasketch, datatrove], texts)
    mine = took["weir"]
    print(f"{'':18}{'wall s':>9}{'CPU s':>9}{'MB/s':>9}{'texts/s':>12}{'dropped':>9}{'Weir is':>10}{'by CPU':>10}")
    for name, (wall, cpu, dropped) in took.items():
        ratios = f"{wall / mine.wall:>8.1f} ×{cpu / mine.cpu:>8.1f} ×" if name != "weir" else ""
        print(f"{name:18}{wall:9.4f}{cpu:9.4f}{size / wall:9.2f}{count / wall:12,.0f}{dropped:9,}{ratios}")


if __name__ == "__main__":
    main()
