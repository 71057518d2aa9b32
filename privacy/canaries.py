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
from .nested import leaf_name
from .policy import Policy
from .residual import scan

_ROWS = 8


class Canaries(NamedTuple):
    """How many values were planted, and how often one was still found, by column."""

    planted: int
    found: dict[str, int]


def release_canaries(schema: pa.Schema, policy: Policy, key: bytes) -> Canaries:
    """Plant canaries in every text column that the policy treats, mask them, and search for them in the result."""
    planted: set[str] = set()
    table = pa.table([_planted(f.name, f.type, policy, key, planted) for f in schema], schema=schema)
    people = Identities([*names_in(table).to_pylist(), *(_handle(row, key) for row in range(_ROWS))])
    masked = mask_counted(table, policy, key, people).table
    found = scan(masked, sorted(planted)).findings if planted else {}
    return Canaries(len(planted), {name: kinds["canary"] for name, kinds in found.items() if "canary" in kinds})


def _planted(path: str, kind: pa.DataType, policy: Policy, key: bytes, planted: set[str]) -> pa.Array:
    """Return a column of canaries, in nested ones at every leaf; what must not come out is added to `planted`."""
    if pa.types.is_struct(kind):
        parts = [_planted(f"{path}.{field.name}", field.type, policy, key, planted) for field in kind]
        return pa.StructArray.from_arrays(parts, fields=list(kind))
    if pa.types.is_list(kind):
        values = _planted(f"{path}[]", kind.value_type, policy, key, planted)
        return pa.ListArray.from_arrays(pa.array(range(len(values) + 1), pa.int32()), values, type=kind)
    if pa.types.is_map(kind):
        parts = [
            _planted(path + end, k, policy, key, planted)
            for end, k in (("[key]", kind.key_type), ("[]", kind.item_type))
        ]
        parts[0] = parts[0] if parts[0].null_count == 0 else pa.array(map(str, range(_ROWS))).cast(kind.key_type)
        return pa.MapArray.from_arrays(pa.array(range(_ROWS + 1), pa.int32()), *parts)
    treated = policy.named(path) is not None and policy.operator(path)[0].name not in ("keep", "drop")
    if not (treated and pa.types.is_string(kind)):
        return pa.nulls(_ROWS, kind)
    made = [_canary(path, row, key) for row in range(_ROWS)]
    planted.update(secret for _, secrets in made for secret in secrets)
    return pa.array([text for text, _ in made], pa.string())


def _handle(row: int, key: bytes) -> str:
    return f"canary_{letters(code(f'canary {row}', key)[:5]).lower()}"


def _canary(path: str, row: int, key: bytes) -> tuple[str, list[str]]:
    """Return what is planted in a row of a column, and the texts of it that must not come out."""
    handle, number = _handle(row, key), int.from_bytes(code(f"{path} {row}", key)[:4])
    column = leaf_name(path)
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
