"""What a policy keeps that it should not: read before anything is masked, by `weir check` and by every export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from .contract import Operator
from .identities import COLUMNS, names_in
from .naming import IDENTIFIERS, named
from .nested import above, leaf_name, leaves
from .policy import BAR, LINKAGE, Policy

SINGLING = frozenset(
    {
        "location",
        "city",
        "place",
        "postcode",
        "postal_code",
        "zip",
        "zipcode",
        "birth_date",
        "birthdate",
        "birthday",
        "dob",
    }
)
"""Names of columns that find somebody among few; only k protects what they tell."""

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
        and _kept_by(*policy.operator(column))
        for objection in _kept(policy, column, (roles or {}).get(column))
    ]
    if not policy.quasi_identifiers:
        why = "no quasi-identifiers are named: k, l and t say nothing, and no row is held back"
        found.append(Objection("quasi_identifiers", why, False))
    if policy.linkage > BAR and LINKAGE not in policy.accept:
        why = f"lets {policy.linkage:.0%} of the people be found again; above {BAR:.0%} 'accept' must say why"
        found.append(Objection(LINKAGE, why, True))
    return sorted(found, key=lambda objection: not objection.refused)


def seen(table: pa.Table) -> dict[str, str]:
    """Return what the values of some rows tell of their columns, whatever those are called: path → role.

    A column that repeats what the table's identity columns say is an identifier; one of JSON, or of four words a value
    and more, is free text.
    """
    people = pc.unique(_plain(names_in(table)))
    found = {}
    for leaf in leaves(table):
        values = leaf.values.drop_null()
        if not (pa.types.is_string(values.type) and len(values)) or leaf_name(leaf.path) in COLUMNS:
            continue
        different = pc.unique(_plain(values))
        json = pc.match_substring_regex(values, r"^\s*[\[{].*[\]}]\s*$")
        words = pc.count_substring_regex(values, r"\S+")
        if pc.mean(pc.is_in(different, people)).as_py() >= _MOSTLY:
            found[leaf.path] = "identifier"
        elif pc.mean(json).as_py() >= _MOSTLY or pc.mean(words).as_py() >= _WORDS:
            found[leaf.path] = "free text"
    return found


_MOSTLY, _WORDS = 0.5, 4.0


def _plain(values: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(pc.utf8_lower(pc.utf8_trim_whitespace(values)), r"^(@|/?u/)", "")


def _kept_by(operator: Operator, options: Any) -> bool:
    return operator.keeps(options)


def _kept(policy: Policy, column: str, role: str | None) -> Iterator[Objection]:
    """Yield what speaks against keeping a column as it is."""
    name = leaf_name(column)
    if name in IDENTIFIERS:
        yield Objection(column, f"{IDENTIFIERS[name]}, and is kept as it is", True)
    elif role == "identifier" or ((called := named(column)) and called.role == "identifier"):
        how = "as its values show" if role == "identifier" else "by its name"
        yield Objection(column, f"tells who somebody is, {how}, and is kept as it is", True)
    elif name in FREE_TEXT or role == "free text":
        yield Objection(column, "is free text, and is kept as it is: anything can stand in it", True)
    elif column in policy.quasi_identifiers:
        if not policy.anonymise:
            yield Objection(column, "is a quasi-identifier without an operator: only k protects it", False)
    elif name in SINGLING and column not in policy.sensitive:
        yield Objection(column, "finds somebody among few, and is kept as it is without being a quasi-identifier", True)
    elif role in ("quasi-identifier", "sensitive") and column not in policy.sensitive:
        yield Objection(column, f"is {role}, as 'weir scan' found, and the policy does not name it so", False)
