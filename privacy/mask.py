"""Masking a table under a policy: only the columns, and parts of columns, that it names, each by its operator."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from ..errors import ConfigError
from ..registry import nearest
from .identities import Identities, names_in
from .nested import Leaf, above, columns_of, gather, leaves, of_row, paths
from .policy import Policy, load_policy


class Masked(NamedTuple):
    """A masked table, and how many values of each leaf were treated, by kind of finding or operator.

    `places` are by kind of finding the numbers of some rows with one.
    """

    table: pa.Table
    counts: dict[str, dict[str, int]]
    places: dict[str, list[int]]


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
    identities = Identities(names_in(table).to_pylist()) if people is None else people
    wanted = list(policy.columns if only is None else only)
    known = paths(table.schema)
    for name in wanted:
        if not any(name in above(path) for path in known):
            raise ConfigError(
                f"policy {policy.name}: the table has no column '{name}'{nearest(name, list(known))}",
                f"its columns: {', '.join(known)}",
            )
    tops = columns_of(wanted, table.schema)
    treated: dict[str, pa.Array] = {}
    counts: dict[str, dict[str, int]] = {}
    places: dict[str, list[int]] = {}
    for leaf in leaves(table.select(tops)):
        if policy.named(leaf.path) is None or not any(name in above(leaf.path) for name in wanted):
            continue
        built, options = policy.operator(leaf.path)
        context = policy.context(leaf.path, key, identities, functools.partial(_beside, table, leaf))
        masked = built.column(leaf.values, options, context)
        if masked is not None:
            treated[leaf.path] = leaf.wrapped(masked)
        counts[leaf.path] = dict(sorted(context.counts.items()))
        for kind, held in context.places.items():
            rows = held if leaf.rows is None else leaf.rows.take(pa.array(held)).to_pylist()
            places.setdefault(kind, []).extend(rows)
    order = list(dict.fromkeys(top for name in wanted for top in columns_of([name], table.schema)))
    columns = gather(treated, pa.schema([table.schema.field(name) for name in order]))
    return Masked(pa.table(columns) if columns else table.select([]), counts, places)


def _beside(table: pa.Table, leaf: Leaf, column: str) -> pa.Array:
    """Return the values of another column in the rows of a leaf's values."""
    values = of_row(table, column)
    return values if leaf.rows is None else values.take(leaf.rows)
