"""Compaction of the index: the same rows in fewer files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from near_table import NEAR, TABLE
from refine_driver import shipped

from dataweir.ingest.dedup import compact as compaction
from dataweir.ingest.dedup import index
from dataweir.ingest.dedup.scheme import scheme


def test_compacted_files_hold_the_same_rows_in_order_and_the_index_answers_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "GROUP", 64)
    monkeypatch.setattr(index, "GROUP", 64)
    rng = np.random.default_rng(5)
    files, rows, wanted = [], [], scheme(NEAR)
    assert wanted is not None
    for number in range(11):
        keys, docs = rng.integers(0, 900, 200), rng.integers(-(2**63), 2**63 - 1, 200)
        made = index._write_band(3, TABLE, wanted, keys, docs, str(tmp_path), f"b{number}")
        assert made is not None
        files.append(made[1])
        rows += zip(keys.tolist(), docs.tolist(), strict=True)
    sized = [compaction.Sized(file, "3", 200) for file in files]
    (tier,) = compaction.tiers([*sized, compaction.Sized("other", "4", 200)])
    assert compaction.tiers(sized[:7]) == []
    (work,) = shipped(compaction.merges, tier, "key")
    many = shipped(compaction.merges, [*tier] * 5, "key")
    assert [len(each.files) for each in many] == [10, 9, 9, 9, 9, 9]  # a row group of each is held
    merged = shipped(compaction.merge, work)
    stored = pq.read_table(merged)
    assert sorted(zip(*(stored[name].to_pylist() for name in ("key", "doc")), strict=True)) == sorted(rows)
    assert stored["key"].to_pylist() == sorted(key for key, _ in rows)
    sizes = [pq.ParquetFile(merged).metadata.row_group(i).num_rows for i in range(3)]
    assert sizes == [64, 64, 64]
    asked = np.unique(rng.integers(0, 1200, 50))
    before, after = (index.look_up_keys(each, TABLE, wanted.name, asked) for each in (files, [merged]))
    assert sorted(zip(*before, strict=True)) == sorted(zip(*after, strict=True))
    assert len(after.keys) > 50
    assert shipped(compaction.merge, work) == merged  # a second try writes the same file
