"""The way out: export → mask → risk → residual scan → candidate, and that is as far as it goes without a person."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from ..catalog.records import Candidate, Decision, StepRecord
from ..engine import Engine, Secret
from ..errors import ConfigError, PrivacyGateFailed
from ..output import Output
from ..privacy.contract import operator
from ..privacy.evidence import check_gates, evidence, sample_rows, write_candidate
from ..privacy.keys import secret_key
from ..privacy.policy import load_policy
from ..privacy.scrutiny import scrutinise
from ..storage import delete_tree, is_local, join
from .alerts import alerted
from .masking import make
from .project import Project
from .unmask import export_key


@dataclass(frozen=True)
class Exported:
    """A candidate as the reviewer sees it."""

    id: str
    name: str
    table: str
    state: str
    requested_by: str
    path: str
    candidate_hash: str
    evidence: dict[str, Any]
    reviews: list[dict[str, Any]]


def export(project: Project, name: str, requester: str, output: Output) -> Exported:
    """Mask a table under its policy, measure the risk, scan what was written, and put it before the reviewers.

    Raises PrivacyGateFailed where a check fails: the files are gone then, and nothing left the house.
    """
    policy = load_policy(project.policy_path(name))
    settings = project.config.exports[name]
    project.reading()
    with alerted(project, output), project.held() as (store, tables):
        table = project.qualified(settings.table)
        refused = [o for o in scrutinise(policy, tables.schema(table).names) if o.refused]
        if refused:
            reasons = [f"{o.column} {o.why}" for o in refused]
            store.audit("export refused", name, {"reasons": reasons, "requester": requester}, actor=requester)
            raise PrivacyGateFailed(
                f"export {name}: policy {policy.name} keeps too much: {'; '.join(reasons)}",
                "give the column an operator, or say under 'accept' why it may leave as it is",
                reasons=reasons,
            )
        key = Secret(secret_key(project.keys, export_key(project, name)))
        identifier = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        folder = join(project.warehouse, "exports", name, identifier)
        _sweep(project, store, name)
        try:
            with Engine(project.config.engine, project.scratch) as engine:
                made = make(engine, tables.files(table), policy, key, folder, settings.where, output)
            record = evidence(
                name=name,
                table=table,
                requester=requester,
                policy=policy,
                masked=made.masked,
                sealed=made.sealed,
                before=made.before,
                after=made.after,
                residual=made.residual,
                canaries=made.canaries,
                linkage=made.linkage,
                loss=made.loss,
                purpose=settings.purpose,
                licence=settings.licence,
                sample=sample_rows(made.sealed),
            )
            share = record["suppressed_share"]
            reasons = check_gates(policy, made.after, share, made.residual, made.linkage, made.canaries)
            if reasons:
                store.audit("export refused", name, {"reasons": reasons, "requester": requester}, actor=requester)
                raise PrivacyGateFailed(
                    f"export {name}: {'; '.join(reasons)}",
                    "make the policy stricter (generalise, mask or drop more), then export again",
                    reasons=reasons,
                )
            candidate = write_candidate(folder, record)
        except BaseException:
            delete_tree(folder)
            raise
        added = store.add_candidate(
            identifier, name, table, policy.hash(), candidate.hash, record, folder, requested_by=requester
        )
        facts = sharing_facts(record, len(tables.schema(table).names))
        run = store.runs(1)[0].id
        store.record_steps(
            run,
            [StepRecord("export", name, record["rows_in"], record["rows_out"], record["suppressed"], facts=facts)],
        )
        store.audit("export", identifier, {"name": name, "rows": record["rows_out"]}, actor=requester)
        _rescore(project, store, run)
        return _shown(store, added)


def _sweep(project: Project, store: Any, name: str) -> None:
    """Delete what a killed export left: folders of this export that no candidate names."""
    from ..storage import list_files

    root = join(project.warehouse, "exports", name)
    known = {candidate.path for candidate in store.candidates(name)}
    found = {join(root, file.removeprefix(root + "/").split("/")[0]) for file in list_files(root)}
    for folder in found - known:
        delete_tree(folder)


def sharing_facts(record: dict[str, Any], columns_in: int) -> dict[str, float]:
    """Return what an export says about the difficulty of sharing."""
    after = record["risk"]["after"]
    entities = [found for counts in record["masked"].values() for found in counts.items()]
    return {
        "export_rows_in": record["rows_in"],
        "export_rows_out": record["rows_out"],
        "suppressed": record["suppressed"],
        # what an operator did to a whole column is the policy's doing, and says nothing about the text
        "entities_masked": sum(count for name, count in entities if name not in operator.all()),
        "k_found": float(after.get("k_found") or 0),
        "k_required": float(after.get("k_required") or 0),
        "residual_findings": record["residual"]["total"],
        "columns_in": columns_in,
        "columns_dropped": columns_in - len(record["schema"]),
    }


def _rescore(project: Project, store: Any, run: str) -> None:
    from .scores import rescore

    rescore(project, store, run)


def find(project: Project, identifier: str) -> Exported:
    """Return a candidate by its id, or by a beginning of it that fits one only. Raises ConfigError."""
    store = project.reading()
    return _shown(store, _candidate(store, identifier))


def _candidate(store: Any, identifier: str) -> Candidate:
    begun = [c for c in store.candidates() if c.id.startswith(identifier)]
    found = [c for c in begun if c.id == identifier] or begun
    if len(found) != 1:
        what = "several candidates begin" if found else "no candidate begins"
        raise ConfigError(f"{what} with '{identifier}'", "list them with 'weir review list'")
    chosen: Candidate = found[0]
    return chosen


def review(project: Project, identifier: str, decision: Decision, reviewer: str, reason: str) -> Exported:
    """Approve or reject a candidate. Raises PrivacyGateFailed for one's own, or one that changed or is decided."""
    from ..privacy.evidence import read_candidate
    from ..privacy.review import Review, check_review

    with project.held() as (store, _):
        candidate = _candidate(store, identifier)
        now = datetime.now(UTC)
        hashed = read_candidate(candidate.path).hash
        if decision == "approved":
            draft = Review(candidate.id, "approved", reviewer, reason, candidate.candidate_hash, now)
            reasons = check_review(draft, hashed, candidate.requested_by, now)
            if reasons:
                store.audit("approval refused", candidate.id, {"reasons": reasons}, actor=reviewer)
                raise PrivacyGateFailed(
                    f"candidate {candidate.id}: {'; '.join(reasons)}",
                    "somebody other than the requester must review it as it was exported",
                )
        store.add_review(candidate.id, decision, reviewer, reason, candidate.candidate_hash)
        store.audit(decision, candidate.id, {"name": candidate.name, "reason": reason}, actor=reviewer)
        if decision == "approved":
            hours = (now - _utc(candidate.created)).total_seconds() / 3600
            run = store.runs(1)[0].id
            store.record_steps(run, [StepRecord("review", candidate.id, facts={"review_hours": hours})])
            _rescore(project, store, run)
        return _shown(store, store.candidate(candidate.id))


def publish(project: Project, name: str, folder: str | None, person: str) -> dict[str, Any]:
    """Publish the approved candidate of an export as a signed bundle; once published, again changes nothing.

    Raises PrivacyGateFailed where no approval covers it as it is.
    """
    from ..privacy.bundle import ManifestFields
    from ..privacy.bundle import publish as bundle
    from ..privacy.review import Review
    from ..privacy.signing import signing_key

    policy_file = project.policy_path(name)
    policy = load_policy(policy_file)
    project.reading()
    with project.held() as (store, tables):
        ready = [c for c in store.candidates(name) if c.state in ("approved", "published")]
        if not ready:
            raise PrivacyGateFailed(
                f"export {name} has no approved candidate",
                f"'weir export {name}', then have somebody else approve it: 'weir review approve ID'",
            )
        candidate = ready[0]
        approval: Review = next(r for r in store.reviews(candidate.id) if r.decision == "approved")
        shared = project.warehouse if is_local(project.warehouse) else str(project.config.root)
        target = folder or candidate.published_path or join(shared, "shared", name, candidate.id)
        fields = ManifestFields(
            created=datetime.now(UTC),
            review=approval,
            policy_hash=policy.hash(),
            policy_text=_text(policy_file),
            runs=sorted({s.run_refined for s in store.splits() if s.run_refined}),
            lineage=_lineage(project, store, tables, candidate.table, name),
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


def verify_bundle(bundle: str, key: str | None, project: str) -> Any:
    """Verify a bundle; the key is the one given, or the project's own public key. Raises ConfigError without one."""
    from ..privacy.verify import verify

    if key is None:
        own = Project.open(project).keys / "signing.pub"
        if not own.exists():
            raise ConfigError("no public key to verify with", "name the publisher's key with --key FILE")
        key = str(own)
    return verify(bundle, key)


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


def _shown(store: Any, candidate: Candidate) -> Exported:
    return Exported(
        candidate.id,
        candidate.name,
        candidate.table,
        candidate.state,
        candidate.requested_by,
        candidate.path,
        candidate.candidate_hash,
        candidate.evidence,
        [asdict(r) for r in store.reviews(candidate.id)],
    )


def _text(path: str) -> str:
    from pathlib import Path

    return Path(path).read_text(encoding="utf-8")


def _utc(when: datetime) -> datetime:
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when
