"""Increasing and decreasing: conditions that look at the row before, which may stand in another partition."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from . import shown
from .partition import Condition, Domain, Partition
from .work import Again, Work

SEQUENTIAL = frozenset({"column_values.increasing.condition", "column_values.decreasing.condition"})


def is_sequential(work: Work) -> bool:
    """Whether a work is about a sequential condition."""
    condition = work.inputs.get("unexpected_condition")
    return isinstance(condition, Condition) and is_ordered(condition)


def is_ordered(condition: Condition) -> bool:
    """Whether a condition looks at the row before."""
    return condition.metric in SEQUENTIAL


def last(partition: Partition, domain: Domain) -> pd.DataFrame | None:
    """Return the last value of a partition, or None of one without any."""
    column = partition.column(domain).to_frame().iloc[-1:]
    return column if len(column) else None


def count_states(partition: Partition, work: Work) -> Any:
    """Return how often the order is broken within the partition, and its first and last value."""
    column = partition.column(work.domain).to_frame()
    return shown.counted(partition, work), column.iloc[:1], column.iloc[-1:]


def count(states: list[Any], work: Work) -> int:
    """Add up the breaks within the partitions and those between them."""
    filled = [s for s in states if len(s[1])]
    total = sum(int(s[0]) for s in states)
    plain = {"column": work.domain["column"]}
    condition = work.inputs["unexpected_condition"]
    for before, after in itertools.pairwise(filled):
        pair = Partition.of(pd.concat([before[2], after[1]], ignore_index=True))
        total += int(pair.mask(Condition(condition.metric, plain, condition.values, {})).sum())
    return total


def shown_states(partition: Partition, work: Work) -> Any:
    """First pass: the last value. Second: the unexpected rows, the value before the partition being known."""
    if work.again is None:
        return partition.column(work.domain).to_frame().iloc[-1:]
    condition = work.inputs["unexpected_condition"]
    placed = Condition(
        condition.metric, condition.domain, condition.values, condition.inputs, before=work.again[partition.number]
    )
    found = replace(work, inputs={**work.inputs, "unexpected_condition": placed})
    if work.metric.endswith(".unexpected_values"):
        return shown.values(partition, found)
    if work.metric.endswith("_query"):
        return shown.places(partition, found)
    return shown.rows(partition, found) if work.metric.endswith("_rows") else shown.labels(partition, found)


def edges(lasts: Sequence[pd.DataFrame]) -> Again:
    """Return for each partition the last value of those before it."""
    before: list[pd.DataFrame | None] = []
    known: pd.DataFrame | None = None
    for last in lasts:
        before.append(known)
        known = last if len(last) else known
    return Again(before)
