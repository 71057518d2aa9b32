"""Differential privacy: bounded people, noise of the proven scale, and nothing released without a budget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataweir.errors import ConfigError
from dataweir.privacy.noise import Bounds, bounded, cells, noisy

KEY = b"k" * 32
BOUNDS = Bounds(("kind",), {"kind": ["post", "comment"]}, "who", 2, "score", (0, 10))


def counted(folder: Path, rows: list[tuple[Any, ...]], bounds: Bounds = BOUNDS, buckets: int = 1) -> Any:
    files = []
    for number, part in enumerate((rows[: len(rows) // 2], rows[len(rows) // 2 :])):
        files.append(str(folder / f"{number}.parquet"))
        who, kind, score = list(zip(*part, strict=True)) or [(), (), ()]
        texts = {"who": pa.array(who, pa.string()), "kind": pa.array(kind, pa.string())}
        pq.write_table(pa.table({**texts, "score": pa.array(score, pa.int64())}), files[-1])
    return sum(bounded(bucket, files, buckets, bounds, KEY) for bucket in range(buckets))


persons = st.sampled_from(["ann", "bob", "eve", None])
posts = st.lists(
    st.tuples(persons, st.sampled_from(["post", "comment", "other", None]), st.integers(-50, 50)), max_size=20
)


@given(posts, st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_no_person_moves_the_result_by_more_than_the_bound(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]], buckets: int
) -> None:
    folder = tmp_path_factory.mktemp("dp")
    whole = counted(folder, rows, buckets=buckets)
    assert whole.shape == (2, 2)
    assert whole[:, 0].sum() == sum(
        min(2, sum(r[0] == who and r[1] in ("post", "comment") for r in rows)) for who in {r[0] for r in rows}
    )
    for gone in {row[0] for row in rows}:
        without = counted(folder, [r if r[0] != gone else (r[0], "other", r[2]) for r in rows], buckets=buckets)
        moved = np.abs(whole - without).sum(axis=0)
        assert moved[0] <= 2
        assert moved[1] <= 2 * 10


def test_noise_is_of_the_scale_that_opendp_proves() -> None:
    pytest.importorskip("opendp", reason="OpenDP is not installed: pip install 'dataweir[dp]'")
    values, scale = noisy([100] * 4000, 2, 0.5)
    assert scale == pytest.approx(4.0, rel=0.01)
    off = np.array(values) - 100
    assert abs(off.mean()) < 0.5
    assert off.std() == pytest.approx(2**0.5 * scale, rel=0.1)
    assert cells(BOUNDS) == [("post",), ("comment",)]


def test_an_aggregate_without_budget_or_public_keys_is_refused_before_anything_is_spent(tmp_path: Path) -> None:
    from dataweir import Project
    from dataweir.flow.sharing.aggregate import aggregate
    from dataweir.output import Output

    (tmp_path / "weir.yaml").write_text(
        "project: shop\nbudgets: {posts: 1.0}\naggregates:\n"
        "  free: {table: events, epsilon: 0.5}\n  rest: {table: posts, by: [kind], epsilon: 0.5}\n"
    )
    project = Project.open(tmp_path)
    with pytest.raises(ConfigError, match="did you mean 'free'"):
        aggregate(project, "fre", "ada", Output())
    with pytest.raises(ConfigError, match="no privacy budget"):
        aggregate(project, "free", "ada", Output())


def test_means_are_near_the_truth_and_public_keys_are_demanded(tmp_path: Path) -> None:
    pytest.importorskip("opendp", reason="OpenDP is not installed: pip install 'dataweir[dp]'")
    from dataweir.config import AggregateConfig
    from dataweir.flow.sharing.aggregate import _bounds, _noised

    settings_ = AggregateConfig(
        table="posts", by=["kind"], keys={"kind": ["post", "comment"]}, measure="mean", column="score", between=(0, 10),
        subject="who", rows_per_person=3, epsilon=50.0,
    )  # fmt: skip
    bounds = _bounds(settings_, ["who", "kind", "score"])
    rows = [(f"p{i % 200}", ["post", "comment"][i % 2], 4 if i % 2 else 8) for i in range(400)]
    values, _ = _noised(settings_, counted(tmp_path, rows, bounds))
    assert values == pytest.approx([8, 4], abs=0.5)
    with pytest.raises(ConfigError, match="are not named"):
        _bounds(settings_.model_copy(update={"keys": {}}), ["who", "kind", "score"])
    with pytest.raises(ConfigError, match="did you mean 'kind'"):
        _bounds(settings_.model_copy(update={"by": ["kinds"]}), ["who", "kind", "score"])
