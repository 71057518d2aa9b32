"""What a run will take, told from what earlier runs took; and afterwards the prediction beside the truth."""

from __future__ import annotations

import itertools
import math
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from ..resources import Allocation

_RUNS = 10
"""How many of the latest runs count."""
_T95 = (2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833)
"""Student's t for 3 to 10 runs: 95 % lie below it, so 90 % between it and its negative."""
_WIDE = (1 / 3, 3.0)
"""The interval as multiples of the figure before three runs tell how far they miss each other."""
REST = "everything else"
"""The step that is no work on the workers: starting them, checking quality, committing."""

Sources = Mapping[str, tuple[str, float]]
"""Label: the target table, and the bytes to read."""
_NOTHING: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True)
class Prediction:
    """Seconds and bytes; None where no earlier run tells. `why` says what each figure rests on."""

    seconds: float | None = None
    low: float | None = None
    high: float | None = None
    """Between these the seconds lie nine times in ten, if this run is missed as earlier ones would have been."""
    busy_seconds: float | None = None
    records: int | None = None
    peak_memory_bytes: int | None = None
    steps: dict[str, float] = field(default_factory=dict)
    """Seconds of each step: of work on the workers, and of everything else."""
    runs: int = 0
    why: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the prediction as JSON."""
        return asdict(self)


class Line(NamedTuple):
    """What an amount costs: `start`, and `each` for one more of it."""

    start: float
    each: float

    def at(self, amount: float) -> float:
        """Return the cost of an amount."""
        return self.start + self.each * amount


class _Told(NamedTuple):
    steps: dict[str, float]
    records: float
    seconds: float


def predict(
    runs: Sequence[dict[str, Any]], sources: Sources, allocation: Allocation, again: Mapping[str, int] = _NOTHING
) -> Prediction:
    """Predict a run over `sources` from what earlier runs measured (`history`).

    `again` are rows by table that are pulled already: they wait from an earlier run, or the table is derived anew.

    Every step is a line fitted to its earlier runs: the pull of a source by bytes, the refining of a table by records,
    and everything else (what the wall clock took beyond the work) by records. The wall clock is the work over the
    workers and everything else; compiling kernels is in none of them, for a machine does that once. Memory is the
    largest peak of a worker so far, for the partition bounds it and not the data, times the workers. The interval
    holds nine runs of ten if they are missed as the earlier ones would have been, each told from the others: a
    prediction interval by Student's t on the logarithms of true over told. One or two runs tell nothing of that; then
    it is wide (`_WIDE`).
    """
    if not runs or not (sum(size for _, size in sources.values()) or sum(again.values())):
        return Prediction(runs=len(runs), why=["nothing to read" if runs else "no earlier run to tell from"])
    told = _tell(runs, sources, allocation.workers, again)
    if isinstance(told, str):
        return Prediction(runs=len(runs), why=[told])
    busy = sum(seconds for name, seconds in told.steps.items() if name != REST)
    missed = _missed(runs, sources)
    peak = max((run["machine"].get("peak_memory_bytes", 0) / run["machine"]["workers"] for run in runs), default=0)
    low, high = missed or _WIDE
    rests = "" if missed else ": a wide guess, before three runs over these sources tell how much they differ"
    return Prediction(
        seconds=round(told.seconds, 2),
        low=round(told.seconds * low, 2),
        high=round(told.seconds * high, 2),
        busy_seconds=round(busy, 2),
        records=round(told.records),
        peak_memory_bytes=round(peak * allocation.workers) or None,
        steps={name: round(seconds, 2) for name, seconds in told.steps.items()},
        runs=len(runs),
        why=[
            f"{busy:.1f} s of work on {allocation.workers} worker(s), and {told.steps[REST]:.1f} s of {REST}",
            f"told from {len(runs)} earlier run(s){rests}",
            *_compiled(runs),
        ],
    )


def history(store: Any) -> list[dict[str, Any]]:
    """Return what the latest finished runs measured, newest first: {machine: facts, pull: {...}, refine: {...}}.

    Without the seconds that compiling kernels took.
    """
    found = []
    for run in store.runs(_RUNS):
        made: dict[str, Any] = {"machine": {}, "pull": defaultdict(dict), "refine": defaultdict(dict)}
        compiled = {"pull": 0.0, "refine": 0.0}
        for step in store.steps(run.id):
            if step.name == "machine":
                made["machine"] = dict(step.facts)
            elif step.name.startswith("compute."):
                stage = "pull" if step.name == "compute.land" else "refine"
                compiled[stage] += step.facts.get("task_compile_seconds", 0.0)
            elif step.name in ("pull", "refine"):
                made[step.name][step.subject] = {**step.facts, "records_in": float(step.records_in)}
        if run.state in ("done", "gate_failed") and made["machine"].get("workers") and (made["pull"] or made["refine"]):
            _without(made, compiled)
            found.append(made)
    return found


def _without(run: dict[str, Any], compiled: Mapping[str, float]) -> None:
    """Take the seconds of compiling from a run's work, in proportion where several sources or tables share them."""
    machine = run["machine"]
    for stage, seconds in compiled.items():
        cost, steps = f"{stage}_seconds", run[stage].values()
        work = sum(facts.get(cost, 0.0) for facts in steps)
        less = min(seconds, work)
        for facts in steps:
            facts[cost] = facts.get(cost, 0.0) * (1 - less / work) if work else 0.0
        machine["wall_seconds"] = max(0.0, machine["wall_seconds"] - less / machine["workers"])


def compare(store: Any, run: str) -> dict[str, Any]:
    """Return a run with its prediction and what came true, side by side; `error` is the relative difference."""
    found = store.run(run)
    steps = store.steps(run)
    facts: dict[str, float] = next((step.facts for step in steps if step.name == "machine"), {})
    account = found.counts.get("account", {})
    predicted = found.plan.get("prediction", {})
    lines = [
        _line("seconds", predicted.get("seconds"), facts.get("wall_seconds")),
        _line("busy_seconds", predicted.get("busy_seconds"), facts.get("busy_seconds")),
        _line("records", predicted.get("records"), account.get("records")),
        _line("peak_memory_bytes", predicted.get("peak_memory_bytes"), facts.get("peak_memory_bytes")),
    ]
    true = {f"{s.name} {s.subject}": s.seconds for s in steps if s.name in ("pull", "refine")}
    if facts.get("workers"):
        true[REST] = max(0.0, facts["wall_seconds"] - sum(true.values()) / facts["workers"])
    if compiling := facts.get("compiling_seconds"):
        lines.append(_line("compiling, once a machine", None, round(compiling, 3)))
    expected = predicted.get("steps", {})
    lines += [_line(name, expected.get(name), round(seconds, 3)) for name, seconds in true.items()]
    low, high, wall = predicted.get("low"), predicted.get("high"), facts.get("wall_seconds")
    return {
        "run": found.id,
        "state": found.state,
        "started": found.started,
        "finished": found.finished,
        "prediction": lines,
        "interval": [low, high] if low is not None else None,
        "within": None if low is None or wall is None else low <= wall <= high,
        "why": predicted.get("why", []),
        "steps": [
            {k: v for k, v in asdict(step).items() if k != "facts"}
            for step in steps
            if (step.records_in or step.seconds) and not step.name.startswith("compute.")
        ],
        "tasks": [{"function": s.name.partition(".")[2], **s.facts} for s in steps if s.name.startswith("compute.")],
        "error": found.error,
    }


def fit(points: Sequence[tuple[float, float]], through_zero: bool) -> Line | None:
    """Return the line through (amount, cost), neither part of it negative; None without points.

    Slope and start are medians, of all pairs and of what the slope leaves over (Theil 1950, Sen 1968), so that one run
    that compiled its kernels or met a busy machine does not count. Amounts that hardly differ tell no slope: then
    the line goes through zero, or is flat.
    """
    points = [(amount, cost) for amount, cost in points if amount > 0]
    if not points:
        return None
    amounts = [amount for amount, _ in points]
    if max(amounts) < 1.5 * min(amounts):
        if through_zero:
            return Line(0.0, statistics.median(cost / amount for amount, cost in points))
        return Line(statistics.median(cost for _, cost in points), 0.0)
    pairs = [(a, b) for a, b in itertools.combinations(points, 2) if a[0] != b[0]]
    each = max(0.0, statistics.median((b[1] - a[1]) / (b[0] - a[0]) for a, b in pairs))
    start = statistics.median(cost - each * amount for amount, cost in points)
    if start < 0:
        return Line(0.0, statistics.median(cost / amount for amount, cost in points))
    return Line(start, each)


def _tell(
    runs: Sequence[dict[str, Any]], sources: Sources, workers: float, again: Mapping[str, int] = _NOTHING
) -> _Told | str:
    """Return the seconds of every step, or why they cannot be told."""
    steps: dict[str, float] = {}
    records: dict[str, float] = defaultdict(float, again)
    unknown = []
    for label, (target, size) in sources.items():
        per_byte = fit(_points(runs, "pull", label, "bytes_in", "records"), through_zero=True)
        pull = fit(_points(runs, "pull", label, "bytes_in", "pull_seconds"), through_zero=True)
        if per_byte is None or pull is None:
            unknown.append(label)
            continue
        steps[f"pull {label}"] = pull.at(size)
        records[target] += per_byte.each * size
    for target, count in records.items():
        refine = fit(_points(runs, "refine", target, "records_in", "refine_seconds"), through_zero=True)
        if refine is None:
            unknown.append(target)
            continue
        steps[f"refine {target}"] = refine.at(count)
    if unknown:
        return f"nothing is known yet of what {', '.join(unknown)} needs"
    total = sum(records.values())
    rest = fit([(_records(run), _rest(run)) for run in runs], through_zero=False) or Line(0.0, 0.0)
    work = sum(steps.values())
    steps[REST] = rest.at(total)
    return _Told(steps, total, work / workers + steps[REST])


def _missed(runs: Sequence[dict[str, Any]], sources: Sources) -> tuple[float, float] | None:
    """Return between which multiples of the prediction the truth lies nine times in ten; None before three runs.

    Every earlier run over these sources is told from the others, and held against what it took.
    """
    logs = []
    for number, run in enumerate(runs):
        if not set(run["pull"]) <= set(sources) or len(runs) < 3:
            continue
        given = {label: (sources[label][0], facts["bytes_in"]) for label, facts in run["pull"].items()}
        told = _tell([*runs[:number], *runs[number + 1 :]], given, run["machine"]["workers"])
        if not isinstance(told, str) and told.seconds > 0:
            logs.append(math.log(run["machine"]["wall_seconds"] / told.seconds))
    if len(logs) < 3:
        return None
    reach = _T95[len(logs) - 3] * statistics.stdev(logs) * math.sqrt(1 + 1 / len(logs))
    middle = statistics.mean(logs)
    return math.exp(middle - reach), math.exp(middle + reach)


def _compiled(runs: Sequence[dict[str, Any]]) -> list[str]:
    """Say how long the earlier runs compiled, where that is not in the figure."""
    seconds = max(run["machine"].get("compiling_seconds", 0.0) for run in runs)
    return [f"without compiling kernels, which took up to {seconds:.1f} s and is done once"] if seconds >= 1 else []


def _points(runs: Sequence[dict[str, Any]], stage: str, subject: str, by: str, cost: str) -> list[tuple[float, float]]:
    """Return (amount, cost) of the subject's steps, of all subjects' where it has none."""
    own = [run[stage][subject] for run in runs if run[stage].get(subject, {}).get(by)]
    every = own or [facts for run in runs for facts in run[stage].values() if facts.get(by)]
    return [(facts[by], facts.get(cost, 0.0)) for facts in every]


def _records(run: dict[str, Any]) -> float:
    return float(sum(facts.get("records_in", 0.0) for facts in run["refine"].values()))


def _rest(run: dict[str, Any]) -> float:
    """Return the seconds that a run took beyond its work."""
    work = sum(facts.get("pull_seconds", 0.0) for facts in run["pull"].values())
    work += sum(facts.get("refine_seconds", 0.0) for facts in run["refine"].values())
    return float(max(0.0, run["machine"]["wall_seconds"] - work / run["machine"]["workers"]))


def _line(what: str, said: float | None, true: float | None) -> dict[str, Any]:
    off = (true - said) / said if true is not None and said else None
    return {"what": what, "predicted": said, "true": true, "error": None if off is None else round(off, 3)}
