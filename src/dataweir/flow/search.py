"""Full-text search over the catalogue: every word must be the beginning of a word, the best fit comes first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..catalog.measure import metrics
from .project import Project

RECENT = 1000
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Found:
    """One thing of the catalogue: its kind, its name there, and what it is; `link` is its place on the web page."""

    kind: str
    name: str
    text: str
    link: str


def search(project: Project, words: str, limit: int = 20) -> list[Found]:
    """Return what holds every word, in its name rather than in its text first."""
    wanted = [word.lower() for word in _WORD.findall(words)]
    if not wanted:
        return []
    ranked = []
    for place, found in enumerate(_documents(project)):
        name = [w.lower() for w in _WORD.findall(found.name)]
        text = [w.lower() for w in _WORD.findall(f"{found.kind} {found.text}")]
        rank = 0
        for word in wanted:
            if any(w.startswith(word) for w in name):
                rank += 2
            elif any(w.startswith(word) for w in text):
                rank += 1
            else:
                break
        else:
            ranked.append((-rank, place, found))
    return [found for _, _, found in sorted(ranked, key=lambda r: r[:2])[:limit]]


def _documents(project: Project) -> Iterator[Found]:
    store = project.reading()
    tables = project.tables()
    for name in tables.names():
        columns = ", ".join(tables.schema(name).names)
        yield Found("table", name, columns, f"/tables/{name}")
    for label, source in sorted(project.sources().items()):
        config = source.config
        parts = (source.name, source.target, config.owner, config.licence, config.purpose)
        yield Found("source", label, "; ".join(p for p in parts if p), f"/tables/raw.{label}")
    for name, plug in metrics().items():
        yield Found("metric", name, f"{plug.description()} {plug.pillar}", "/scores")
    reviews: dict[str, list[Any]] = {}
    for review in store.reviews():
        reviews.setdefault(review.candidate, []).append(review)
    for candidate in store.candidates(limit=RECENT):
        said = "; ".join(f"{r.decision} by {r.reviewer}: {r.reason}" for r in reviews.get(candidate.id, []))
        purpose = candidate.evidence.get("purpose") or ""
        asked = f"{candidate.name} of {candidate.table}, {candidate.state}, asked by {candidate.requested_by}"
        yield Found("export", candidate.id, f"{asked}; {purpose}; {said}", f"/exports/{candidate.id}")
    for run in store.runs(RECENT):
        message = (run.error or {}).get("message", "")
        yield Found("run", run.id, f"{run.state} {run.started:%Y-%m-%d} {message}".strip(), f"/runs/{run.id}")
