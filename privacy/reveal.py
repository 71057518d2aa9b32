"""Reading again what reversible operators wrote, in whole columns and inside texts, for holders of the keys."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from .contract import per_distinct
from .nested import gather, leaves
from .operators.encrypt import TOKEN, opened
from .policy import Policy

_SPAN = re.compile(rf"<[A-Z_]+:({TOKEN.pattern})>")


def reveal(table: pa.Table, policy: Policy, keys: Mapping[str, bytes], key: str) -> tuple[pa.Table, list[str]]:
    """Return a masked table with all that can be read again, and the names of the columns that changed.

    `keys` are those there are by id; `key` is the id of the one for results that do not name theirs. Raises
    ValueError where a token was changed since it was written.
    """
    changed, leafs = [], {}
    for leaf in leaves(table):
        made = None
        if policy.named(leaf.path) is not None:
            built, options = policy.operator(leaf.path)
            made = built.reveal(leaf.values, options, policy.context(leaf.path, keys[key], None))
        texts = leaf.values if made is None else made
        if pa.types.is_string(texts.type):
            texts = per_distinct(texts, lambda text: opened(_SPAN.sub(r"\1", text), dict(keys)))[0]
        leafs[leaf.path] = leaf.wrapped(texts)
        if not _same(texts, leaf.values):
            changed.append(leaf.path)
    return pa.table(gather(leafs, table.schema)), changed


def _same(one: pa.Array, other: pa.Array) -> bool:
    return one.type == other.type and bool(pc.all(pc.equal(one, other), skip_nulls=True).as_py() is not False)
