"""Keyed pseudonyms."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from ..contract import Context, NoOptions, Operator, operator, per_distinct, texts_of
from ..keyed import code, letters


@operator("hash")
class Hash(Operator):
    """Replace a value by a keyed pseudonym (HMAC-SHA-256): the same value and key give the same one everywhere.

    Without the key nobody can tell whether a guess is right. 80 bits of the code stand in the pseudonym, in letters
    only, so that no scan takes it for a number. Case and surrounding blanks of a value do not count.
    """

    Options = NoOptions
    spans = True
    keyed = True

    def column(self, values: pa.Array, options: Any, context: Context) -> pa.Array:
        """Return the pseudonyms of a column, each distinct value's made once."""
        context.counts["hash"] += len(values) - values.null_count
        return per_distinct(texts_of(values, context), lambda value: pseudonym(value, context.key))[0]

    def span(self, text: str, entity: str, options: Any, context: Context) -> str:
        """Return the pseudonym of a finding, with its kind before it."""
        return f"<{entity}:{pseudonym(text, context.key)}>"


def pseudonym(value: str, key: bytes) -> str:
    """Return 16 letters that stand for a value under a key (RFC 2104 with SHA-256, its first 80 bits)."""
    return letters(code(value, key)[:10])
