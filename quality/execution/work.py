"""What a metric is on its way through the partitions: work to do, partial states, a second look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .partition import Condition, Partition, domain_columns, shows_other_columns


@dataclass(frozen=True)
class Work:
    """One metric to compute over all partitions."""

    metric: str
    domain: Mapping[str, Any]
    values: Mapping[str, Any]
    inputs: Mapping[str, Any] = field(default_factory=dict)
    again: Any = None
    """What a first pass found, where this is the second."""
    sketched: bool = False
    """Whether ranks may be answered from the sketches alone, without a second pass."""

    @property
    def name(self) -> str | None:
        """What the work demands, in one text; None where it depends on what was found in the data."""
        inputs = _named(self.inputs)
        if self.again is not None or inputs is None:
            return None
        return repr((self.metric, sorted(self.domain.items()), sorted(self.values.items()), inputs, self.sketched))

    @property
    def columns(self) -> list[str] | None:
        """The columns it reads, or None for any."""
        if self.domain.get("row_condition") or shows_other_columns(self.metric, self.values):
            return None
        return domain_columns(self.domain)


@dataclass(frozen=True)
class Again:
    """A merge that needs a second pass: the same work, told what the first one found."""

    found: Any


@dataclass(frozen=True)
class Reducer:
    """Partial on a partition, merge in the driver; `shuffled` ones merge hash buckets on the workers before."""

    partial: Callable[[Partition, Work], Any]
    merge: Callable[[list[Any], Work], Any]
    shuffled: bool = False


def _named(inputs: Mapping[str, Any]) -> Any:
    """Return inputs in comparable form: conditions by what they demand; None where one holds findings."""
    found: list[Any] = []
    for key, value in sorted(inputs.items()):
        if isinstance(value, Condition):
            inner = _named(value.inputs)
            if value.unique is not None or inner is None:
                return None
            found.append((key, value.key, inner))
        elif key in ("table.columns", "table.column_types"):
            found.append((key, repr(value)))
        else:
            return None
    return found


def again(work: Work, found: Again) -> Work:
    """Return the work of a second pass."""
    return replace(work, again=found.found)


def provide(partition: Partition, work: Work) -> Any:
    """Run Great Expectations' pandas provider of the work's metric on a partition."""
    return partition.provide(work.metric, work.domain, work.values, work.inputs)
