"""Leave a column as it is."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from ..contract import Context, NoOptions, Operator, operator


@operator("keep")
class Keep(Operator):
    """Leave a column as it is."""

    Options = NoOptions

    def keeps(self, options: Any) -> bool:
        """All come through."""
        return True

    def column(self, values: pa.Array, options: Any, context: Context) -> pa.Array:
        """Return the values."""
        return values
