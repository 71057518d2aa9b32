"""Candidates as the flow makes them, on a table small enough to count by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dataweir.catalog.records import Review
from dataweir.privacy import evidence as ev
from dataweir.privacy.bundle import ManifestFields
from dataweir.privacy.candidate import Counted, Part, mask_part, measure_bucket, name_people, release_bucket, seal_part
from dataweir.privacy.policy import Policy
from dataweir.privacy.residual import scan
from dataweir.privacy.review import signed
from dataweir.privacy.risk.figures import Risk, judge
from dataweir.privacy.sample import sample_rows

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


KEY = b"k" * 32


def a_policy(**changes: Any) -> Policy:
    """`contact` is kept on purpose: what stands there must be found by the residual scan."""
    settings = {
        "name": "research",
        "columns": {"place": "keep", "text": "mask", "contact": "keep", "when": "keep", "n": "keep"},
        "k": 3,
        "quasi_identifiers": ["place"],
        "suppress": 0.5,
    }
    return Policy(**{**settings, **changes})


def people(rows: int = 40, leak: bool = False) -> pa.Table:
    return pa.table(
        {
            "place": [["north", "south", "east", None][i % 4] if i else "alone" for i in range(rows)],
            "text": [f"row {i} by p{i}@example.org" for i in range(rows)],
            "contact": ["p7@example.org" if leak and i == 7 else None for i in range(rows)],
            "when": pa.array([i * 1_000_000 for i in range(rows)], pa.timestamp("us", tz="UTC")),
            "n": pa.array(range(rows), pa.int64()),
        }
    )


def assessed(counted: list[Counted], policy: Policy) -> Risk:
    return judge(measure_bucket(0, counted, policy), policy.quasi_identifiers, policy.k)


def make(
    folder: str, table: pa.Table, policy: Policy, parts: int = 2, requester: str = "Bob"
) -> tuple[ev.Candidate, list[str]]:
    """Make a candidate as the flow does; return it and the reasons of its gates."""
    step = -(-table.num_rows // parts) or 1
    cut = [Part(i, table.slice(i * step, step)) for i in range(parts)]
    named = tuple(name_people(part, folder) for part in cut)
    masked = [mask_part(part, policy, KEY, folder, named) for part in cut]
    before = assessed([part.counted for part in masked], policy)
    released = [release_bucket(0, [part.counted for part in masked], policy, folder)]
    sealed = [seal_part((i, [part]), released, policy, folder) for i, part in enumerate(masked)]
    after = assessed([part.counted for part in sealed], policy)
    residual = scan([part.location for part in sealed])
    found = ev.evidence(
        name="posts",
        table="refined.social_posts",
        requester=requester,
        purpose="research",
        licence="CC-BY-4.0",
        policy=policy,
        masked=masked,
        sealed=sealed,
        before=before,
        after=after,
        residual=residual,
        sample=sample_rows([part.shown for part in sealed]),
    )
    reasons = ev.check_gates(policy, after, found["suppressed_share"], residual)
    return ev.write_candidate(folder, found), reasons


PUBLISHER = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)


def approval(candidate: ev.Candidate) -> Review:
    return signed(
        Review("c1", "approved", "Ada", "looked at it", candidate.hash, NOW - timedelta(days=1), "web"), PUBLISHER
    )


def fields(candidate: ev.Candidate) -> ManifestFields:
    return ManifestFields(
        created=NOW,
        review=approval(candidate),
        policy_hash=a_policy().hash(),
        policy_text="name: research\n",
        runs=["20240501T120000-ab12"],
        lineage={"refined.social_posts": ["raw.reddit"]},
    )


def built(tmp_path: Path) -> ev.Candidate:
    return make(str(tmp_path / "exports" / "posts" / "c1"), people(), a_policy())[0]
