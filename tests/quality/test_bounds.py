"""What keeps memory and states small changes no result: hashes in files, combined sketches, merged segments."""

from __future__ import annotations

import os
import pickle
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

gx = pytest.importorskip("great_expectations")

from great_expectations import expectations as gxe  # noqa: E402
from quality_tables import cut, run_suite, table  # noqa: E402

from dataweir.config import EngineConfig  # noqa: E402
from dataweir.engine import Engine  # noqa: E402
from dataweir.quality.execution import exchange, ranks, reducers  # noqa: E402
from dataweir.quality.execution.hashing import Hashes  # noqa: E402
from dataweir.quality.execution.rollup import _sorted  # noqa: E402
from dataweir.quality.execution.work import Work  # noqa: E402
from dataweir.scratch import shared_folder  # noqa: E402


def hashing_checks() -> list[Any]:
    return [
        gxe.ExpectColumnValuesToBeUnique(column="key"),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["small", "text"]),
        gxe.ExpectColumnUniqueValueCountToBeBetween(column="text", max_value=5),
        gxe.ExpectColumnMostCommonValueToBeInSet(column="small", value_set=[1]),
        gxe.ExpectColumnDistinctValuesToBeInSet(column="text", value_set=["a"]),
        gxe.ExpectColumnMeanToBeBetween(column="float", min_value=0),
    ]


def test_hashes_that_are_too_many_for_the_memory_go_by_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cuts = cut(table(600), 4, empty=True)
    theirs = run_suite(cuts, hashing_checks())
    written: list[int] = []
    put = exchange.put
    monkeypatch.setattr(
        exchange, "put", lambda buckets, folder: (written.append(len(buckets)), put(buckets, folder))[1]
    )
    monkeypatch.setattr(exchange, "IN_MEMORY", 0)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    ours = run_suite(cuts, hashing_checks())
    assert written
    assert [(a.success, a.result) for a in ours] == [(b.success, b.result) for b in theirs]
    assert not [place for place in tmp_path.iterdir() if place.name.startswith("weir-")]


def test_a_partition_keeps_no_hash_in_memory_where_there_is_a_folder(tmp_path: Path) -> None:
    frame = table(20_000)
    works = [Work("column_values.unique.condition", {"column": "id"}, {})]
    kept = reducers.run_partition(frame, 0, works, 4)
    filed = reducers.run_partition(frame, 0, works, 4, (), str(tmp_path))
    assert len(pickle.dumps(kept)) > 16 * len(frame)
    assert len(pickle.dumps(filed)) < 2_000
    for bucket, place in zip(kept[1:], filed[1:], strict=True):
        found = exchange.take(place[0])
        assert np.array_equal(found.hi, bucket[0].hi)
        assert np.array_equal(found.lo, bucket[0].lo)
        assert found.n is bucket[0].n is None


@pytest.mark.parametrize("rows", [10**6, 10**9, 10**10])
def test_a_bucket_stays_small_whatever_the_rows(rows: int) -> None:
    assert rows / exchange.buckets_of(rows, rows // 10**6, filed=True) < 10**7


def test_workers_of_this_machine_share_a_folder_and_let_glibc_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)  # a cluster that is not ours may have left it here
    with Engine(EngineConfig(workers=1)) as engine:
        assert engine.client.run(os.environ.get, "MALLOC_TRIM_THRESHOLD_").popitem()[1] is None
        with shared_folder() as folder:
            assert folder is not None
            engine.client.submit(Path(folder, "x").write_text, "x").result()
            assert Path(folder, "x").exists()
        assert not Path(folder).exists()


def test_combined_sketches_keep_their_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranks, "SAMPLES", 50)
    monkeypatch.setattr(ranks, "KEPT", 200)
    rng = np.random.default_rng(5)
    for _ in range(40):
        parts = [rng.integers(0, rng.integers(1, 3000), rng.integers(0, 400)).astype(float) for _ in range(20)]
        values = np.sort(np.concatenate(parts))
        sketches = [ranks.sketch(pd.Series(part)) for part in parts]
        once = [ranks.combine(sketches[:12]), ranks.combine(sketches[12:])]
        for thinned, found in enumerate((sketches, once, [ranks.combine(once)])):
            assert sum(s.n for s in found) == len(values)
            for bracket in ranks.brackets(found, [0, len(values) // 3, len(values) // 2, len(values) - 1]):
                assert bracket.low <= values[bracket.rank] <= bracket.high
                off = bracket.rank - np.searchsorted(values, bracket.low, side="right")
                assert off <= (1 / 49 + thinned / 199) * len(values) + 2 * len(parts)


def test_sorted_runs_count_what_repeats() -> None:
    rng = np.random.default_rng(6)
    for _ in range(50):
        parts = [
            Hashes(
                rng.integers(0, 20, rows).astype(np.uint64),
                rng.integers(0, 3, rows).astype(np.uint64),
                None if rng.random() < 0.5 else rng.integers(1, 5, rows),
            )
            for rows in rng.integers(0, 30, 4)
        ]
        wanted: Counter[tuple[int, int]] = Counter()
        for part in parts:
            counts = np.ones(len(part.hi), int) if part.n is None else part.n
            for hi, lo, n in zip(part.hi.tolist(), part.lo.tolist(), counts.tolist(), strict=True):
                wanted[hi, lo] += n
        hi, lo, n = (array.tolist() for array in _sorted(parts))
        assert list(zip(hi, lo, n, strict=True)) == sorted((*place, count) for place, count in wanted.items())
