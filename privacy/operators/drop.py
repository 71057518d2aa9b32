"""Leave a column out."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from ..contract import Context, NoOptions, Operator, operator


@operator("drop")
class Drop(Operator):
    """Leave a column out, as if the policy did not name it."""

    Options = NoOptions

    def column(self, values: pa.Array, options: Any, context: Context) -> None:
        """Return no column."""
        context.counts["drop"] += len(values) - values.null_count
