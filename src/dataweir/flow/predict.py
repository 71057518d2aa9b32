"""What a run will take, told from what earlier runs took; and afterwards the prediction beside the truth."""

from __future__ import annotations

import statistics
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from typing import Any

from ..resources import Allocation

_RUNS = 10
"""How many of the latest runs count."""


@dataclass(frozen=True)
class Prediction:
    """Seconds and bytes; None where no earlier run tells. `why` says what each figure rests on."""

    seconds: float | None = None
    busy_seconds: float | None = None
    records: int | None = None
    peak_memory_bytes: int | None = None
    runs: int = 0
    why: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the prediction as JSON."""
        return asdict(self)


def predict(steps: list[dict[str, Any]], sources: dict[str, tuple[str, int]], allocation: Allocation) -> Prediction:
    """Predict a run over `sources` (label: target and bytes to read) from the steps of earlier runs (`history`).

    Records follow from the bytes by each source's records a byte. Work is the task seconds a byte of the pull and a
    record of the refining, of that source and target, else of all. The wall clock is a fixed part (starting workers,
    committing: what earlier runs took beyond their work) and the work over the workers. Memory: the largest peak of
    a worker so far, for the partition bounds it and not the data, times the workers.
    """
    size = sum(size for _, size in sources.values())
    if not steps or not size:
        return Prediction(runs=len(steps), why=["nothing to read" if steps else "no earlier run to tell from"])
    records, busy, unknown = 0.0, 0.0, []
    for label, (target, amount) in sources.items():
        per_byte = _rate(steps, "pull", label, "records", "bytes_in")
        pull = _rate(steps, "pull", label, "pull_seconds", "bytes_in")
        refine = _rate(steps, "refine", target, "refine_seconds", "records_in")
        if per_byte is None or pull is None or refine is None:
            unknown.append(label)
            continue
        records += amount * per_byte
        busy += amount * pull + amount * per_byte * refine
    if unknown:
        return Prediction(runs=len(steps), why=[f"nothing is known yet of what {', '.join(unknown)} needs"])
    fixed = statistics.median(_fixed(run) for run in steps)
    peak = max((run["machine"].get("peak_memory_bytes", 0) / run["machine"]["workers"] for run in steps), default=0)
    return Prediction(
        seconds=round(fixed + busy / allocation.workers, 2),
        busy_seconds=round(busy, 2),
        records=round(records),
        peak_memory_bytes=round(peak * allocation.workers) or None,
        runs=len(steps),
        why=[
            f"{busy:.1f} s of work on {allocation.workers} worker(s), and {fixed:.1f} s that every run takes",
            f"told from {len(steps)} earlier run(s)",
        ],
    )


def history(store: Any) -> list[dict[str, Any]]:
    """Return what the latest finished runs measured, newest first: {machine: facts, pull: {...}, refine: {...}}."""
    found = []
    for run in store.runs(_RUNS):
        made: dict[str, Any] = {"machine": {}, "pull": defaultdict(dict), "refine": defaultdict(dict)}
        for step in store.steps(run.id):
            if step.name == "machine":
                made["machine"] = step.facts
            elif step.name in ("pull", "refine"):
                made[step.name][step.subject] = {**step.facts, "records_in": float(step.records_in)}
        if run.state in ("done", "gate_failed") and made["machine"].get("workers") and (made["pull"] or made["refine"]):
            found.append(made)
    return found


def compare(store: Any, run: str) -> dict[str, Any]:
    """Return a run with its prediction and what came true, side by side; `error` is the relative difference."""
    found = store.run(run)
    facts: dict[str, float] = next((step.facts for step in store.steps(run) if step.name == "machine"), {})
    account = found.counts.get("account", {})
    truth = {
        "seconds": facts.get("wall_seconds"),
        "busy_seconds": facts.get("busy_seconds"),
        "records": account.get("records"),
        "peak_memory_bytes": facts.get("peak_memory_bytes"),
    }
    predicted = found.plan.get("prediction", {})
    lines = []
    for name, value in truth.items():
        said = predicted.get(name)
        error = (value - said) / said if value is not None and said else None
        off = None if error is None else round(error, 3)
        lines.append({"what": name, "predicted": said, "true": value, "error": off})
    return {
        "run": found.id,
        "state": found.state,
        "started": found.started,
        "finished": found.finished,
        "prediction": lines,
        "why": predicted.get("why", []),
        "steps": [
            {k: v for k, v in asdict(step).items() if k != "facts"}
            for step in store.steps(run)
            if step.records_in or step.seconds
        ],
        "error": found.error,
    }


def _fixed(run: dict[str, Any]) -> float:
    """Return the seconds that a run took beyond its work."""
    work = sum(facts.get("pull_seconds", 0.0) for facts in run["pull"].values())
    work += sum(facts.get("refine_seconds", 0.0) for facts in run["refine"].values())
    return float(max(0.0, run["machine"]["wall_seconds"] - work / run["machine"]["workers"]))


def _rate(steps: list[dict[str, Any]], stage: str, subject: str, over: str, under: str) -> float | None:
    """Return a sum over a sum of the subject's steps, of all subjects' where it has none, None where nobody has."""
    own = [run[stage][subject] for run in steps if run[stage].get(subject, {}).get(under)]
    every = own or [facts for run in steps for facts in run[stage].values() if facts.get(under)]
    below = sum(facts[under] for facts in every)
    return sum(facts.get(over, 0.0) for facts in every) / below if below else None
