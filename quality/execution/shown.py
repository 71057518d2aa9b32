"""What a result shows of the rows that a condition finds unexpected: their number, values, labels, or themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from .conditions import condition_of
from .partition import Condition, Partition, domain_columns
from .work import Work

MAX_RESULT_RECORDS = 200
"""So many values or rows a complete result shows (great_expectations.constants)."""


def counted(partition: Partition, work: Work) -> int:
    """Return how many rows are unexpected."""
    return int(np.count_nonzero(partition.evaluate(_condition(work))))


def filtered(partition: Partition, work: Work) -> int:
    """Return how many rows a domain of several columns has."""
    return len(partition.evaluate(_condition(work)))


def values(partition: Partition, work: Work) -> list[Any]:
    """Return the first unexpected values: of a pair as tuples, of several columns as mappings."""
    domain = _condition(work).domain
    columns = domain_columns(domain)
    found = _chosen(partition, work, columns)
    if "column" in domain:
        return list(found[columns[0]])
    if "column_list" in domain:
        return list(found.to_dict("records"))
    return list(zip(found[columns[0]].values, found[columns[1]].values, strict=True))


def labels(partition: Partition, work: Work) -> list[Any]:
    """Return what names the unexpected rows: their place in the index, or the columns that the suite names."""
    domain, shape = _condition(work).domain, work.values["result_format"]
    named = shape.get("unexpected_index_column_names")
    frame = partition.block.frame
    levels = [name for name in frame.index.names if name is not None]
    if levels:
        if named and list(named) != levels:
            raise KeyError("the index has other names")
        found = _chosen(partition, work, domain_columns(domain)).reset_index()
        named = levels
    elif named:
        found = _chosen(partition, work, [*domain_columns(domain), *named])
    else:
        return list(_chosen(partition, work, domain_columns(domain)).index)
    if shape.get("exclude_unexpected_values"):
        return [{name: list(found[name]) for name in named}] if len(found) else []
    shown = list(dict.fromkeys([*domain_columns(domain), *named]))
    return [dict(zip(shown, row, strict=True)) for row in zip(*(found[name] for name in shown), strict=True)]


def places(partition: Partition, work: Work) -> list[Any]:
    """Return the places in the index of all unexpected rows."""
    return list(_chosen(partition, work, domain_columns(_condition(work).domain)).index.to_list())


def merge_places(states: Sequence[list[Any]], _: Work) -> str:
    """Put all places into a call of pandas that picks these rows."""
    return f"df.filter(items={[place for state in states for place in state]}, axis=0)"


def rows(partition: Partition, work: Work) -> pd.DataFrame:
    """Return the first unexpected rows with all their columns."""
    return _chosen(partition, work, None)


def merge_values(states: Sequence[list[Any]], work: Work) -> list[Any]:
    """Put the partitions' values together, as many as the result shows."""
    return [value for state in states for value in state][: _limit(work.values)]


def merge_labels(states: Sequence[list[Any]], work: Work) -> list[Any]:
    """Put the partitions' labels together; a complete result shows all of them."""
    shape = work.values["result_format"]
    found = [value for state in states for value in state]
    if shape.get("exclude_unexpected_values") and found and isinstance(found[0], Mapping):
        found = [{name: [v for state in found for v in state[name]] for name in found[0]}]
    return found if shape["result_format"] == "COMPLETE" else found[: shape["partial_unexpected_count"]]


def merge_rows(states: Sequence[pd.DataFrame], work: Work) -> pd.DataFrame:
    """Put the partitions' rows together, as many as the result shows."""
    return pd.concat(states).iloc[: _limit(work.values)]


def _condition(work: Work) -> Condition:
    found = work.inputs["unexpected_condition"]
    assert isinstance(found, Condition)
    return found


def _chosen(partition: Partition, work: Work, columns: Sequence[str] | None) -> pd.DataFrame:
    """Return the unexpected rows, no more than a result shows."""
    condition = _condition(work)
    mask = partition.mask(condition).to_numpy()
    complete = work.values["result_format"]["result_format"] == "COMPLETE"
    if work.metric.endswith(".unexpected_index_query") or (work.metric.endswith(".unexpected_index_list") and complete):
        wanted = mask
    else:
        wanted = mask & (np.cumsum(mask) <= _limit(work.values))
    nulls = "column" not in condition.domain or _asks_nulls(condition)
    return partition.rows(condition.domain, None if columns is None else list(dict.fromkeys(columns)), nulls=nulls)[
        wanted
    ]


def _asks_nulls(condition: Condition) -> bool:
    known = condition_of(condition.metric)
    return known is not None and known.nulls


def _limit(values: Mapping[str, Any]) -> int:
    shape = values["result_format"]
    if shape["result_format"] == "COMPLETE":
        return MAX_RESULT_RECORDS
    return min(MAX_RESULT_RECORDS, int(shape.get("partial_unexpected_count", 20)))
