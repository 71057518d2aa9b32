"""Predictions by hand: lines fitted to steps, the part that is no work, intervals, memory of the largest worker."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from dataweir.catalog.records import StepRecord
from dataweir.config import EngineConfig
from dataweir.flow.plan import RunPlan
from dataweir.flow.predict import REST, Line, Prediction, fit, history, predict
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


def of_size(records: float, factor: float = 1.0) -> dict[str, Any]:
    """A run by rule: 100 bytes a record, pulled at 0.5 ms, refined at 1 ms, and 4 s and 0.2 ms a record besides."""
    wall = factor * (records / 2000 + records / 1000 + 4 + records / 5000)
    return run(wall, shop=(records * 100, records, records / 2000))


def test_a_prediction_is_work_over_workers_and_what_every_run_takes() -> None:
    found = predict([run(10.0, shop=(1e6, 1000, 2.0))], {"shop": ("web_events", 4_000_000)}, TWO)
    assert found.records == 4000
    assert found.busy_seconds == pytest.approx(8 + 4)
    assert found.seconds == pytest.approx((10 - 2 - 1) + 12 / 2)
    assert found.steps == {"pull shop": 8.0, "refine web_events": 4.0, REST: 7.0}
    assert found.peak_memory_bytes == 600_000_000
    assert (found.low, found.high) == (pytest.approx(13 / 3, abs=0.01), 39)
    assert "a wide guess" in found.why[1]


def test_rows_that_are_pulled_already_are_refined_too() -> None:
    past = [run(10.0, shop=(1e6, 1000, 2.0))]
    anew = predict(past, {}, TWO, {"web_events": 5000})
    assert anew.steps == {"refine web_events": 5.0, REST: 7.0}
    assert (anew.records, anew.seconds) == (5000, pytest.approx(5 / 2 + 7))
    both = predict(past, {"shop": ("web_events", 1_000_000)}, TWO, {"web_events": 5000})
    assert both.records == 6000


class Recorded:
    """A store of one run of two workers: 10 s of pulling and 20 s of refining, of which 9 s and 15 s compiled."""

    def runs(self, limit: int) -> list[Any]:
        return [SimpleNamespace(id="one", state="done")]

    def steps(self, run: str) -> list[StepRecord]:
        machine = {"wall_seconds": 20.0, "workers": 2.0, "compiling_seconds": 24.0}
        return [
            StepRecord("pull", "shop", 1000, facts={"bytes_in": 1e6, "records": 1000, "pull_seconds": 10.0}),
            StepRecord("refine", "web_events", 1000, facts={"refine_seconds": 20.0}),
            StepRecord("compute.land", "project", facts={"task_compile_seconds": 9.0}),
            StepRecord("compute.prepare", "project", facts={"task_compile_seconds": 14.0}),
            StepRecord("compute.finish", "project", facts={"task_compile_seconds": 1.0}),
            StepRecord("machine", "project", facts=machine),
        ]


def test_what_a_first_run_compiled_is_not_foretold_of_the_next() -> None:
    found = predict(history(Recorded()), {"shop": ("web_events", 1_000_000)}, TWO)
    assert found.steps == {"pull shop": 1.0, "refine web_events": 5.0, REST: 5.0}
    assert found.seconds == pytest.approx(20 - 24 / 2)
    assert "24.0 s" in found.why[2]


def test_what_grows_beside_the_work_is_fitted_too() -> None:
    runs = [of_size(n) for n in (1000, 4000, 9000, 20_000)]
    found = predict(runs, {"shop": ("web_events", 5_000_000)}, TWO)
    assert found.steps[REST] == pytest.approx(4 + 50_000 / 5000)
    assert found.seconds == pytest.approx((25 + 50) / 2 + 14)
    assert (found.low, found.high) == (pytest.approx(found.seconds, rel=0.01), pytest.approx(found.seconds, rel=0.01))


def test_one_disturbed_run_moves_the_interval_and_not_the_prediction() -> None:
    runs = [of_size(n) for n in (1000, 4000, 9000, 20_000, 30_000)]
    calm = predict(runs, {"shop": ("web_events", 1_000_000)}, TWO)
    runs[1] = of_size(4000, factor=3.0)
    found = predict(runs, {"shop": ("web_events", 1_000_000)}, TWO)
    assert found.seconds == pytest.approx(calm.seconds, rel=0.2)
    assert found.high > 2 * found.seconds


@pytest.mark.parametrize(
    ("points", "through_zero", "line"),
    [
        ([(10, 5), (20, 10), (30, 15)], True, Line(0, 0.5)),
        ([(10, 7), (20, 9), (30, 11)], True, Line(5, 0.2)),
        ([(10, 7), (11, 9), (12, 11)], False, Line(9, 0)),
        ([(10, 9), (100, 3)], False, Line(6, 0)),
        ([(10, 1), (20, 5)], True, Line(0, 0.175)),
        ([(0, 4)], True, None),
    ],
)
def test_lines_are_never_negative(points: list[tuple[float, float]], through_zero: bool, line: Line | None) -> None:
    assert fit(points, through_zero) == (line if line is None else pytest.approx(line))


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


@pytest.mark.parametrize(
    ("memory", "scheduler", "warned"), [("400 MiB", None, 0), ("200 MiB", None, 1), ("200 MiB", "tcp://127.0.0.1:1", 0)]
)
def test_a_plan_warns_before_a_worker_needs_more_than_it_may_take(memory: str, scheduler: str, warned: int) -> None:
    engine = allocate(EngineConfig(workers=2, memory=memory, scheduler=scheduler, gpu="off"))
    told = predict([run(10.0, shop=(1e6, 1000, 2.0))], {"shop": ("web_events", 4_000_000)}, engine)
    plan = RunPlan({}, {}, engine, 0, told, {}, [], {}, {})
    assert plan.warnings == plan.as_dict()["warnings"]
    small, *more = plan.warnings
    assert f"may take {memory.removesuffix(' MiB')} MiB, of which its libraries hold some 300" in small
    assert len(more) == warned
    assert all("286 MiB" in each and "200 MiB" in each and "engine.memory" in each for each in more)
    enough = allocate(EngineConfig(workers=2, memory="1 GiB", gpu="off"))
    assert not RunPlan({}, {}, enough, 0, Prediction(), {}, [], {}, {}).warnings
