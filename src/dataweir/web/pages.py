"""What each page shows, as plain values: the template renders them, the JSON twin gives them as they are.

No page reads a row of a table: samples are those of export candidates, which are masked.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ..catalog.people import Role
from ..catalog.records import CandidateState
from ..errors import ConfigError
from ..flow import lineage as columns
from ..flow.about import about
from ..flow.fixed import fixed_cost
from ..flow.predict import compare
from ..flow.scores import band, explain
from ..flow.search import search as find_words
from ..flow.sharing.audit import verify_audit
from ..flow.sharing.export import find
from ..flow.sharing.requests import report_hash
from ..flow.status import totals
from .checks import checks
from .parts import (
    by_the_clock,
    candidate_of,
    columns_of,
    erasure_of,
    request_of,
    score_of,
    text_first,
    under_way,
)
from .site import Site

PER_PAGE = 50
WAITING = DECIDED = 200
FEW_RUNS = 10
Query = Mapping[str, str]


@dataclass(frozen=True)
class Page:
    """One page: its path (with {id} where it is of one thing), title, template, least role, data, query parameters.

    One that is not `whole` is a part of others, for scripts to ask for again.
    """

    path: str
    title: str
    template: str
    data: Callable[[Site, str, Query], dict[str, Any]]
    summary: str
    parameters: Mapping[str, str] = dataclasses.field(default_factory=dict)
    roles: tuple[Role, ...] = ("viewer", "engineer", "reviewer", "admin")
    whole: bool = True


def overview(project: Site, _: str, query: Query) -> dict[str, Any]:
    """Where everything stands."""
    store = project.reading()
    total, sources = totals(store)
    counts = store.candidate_counts()
    runs = store.runs(5)
    return {
        "project": project.config.project,
        "total": total.as_dict(),
        "sources": {label: account.as_dict() for label, account in sources.items()},
        "runs": runs,
        "live": under_way(store, runs),
        "waiting": counts.get("pending", 0),
        "published": counts.get("published", 0),
        "scores": {kind: score_of(record) for kind, record in store.latest_scores().items()},
        "fixed": fixed_cost(store.recent_steps(FEW_RUNS, only="machine")),
        "readiness": band(project, store, "project"),
        "failing": sorted(
            {r.table for r in _newest(store.quality_results(limit=500)) if not r.success},
        ),
    }


def tables(project: Site, _: str, query: Query) -> dict[str, Any]:
    """Every table with its size."""
    return {"tables": [info._asdict() for info in project.tables().describe()]}


def table(project: Site, name: str, query: Query) -> dict[str, Any]:
    """One table: schema, owners, history, quality, lineage, a masked sample where an export made one."""
    opened = project.tables()
    if not opened.exists(name):
        raise ConfigError(f"there is no table '{name}'", "see the list of tables")
    store = project.reading()
    feeding = {
        label: source
        for label, source in project.sources().items()
        if name in (f"raw.{label}", f"refined.{source.target}")
    }
    edges = project.edges()
    candidates = store.candidates(table=name, limit=10)
    quality = store.quality_results(table=name, limit=1)
    info = opened.info(name)
    known = about(project, name)
    return {
        "name": name,
        "declared": {fact: said for fact, said in known.get("declared", {}).items() if said and fact != "sources"},
        "changes": known["history"][:PER_PAGE],
        "info": info._asdict(),
        "columns": columns_of(opened.schema(name), [e for e in edges if e.target == name], store.tags(name)),
        "sources": [
            {"label": label, "type": s.name, **{k: getattr(s.config, k) for k in ("owner", "licence", "purpose")}}
            for label, s in feeding.items()
        ],
        "snapshots": [s._asdict() for s in reversed(opened.snapshots(name))][:PER_PAGE],
        "quality": quality[0] if quality else None,
        "score": score_of(store.latest_scores(f"table:{name}").get("barrier")),
        "readiness": band(project, store, f"table:{name}") if name.startswith("refined.") else None,
        "candidates": [candidate_of(c) for c in candidates],
        "sample": next((c.evidence["sample"] for c in candidates if c.state != "rejected"), []),
        "edges": [e for e in edges if name in (e.target, e.source)],
    }


def expectations(project: Site, name: str, query: Query) -> dict[str, Any]:
    """The newest Data Docs of one table: each expectation in words, by column."""
    from ..quality.pages import sections

    found = project.reading().quality_results(table=name, limit=1)
    if not found:
        raise ConfigError(f"nothing was checked of '{name}'", "see the list of tables")
    newest = found[0]
    return {"name": name, "quality": newest, "sections": Markup(sections(newest.result, newest.run, newest.at))}  # noqa: S704  # Great Expectations escaped it


def runs(project: Site, _: str, query: Query) -> dict[str, Any]:
    """The runs, the newest first, a page at a time."""
    page, store = _page(query), project.reading()
    found = store.runs(PER_PAGE + 1, skip=(page - 1) * PER_PAGE)
    return {"runs": found[:PER_PAGE], "page": page, "more": len(found) > PER_PAGE, "live": under_way(store, found)}


def run(project: Site, name: str, query: Query) -> dict[str, Any]:
    """One run: its steps by the clock, what was foretold and came true, what each step took, its log."""
    store = project.reading()
    found = store.run(name)
    steps = store.steps(name)
    events = store.events(name)
    clock = [by_the_clock(found, event) for event in events if event.kind == "step"]
    work = [s for s in steps if s.seconds and not s.name.startswith("compute.")]
    return {
        "run": found,
        "live": under_way(store, [found]),
        "seconds": (found.finished - found.started).total_seconds() if found.finished else None,
        "clock": clock,
        "clock_seconds": max(((e.until - found.started).total_seconds() for e in events), default=0.0),
        "log": [{"at": event.began, "text": event.text} for event in events if event.kind == "note"],
        "foretold": compare(store, name),
        "steps": steps,
        "work": sorted(work, key=lambda s: -s.seconds),
        "quality": store.quality_results(run=name),
        "scores": {kind: score_of(record) for kind, record in store.scores(name).items()},
    }


def live(project: Site, _: str, query: Query) -> dict[str, Any]:
    """Where the run under way stands."""
    store = project.reading()
    return {"live": under_way(store, store.runs(1))}


def scores(project: Site, _: str, query: Query) -> dict[str, Any]:
    """Both scores: pillars, intervals, contributions, history, and what another value would make of them."""
    scope = query.get("of") or "project"
    changes = {}
    for name, value in query.items():
        if name.startswith("m.") and value.strip():
            try:
                changes[name.removeprefix("m.")] = float(value)
            except ValueError:
                raise ConfigError(f"{name} is not a number", "write a number such as 0.5") from None
    store = project.reading()
    report = explain(project, scope, changes)
    for kind, score in report["scores"].items():
        history = store.score_history(kind, 100, scope)
        score["history"] = [{"at": r.at, "value": r.value, "low": r.low, "high": r.high} for r in reversed(history)]
    return {**report, "all_scopes": store.score_scopes(), "changed": changes}


def exports(project: Site, _: str, query: Query) -> dict[str, Any]:
    """The queue of the reviewers, and everything that was decided before."""
    store = project.reading()
    states: tuple[CandidateState, ...] = ("approved", "published", "rejected")
    decided = [c for state in states for c in store.candidates(state=state, limit=DECIDED)]
    return {
        "waiting": [candidate_of(c) for c in store.candidates(state="pending", limit=WAITING)],
        "decided": [candidate_of(c) for c in sorted(decided, key=lambda c: c.created, reverse=True)[:DECIDED]],
    }


def export(project: Site, name: str, query: Query) -> dict[str, Any]:
    """One candidate with its evidence: what was masked, risk, residual scan, a masked sample, decisions."""
    shown = dataclasses.asdict(find(project, name))
    store = project.reading()
    candidate = store.candidate(shown["id"])
    released = store.candidates(candidate.name, "published", limit=2)
    last = next((c for c in released if c.id != candidate.id), None)
    return {
        **shown,
        "evidence": {**shown["evidence"], "sample": text_first(shown["evidence"]["sample"])},
        "created": candidate.created,
        "published_path": candidate.published_path,
        "published_at": candidate.published_at,
        "lineage": [e for e in project.edges() if e.target == f"export.{candidate.name}"],
        "checks": [check._asdict() for check in checks(shown["evidence"], last.id if last else None)],
        "last_release": candidate_of(last) | {"sample": text_first(last.evidence["sample"])} if last else None,
        "trail": store.audit_log(20, subject=candidate.id),
    }


def erasures(project: Site, _: str, query: Query) -> dict[str, Any]:
    """Requests for erasure, and the erasures with their certificates."""
    store = project.reading()
    return {
        "requests": [request_of(r) for r in store.erasure_requests()],
        "erasures": [erasure_of(e) for e in reversed(store.erasures())][:DECIDED],
    }


def erasure(project: Site, name: str, query: Query) -> dict[str, Any]:
    """One request for erasure: what would go or went, who decided, the certificate."""
    store = project.reading()
    found = store.erasure_request(name)
    done = [e for e in store.erasures() if e.id == found.erasure]
    return {
        **request_of(found),
        "report": found.report,
        "seen": report_hash(found),
        "certificate": done[0].certificate if done else None,
        "trail": store.audit_log(20, subject=found.id),
    }


def lineage(project: Site, _: str, query: Query) -> dict[str, Any]:
    """Which columns made a column, or what was made of it."""
    found = project.edges()
    of = query.get("of", "")
    direction: columns.Direction = "forward" if query.get("direction") == "forward" else "back"
    return {
        "of": of,
        "direction": direction,
        "edges": columns.trace(found, of, direction) if of else found,
        "tables": sorted({e.source for e in found} | {e.target for e in found}),
    }


def audit(project: Site, _: str, query: Query) -> dict[str, Any]:
    """The audit trail, the newest first, and whether its chain of hashes holds."""
    store = project.reading()
    page = _page(query)
    entries = store.audit_log(PER_PAGE + 1, skip=(page - 1) * PER_PAGE)
    return {
        "entries": entries[:PER_PAGE],
        "page": page,
        "more": len(entries) > PER_PAGE,
        "verdict": verify_audit(project)[0],
    }


def search(project: Site, _: str, query: Query) -> dict[str, Any]:
    """Full-text search over the catalogue."""
    words = query.get("q", "")
    return {"q": words, "found": find_words(project, words, 50) if words.strip() else []}


def people(project: Site, _: str, query: Query) -> dict[str, Any]:
    """Who may sign in, and as what."""
    return {"users": project.reading().users()}


_INSIDE: tuple[Role, ...] = ("engineer", "reviewer", "admin")
PAGES: tuple[Page, ...] = (
    Page("/", "Overview", "overview.html", overview, "Where everything stands"),
    Page("/tables", "Tables", "tables.html", tables, "Every table with its size"),
    Page("/tables/{id}", "Table", "table.html", table, "One table: schema, history, quality, lineage"),
    Page("/expectations/{id}", "Expectations", "expectations.html", expectations, "The newest Data Docs of one table"),
    Page("/runs", "Runs", "runs.html", runs, "The runs, newest first", {"page": "integer"}),
    Page("/runs/{id}", "Run", "run.html", run, "One run: plan, counts, steps"),
    Page("/live", "Under way", "live.html", live, "Where the run under way stands, if any", whole=False),
    Page("/scores", "Scores", "scores.html", scores, "Both scores with all that explains them", {"of": "string"}),
    Page("/exports", "Exports", "exports.html", exports, "The review queue and what was decided"),
    Page("/exports/{id}", "Export", "export.html", export, "One export candidate with its evidence"),
    Page("/erasures", "Erasures", "erasures.html", erasures, "Requests for erasure, and certificates", roles=_INSIDE),
    Page("/erasures/{id}", "Request", "erasure.html", erasure, "One request: what goes, who decided", roles=_INSIDE),
    Page(
        "/lineage",
        "Lineage",
        "lineage.html",
        lineage,
        "Columns and what they are made of",
        {"of": "string", "direction": "string"},
    ),
    Page("/audit", "Audit trail", "audit.html", audit, "Who did what, and whether it stands", {"page": "integer"}),
    Page("/search", "Search", "search.html", search, "Full-text search", {"q": "string"}),
    Page("/people", "People", "people.html", people, "Who may sign in", roles=("admin",)),
)


def _newest(results: list[Any]) -> list[Any]:
    newest: dict[str, Any] = {}
    for result in results:
        newest.setdefault(result.table, result)
    return list(newest.values())


def _page(query: Query) -> int:
    text = query.get("page", "1")
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise ConfigError("page is not a number from 1 to 10000", "leave it out for the first page")
    return int(text)
