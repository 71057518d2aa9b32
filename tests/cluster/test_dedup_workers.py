"""Near duplicates by threads of one process, and by the tasks of a run on one and on two workers: the same clusters."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.dedup.corpus import documents
from benchmarks.dedup.processes import by_threads, by_workers, parts
from dataweir.config import EngineConfig
from dataweir.engine import Engine


def test_threads_one_worker_and_two_end_in_the_same_clusters(tmp_path: Path, scheduler: str) -> None:
    (texts,) = documents(3000, seed=7)
    files = parts([texts.slice(0, 900), texts.slice(900, 1100), texts.slice(2000)], tmp_path / "in")
    clusters = by_threads(files)
    assert 20 < (clusters != np.arange(3000)).sum() < 200
    early = np.flatnonzero(clusters < 900)
    assert (early[clusters[early] != early] >= 900).any(), "some cluster must lie in more than one file"
    with Engine(EngineConfig(scheduler=scheduler)) as one, Engine(EngineConfig(workers=2)) as two:
        np.testing.assert_array_equal(by_workers(files, one, str(tmp_path / "one")), clusters)
        np.testing.assert_array_equal(by_workers(files, two, str(tmp_path / "two")), clusters)
