"""Texts in Parquet to cluster ids: threads of one process beside the tasks of a run on one and two Dask workers.

    python -m benchmarks.dedup.processes [DOCUMENTS] [FOLDER]

The threads are those of `near_duplicates`, which holds all texts and their shingles; the workers are those of `weir
run`, which holds a part a worker and hands sketches on through files. Both must end in the same clusters. Starting the
workers and loading their kernels is told apart.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.dedup.corpus import documents
from benchmarks.dedup.scale import NEAR, TABLE, write
from dataweir.config import EngineConfig
from dataweir.engine import Engine
from dataweir.ingest.dedup.collide import Collisions, collide, ranges
from dataweir.ingest.dedup.documents import Sketched, in_order, sketch_part
from dataweir.ingest.dedup.documents import documents as sketched_texts
from dataweir.ingest.dedup.index import Stored
from dataweir.ingest.dedup.near import near_duplicates
from dataweir.ingest.dedup.scheme import Scheme, scheme
from dataweir.ingest.dedup.settle import settle
from dataweir.ingest.dedup.staging import read_batch

ROUNDS = 3
Clusters = NDArray[np.int64]


def by_threads(files: Sequence[str]) -> Clusters:
    """Return the first row of each row's cluster, rows numbered through the files."""
    texts = pa.concat_tables([pq.read_table(file, columns=["text"]) for file in files])["text"]
    found = near_duplicates(texts, NEAR.threshold or 0, NEAR.recall, NEAR.shingle)
    return np.asarray(found["kept_row"].to_numpy())


def by_workers(files: Sequence[str], engine: Engine, staging: str) -> Clusters:
    """Return the same by the tasks of a run, on the engine's workers."""
    wanted = scheme(NEAR)
    assert wanted is not None
    stored = Stored({}, [])
    sketched = in_order(engine.map(sketch_part, files, TABLE, NEAR, wanted, (), staging, "off"))
    found = engine.map(collide, ranges(wanted, sketched), TABLE, wanted, sketched, stored, staging)
    [decided] = engine.map(_settle, [found], wanted, sketched, staging)
    docs, kept = [], []
    for number, each in enumerate(sketched):
        docs.append(sketched_texts(each)["doc"].combine_chunks())
        kept.append(pc.coalesce(read_batch(decided, number)["kept_doc"], docs[-1]))
    first = pc.index_in(pa.concat_arrays(kept), value_set=pa.concat_arrays(docs))
    return np.asarray(first.to_numpy().astype(np.int64))


def _settle(found: list[Collisions], wanted: Scheme, sketched: list[Sketched], staging: str) -> str:
    return settle(TABLE, wanted, sketched, found, Stored({}, []), staging).decided.path


def parts(texts: Sequence[pa.Array], folder: Path) -> list[str]:
    """Write texts as rows of a table, a file a batch."""
    folder.mkdir(parents=True, exist_ok=True)
    files, first = [], 0
    for batch in texts:
        files.append(folder / f"part-{first:010d}.parquet")
        write(batch, first, files[-1])
        first += len(batch)
    return [str(file) for file in files]


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400_000
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    with (
        tempfile.TemporaryDirectory() as root,
        Engine(EngineConfig(workers=1)) as one,
        Engine(EngineConfig(workers=2)) as two,
    ):
        texts = list(documents(count, folder=folder))
        files = parts(texts, Path(root))
        few = parts([texts[0][:100], texts[0][100:200]], Path(root) / "few")
        ways: dict[str, Callable[[Sequence[str], str], Clusters]] = {
            f"{len(os.sched_getaffinity(0))} threads": lambda f, _: by_threads(f),
            "1 worker": lambda f, at: by_workers(f, one, at),
            "2 workers": lambda f, at: by_workers(f, two, at),
        }
        started, best, found = {}, dict.fromkeys(ways, float("inf")), {}
        for name, way in ways.items():
            began = time.perf_counter()
            way(few, f"{root}/few-{name}")
            started[name] = time.perf_counter() - began
        for number in range(ROUNDS):
            for name, way in ways.items():
                began = time.perf_counter()
                found[name] = way(files, f"{root}/staging-{name}-{number}")
                best[name] = min(best[name], time.perf_counter() - began)
    size = sum(batch.nbytes for batch in texts) / 1e6
    print(f"{count:,} texts, {size:,.0f} MB, in {len(files)} files; best of {ROUNDS} rounds\n")
    print("| | started and loaded (s) | to cluster ids (s) | MB/s | dropped |")
    print("|---|--:|--:|--:|--:|")
    expected = next(iter(found.values()))
    for name, clusters in found.items():
        assert (clusters == expected).all(), f"{name} ends in other clusters"
        dropped = int((clusters != np.arange(count)).sum())
        print(f"| {name} | {started[name]:.1f} | {best[name]:.2f} | {size / best[name]:,.0f} | {dropped:,} |")


if __name__ == "__main__":
    main()
