"""Which core expectations of the installed Great Expectations the engine computes, and in how many passes."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from typing import Any

from great_expectations.exceptions import MetricProviderError
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations import core
from great_expectations.expectations.registry import get_metric_provider

from .engine import DERIVED, DaskExecutionEngine
from .reducers import reducer_of

SECOND_PASS = {
    "expect_column_kl_divergence_to_be_less_than": "where it has to find the bins itself",
    "expect_column_median_to_be_between": "partitions of more than 4,096 values",
    "expect_column_most_common_value_to_be_in_set": "to look up the values behind the hashes",
    "expect_column_quantile_values_to_be_between": "partitions of more than 4,096 values",
    "expect_column_value_z_scores_to_be_less_than": "mean and deviation first",
    "expect_column_values_to_not_be_outliers": "quartiles or mean and deviation first",
}
"""Why an expectation reads the data a second time; the rows of repeated values need one too, if they are asked for."""

_OWN_DEPENDENCIES = {
    "expect_column_kl_divergence_to_be_less_than": (
        "column.histogram",
        "column.partition",
        "column.value_counts",
        "column_values.between.count",
    ),
    "expect_table_row_count_to_equal_other_table": ("table.row_count_of_another_table",),
}
"""Metrics of expectations that declare none, or not the one that decides."""


@dataclass(frozen=True)
class Covered:
    """One core expectation: whether Great Expectations' pandas engine has it, whether this engine does."""

    expectation: str
    pandas: bool
    dask: bool

    @property
    def second_pass(self) -> str:
        """When the data is read twice; empty for never."""
        return SECOND_PASS.get(self.expectation, "")


def coverage() -> list[Covered]:
    """Return every core expectation, by name."""
    named = [getattr(core, name) for name in dir(core) if name.startswith(("Expect", "Unexpected"))]
    kinds = {kind.expectation_type: kind for kind in named if getattr(kind, "expectation_type", "")}
    return [
        Covered(name, _provided(_metrics(kind), PandasExecutionEngine()), _computed(_metrics(kind)))
        for name, kind in sorted(kinds.items())
    ]


def as_markdown() -> str:
    """Return the coverage as a page of the reference."""
    found = coverage()
    computed, both = sum(c.dask for c in found), sum(c.pandas for c in found)
    lines = [
        "# Expectations on Dask",
        "",
        f"Great Expectations {importlib.metadata.version('great-expectations')} has {len(found)} core expectations;",
        f"its pandas engine computes {both} of them, the Dask engine {computed}.",
        "This page is generated (`python -m dataweir.quality.execution.coverage`) and tested against the engine.",
        "",
        "| expectation | pandas | Dask | second pass |",
        "|---|---|---|---|",
        *(f"| `{c.expectation}` | {_mark(c.pandas)} | {_mark(c.dask)} | {c.second_pass or '-'} |" for c in found),
        "",
        "What the pandas engine lacks (SQL patterns and queries, other tables) the Dask engine lacks too.",
        "A uniqueness expectation that is asked for the rows or values it found reads the data a second time.",
        "",
    ]
    return "\n".join(lines)


def _metrics(kind: Any) -> list[str]:
    base = getattr(kind, "map_metric", None)
    if base:
        return [f"{base}.condition"]
    declared = getattr(kind, "metric_dependencies", ()) or ()
    return list(_OWN_DEPENDENCIES.get(kind.expectation_type, declared))


def _provided(metrics: list[str], engine: Any) -> bool:
    for metric in metrics:
        try:
            get_metric_provider(metric, engine)
        except (MetricProviderError, KeyError):
            return False
    return bool(metrics)


def _computed(metrics: list[str]) -> bool:
    known = all(m in DERIVED or reducer_of(m) or m.endswith(".condition") for m in metrics)
    return known and _provided(metrics, DaskExecutionEngine())


def _mark(yes: bool) -> str:
    return "yes" if yes else "no"


if __name__ == "__main__":
    print(as_markdown(), end="")
