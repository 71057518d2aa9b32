"""Shift all dates of one person by one secret offset."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from ...config import Strict
from ...errors import ConfigError
from ..contract import Context, Operator, of_subject, operator
from ..keyed import uniforms

_DAY = 86_400_000_000


class ShiftOptions(Strict):
    """How far, and by whom."""

    days: int = Field(
        365, ge=1, le=36_500, description="the offset is a whole number of days, at most this, never zero"
    )
    by: str | None = Field(None, description="column that names the person; default: the policy's subject")


@operator("shift")
class Shift(Operator):
    """Shift all dates of one person by one secret offset: how long lay between them stays, when they were does not.

    The offset hangs on the person and the key alone, so that it is the same in every column and table. A date in a row
    that names nobody becomes null.
    """

    Options = ShiftOptions
    keyed = True
    example: ClassVar[dict[str, Any]] = {"days": 30}

    def column(self, values: pa.Array, options: Any, context: Context) -> pa.Array:
        """Return the times, each moved by its person's offset."""
        kind = values.type
        if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
            raise ConfigError(
                f"column '{context.column}' is {kind}: shift needs times or dates", "choose another operator"
            )
        context.counts["shift"] += len(values) - values.null_count
        people = of_subject(values, options.by, context).dictionary_encode()
        drawn = uniforms(people.dictionary.to_pylist(), context.key, "shift")
        days = 1 + np.floor(drawn[:, 0] * options.days).astype(np.int64)
        offsets = pa.array(np.where(drawn[:, 1] < 0.5, -days, days) * _DAY).take(people.indices)
        moved = pc.add(values.cast(pa.timestamp("us")).cast(pa.int64()), offsets)
        return moved.cast(pa.timestamp("us")).cast(kind, safe=False)
