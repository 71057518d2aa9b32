"""The way out: export → mask → risk → residual scan → candidate, and that is as far as it goes without a person."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from ...account import current_user
from ...catalog.records import Candidate, StepRecord
from ...engine import Engine, Secret
from ...errors import ConfigError, PrivacyGateFailed
from ...output import Output
from ...privacy.contract import operator
from ...privacy.difference import difference
from ...privacy.evidence import check_gates, evidence, write_candidate
from ...privacy.files import read_rows
from ...privacy.keys import secret_key
from ...privacy.nested import paths
from ...privacy.policy import load_policy
from ...privacy.sample import sample_rows
from ...privacy.scrutiny import scrutinise, seen
from ...storage import delete_tree, join, list_files
from ..alerts import alerted
from ..project import Project
from .labels import labels_for
from .masking import make
from .sequences import sequences
from .unmask import export_key

LOOKED_AT = 5_000
"""The rows whose values are looked at before an export, for columns that tell more than their name does."""


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


def export(project: Project, name: str, requester: str, output: Output, with_sequences: bool = False) -> Exported:
    """Mask a table under its policy, measure the risk, scan what was written, and put it before the reviewers.

    `with_sequences`: examples for a model are made of what was written, and stand beside it. Raises
    PrivacyGateFailed where a check fails: the files are gone then, and nothing left the house.
    """
    policy = load_policy(project.policy_path(name))
    settings = project.config.exports[name]
    project.reading()
    with alerted(project, output), project.held() as (store, tables):
        table = project.qualified(settings.table)
        roles = {tag.path: tag.role for tag in store.tags(table)}
        if files := tables.files(table):
            roles |= seen(read_rows(files[:1], 0, LOOKED_AT))
        refused = [o for o in scrutinise(policy, list(paths(tables.schema(table))), roles) if o.refused]
        if refused:
            reasons = [f"{o.column} {o.why}" for o in refused]
            store.audit("export refused", name, {"reasons": reasons, "requester": requester}, actor=requester)
            raise PrivacyGateFailed(
                f"export {name}: policy {policy.name} keeps too much: {'; '.join(reasons)}",
                "make the policy stricter, or say under 'accept' why it may be so",
                reasons=reasons,
            )
        labels = labels_for(project, tables, name)
        key = Secret(secret_key(project.keys, export_key(project, name)))
        identifier = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        folder = join(project.warehouse, "exports", name, identifier)
        _sweep(project, store, name)
        try:
            with Engine(project.config.engine, project.scratch) as engine:
                made = make(engine, files, policy, key, folder, settings.where, output, labels)
                examples = sequences(engine, made.sealed, settings, folder, output) if with_sequences else None
            record = evidence(
                name=name,
                table=table,
                requester=requester,
                login=current_user(),
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
                sample=sample_rows([part.shown for part in made.sealed]),
                sequences=examples,
            )
            record["difference"] = _difference(store, name, record, [part.location for part in made.sealed])
            share = record["suppressed_share"]
            reasons = check_gates(policy, made.after, share, made.residual, made.linkage, made.canaries)
            if reasons:
                store.audit("export refused", name, {"reasons": reasons, "requester": requester}, actor=requester)
                raise PrivacyGateFailed(
                    f"export {name}: {'; '.join(reasons)}",
                    "make the policy stricter (generalise, mask or drop more), then export again"
                    + ("; or raise 'linkage' and say why under 'accept'" if "linkage" in " ".join(reasons) else ""),
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
        rescored(project, store, run)
        return shown(store, added)


def _difference(store: Any, name: str, record: dict[str, Any], files: list[str]) -> dict[str, Any] | None:
    """Compare with the last release of the export; None where there is none."""
    last = next(iter(store.candidates(name, "published")), None)
    if last is None:
        return None
    folders = (folder for folder in (last.path, last.published_path) if folder)
    former = ([f for f in list_files(join(folder, "data")) if f.endswith(".parquet")] for folder in folders)
    return difference(record, files, last.id, last.evidence, next(filter(None, former), []))


def _sweep(project: Project, store: Any, name: str) -> None:
    """Delete what a killed export left: folders of this export that no candidate names."""
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


def rescored(project: Project, store: Any, run: str) -> None:
    """Compute the scores of a run anew."""
    from ..scores import rescore

    rescore(project, store, run)


def find(project: Project, identifier: str) -> Exported:
    """Return a candidate by its id, or by a beginning of it that fits one only. Raises ConfigError."""
    store = project.reading()
    return shown(store, find_candidate(store, identifier))


def find_candidate(store: Any, identifier: str) -> Candidate:
    """Return the record of a candidate by its id or a beginning of it. Raises ConfigError."""
    begun = [c for c in store.candidates() if c.id.startswith(identifier)]
    found = [c for c in begun if c.id == identifier] or begun
    if len(found) != 1:
        what = "several candidates begin" if found else "no candidate begins"
        raise ConfigError(f"{what} with '{identifier}'", "list them with 'weir review list'")
    chosen: Candidate = found[0]
    return chosen


def shown(store: Any, candidate: Candidate) -> Exported:
    """Return a candidate with its decisions."""
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
