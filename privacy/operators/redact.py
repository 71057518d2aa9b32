"""Blank values out."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from ..contract import Context, NoOptions, Operator, operator


@operator("redact")
class Redact(Operator):
    """Blank values out: a column becomes nulls, a finding in a text goes without a trace."""

    Options = NoOptions
    spans = True

    def column(self, values: pa.Array, options: Any, context: Context) -> pa.Array:
        """Return nulls of the same type."""
        context.counts["redact"] += len(values) - values.null_count
        return pa.nulls(len(values), values.type)

    def span(self, text: str, entity: str, options: Any, context: Context) -> str:
        """Return nothing."""
        return ""
