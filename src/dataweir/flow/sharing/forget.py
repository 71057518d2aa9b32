"""Forgetting a person, and rows past their time: find, show, erase, look again, certify. Killed, it is gone on with."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...account import current_user
from ...catalog.records import Erasure
from ...config import days
from ...engine import Engine, Secret
from ...errors import ConfigError, StorageError
from ...ingest.persons import names_beside
from ...output import Output
from ...privacy.certificate import issue
from ...privacy.keys import known_keys, secret_key
from ...privacy.operators.hash import pseudonym
from ...privacy.signing import signing_key
from ...privacy.subjects import Form, Subjects, dumped, forms, hashed, loaded, masked, words
from ...storage import delete_tree, join
from ..project import Project
from .erasing import Findings, Note, PastTime, Person, erase, forget_files, look, point_splits
from .releases import drop, drop_unfinished, holding
from .unmask import export_key

CERTIFICATES = "certificates"


@dataclass(frozen=True)
class Forgotten:
    """What is found of a person, or was erased. `applied` is false where nothing was touched.

    `rows` count by table what goes, `columns` by table and column in how many rows the person stands; `catalogue`
    counts values of the catalogue, `releases` are exports that hold the person, `sources` the files that still do.
    """

    applied: bool
    id: str | None
    forms: list[str]
    rows: dict[str, int]
    columns: dict[str, dict[str, int]]
    snapshots: dict[str, int]
    catalogue: dict[str, int]
    audit_entries: int
    releases: list[dict[str, Any]]
    sources: dict[str, list[str]]
    certificate: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


def forget(
    project: Project, subject: str, output: Output, apply: bool = False, names: bool = True, person: str | None = None
) -> Forgotten:
    """Find a person by e-mail address, handle or id, in every table and snapshot; with `apply`, erase what is found.

    `names` says whether the display names that the person's own rows give are looked for too. An erasure that was
    killed is finished first. Raises ConfigError for an empty subject, ProjectLocked, StorageError where something of
    the person is left.
    """
    project.reading()
    if not words(subject):
        raise ConfigError("the subject names nobody", "give an e-mail address, a handle or an id")
    note = output.step
    with project.held() as (store, tables), Engine(project.config.engine, project.scratch) as engine:
        key = Secret(secret_key(project.keys, "erasure"))
        mark = hashed(" ".join(words(subject)), key)
        resumed = [e for e in finish_begun(project, store, tables, engine, note) if e.subject == mark]
        if apply and resumed:
            return _reported(project, resumed[-1])
        wanted, shown, values = _who(project, tables, engine, subject, key, names)
        findings = look(project, tables, engine, Person(wanted))
        ids = _pseudonyms(project, findings, values)
        releases = holding(store.candidates(), engine, wanted, ids, set(findings.rows))
        report = Forgotten(
            applied=False,
            id=None,
            forms=shown,
            rows=findings.rows,
            columns=findings.columns,
            snapshots=findings.snapshots,
            catalogue=store.search_text(wanted.holds),
            audit_entries=store.count_audit(wanted.holds),
            releases=[asdict(each) for each in releases],
            sources=_sources(findings),
        )
        if not apply:
            return report
        counts = {k: v for k, v in asdict(report).items() if k in _COUNTED}
        counts |= {"pseudonyms": ids, "source_files": {k: len(v) for k, v in report.sources.items()}}
        begun = _begin(store, "forget", mark, dumped(wanted), counts, person)
        note("begun")
        done = _finish(project, store, tables, engine, begun, note)
        return _reported(project, done, shown, report.sources)


_COUNTED = ("rows", "columns", "snapshots", "catalogue", "audit_entries", "releases")


def retain(project: Project, output: Output, apply: bool = True) -> dict[str, int]:
    """Erase the rows that are past the time that `retain:` gives them; return how many by table."""
    project.reading()
    with project.held() as (store, tables), Engine(project.config.engine, project.scratch) as engine:
        finish_begun(project, store, tables, engine, output.step)
        return retain_within(project, store, tables, engine, output.step, apply)


def retain_within(project: Project, store: Any, tables: Any, engine: Engine, note: Note, apply: bool) -> dict[str, int]:
    """Erase what is past its time, for who holds the project already."""
    limits = _limits(project, datetime.now(UTC))
    if limits is None:
        return {}
    findings = look(project, tables, engine, limits)
    if findings.rows and apply:
        search = {
            "sources": {k: v.isoformat() for k, v in limits.sources.items()},
            "tables": {k: v.isoformat() for k, v in limits.tables.items()},
        }
        counts = {"rows": findings.rows, "columns": findings.columns, "snapshots": findings.snapshots}
        begun = _begin(store, "retain", "rows past their time", search, counts, None)
        _finish(project, store, tables, engine, begun, note)
    return findings.rows


def lift(project: Project, ident: str) -> None:
    """Let a person who was erased come in again; the certificate stays. Raises ConfigError."""
    with project.held() as (store, _):
        if ident not in {e.id for e in store.erasures() if e.kind == "forget"}:
            raise ConfigError(f"there is no erasure '{ident}'", "list them with 'weir erasures'")
        store.change_erasure(ident, search={"codes": {}, "firsts": []})
        store.audit("lift erasure", ident)


def finish_begun(project: Project, store: Any, tables: Any, engine: Engine, note: Note) -> list[Erasure]:
    """Finish the erasures that were killed; return them."""
    return [_finish(project, store, tables, engine, each, note) for each in store.erasures("begun")]


def _begin(
    store: Any, kind: Any, subject: str, search: dict[str, Any], counts: dict[str, Any], person: str | None
) -> Erasure:
    now = datetime.now(UTC)
    ident = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
    erasure = Erasure(ident, kind, subject, "begun", person or current_user(), now, None, search, counts)
    store.begin_erasure(erasure)
    return erasure


def _finish(project: Project, store: Any, tables: Any, engine: Engine, erasure: Erasure, note: Note) -> Erasure:
    """Carry an erasure out from wherever it stands: each step finds done what was done."""
    person = erasure.kind == "forget"
    wanted = _wanted(project, erasure)
    findings = look(project, tables, engine, wanted)
    erase(tables, engine, findings, erasure.id, note)
    point_splits(store, tables)
    note("splits")
    swept = forget_files(tables, findings, note)
    if isinstance(wanted, Person):
        ids = erasure.counts.get("pseudonyms", [])
        held = holding(store.candidates(), engine, wanted.subjects, ids, set())
        swept["folders"] = drop(store, held, project.warehouse)
        drop_unfinished(store, project.warehouse)
        note("candidates")
        store.search_text(wanted.subjects.holds, wanted.subjects.redact)
        note("catalogue")
    delete_tree(join(project.warehouse, "quality", "states"))
    store.compact()
    note("compacted")
    left = look(project, tables, engine, wanted)
    if left.rows or left.snapshots:
        raise StorageError(
            f"erasure {erasure.id} left rows in {', '.join(left.rows or left.snapshots)}",
            "another program writes to the tables: stop it, then run again",
        )
    note("verified")
    return _certify(project, store, erasure, swept, person, note)


def _certify(
    project: Project, store: Any, erasure: Erasure, swept: dict[str, int], person: bool, note: Note
) -> Erasure:
    counts = {k: v for k, v in erasure.counts.items() if k != "pseudonyms"}
    file = Path(project.config.root) / CERTIFICATES / f"{erasure.id}.json"
    if not store.audit_log(1, subject=erasure.id):
        store.audit("forget" if person else "retain", erasure.id, {"rows": counts["rows"]}, actor=erasure.requested_by)
        note("audited")
    finished = datetime.now(UTC)
    content = {
        "id": erasure.id,
        "project": project.config.project,
        "kind": erasure.kind,
        "subject": erasure.subject,
        "requested_by": erasure.requested_by,
        "requested": erasure.requested.isoformat(),
        "finished": finished.isoformat(),
        **counts,
        "swept": swept,
        "audit": _head(store),
    }
    document = issue(content, signing_key(project.keys), file)
    note("certified")
    store.change_erasure(erasure.id, state="done", finished=finished, certificate=document, counts=counts)
    note("done")
    done: Erasure = next(e for e in store.erasures() if e.id == erasure.id)
    return done


def _head(store: Any) -> dict[str, Any]:
    verdict = store.verify_audit()
    return {"entries": verdict.entries, "head": verdict.head}


def _wanted(project: Project, erasure: Erasure) -> Person | PastTime:
    if erasure.kind == "forget":
        return Person(loaded([erasure.search], Secret(secret_key(project.keys, "erasure"))))
    sources, tables = (
        {k: datetime.fromisoformat(v) for k, v in erasure.search[part].items()} for part in ("sources", "tables")
    )
    return PastTime(sources, tables, project.sources())


def retention_due(project: Project, tables: Any) -> bool:
    """Whether a refined table may hold rows past their time, as its files' statistics say."""
    limits = _limits(project, datetime.now(UTC))
    if limits is None:
        return False
    latest = max([*limits.sources.values(), *limits.tables.values()]).isoformat()
    names = [name for name in tables.names() if name.startswith("refined.") and "ts" in tables.schema(name).names]
    return any(tables.files(name, f"ts < '{latest}'") for name in names if name not in _DERIVED)


_DERIVED = ("refined.user_events", "refined.near_docs")


def _limits(project: Project, now: datetime) -> PastTime | None:
    """Return what is past its time: whole days, so that files are written anew once a day at most."""
    now = now.replace(hour=0, minute=0, second=0, microsecond=0)
    connectors = project.sources()
    sources = {name: now - days(c.config.retain) for name, c in connectors.items() if c.config.retain}
    tables = {name: now - days(value) for name, value in project.config.retain.items()}
    return PastTime(sources, tables, connectors) if sources or tables else None


def _who(
    project: Project, tables: Any, engine: Engine, subject: str, key: bytes, names: bool
) -> tuple[Subjects, list[str], list[str]]:
    """Return who is looked for, how that is shown (masked), and the names as they stand in the tables."""
    from .identities import beside

    given = {subject}
    if project.config.identity.mapping:
        first = Subjects.of(forms(subject), key)
        given |= names_beside(Path(project.config.root) / project.config.identity.mapping, first.holds)
    sure: set[Form] = {form for value in given for form in forms(value)}
    ids, display = beside(tables, engine, Subjects.of(sure, key))
    derived = {form for value in ids for form in forms(value, derived=True)}
    _, more = beside(tables, engine, Subjects.of(sure | derived, key))
    display = (display | more) if names else set()
    derived |= {form for value in display for form in forms(value, derived=True)}
    everyone = {*given, *ids, *display}
    identify = project.identify()
    if identify:
        codes = {identify.person(kind, v) for v in everyone for kind in ("email", "handle", "key")}
        derived |= {Form((code,), True) for code in codes if code}
    shown = sorted({masked(value) for value in everyone})
    return Subjects.of(sure | derived, key), shown, sorted(everyone)


def _pseudonyms(project: Project, findings: Findings, values: list[str]) -> list[str]:
    """Return the pseudonyms under which exports may name the person, and the rows that go."""
    names = {"pseudonym", *(export_key(project, export) for export in project.config.exports)}
    keys = [key for name in names for key in known_keys(project.keys, name).values()]
    ids = {i.partition("\x1f")[2] for each in findings.looked for i in each.known("id")}
    return sorted({pseudonym(value, key) for value in {*values, *ids} for key in keys})


def _sources(findings: Findings) -> dict[str, list[str]]:
    """Return the files that gave rows of the person, by source: outside the warehouse, they may hold them still."""
    found: dict[str, set[str]] = {}
    for each in findings.looked:
        if each.item.table.startswith("raw."):
            for place in each.known("place"):
                label, file, _ = place.split("\x1f")
                found.setdefault(label, set()).add(file)
    return {label: sorted(files) for label, files in sorted(found.items())}


def _reported(
    project: Project, done: Erasure, shown: list[str] | None = None, sources: dict[str, list[str]] | None = None
) -> Forgotten:
    counts = {name: done.counts.get(name, {}) for name in _COUNTED}
    file = Path(project.config.root) / CERTIFICATES / f"{done.id}.json"
    details = json.loads(file.read_text(encoding="utf-8"))["certificate"] if file.exists() else {}
    return Forgotten(
        applied=True,
        id=done.id,
        forms=shown or [],
        sources=sources or {},
        certificate=str(file),
        details=details.get("swept", {}),
        **counts,
    )
