"""Which facts belong to the whole project, to one source, to one table."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from .project import Project

# What says how things stand now (the newest counts), as against what adds up over the runs (all count).
STANDING = frozenset({"sources", "machine", "work", "export", "review", "utility", "model"})

RECENT_RUNS = 200
"""What adds up adds up over this many runs: a source that was mended a year ago is not held to be broken."""

EVER = ("export", "review", "utility", "model")
"""Steps that count however long ago they were taken, since nothing since has replaced them."""

Facts = dict[str, float]


def gather(steps: list[Any]) -> list[Facts]:
    """Return the facts of all steps, in the order of runs; of what STANDING names, only the newest of a subject."""
    newest: dict[tuple[str, str], Facts] = {}
    added = []
    for step in steps:
        if step.name in STANDING:
            newest[step.name, step.subject] = step.facts
        else:
            added.append(step.facts)
    return [*newest.values(), *added]


def facts_by_scope(project: Project, store: Any, steps: list[Any]) -> dict[str, list[Facts]]:
    """Return the facts of 'source:LABEL' and 'table:NAME', for each that the configuration and the steps know.

    A source has its own pulls, and what became of its rows in refinement; a table has the pulls of the sources
    that feed it, its refinement and checks, and the exports made of it.
    """
    sources = project.sources()
    pulls = defaultdict(list)
    for step in steps:
        if step.name == "pull":
            pulls[step.subject].append(step.facts)
    scopes: dict[str, list[Facts]] = {
        f"source:{label}": [_declared([source]), _refined(store.split_totals(label)), *pulls[label]]
        for label, source in sources.items()
        if pulls[label]
    }
    candidates = store.candidates()
    for target in sorted({source.target for source in sources.values()}):
        table = f"refined.{target}"
        feeding = {label: source for label, source in sources.items() if source.target == target and pulls[label]}
        if not feeding:
            continue
        exports = {c.name for c in candidates if c.table == table}
        ids = {c.id for c in candidates if c.table == table}
        own = [
            step
            for step in steps
            if (step.name == "refine" and step.subject == target)
            or (step.name == "quality" and step.subject == table)
            or (step.name in ("export", "utility") and step.subject in exports)
            or (step.name == "review" and step.subject in ids)
        ]
        pulled = [facts for label in feeding for facts in pulls[label]]
        scopes[f"table:{table}"] = [_declared(list(feeding.values())), *pulled, *gather(own)]
    return scopes


def _declared(sources: list[Any]) -> Facts:
    return {
        "sources": len(sources),
        "source_types": len({type(source).name for source in sources}),
        "licence_declared": sum(1 for source in sources if source.config.licence),
        "authenticated_sources": sum(1 for source in sources if getattr(source, "authenticated", False)),
    }


def _refined(totals: list[Any]) -> Facts:
    done = [total for total in totals if total.state == "refined"]
    if not done:
        return {}
    return {
        "kept": sum(total.kept for total in done),
        "duplicates": sum(total.duplicates for total in done),
        "removed": sum(total.removed for total in done),
        "rejected_clean": sum(sum(total.clean_rejected.values()) for total in done),
    }
