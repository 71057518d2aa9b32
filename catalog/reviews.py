"""Export candidates, their reviews, and the audit trail in the store."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from ..account import current_user
from ..errors import ConfigError, PrivacyGateFailed
from . import witness
from .chain import Verdict, link, verify
from .database import Database, now
from .models import AuditRow, CandidateRow, ReviewRow
from .plainjson import plain
from .records import AuditEntry, Candidate, CandidateState, Review, record

_CHAIN_LOCK = 7_305_523_148
NEXT: Mapping[CandidateState, tuple[CandidateState, ...]] = {
    "pending": ("approved", "rejected", "erased"),
    "approved": ("published", "rejected", "erased"),
    "rejected": ("erased",),
    "published": (),
    "erased": (),
}
"""What a candidate in a state may become: nothing leaves the house that was not approved first."""


class ReviewRecords(Database):
    """The part of the store that knows what wants to leave the house, and who said yes or no."""

    def add_candidate(
        self,
        id: str,
        name: str,
        table: str,
        policy_hash: str,
        candidate_hash: str,
        evidence: Mapping[str, Any],
        path: str,
        requested_by: str | None = None,
    ) -> Candidate:
        """Record an export that waits for review. Raises ConfigError where the id is another content's."""
        with self.writing() as session:
            known = session.get(CandidateRow, id)
            if known is not None:
                if known.candidate_hash != candidate_hash:
                    raise ConfigError(f"candidate '{id}' exists with another content", "export it anew")
                return record(Candidate, known)
            row = CandidateRow(
                id=id,
                name=name,
                table=table,
                state="pending",
                policy_hash=policy_hash,
                candidate_hash=candidate_hash,
                evidence=dict(evidence),
                path=path,
                requested_by=requested_by or current_user(),
                created=now(),
                published_path=None,
                published_at=None,
            )
            session.add(row)
            session.flush()
            return record(Candidate, row)

    def candidate(self, id: str) -> Candidate:
        """Return one candidate. Raises ConfigError where there is none of that id."""
        with self.reading() as session:
            return record(Candidate, _candidate_row(session, id))

    def candidates(
        self,
        name: str | None = None,
        state: CandidateState | None = None,
        table: str | None = None,
        limit: int | None = None,
    ) -> list[Candidate]:
        """Return candidates, newest first."""
        query = select(CandidateRow).order_by(CandidateRow.created.desc(), CandidateRow.id)
        if name is not None:
            query = query.where(CandidateRow.name == name)
        if state is not None:
            query = query.where(CandidateRow.state == state)
        if table is not None:
            query = query.where(CandidateRow.table == table)
        query = query.limit(limit)
        with self.reading() as session:
            return [record(Candidate, row) for row in session.scalars(query)]

    def candidate_counts(self) -> dict[str, int]:
        """Return how many candidates are in each state."""
        query = select(CandidateRow.state, func.count()).group_by(CandidateRow.state)
        with self.reading() as session:
            return {row[0]: row[1] for row in session.execute(query)}

    def set_candidate_state(self, id: str, state: CandidateState, published_path: str | None = None) -> Candidate:
        """Move a candidate on, as NEXT allows; being there already is no error.

        Raises PrivacyGateFailed where the step is not allowed, such as publishing what was not approved.
        """
        with self.writing() as session:
            row = _candidate_row(session, id, lock=True)
            _advance(row, state)
            if state == "published" and row.published_at is None:
                row.published_at, row.published_path = now(), published_path
            session.flush()
            return record(Candidate, row)

    def drop_sample(self, id: str) -> None:
        """Take the sample out of a candidate's evidence, for somebody in it was erased."""
        with self.writing() as session:
            row = _candidate_row(session, id, lock=True)
            row.evidence = {**row.evidence, "sample": []}

    def add_review(self, review: Review) -> Review:
        """Record a decision and move the candidate accordingly, together.

        Raises PrivacyGateFailed where its `candidate_hash`, what the reviewer looked at, is not the candidate's,
        or where the candidate can no longer be decided on.
        """
        with self.writing() as session:
            row = _candidate_row(session, review.candidate, lock=True)
            if row.candidate_hash != review.candidate_hash:
                raise PrivacyGateFailed(
                    f"candidate '{review.candidate}' is not what was looked at", "look at it again, then decide"
                )
            _advance(row, review.decision)
            made = ReviewRow(**vars(review))
            session.add(made)
            session.flush()
            return record(Review, made)

    def reviews(self, candidate: str | None = None) -> list[Review]:
        """Return the decisions, newest first."""
        query = select(ReviewRow).order_by(ReviewRow.id.desc())
        if candidate is not None:
            query = query.where(ReviewRow.candidate == candidate)
        with self.reading() as session:
            return [record(Review, row) for row in session.scalars(query)]

    def audit(
        self, action: str, subject: str, detail: Mapping[str, Any] | None = None, actor: str | None = None
    ) -> AuditEntry:
        """Add a line to the audit trail; `detail` must hold no row value. The actor is the system's user."""
        who, what = actor or current_user(), plain(dict(detail or {}))
        with self.writing() as session:
            if session.get_bind().dialect.name == "postgresql":  # SQLite's writers wait for each other anyway
                session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
            before = session.scalar(select(AuditRow.hash).order_by(AuditRow.seq.desc()).limit(1)) or ""
            at = now()
            hashed = link(before, at, who, action, subject, what)
            row = AuditRow(at=at, actor=who, action=action, subject=subject, detail=what, hash=hashed)
            session.add(row)
            session.flush()
            entry = record(AuditEntry, row)
        if self.witness is not None:
            witness.keep(self.witness, entry.seq, hashed)
        return entry

    def verify_audit(self, heads: Collection[str] = ()) -> Verdict:
        """Follow the audit trail's chain of hashes; `heads` were kept elsewhere and must be part of it."""
        heads = [*heads, *filter(None, [witness.kept(self.witness) if self.witness else ""])]
        with self.reading() as session:
            return verify(
                session.scalars(select(AuditRow).order_by(AuditRow.seq).execution_options(yield_per=500)), heads
            )

    def audit_log(self, limit: int = 100, subject: str | None = None, skip: int = 0) -> list[AuditEntry]:
        """Return the newest lines of the audit trail, newest first, without the first `skip` of them."""
        query = select(AuditRow).order_by(AuditRow.seq.desc()).limit(limit).offset(skip)
        if subject is not None:
            query = query.where(AuditRow.subject == subject)
        with self.reading() as session:
            return [record(AuditEntry, row) for row in session.scalars(query)]


def _advance(row: CandidateRow, state: CandidateState) -> None:
    current: CandidateState = row.state  # type: ignore[assignment]
    if state == current:
        return
    if state not in NEXT[current]:
        allowed = " or ".join(NEXT[current])
        raise PrivacyGateFailed(
            f"candidate '{row.id}' is {current}; it cannot become {state}",
            f"it can become {allowed}" if allowed else "export it anew",
            candidate=row.id,
        )
    row.state = state


def _candidate_row(session: Session, id: str, lock: bool = False) -> CandidateRow:
    row = session.get(CandidateRow, id, with_for_update=lock)
    if row is None:
        raise ConfigError(f"there is no export candidate '{id}'", "list them with 'weir review list'", candidate=id)
    return row
