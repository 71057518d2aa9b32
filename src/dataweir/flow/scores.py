"""From what the steps of all runs recorded to metrics, and from metrics to the scores of every scope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ..catalog.measure import BARRIER, measure, metrics, units
from ..catalog.readiness import Readiness, readiness
from ..catalog.records import ScoreRecord
from ..catalog.scaling import Scaling, fit
from ..catalog.score import Score, barrier, bottleneck, items_of, what_if
from ..catalog.uncertainty import rank_stability
from ..errors import ConfigError
from ..registry import nearest
from .fixed import fixed_cost
from .project import Project
from .scopes import EVER, RECENT_RUNS, Facts, facts_by_scope, gather

CHANGES = 3


def rescore(project: Project, store: Any, run: str) -> dict[str, Any]:
    """Measure the project as it stands, record metrics and scores of all scopes under `run`; return the project's."""
    steps = store.recent_steps(RECENT_RUNS, EVER)
    facts = gather(steps)
    law = scaling(steps)
    machine = next((f for f in reversed(facts) if "cores" in f and "workers" in f), {})
    if law is not None and machine:
        facts.append({"speedup_per_worker": law.efficiency(int(machine["workers"]))})
    values = measure(facts)
    data = set(metrics(BARRIER))
    scores = [
        barrier({n: v for n, v in values.items() if n in data}),
        bottleneck({n: v for n, v in values.items() if n not in data}, achieved(facts)),
    ]
    store.record_metrics(run, values, units=units())
    store.record_scores(run, scores)
    for scope, own in facts_by_scope(project, store, steps).items():
        found = {n: v for n, v in measure(own).items() if n in data}
        if scope.startswith("source:"):  # it is not shared, and refined together with others: what is known applies
            found = {n: v for n, v in found.items() if v is not None}
        store.record_metrics(run, found, scope, units())
        store.record_scores(run, [barrier(found, only=found)], scope)
    return {score.kind: score.as_dict() for score in scores}


def achieved(facts: list[Facts]) -> float | None:
    """Return the speed reached over the ideal one: useful bytes a second over what all cores of the reference do."""
    merged = {name: value for step in facts for name, value in step.items()}
    needed = ("bytes_in", "wall_seconds", "cores", "rows_in", "waste_rows", "text_bytes_per_s")
    work = next((f for f in facts if {"bytes_in", "rows_in"} <= f.keys()), None)
    if work is None or any(name not in merged for name in needed) or not merged["wall_seconds"] or not work["rows_in"]:
        return None
    useful = work["bytes_in"] * (1.0 - work["waste_rows"] / work["rows_in"])
    reference = metrics()["text_throughput"].goalposts.easy * 1e6
    return float(useful / merged["wall_seconds"] / (merged["cores"] * reference))


def scaling(steps: list[Any]) -> Scaling | None:
    """Fit the Universal Scalability Law to the best throughput of each number of workers, where there are enough."""
    points: dict[int, float] = {}
    for step in steps:
        if step.name == "machine" and step.facts.get("rows_per_second"):
            workers = int(step.facts["workers"])
            points[workers] = max(points.get(workers, 0.0), step.facts["rows_per_second"])
    return fit(points)


def latest(project: Project, scope: str = "project") -> dict[str, Any]:
    """Return the newest scores of a scope as JSON. Raises ConfigError where there is none."""
    return {kind: asdict(record) for kind, record in _latest(project, scope).items()}


def explain(project: Project, scope: str = "project", changes: Mapping[str, float] | None = None) -> dict[str, Any]:
    """Return all about the newest scores of a scope.

    Each score has its parts, `changes` (the three that would lower it most, and by how much), and with `changes`
    given, `what_if`; the bottleneck its `slowdown`. Beside them: readiness band, scaling law, fixed cost of the newest
    run, link of the two scores, and the other scopes with the share of draws in which each keeps its rank.
    """
    store = project.reading()
    found = _latest(project, scope)
    named = {item.metric for record in found.values() for item in items_of(record.contributions)}
    for name in changes or {}:
        if name not in named:
            raise ConfigError(f"the scores have no metric '{name}'{nearest(name, sorted(named))}", "see 'weir score'")
    machines = store.recent_steps(RECENT_RUNS, only="machine")
    law, fixed = scaling(machines), fixed_cost(machines) if scope == "project" else None
    return {
        "scope": scope,
        "scores": {
            kind: {**asdict(r), "changes": best_changes(r), "slowdown": slowdown(r), **_what_if(r, changes)}
            for kind, r in found.items()
        },
        "readiness": asdict(band(project, store, scope)),
        "scaling": asdict(law) if law else None,
        "fixed": asdict(fixed) if fixed else None,
        "link": {kind: record.facts.get("crossing") for kind, record in found.items()},
        "scopes": compare(store),
    }


def best_changes(record: ScoreRecord) -> list[dict[str, Any]]:
    """Return the three metrics whose coming to their easy goalpost lowers a recorded score most.

    Of the bottleneck with `times`, how many times as fast the run would be by that: of a score close to 1 the
    difference says nothing.
    """
    measured = [part for part in record.contributions if part["value"] is not None and part["drop"]]
    best = sorted(measured, key=lambda part: -part["drop"])[:CHANGES]
    names = ("metric", "value", "unit", "easy", "drop", "advice")
    found = [{name: part[name] for name in names} for part in best if part["drop"] > 0]
    if record.kind == "bottleneck" and record.value is not None:
        for part in found:
            part["times"] = _times(1.0 - record.value + part["drop"], 1.0 - record.value)
    return found


def slowdown(record: ScoreRecord) -> dict[str, Any] | None:
    """Return how many times the least known work took, on the whole, by pillar and by metric; None for a barrier.

    The pillars' factors multiply to the whole, and so do those of the metrics in a pillar but hardware, where the
    lowest roof counts.
    """
    if record.kind != "bottleneck" or record.value is None:
        return None
    measured = [part for part in record.contributions if part["difficulty"] is not None]
    pillars = {name: pillar["value"] for name, pillar in record.pillars.items() if pillar["value"] is not None}
    return {
        "whole": _times(1.0, 1.0 - record.value),
        "pillars": {name: _times(1.0, 1.0 - value) for name, value in pillars.items()},
        "metrics": {part["metric"]: _times(1.0, 1.0 - part["difficulty"]) for part in measured},
    }


def _times(best: float, now: float) -> float | None:
    """Return how often `now` goes into `best`; None where nothing is left of it."""
    return best / now if now > 0 else None


def compare(store: Any) -> list[dict[str, Any]]:
    """Return the barrier of every source and table, hardest first, with the stability of its rank among its like."""
    newest = {s: r["barrier"] for s in store.score_scopes() if "barrier" in (r := store.latest_scores(s))}
    stability: dict[str, float] = {}
    for kind in ("source:", "table:"):
        stability |= rank_stability(
            "barrier", {s: items_of(r.contributions) for s, r in newest.items() if s.startswith(kind)}
        )
    rows = [
        {"scope": s, "value": r.value, "low": r.low, "high": r.high, "rank_stability": stability.get(s)}
        for s, r in newest.items()
        if s != "project"
    ]
    return sorted(rows, key=lambda row: (row["scope"].split(":")[0], -(row["value"] or 0.0)))


def band(project: Project, store: Any, scope: str) -> Readiness:
    """Return the data-readiness band of a scope; of the project, the lowest of its tables."""
    sources = project.sources()
    if scope == "project":
        wholes = sorted({f"table:refined.{source.target}" for source in sources.values()})
        found = [band(project, store, whole) for whole in wholes]
        return min(found, key=lambda r: "-CBA".index(r.band), default=Readiness("-", ["a run"]))
    kind, _, name = scope.partition(":")
    feeding = {
        label: s for label, s in sources.items() if name in ((label,) if kind == "source" else (f"refined.{s.target}",))
    }
    tables = {f"refined.{source.target}" for source in feeding.values()}
    checked = {table: results[0] for table in tables if (results := store.quality_results(table=table, limit=1))}
    approved = [
        candidate
        for table in tables
        for state in ("approved", "published")
        for candidate in store.candidates(table=table, state=state)
    ]
    return readiness(
        {
            "loaded": any(total.kept for label in feeding for total in store.split_totals(label)),
            "licensed": bool(feeding) and all(source.config.licence for source in feeding.values()),
            "checked": bool(tables) and tables == checked.keys(),
            "passed": bool(checked) and all(result.success for result in checked.values()),
            "purpose": any(c.evidence.get("purpose") for c in approved),
        }
    )


def _latest(project: Project, scope: str) -> dict[str, ScoreRecord]:
    store = project.reading()
    found: dict[str, ScoreRecord] = store.latest_scores(scope)
    if not found:
        scopes = store.score_scopes()
        if not scopes:
            raise ConfigError("there is no score yet", "run 'weir run' first")
        raise ConfigError(f"there is no score of '{scope}'{nearest(scope, scopes)}", f"scopes: {', '.join(scopes)}")
    return found


def _what_if(record: ScoreRecord, changes: Mapping[str, float] | None) -> dict[str, Any]:
    items = items_of(record.contributions)
    own = {name: value for name, value in (changes or {}).items() if name in {i.metric for i in items}}
    if not own:
        return {"what_if": None}
    score: Score = what_if(record.version, items, own)
    pillars = {name: pillar.value for name, pillar in score.pillars.items()}
    return {"what_if": {"value": score.value, "low": score.low, "high": score.high, "pillars": pillars, "with": own}}
