"""A policy and a masking that are just enough to make candidates: the tests here are about what comes after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import pyarrow as pa
import pyarrow.compute as pc

from dataweir.catalog.records import Review
from dataweir.privacy import evidence as ev
from dataweir.privacy.bundle import ManifestFields
from dataweir.privacy.candidate import Part, gather_groups, mask_part, seal_part, write_groups
from dataweir.privacy.residual import scan
from dataweir.privacy.risk import assess

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class StandInPolicy:
    name: str = "research"
    quasi_identifiers: list[str] = field(default_factory=lambda: ["place"])
    k: int = 3
    suppress: float = 0.5
    residual: int = 0

    def hash(self) -> str:
        return "0123456789abcdef"


class Masked(NamedTuple):
    table: pa.Table
    counts: dict[str, dict[str, int]]


def mask_counted(table: pa.Table, policy: StandInPolicy, key: bytes) -> Masked:
    masked = pc.replace_substring_regex(table["text"], r"\S+@\S+", "<EMAIL_ADDRESS>")
    changed = pc.sum(pc.not_equal(masked, table["text"]).cast(pa.int64())).as_py() or 0
    at = table.column_names.index("text")
    return Masked(table.set_column(at, "text", masked), {"text": {"EMAIL_ADDRESS": changed}})


class _Module:
    mask_counted = staticmethod(mask_counted)


@contextmanager
def standing_in() -> Iterator[None]:
    with patch.dict("sys.modules", {"dataweir.privacy.mask": _Module}):
        yield


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


def make(
    folder: str, table: pa.Table, policy: StandInPolicy, parts: int = 2, requester: str = "Bob"
) -> tuple[ev.Candidate, list[str]]:
    """Make a candidate as the flow does; return it and the reasons of its gates."""
    step = -(-table.num_rows // parts) or 1
    with standing_in():
        masked = [mask_part(Part(i, table.slice(i * step, step)), policy, b"k" * 32, folder) for i in range(parts)]
    groups = gather_groups(masked)
    released = write_groups(groups, policy, folder)
    sealed = [seal_part(part, released, policy, folder) for part in masked]
    after = assess(gather_groups(sealed), policy.k)
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
        before=assess(groups, policy.k),
        after=after,
        residual=residual,
        sample=ev.sample_rows(sealed),
    )
    reasons = ev.check_gates(policy, after, found["suppressed_share"], residual)
    return ev.write_candidate(folder, found), reasons


def approval(candidate: ev.Candidate) -> Review:
    return Review("c1", "approved", "Ada", "looked at it", candidate.hash, NOW - timedelta(days=1))


def fields(candidate: ev.Candidate) -> ManifestFields:
    return ManifestFields(
        created=NOW,
        review=approval(candidate),
        policy_hash="0123456789abcdef",
        policy_text="name: research\n",
        runs=["20240501T120000-ab12"],
        lineage={"refined.social_posts": ["raw.reddit"]},
    )


def built(tmp_path: Path) -> ev.Candidate:
    return make(str(tmp_path / "exports" / "posts" / "c1"), people(), StandInPolicy())[0]
