"""Whether a review still lets its candidate out: who decided, about what, when, and that the project itself says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ..catalog.records import Review
from .people import same_person
from .signing import canonical, sign, signed_by

__all__ = ["VALID", "Review", "check_review", "review_dict", "review_holds", "signed"]

FORMAT = "weir-review/1"
VALID = timedelta(days=30)
"""How long an approval counts, where weir.yaml says nothing else."""

_CLOCKS = timedelta(minutes=5)


def signed(review: Review, key: Ed25519PrivateKey) -> Review:
    """Return the review with the project's signature over all that it says."""
    return replace(review, signature=sign(key, _content(review_dict(review))).hex())


def review_holds(review: dict[str, str], key: Ed25519PublicKey) -> bool:
    """Whether a review, as it stands in a manifest, was signed by the project."""
    try:
        signature = bytes.fromhex(review["signature"])
    except (KeyError, TypeError, ValueError):
        return False
    return signed_by(key, signature, _content(review))


def check_review(
    review: Review,
    candidate_hash: str,
    requester: str,
    now: datetime,
    valid: timedelta = VALID,
    key: Ed25519PublicKey | None = None,
) -> list[str]:
    """Return why the review does not let the candidate out; empty: it does.

    The review is bound to the candidate's hash: any change of the candidate voids it. With `key` it must be signed by
    the project: who can write into the catalogue, but does not have the key, cannot approve. Names are compared
    by people.same_person. Times without a zone are taken as UTC.
    """
    reasons = []
    if review.decision != "approved":
        reasons.append("the reviewer rejected it")
    if not candidate_hash or review.candidate_hash != candidate_hash:
        reasons.append("the review is of another candidate, or the candidate was changed after it")
    if key is not None and not review_holds(review_dict(review), key):
        reasons.append("the review was not signed by this project: it was changed, or written by somebody else")
    if not same_person(review.reviewer, review.reviewer):
        reasons.append("the review names no reviewer")
    if not same_person(requester, requester):
        reasons.append("the candidate names no requester")
    elif same_person(review.reviewer, requester):
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
        "at": _utc(review.at).isoformat(timespec="microseconds"),
        "through": review.through,
        "signature": review.signature,
    }


def _content(review: dict[str, str]) -> bytes:
    return canonical({"format": FORMAT, **{k: v for k, v in review.items() if k != "signature"}})


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
