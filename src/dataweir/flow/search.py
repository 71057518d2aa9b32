"""Full-text search over the catalogue, with the place of each finding on the web page."""

from __future__ import annotations

from dataclasses import dataclass

from .project import Project

_PLACES = {
    "table": "/tables/{}",
    "source": "/tables/raw.{}",
    "export": "/exports/{}",
    "run": "/runs/{}",
    "metric": "/scores",
    "label": "/tables/refined.labels",
}


@dataclass(frozen=True)
class Found:
    """One thing of the catalogue: its kind, its name there, and what it is; `link` is its place on the web page."""

    kind: str
    name: str
    text: str
    link: str


def search(project: Project, words: str, limit: int = 20) -> list[Found]:
    """Return what holds every word or a word that begins so, in its name rather than in its text first."""
    hits = project.reading().search(words, limit)
    return [Found(hit.kind, hit.name, hit.text, _PLACES[hit.kind].format(hit.name)) for hit in hits]
