from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dataweir.catalog.records import Review
from dataweir.privacy.people import same_person
from dataweir.privacy.review import check_review, review_dict, signed

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
GOOD = Review("c1", "approved", "Ada", "looked at it", "h" * 64, NOW - timedelta(days=2))


def test_a_fresh_approval_by_somebody_else_of_this_very_candidate_counts() -> None:
    assert check_review(GOOD, "h" * 64, "Bob", NOW) == []
    naive = replace(GOOD, at=GOOD.at.replace(tzinfo=None))
    assert check_review(naive, "h" * 64, "Bob", NOW) == []
    assert review_dict(naive) == review_dict(GOOD)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"decision": "rejected"}, "rejected"),
        ({"decision": "Approved"}, "rejected"),
        ({"candidate_hash": "g" * 64}, "another candidate"),
        ({"candidate_hash": ""}, "another candidate"),
        ({"reviewer": "Bob"}, "is the requester"),
        ({"reviewer": " bOB "}, "is the requester"),
        ({"reviewer": "Ｂob"}, "is the requester"),
        ({"reviewer": "B.O.B."}, "is the requester"),
        ({"reviewer": "Bób"}, "is the requester"),
        ({"reviewer": "Воb"}, "is the requester"),  # the first two letters are Cyrillic
        ({"reviewer": "bob@example.org"}, "is the requester"),
        ({"reviewer": "bo\u200bb"}, "is the requester"),
        ({"reviewer": "  "}, "no reviewer"),
        ({"reason": " "}, "no reason"),
        ({"at": NOW - timedelta(days=31)}, "expired"),
        ({"at": NOW + timedelta(days=1)}, "future"),
    ],
)
def test_anything_else_does_not_count(change: dict[str, object], word: str) -> None:
    reasons = check_review(replace(GOOD, **change), "h" * 64, "Bob", NOW)
    assert len(reasons) == 1
    assert word in reasons[0]


def test_without_hash_or_requester_nothing_is_approved() -> None:
    assert check_review(replace(GOOD, candidate_hash=""), "", "Bob", NOW)
    assert check_review(GOOD, "h" * 64, "", NOW) == ["the candidate names no requester"]
    assert check_review(GOOD, "h" * 64, "Bob", NOW, valid=timedelta(days=1)) != []


def test_only_what_the_project_signed_counts() -> None:
    key = Ed25519PrivateKey.generate()
    good = signed(GOOD, key)
    assert check_review(good, "h" * 64, "Bob", NOW, key=key.public_key()) == []
    forged = [
        GOOD,
        replace(good, reviewer="Eve"),
        replace(good, reason="looked at it twice"),
        replace(good, at=good.at + timedelta(seconds=1)),
        replace(good, through="web"),
        replace(good, candidate="c2"),
        replace(good, signature="zz"),
        signed(GOOD, Ed25519PrivateKey.generate()),
    ]
    for review in forged:
        reasons = check_review(review, "h" * 64, "Bob", NOW, key=key.public_key())
        assert len(reasons) == 1, review
        assert "not signed" in reasons[0]


@pytest.mark.parametrize("other", ["Lee, Kim", "kim.lee@example.org", "КIМ LEE", "Lee.Kim@example.org"])
def test_nobody_becomes_somebody_else_by_the_order_of_words_or_capitals_that_look_alike(other: str) -> None:
    assert same_person("Kim Lee", other)
    assert not same_person("Kim Leer", other)
