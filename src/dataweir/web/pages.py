"""What each page shows, as plain values: the template renders them, the JSON twin gives them as they are.

No page reads a row of a table: samples are those of export candidates, which are masked.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from markupsafe import Markup

from ..catalog.people import Role
from ..catalog.records import CandidateState, Erasure, ErasureRequest, Event, Run
from ..catalog.store import Store
from ..errors import ConfigError
from ..flow import lineage as columns
from ..flow.about import about
from ..flow.fixed import fixed_cost
from ..flow.predict import compare
from ..flow.scopes import RECENT_RUNS
from ..flow.scores import band, explain, slowdown
from ..flow.search import search as find_words
from ..flow.sharing.audit import verify_audit
from ..flow.sharing.export import find
from ..flow.sharing.requests import report_hash
from ..flow.status import totals
from .checks import checks
from .site import Site

PER_PAGE = 50
WAITING = DECIDED = 200
LONG_TEXT = 40
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
        "live": _live(store, runs),
        "waiting": counts.get("pending", 0),
        "published": counts.get("published", 0),
        "scores": {kind: _score(record) for kind, record in store.latest_scores().items()},
        "fixed": fixed_cost(store.recent_steps(RECENT_RUNS, only="machine")),
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
        "columns": _columns(opened.schema(name), [e for e in edges if e.target == name], store.tags(name)),
        "sources": [
            {"label": label, "type": s.name, **{k: getattr(s.config, k) for k in ("owner", "licence", "purpose")}}
            for label, s in feeding.items()
        ],
        "snapshots": [s._asdict() for s in reversed(opened.snapshots(name))][:PER_PAGE],
        "quality": quality[0] if quality else None,
        "score": _score(store.latest_scores(f"table:{name}").get("barrier")),
        "readiness": band(project, store, f"table:{name}") if name.startswith("refined.") else None,
        "candidates": [_candidate(c) for c in candidates],
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
    return {"runs": found[:PER_PAGE], "page": page, "more": len(found) > PER_PAGE, "live": _live(store, found)}


def run(project: Site, name: str, query: Query) -> dict[str, Any]:
    """One run: its steps by the clock, what was foretold and came true, what each step took, its log."""
    store = project.reading()
    found = store.run(name)
    steps = store.steps(name)
    events = store.events(name)
    clock = [_clock(found, event) for event in events if event.kind == "step"]
    work = [s for s in steps if s.seconds and not s.name.startswith("compute.")]
    return {
        "run": found,
        "live": _live(store, [found]),
        "seconds": (found.finished - found.started).total_seconds() if found.finished else None,
        "clock": clock,
        "clock_seconds": max(((e.until - found.started).total_seconds() for e in events), default=0.0),
        "log": [{"at": event.began, "text": event.text} for event in events if event.kind == "note"],
        "foretold": compare(store, name),
        "steps": steps,
        "work": sorted(work, key=lambda s: -s.seconds),
        "quality": store.quality_results(run=name),
        "scores": {kind: _score(record) for kind, record in store.scores(name).items()},
    }


def live(project: Site, _: str, query: Query) -> dict[str, Any]:
    """Where the run under way stands."""
    store = project.reading()
    return {"live": _live(store, store.runs(1))}


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
        "waiting": [_candidate(c) for c in store.candidates(state="pending", limit=WAITING)],
        "decided": [_candidate(c) for c in sorted(decided, key=lambda c: c.created, reverse=True)[:DECIDED]],
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
        "evidence": {**shown["evidence"], "sample": _text_first(shown["evidence"]["sample"])},
        "created": candidate.created,
        "published_path": candidate.published_path,
        "published_at": candidate.published_at,
        "lineage": [e for e in project.edges() if e.target == f"export.{candidate.name}"],
        "checks": [check._asdict() for check in checks(shown["evidence"], last.id if last else None)],
        "last_release": _candidate(last) | {"sample": _text_first(last.evidence["sample"])} if last else None,
        "trail": store.audit_log(20, subject=candidate.id),
    }


def erasures(project: Site, _: str, query: Query) -> dict[str, Any]:
    """Requests for erasure, and the erasures with their certificates."""
    store = project.reading()
    return {
        "requests": [_request(r) for r in store.erasure_requests()],
        "erasures": [_erasure(e) for e in reversed(store.erasures())][:DECIDED],
    }


def erasure(project: Site, name: str, query: Query) -> dict[str, Any]:
    """One request for erasure: what would go or went, who decided, the certificate."""
    store = project.reading()
    found = store.erasure_request(name)
    done = [e for e in store.erasures() if e.id == found.erasure]
    return {
        **_request(found),
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


def _columns(schema: pa.Schema, back: list[Any], tags: list[Any]) -> list[dict[str, Any]]:
    """Return the columns of a table, and the paths in nested ones that a scan told of: type, what of, role, kind."""
    told = {tag.path: tag for tag in tags}
    columns = [
        {
            "name": field.name,
            "type": str(field.type),
            "made_of": sorted({f"{e.source}.{e.source_column}" for e in back if e.target_column == field.name}),
            "tag": told.pop(field.name, None),
        }
        for field in schema
    ]
    return columns + [{"name": path, "type": tag.type, "made_of": [], "tag": tag} for path, tag in told.items()]


def _text_first(sample: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a sample with the columns of long text first: they are what must be read, and what is cut off."""
    if not sample:
        return sample
    long = {name for row in sample for name, value in row.items() if isinstance(value, str) and len(value) > LONG_TEXT}
    order = sorted(sample[0], key=lambda name: name not in long)
    return [{name: row[name] for name in order} for row in sample]


def _live(store: Store, found: list[Run]) -> dict[str, Any] | None:
    """Return where the run under way stands, or was interrupted; there is one at most, and it is the newest."""
    if not found or found[0].state not in ("running", "interrupted"):
        return None
    run, told = found[0], found[0].plan.get("prediction", {})
    events = store.events(run.id)
    at = next((event for event in reversed(events) if event.kind == "step"), None)
    heard = events[0].until if events else run.started
    until = datetime.now(UTC) if run.state == "running" else heard
    return {
        "run": run.id,
        "state": run.state,
        "heard": heard,
        "elapsed": (until - run.started).total_seconds(),
        "predicted": {name: told.get(name) for name in ("seconds", "low", "high")},
        "step": at.text if at else None,
        "done": at.done if at else None,
        "total": at.total if at else None,
        "dashboard": at.link if at else None,
    }


def _clock(run: Run, event: Event) -> dict[str, Any]:
    """Return a step of a run in seconds from its start."""
    began, until = ((at - run.started).total_seconds() for at in (event.began, event.until))
    return {"step": event.text, "began": began, "until": until, "done": event.done, "total": event.total}


def _score(record: Any) -> dict[str, Any] | None:
    if record is None:
        return None
    names = ("kind", "version", "value", "low", "high", "pillars", "at", "run")
    shown = {name: getattr(record, name) for name in names}
    return shown | {"limit": record.facts.get("limit"), "slowdown": slowdown(record)}


def _request(r: ErasureRequest) -> dict[str, Any]:
    names = ("id", "subject", "reference", "state", "requested_by", "requested", "decided_by", "decided", "reason")
    return {name: getattr(r, name) for name in (*names, "erasure")}


def _erasure(e: Erasure) -> dict[str, Any]:
    names = ("id", "kind", "subject", "state", "requested_by", "requested", "finished", "certificate")
    return {name: getattr(e, name) for name in names} | {"rows": e.counts.get("rows", {})}


def _candidate(c: Any) -> dict[str, Any]:
    names = ("id", "name", "table", "state", "requested_by", "created", "published_at")
    return {name: getattr(c, name) for name in names} | {
        "rows": c.evidence["rows_out"],
        "purpose": c.evidence.get("purpose"),
        "k": c.evidence["risk"]["after"].get("k_found"),
    }


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
