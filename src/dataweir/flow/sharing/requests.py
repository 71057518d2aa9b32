"""Requests for erasure: filed by one person, looked into, confirmed by another, carried out.

Who is to be erased is written down under seal: it must be read once more when the request is carried out, for what
other names the person has is found in the tables of that time (docs/decisions/0017).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ...catalog.records import ErasureRequest, RequestState
from ...errors import ConfigError, PrivacyGateFailed
from ...output import Output
from ...privacy.keys import known_keys, secret_key
from ...privacy.sealing import seal, unseal
from ...privacy.subjects import Subjects, forms, hashed, words
from ..project import Project
from .deciders import objections
from .forget import Forgotten, forget

LONGEST = 500
"""Characters of a subject, a reference or a reason."""
_KEY = "erasure"
_OPEN: tuple[RequestState, ...] = ("filed", "counted", "confirmed")


def file_request(project: Project, subject: str, reference: str, person: str) -> ErasureRequest:
    """Write a request down. Raises ConfigError for nobody, for a reference that names the person, for a second one."""
    store = project.reading()
    if not words(subject) or max(len(subject), len(reference)) > LONGEST:
        raise ConfigError("the request names nobody", f"give an address, handle or id of up to {LONGEST} characters")
    key = secret_key(project.keys, _KEY)
    if Subjects.of(forms(subject), key).holds(reference):
        raise ConfigError("the reference names the person", "give a number or word that tells nobody who it is")
    mark = hashed(" ".join(words(subject)), key)
    if any(r.subject == mark for state in _OPEN for r in store.erasure_requests(state)):
        raise ConfigError("a request for this person is open already", "decide on that one")
    now = datetime.now(UTC)
    ident = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
    made = ErasureRequest(ident, mark, seal(subject, key), reference, "filed", person, now)
    store.add_erasure_request(made)
    store.audit("erasure requested", ident, {"reference": reference}, actor=person)
    return made


def decide_request(
    project: Project, ident: str, confirmed: bool, person: str, reason: str, seen: str
) -> ErasureRequest:
    """Confirm or reject a request that was looked into; `seen` is the hash of the report that was looked at.

    Raises PrivacyGateFailed for one's own, ConfigError where the request is not what was looked at.
    """
    store = project.reading()
    request = store.erasure_request(ident)
    if reasons := objections(project, store, person, "web", [request.requested_by]):
        store.audit("erasure refused", ident, {"reasons": reasons}, actor=person)
        raise PrivacyGateFailed(f"request {ident}: {'; '.join(reasons)}", "somebody else must decide on it")
    if seen != report_hash(request):
        raise ConfigError(f"request {ident} is not what was looked at", "look again")
    key = secret_key(project.keys, _KEY)
    if request.sealed and Subjects.of(forms(_who(project, request)), key).holds(reason):
        raise ConfigError("the reason names the person", "say it without the name")
    values: dict[str, Any] = {"decided_by": person, "decided": datetime.now(UTC), "reason": reason}
    values |= {"state": "confirmed"} if confirmed else {"state": "rejected", "sealed": None}
    made = store.change_erasure_request(ident, "counted", **values)
    store.audit(f"erasure {made.state}", ident, {"reason": reason, "report": seen}, actor=person)
    return made


def answer_requests(project: Project, output: Output) -> list[ErasureRequest]:
    """Carry out the requests that were confirmed, look into those that were filed; return them as they stand now.

    Raises what `forget` does; those that were answered before that stay answered.
    """
    store = project.reading()
    answered = []
    for request in reversed(store.erasure_requests("confirmed")):
        done = forget(project, _who(project, request), output, apply=True, person=request.requested_by)
        values = {"state": "done", "sealed": None, "erasure": done.id, "report": _report(done)}
        answered.append(store.change_erasure_request(request.id, "confirmed", **values))
    for request in reversed(store.erasure_requests("filed")):
        found = forget(project, _who(project, request), output)
        answered.append(store.change_erasure_request(request.id, "filed", state="counted", report=_report(found)))
    return answered


def waiting(project: Project) -> bool:
    """Whether a request waits to be answered. Where no run has been yet, none does."""
    try:
        store = project.reading()
    except ConfigError:
        return False
    return any(store.erasure_requests(state, 1) for state in ("confirmed", "filed"))


def report_hash(request: ErasureRequest) -> str:
    """Return the hash of what would go, so that a decision is on what was shown."""
    return hashlib.sha256(json.dumps(request.report, sort_keys=True).encode()).hexdigest()


def _who(project: Project, request: ErasureRequest) -> str:
    return unseal(request.sealed or "", known_keys(project.keys, _KEY).values())


def _report(found: Forgotten) -> dict[str, Any]:
    """Return the counts of what is found, without a name: names of files may hold one, so they are counted."""
    counted = ("rows", "columns", "snapshots", "catalogue", "audit_entries")
    facts = asdict(found)
    releases = [{name: each[name] for name in ("id", "name", "state", "plain", "pseudonym", "possible")}
                for each in facts["releases"]]  # fmt: skip
    sources = {label: len(files) for label, files in found.sources.items()}
    return {**{name: facts[name] for name in counted}, "releases": releases, "sources": sources}
