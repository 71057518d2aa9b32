"""What a policy keeps that it should not: read before anything is masked, by `weir check` and by every export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from .nested import above, leaf_name
from .policy import BAR, LINKAGE, Policy

IDENTIFIERS = {
    "author_id": "says who wrote it",
    "author_name": "says who wrote it",
    "user": "says who asked",
    "customer": "says who it is",
    "actor": "says who did it",
    "email": "says who it is",
    "client_ip": "is somebody's address",
    "session_id": "joins all that one person did",
    "post_id": "finds the post, and so its author, on the platform",
    "url": "finds the page, and so its author, on the platform",
}
"""Columns of the integrated tables that tell who somebody is, and how."""

FREE_TEXT = ("text", "query", "referer", "path", "user_agent")
"""Columns in which anything can stand."""


class Objection(NamedTuple):
    """One thing that a policy keeps, why it should not, and whether an export is refused for it."""

    column: str
    why: str
    refused: bool


def scrutinise(policy: Policy, columns: Sequence[str], roles: Mapping[str, str] | None = None) -> list[Objection]:
    """Return what the policy keeps too much of a table with these columns (of nested ones the leaves, by path).

    The worst comes first. `roles` are what `weir scan` found the columns to be (identifier, quasi-identifier,
    sensitive, free text, safe). What `accept` names, with a reason, is no objection any more.
    """
    found = [
        objection
        for column in columns
        if policy.named(column) is not None
        and not any(name in policy.accept for name in above(column))
        and policy.operator(column)[0].name == "keep"
        for objection in _kept(policy, column, (roles or {}).get(column))
    ]
    if not policy.quasi_identifiers:
        why = "no quasi-identifiers are named: k, l and t say nothing, and no row is held back"
        found.append(Objection("quasi_identifiers", why, False))
    if policy.linkage > BAR and LINKAGE not in policy.accept:
        why = f"lets {policy.linkage:.0%} of the people be found again; above {BAR:.0%} 'accept' must say why"
        found.append(Objection(LINKAGE, why, True))
    return sorted(found, key=lambda objection: not objection.refused)


def _kept(policy: Policy, column: str, role: str | None) -> Iterator[Objection]:
    """Yield what speaks against keeping a column as it is."""
    name = leaf_name(column)
    if name in IDENTIFIERS:
        yield Objection(column, f"{IDENTIFIERS[name]}, and is kept as it is", True)
    elif role == "identifier":
        yield Objection(column, "tells who somebody is, as 'weir scan' found, and is kept as it is", True)
    elif name in FREE_TEXT or role == "free text":
        yield Objection(column, "is free text, and is kept as it is: anything can stand in it", True)
    elif column in policy.quasi_identifiers:
        if not policy.anonymise:
            yield Objection(column, "is a quasi-identifier without an operator: only k protects it", False)
    elif role in ("quasi-identifier", "sensitive") and column not in policy.sensitive:
        yield Objection(column, f"is {role}, as 'weir scan' found, and the policy does not name it so", False)
