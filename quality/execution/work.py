"""What a metric is on its way through the partitions: work to do, partial states, a second look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .partition import Condition, domain_columns, key_of


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
        return repr((self.metric, key_of(self.domain), key_of(self.values), inputs, self.sketched))

    @property
    def columns(self) -> list[str] | None:
        """The columns it names, or None where it shows whole rows; its row condition may name others."""
        if self.metric.endswith(".unexpected_rows"):
            return None
        shape = self.values.get("result_format")
        shown = shape.get("unexpected_index_column_names") if isinstance(shape, Mapping) else None
        inputs = [c for v in self.inputs.values() if isinstance(v, Condition) for c in domain_columns(v.domain)]
        return [*domain_columns(self.domain), *inputs, *(shown or [])]


@dataclass(frozen=True)
class Again:
    """A merge that needs a second pass: the same work, told what the first one found."""

    found: Any


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
