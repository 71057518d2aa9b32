"""Make values coarser: times to periods, numbers to bands, places to regions."""

from __future__ import annotations

import itertools
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from ...config import Strict
from ...errors import ConfigError
from ..contract import Context, Operator, operator, per_distinct, texts_of


class GeneraliseOptions(Strict):
    """How coarse."""

    to: Literal["hour", "day", "week", "month", "quarter", "year"] = Field("day", description="what a time is cut to")
    bands: list[float] = Field(default_factory=list, description="lower ends of the bands that numbers fall into")
    width: float | None = Field(None, gt=0, description="width of bands that all are alike, such as 5 for an age")
    hierarchy: str | None = Field(None, description="a name under `hierarchies`, for places and other words")
    level: str | int = Field(1, description="the level of the hierarchy, by name or number")


@operator("generalise")
class Generalise(Operator):
    """Make values coarser: times to day, month or year, numbers to bands such as 20 to 25, places to their region.

    A value that the hierarchy does not know becomes *, so that nothing unforeseen stays.
    """

    Options = GeneraliseOptions
    example: ClassVar[dict[str, Any]] = {"to": "day"}

    def column(self, values: pa.Array, options: Any, context: Context) -> pa.Array:
        """Return times at the beginning of their period, the names of bands, or what places are part of."""
        context.counts["generalise"] += len(values) - values.null_count
        if options.hierarchy is not None:
            hierarchy = context.hierarchies[options.hierarchy]
            level = hierarchy.level(options.level, f"column '{context.column}'")
            return per_distinct(texts_of(values, context), lambda value: hierarchy.up(value, level))[0]
        if pa.types.is_temporal(values.type):
            return pc.floor_temporal(values, unit=options.to).cast(values.type)
        if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
            if options.bands:
                return _bands(values, sorted(options.bands))
            if options.width is not None:
                return _wide(values, options.width)
        raise ConfigError(
            f"column '{context.column}' is {values.type}: generalise needs times, numbers with bands or a hierarchy",
            "give 'bands', 'width' or 'hierarchy', or choose another operator",
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


def _wide(values: pa.Array, width: float) -> pa.Array:
    starts = pc.multiply(pc.floor(pc.divide(values.cast(pa.float64(), safe=False), width)), width)
    encoded = starts.dictionary_encode()
    names = [f"{start:g} to {start + width:g}" if start == start else None for start in encoded.dictionary.to_pylist()]
    return pa.array(names, pa.string()).take(encoded.indices)
