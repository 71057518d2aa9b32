"""What a validation found, without any row value: counts, rates and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .execution.partition import Condition


@dataclass(frozen=True)
class Check:
    """One expectation's outcome.

    `kwargs` are the suite's own, `unexpected_percent` is of the values that are not null, `observed` a number or
    numbers (never a text). `error` says why the expectation could not be computed: metric and kind of error.
    """

    expectation: str
    column: str | None
    kwargs: Mapping[str, Any]
    severity: str
    success: bool
    unexpected_count: int | None = None
    unexpected_percent: float | None = None
    observed: Any = None
    error: str | None = None

    @property
    def label(self) -> str:
        """`expectation:column`, as rejects and the gate name the check (`expectation` for the whole table)."""
        return f"{self.expectation}:{self.column}" if self.column else self.expectation

    def as_dict(self) -> dict[str, Any]:
        """Return the check as JSON."""
        return {
            "expectation": self.expectation,
            "column": self.column,
            "kwargs": dict(self.kwargs),
            "severity": self.severity,
            "success": self.success,
            "unexpected_count": self.unexpected_count,
            "unexpected_percent": self.unexpected_percent,
            "observed": self.observed,
            "error": self.error,
        }


@dataclass(frozen=True)
class RowRule:
    """A failed row-level check in a form that finds its failing rows in any file of the data; picklable."""

    label: str
    condition: Condition
    critical: bool = True


@dataclass(frozen=True)
class Report:
    """The outcome of a suite on a table. `rows` is None where not even counting worked.

    `partitions_read` counts partitions of the data that were read for it, each time they were.
    """

    success: bool
    name: str
    suite: str
    suite_hash: str
    rows: int | None
    results: tuple[Check, ...]
    partitions_read: int = field(default=0, compare=False)
    row_rules: tuple[RowRule, ...] = field(default=(), repr=False, compare=False)
    """The row-level checks that failed; for finding the rows only, in no output."""

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON: no row value stands in it."""
        return {
            "success": self.success,
            "name": self.name,
            "suite": self.suite,
            "suite_hash": self.suite_hash,
            "rows": self.rows,
            "results": [check.as_dict() for check in self.results],
        }
