"""From what the steps of all runs recorded to metrics, and from metrics to the two scores."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..catalog.measure import measure, units
from ..catalog.score import barrier, bottleneck
from ..errors import ConfigError

# What says how things stand now (the newest counts), as against what adds up over the runs (all count).
STANDING = frozenset({"sources", "machine", "work", "export", "review"})


def rescore(store: Any, run: str) -> dict[str, Any]:
    """Measure the project as it stands, record metrics and scores under `run`, and return both scores."""
    facts = gather(store.steps())
    values = measure(facts)
    data, machine = _split(values)
    scores = [barrier(data), bottleneck(machine)]
    store.record_metrics(run, values, units=units())
    store.record_scores(run, scores)
    return {score.kind: score.as_dict() for score in scores}


def gather(steps: list[Any]) -> list[dict[str, float]]:
    """Return the facts of all steps, in the order of runs; of what STANDING names, only the newest of a subject."""
    newest: dict[tuple[str, str], dict[str, float]] = {}
    added = []
    for step in steps:
        if step.name in STANDING:
            newest[step.name, step.subject] = step.facts
        else:
            added.append(step.facts)
    return [*newest.values(), *added]


def _split(values: dict[str, float | None]) -> tuple[dict[str, float | None], dict[str, float | None]]:
    from ..catalog.measure import BARRIER, metrics

    data = set(metrics(BARRIER))
    return (
        {name: value for name, value in values.items() if name in data},
        {name: value for name, value in values.items() if name not in data},
    )


def latest(project: Any) -> dict[str, Any]:
    """Return the newest scores as JSON. Raises ConfigError where there is none yet."""
    found = project.reading().latest_scores()
    if not found:
        raise ConfigError("there is no score yet", "run 'weir run' first")
    return {kind: asdict(record) for kind, record in found.items()}
