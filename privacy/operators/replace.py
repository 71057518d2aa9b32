"""Put the kind in the value's place."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..contract import Context, NoOptions, Operator, operator


@operator("replace")
class Replace(Operator):
    """Put the kind in the value's place: <EMAIL_ADDRESS> for a finding, <COLUMN> for a column."""

    Options = NoOptions
    spans = True

    def column(self, values: pa.Array, options: Any, context: Context) -> pa.Array:
        """Return one placeholder wherever there is a value."""
        context.counts["replace"] += len(values) - values.null_count
        return pc.if_else(values.is_valid(), f"<{context.column.upper()}>", pa.scalar(None, pa.string()))

    def span(self, text: str, entity: str, options: Any, context: Context) -> str:
        """Return the kind in angle brackets."""
        return f"<{entity}>"
