"""The audit trail as a chain: each entry's hash covers the entry and the hash before it.

Whoever changes, removes or inserts an entry in the middle breaks every hash after it; whoever cuts the end off
changes the head, so keep the head of `weir audit verify` elsewhere from time to time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from .plainjson import dump_json


class Entry(Protocol):
    """What the chain reads of an entry of the audit trail."""

    seq: Any
    at: Any
    actor: Any
    action: Any
    subject: Any
    detail: Any
    hash: Any


@dataclass(frozen=True)
class Verdict:
    """What verifying found: the entries read, the head's hash, and the first entry that does not fit (None: all do).

    `head_found` says whether every head that was kept elsewhere is in the chain, None where none was given; `missing`
    are those that are not: the end was cut off behind them, or the trail written anew.
    """

    ok: bool
    entries: int
    head: str
    broken_at: int | None
    head_found: bool | None
    missing: tuple[str, ...] = ()


def link(before: str, at: datetime, actor: str, action: str, subject: str, detail: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) that binds an entry to the one before, whose hash is `before` ('' for the first)."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(dump_json([before, moment, actor, action, subject, dict(detail)]).encode()).hexdigest()


def verify(entries: Iterable[Entry], heads: Collection[str] = ()) -> Verdict:
    """Follow the chain from the first entry, oldest first; `heads` are hashes that must be part of it."""
    before, count, broken = "", 0, None
    left = dict.fromkeys(heads)
    left.pop("", None)  # the head of a trail without entries
    for entry in entries:
        count += 1
        expected = link(before, entry.at, entry.actor, entry.action, entry.subject, entry.detail)
        if broken is None and entry.hash != expected:
            broken = int(entry.seq)
        before = str(entry.hash)
        left.pop(before, None)
    found = not left if heads else None
    return Verdict(broken is None and not left, count, before, broken, found, tuple(left))
