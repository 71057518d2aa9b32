"""Whether a review still lets its candidate out: who decided, about what, and when."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta

from ..catalog.records import Review

__all__ = ["VALID", "Review", "check_review", "review_dict"]

VALID = timedelta(days=30)
"""How long an approval counts."""

_CLOCKS = timedelta(minutes=5)


def check_review(
    review: Review, candidate_hash: str, requester: str, now: datetime, valid: timedelta = VALID
) -> list[str]:
    """Return why the review does not let the candidate out; empty: it does.

    The review is bound to the candidate's hash: any change of the candidate voids it. Names are compared
    without regard to case, blanks and Unicode form, so that a requester does not become somebody else by
    spelling. Times without a zone are taken as UTC.
    """
    reasons = []
    if review.decision != "approved":
        reasons.append("the reviewer rejected it")
    if not candidate_hash or review.candidate_hash != candidate_hash:
        reasons.append("the review is of another candidate, or the candidate was changed after it")
    if not _name(review.reviewer):
        reasons.append("the review names no reviewer")
    if not _name(requester):
        reasons.append("the candidate names no requester")
    elif _name(review.reviewer) == _name(requester):
        reasons.append("the reviewer is the requester")
    if not review.reason.strip():
        reasons.append("the review gives no reason")
    age = _utc(now) - _utc(review.at)
    if age > valid:
        reasons.append(f"the review expired: it is {age.days} days old and counts for {valid.days}")
    if age < -_CLOCKS:
        reasons.append("the review lies in the future")
    return reasons


def review_dict(review: Review) -> dict[str, str]:
    """Return the review as the JSON object that stands in the manifest."""
    return {
        "candidate": review.candidate,
        "candidate_hash": review.candidate_hash,
        "reviewer": review.reviewer,
        "decision": review.decision,
        "reason": review.reason,
        "at": _utc(review.at).isoformat(),
    }


def _name(person: str) -> str:
    return "".join(unicodedata.normalize("NFKC", person).casefold().split())


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
