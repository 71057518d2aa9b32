"""Decisions on candidates, signed by the project; and the publication of what was approved."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...catalog.records import Candidate, Decision, Review, StepRecord
from ...config import days
from ...errors import PrivacyGateFailed
from ...privacy.bundle import ManifestFields
from ...privacy.bundle import publish as bundle
from ...privacy.evidence import read_candidate
from ...privacy.policy import load_policy
from ...privacy.review import check_review, signed
from ...privacy.signing import signing_key
from ...storage import is_local, join
from ..measured import utility_of
from ..project import Project
from .deciders import Through, objections
from .export import Exported, find_candidate, rescored, shown


def review(
    project: Project, identifier: str, decision: Decision, reviewer: str, reason: str, through: Through = "cli"
) -> Exported:
    """Approve or reject a candidate, and sign that. `through` says how the reviewer is known (deciders.Through).

    Raises PrivacyGateFailed for one's own, one that changed or is decided, a reason that says nothing, and where
    the reviewer is not known as weir.yaml wants it.
    """
    with project.held() as (store, _):
        candidate = find_candidate(store, identifier)
        now = datetime.now(UTC)
        key = signing_key(project.keys)
        draft = signed(Review(candidate.id, decision, reviewer, reason, candidate.candidate_hash, now, through), key)
        reasons = [] if reason.strip() else ["the review gives no reason"]
        evidence = candidate.evidence
        if decision == "approved":
            hashed = read_candidate(candidate.path)
            evidence = hashed.evidence
            requester = str(evidence.get("requester", ""))
            reasons = check_review(draft, hashed.hash, requester, now, key=key.public_key())
        asked = _asked(project, candidate, evidence)
        found = objections(project, store, reviewer, through, asked if decision == "approved" else [])
        reasons += [why for why in found if why not in reasons]
        if reasons:
            store.audit("approval refused", candidate.id, {"reasons": reasons, "through": through}, actor=reviewer)
            raise PrivacyGateFailed(
                f"candidate {candidate.id}: {'; '.join(reasons)}",
                "somebody other than the requester must review it as it was exported",
            )
        store.add_review(draft)
        detail = {"name": candidate.name, "reason": reason, "through": through, "signature": draft.signature}
        store.audit(decision, candidate.id, detail, actor=reviewer)
        if decision == "approved":
            hours = (now - candidate.created).total_seconds() / 3600
            run = store.runs(1)[0].id
            store.record_steps(run, [StepRecord("review", candidate.id, facts={"review_hours": hours})])
            rescored(project, store, run)
        return shown(store, store.candidate(candidate.id))


def publish(project: Project, name: str, folder: str | None, person: str) -> dict[str, Any]:
    """Publish the approved candidate of an export as a signed bundle; once published, again changes nothing.

    Raises PrivacyGateFailed where no approval covers it as it is: signed by this project, in the audit trail, which
    nobody changed, and no older than weir.yaml allows.
    """
    policy_file = project.policy_path(name)
    policy = load_policy(policy_file)
    project.reading()
    with project.held() as (store, tables):
        ready = [c for c in store.candidates(name) if c.state in ("approved", "published")]
        approvals = [r for r in store.reviews(ready[0].id) if r.decision == "approved"] if ready else []
        if not approvals:
            raise PrivacyGateFailed(
                f"export {name} has no approved candidate",
                f"'weir export {name}', then have somebody else approve it: 'weir review approve ID'",
            )
        candidate, approval = ready[0], approvals[0]
        asked = _asked(project, candidate, read_candidate(candidate.path).evidence)
        if reasons := objections(project, store, approval.reviewer, approval.through, asked):
            raise PrivacyGateFailed(
                f"the approval of candidate {candidate.id} does not count: {'; '.join(reasons)}",
                "have it reviewed again, as weir.yaml wants it",
            )
        shared = project.warehouse if is_local(project.warehouse) else str(project.config.root)
        target = folder or candidate.published_path or join(shared, "shared", name, candidate.id)
        fields = ManifestFields(
            created=datetime.now(UTC),
            review=approval,
            policy_hash=policy.hash(),
            policy_text=Path(policy_file).read_text(encoding="utf-8"),
            runs=sorted({s.run_refined for s in store.splits() if s.run_refined}),
            lineage=_lineage(project, store, tables, candidate.table, name),
            audit=_trail(store, approval),
            valid=days(project.config.review.valid),
            form=project.config.exports[name].format,
            utility=utility_of(store, candidate.id),
        )
        manifest = bundle(candidate.path, project.config.path(target), fields, signing_key(project.keys))
        store.set_candidate_state(candidate.id, "published", manifest.path)
        store.audit("publish", candidate.id, {"name": name, "path": manifest.path}, actor=person)
        return {
            "id": candidate.id,
            "name": name,
            "path": manifest.path,
            "rows": manifest.content["rows"],
            "files": len(manifest.content["files"]),
            "manifest_sha256": manifest.sha256,
            "public_key": str(project.keys / "signing.pub"),
            "new": manifest.new,
        }


def _asked(project: Project, candidate: Candidate, evidence: dict[str, Any]) -> list[str]:
    """Return the names of who asked: as was said, and, where that is not enough, the account that ran the export."""
    said = [str(evidence.get("requester", "")), candidate.requested_by]
    return said if project.config.review.through == "any" else [*said, str(evidence.get("login", ""))]


def _trail(store: Any, approval: Review) -> dict[str, Any]:
    """Return the head of the audit trail. Raises PrivacyGateFailed where it was changed or lacks the approval."""
    verdict = store.verify_audit()
    entries = store.audit_log(1000, subject=approval.candidate)
    told = any(e.action == "approved" and e.detail.get("signature") == approval.signature for e in entries)
    if not verdict.ok or not told:
        what = "does not hold the approval" if verdict.ok else "was changed"
        raise PrivacyGateFailed(
            f"candidate {approval.candidate}: the audit trail {what}",
            "see 'weir audit verify', then export and have it reviewed again",
        )
    return {"entries": verdict.entries, "head": verdict.head}


def _lineage(project: Project, store: Any, tables: Any, table: str, name: str) -> dict[str, Any]:
    """Return what made the export: sources → raw tables → the table at its snapshot → the export."""
    snapshots = tables.snapshots(table)
    refined = {split.source for split in store.splits(state="refined")}
    feeding = {
        label: {"type": source.name, "licence": source.config.licence, "owner": source.config.owner}
        for label, source in project.sources().items()
        if label in refined and f"refined.{source.target}" == table
    }
    return {
        "sources": feeding,
        "table": table,
        "snapshot": str(snapshots[-1].snapshot_id) if snapshots else None,
        "export": name,
    }
