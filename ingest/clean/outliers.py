"""Numbers far from all others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import pyarrow as pa
from pydantic import Field

from ...config import Strict
from ..contract import StepResult, no_rejects, rule
from ..outliers import Limits, Sketch, limits, merge, sketch


class OutliersOptions(Strict):
    """Which numbers are looked at, and how far is far."""

    columns: dict[str, list[str]] = Field(
        default_factory=dict, description="table: number columns, in place of the usual ones; an empty list: none"
    )
    method: Literal["robust_z", "iqr"] = Field("robust_z", description="robust z-score, or interquartile range")
    factor: float = Field(5.0, gt=0, description="robust standard deviations, or interquartile ranges, that are far")
    most: float = Field(0.01, gt=0, lt=0.5, description="largest share of the values that is far at each end")
    least: int = Field(200, ge=1, description="fewer values in a table are not judged")


@rule("outliers")
class Outliers:
    """Sizes, durations and scores far from the table's others are marked in `flags` (`outlier:COLUMN`), never dropped.

    What is far follows from all rows that ever came in, by robust statistics on a logarithmic scale
    (ingest/outliers.py). Where a batch moves the limits, committed rows are marked anew in the same commit.
    """

    order = 90
    tables = ("web_events", "social_posts")
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "web_events": ("bytes", "duration_us"),
        "social_posts": ("score",),
    }
    Options = OutliersOptions

    def __init__(self, table: str, options: Any) -> None:
        self.options: OutliersOptions = options
        self.names = options.columns.get(table, list(self.columns.get(table, ())))

    def apply(self, table: pa.Table) -> StepResult:
        """Leave the table as it is: what is far is known once all parts are."""
        return StepResult(table, no_rejects())

    def observe(self, table: pa.Table) -> dict[str, Sketch]:
        """Count the columns of one part."""
        return {name: sketch(table[name]) for name in self._here(table)}

    def settle(self, states: list[dict[str, Sketch]]) -> dict[str, Limits]:
        """Return the limits of each column from the sketches of all parts and batches."""
        chosen, made = self.options, merge(states)
        found = {
            name: limits(counted, chosen.method, chosen.factor, chosen.least, chosen.most)
            for name, counted in made.items()
        }
        return {name: limit for name, limit in found.items() if limit is not None}

    def _here(self, table: pa.Table) -> list[str]:
        if "flags" not in table.column_names:
            return []
        number = (pa.types.is_integer, pa.types.is_floating)
        known = [name for name in self.names if name in table.column_names]
        return [name for name in known if any(test(table.schema.field(name).type) for test in number)]
