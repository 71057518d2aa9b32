"""Planted canaries: rows with invented people, masked like all others, in which nothing of them may be left.

The residual scan proves that no known kind of leak stands in the release; the canaries prove that the masking of this
policy, on this table, works at all: they are masked beside the rows, searched for as plain texts, and never released.
"""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa

from .identities import COLUMNS, Identities, names_in
from .keyed import code, letters
from .mask import mask_counted
from .policy import Policy
from .residual import scan

_ROWS = 8


class Canaries(NamedTuple):
    """How many values were planted, and how often one was still found, by column."""

    planted: int
    found: dict[str, int]


def release_canaries(schema: pa.Schema, policy: Policy, key: bytes) -> Canaries:
    """Plant canaries in every text column that the policy treats, mask them, and search for them in the result."""
    treated = [name for name in policy.columns if policy.operator(name)[0].name not in ("keep", "drop")]
    columns, planted = {}, set()
    for field in schema:
        if field.name in treated and pa.types.is_string(field.type):
            made = [_canary(field.name, row, key) for row in range(_ROWS)]
            columns[field.name] = pa.array([text for text, _ in made], pa.string())
            planted |= {secret for _, secrets in made for secret in secrets}
        else:
            columns[field.name] = pa.nulls(_ROWS, field.type)
    table = pa.table(columns, schema=schema)
    people = Identities([*names_in(table).to_pylist(), *(_handle(row, key) for row in range(_ROWS))])
    masked = mask_counted(table, policy, key, people).table
    found = scan(masked, sorted(planted)).findings if planted else {}
    return Canaries(len(planted), {name: kinds["canary"] for name, kinds in found.items() if "canary" in kinds})


def _handle(row: int, key: bytes) -> str:
    return f"canary_{letters(code(f'canary {row}', key)[:5]).lower()}"


def _canary(column: str, row: int, key: bytes) -> tuple[str, list[str]]:
    """Return what is planted in a row of a column, and the texts of it that must not come out."""
    handle, number = _handle(row, key), int.from_bytes(code(f"{column} {row}", key)[:4])
    mail = f"{handle}.{row}@planted.org"
    phone = f"+49 30 {number % 900_000 + 100_000}"
    address = f"203.0.113.{number % 200 + 20}"
    if column in COLUMNS:
        return handle, [handle]
    if column.endswith("ip"):
        return address, [address]
    if column in ("url", "referer"):
        return f"https://host.org/people/{mail}?tel={phone}&q={handle}", [mail, phone, handle]
    if column == "path":
        return f"/people/{mail}", [mail]
    if column == "query":
        return f"tel={phone}&mail={mail}", [mail, phone]
    if column == "text":
        return f"Ask {handle}, {mail}, call {phone} or look at {address}.", [handle, mail, phone, address]
    return mail, [mail]
