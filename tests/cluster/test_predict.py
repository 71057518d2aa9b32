"""Predictions by hand: rates of sources and tables, the fixed part, the memory of the largest worker."""

from __future__ import annotations

from typing import Any

import pytest

from dataweir.config import EngineConfig
from dataweir.flow.predict import predict
from dataweir.resources import allocate

TWO = allocate(EngineConfig(workers=2, gpu="off"))


def run(wall: float, workers: float = 1, **pulls: tuple[float, float, float]) -> dict[str, Any]:
    """A run of sources (bytes, records, seconds) into `web_events`, refined at 1 ms a record."""
    records = sum(each[1] for each in pulls.values())
    return {
        "machine": {"wall_seconds": wall, "workers": workers, "peak_memory_bytes": 3e8 * workers},
        "pull": {n: {"bytes_in": b, "records": r, "pull_seconds": s} for n, (b, r, s) in pulls.items()},
        "refine": {"web_events": {"records_in": records, "refine_seconds": records / 1000}},
    }


def test_a_prediction_is_work_over_workers_and_what_every_run_takes() -> None:
    found = predict([run(10.0, shop=(1e6, 1000, 2.0))], {"shop": ("web_events", 4_000_000)}, TWO)
    assert found.records == 4000
    assert found.busy_seconds == pytest.approx(8 + 4)
    assert found.seconds == pytest.approx((10 - 2 - 1) + 12 / 2)
    assert found.peak_memory_bytes == 600_000_000


def test_a_source_is_told_from_its_own_runs_first_and_a_new_one_from_all() -> None:
    steps = [run(5.0, slow=(1e6, 100, 4.0)), run(5.0, quick=(1e6, 10_000, 1.0))]
    slow = predict(steps, {"slow": ("web_events", 1_000_000)}, TWO)
    quick = predict(steps, {"quick": ("web_events", 1_000_000)}, TWO)
    new = predict(steps, {"new": ("web_events", 1_000_000)}, TWO)
    assert (slow.records, quick.records, new.records) == (100, 10_000, 5050)


def test_without_knowledge_there_is_no_figure_but_a_reason() -> None:
    assert predict([], {"shop": ("web_events", 1)}, TWO).why == ["no earlier run to tell from"]
    assert predict([run(1.0, shop=(1, 1, 1))], {}, TWO).why == ["nothing to read"]
    idle = {"machine": {"wall_seconds": 1.0, "workers": 1.0}, "pull": {}, "refine": {}}
    assert predict([idle], {"shop": ("web_events", 9)}, TWO).why == ["nothing is known yet of what shop needs"]
