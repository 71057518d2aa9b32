"""Masking a table under a policy: only the columns it names, each by its operator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from ..errors import ConfigError
from ..registry import nearest
from .identities import Identities, names_in
from .policy import Policy, load_policy


class Masked(NamedTuple):
    """A masked table, and how many values of each column were treated, by kind of finding or operator."""

    table: pa.Table
    counts: dict[str, dict[str, int]]


def mask(table: pa.Table, policy: Policy | str | Path, *, key: bytes) -> pa.Table:
    """Return the table as the policy (or policy file) lets it leave: same rows, only the policy's columns.

    `key` makes the pseudonyms: the same key gives the same ones. Raises ConfigError where the policy names a column
    that the table lacks.
    """
    return mask_counted(table, policy if isinstance(policy, Policy) else load_policy(policy), key).table


def mask_counted(
    table: pa.Table,
    policy: Policy,
    key: bytes,
    people: Identities | None = None,
    only: Sequence[str] | None = None,
) -> Masked:
    """Mask a table and count what was treated; `people` are looked for in its texts, by default its own.

    `only` names the columns of the policy that are wanted; None: all.
    """
    known = table.column_names
    identities = Identities(names_in(table).to_pylist()) if people is None else people

    def beside(column: str) -> pa.Array:
        if column not in known:
            raise ConfigError(
                f"policy {policy.name}: the table has no column '{column}'{nearest(column, known)}",
                f"its columns: {', '.join(known)}",
            )
        return _whole(table[column])

    columns: dict[str, pa.Array] = {}
    counts: dict[str, dict[str, int]] = {}
    whole = {name: beside(name) for name in (policy.columns if only is None else only)}
    for name, values in whole.items():
        built, options = policy.operator(name)
        context = policy.context(name, key, identities, beside)
        masked = built.column(values, options, context)
        if masked is not None:
            columns[name] = masked
        counts[name] = dict(sorted(context.counts.items()))
    return Masked(pa.table(columns) if columns else table.select([]), counts)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
