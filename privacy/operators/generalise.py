"""Make values coarser: times to hours, days, months or years, numbers to bands."""

from __future__ import annotations

import itertools
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from ...config import Strict
from ...errors import ConfigError
from ..contract import Context, Operator, operator


class GeneraliseOptions(Strict):
    """How coarse."""

    to: Literal["hour", "day", "month", "year"] = Field("day", description="what a time is cut to")
    bands: list[float] = Field(default_factory=list, description="lower ends of the bands that numbers fall into")


@operator("generalise")
class Generalise(Operator):
    """Make values coarser: times to hours, days, months or years, numbers to bands such as 18-24."""

    Options = GeneraliseOptions
    example: ClassVar[dict[str, Any]] = {"to": "day"}

    def column(self, values: pa.Array, options: Any, context: Context) -> pa.Array:
        """Return times at the beginning of their period, or the names of bands."""
        context.counts["generalise"] += len(values) - values.null_count
        if pa.types.is_temporal(values.type):
            return pc.floor_temporal(values, unit=options.to).cast(values.type)
        if options.bands and (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
            return _bands(values, sorted(options.bands))
        raise ConfigError(
            f"column '{context.column}' is {values.type}: generalise needs times, or numbers with bands",
            "give 'bands', or choose another operator",
        )


def _bands(values: pa.Array, ends: list[float]) -> pa.Array:
    names = [
        f"under {ends[0]:g}",
        *(f"{a:g} to {b:g}" for a, b in itertools.pairwise(ends)),
        f"{ends[-1]:g} up",
    ]
    numbers = pc.fill_null(values.cast(pa.float64()), np.nan).to_numpy(zero_copy_only=False)
    places = np.searchsorted(np.array(ends), numbers, side="right")
    return pa.array(names).take(pa.array(places, pa.int64(), mask=np.isnan(numbers)))
