"""Compare a table's present with its baseline: schema, volume, freshness, nulls, shares and distributions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...config import DriftConfig
from ..profile import PROVENANCE, Column, Profile
from . import anomaly, distances


@dataclass(frozen=True)
class Finding:
    """One comparison: what was measured, the limit, whether it is past it. Holds no row value."""

    kind: str
    column: str | None
    measure: str
    value: float
    limit: float
    drifted: bool
    note: str = ""


@dataclass(frozen=True)
class Drift:
    """All comparisons of one table; `drifted` says whether any is past its limit."""

    table: str
    rows: int
    baseline_rows: int
    findings: tuple[Finding, ...]

    @property
    def drifted(self) -> bool:
        """Whether the table drifted."""
        return any(finding.drifted for finding in self.findings)


def drift(
    table: str, current: Profile, baseline: Profile, now: dt.datetime | None = None, limits: DriftConfig | None = None
) -> Drift:
    """Compare two profiles of one table. `now` (aware) is what freshness counts to; None leaves freshness out."""
    limits = limits or DriftConfig()
    findings = [*_schema(current, baseline), *_volume(current, baseline, limits)]
    if now is not None:
        findings += _freshness(current, baseline, now, limits)
    for name in baseline.columns:
        if name in current.columns:
            findings += _column(baseline.columns[name], current.columns[name], limits)
    return Drift(table, current.rows, baseline.rows, tuple(findings))


def _schema(current: Profile, baseline: Profile) -> Iterator[Finding]:
    gone = sorted(set(baseline.columns) - set(current.columns))
    new = sorted(set(current.columns) - set(baseline.columns))
    for name in gone:
        yield Finding("schema", name, "column removed", 1, 0, True)
    for name in new:
        yield Finding("schema", name, "column added", 1, 0, True)
    for name, column in baseline.columns.items():
        if name in current.columns and current.columns[name].type != column.type:
            yield Finding("schema", name, "type", 1, 0, True, f"{column.type} became {current.columns[name].type}")
    if not gone and not new:
        yield Finding("schema", None, "columns", 0, 0, False)


def _volume(current: Profile, baseline: Profile, limits: DriftConfig) -> Iterator[Finding]:
    """Judge each hour of the present, hours without a row included, by the same hour of earlier weeks."""
    if not current.hours or not baseline.hours:
        return
    first, last = min(baseline.hours), max(baseline.hours)
    hours = list(range(first, last + 1))
    counts = [float(baseline.hours.get(hour, 0)) for hour in hours]
    worst: anomaly.Judged | None = None
    off = 0
    # The first and the last hour may be cut by the window.
    present = range(min(current.hours) + 1, max(current.hours)) or range(min(current.hours), max(current.hours) + 1)
    for hour in present:
        judged = anomaly.judge([*hours, hour], [*counts, float(current.hours.get(hour, 0))], counted=True)
        if judged is None:
            return
        off += judged.score > limits.volume
        worst = judged if worst is None or judged.score > worst.score else worst
    if worst is not None:
        note = f"worst hour: {worst.value:,.0f} rows, {worst.expected:,.0f} expected; {off} of {len(present)} hours off"
        drifted = off > len(present) / 4
        yield Finding("volume", None, "robust deviations", round(worst.score, 2), limits.volume, drifted, note)


def _freshness(current: Profile, baseline: Profile, now: dt.datetime, limits: DriftConfig) -> Iterator[Finding]:
    seen = sorted({*baseline.hours, *current.hours})
    if len(seen) < 2:
        return
    age = now.timestamp() / 3600 - (seen[-1] + 1)
    longest = max(1, int(np.diff(seen).max()))
    ratio = max(0.0, age) / longest
    note = f"newest row {max(0.0, age):,.1f} h old; the longest gap was {longest} h"
    yield Finding(
        "freshness", None, "age over longest gap", round(ratio, 2), limits.freshness, ratio > limits.freshness, note
    )


def _column(before: Column, after: Column, limits: DriftConfig) -> Iterator[Finding]:
    if min(before.rows, after.rows) < limits.min_rows:
        return
    change = abs(after.null_rate - before.null_rate)
    note = f"{before.null_rate:.1%} became {after.null_rate:.1%}"
    yield _finding("null rate", before.name, "difference", change, limits.null_rate, note)
    if before.name in PROVENANCE or min(before.present, after.present) < limits.min_rows:
        return
    if before.values and after.values and (len(before.values) <= 50 or not before.sketches):
        yield from _distances("shares", before.name, distances.categories(before.values, after.values), limits)
    elif any(s.n for s in before.sketches) and any(s.n for s in after.sketches):
        yield from _distances("distribution", before.name, distances.binned(before.sketches, after.sketches), limits)
        largest = distances.kolmogorov_smirnov(before.sketches, after.sketches)
        yield _finding("distribution", before.name, "Kolmogorov-Smirnov", largest, limits.kolmogorov_smirnov)


def _distances(kind: str, column: str, counts: Any, limits: DriftConfig) -> Iterator[Finding]:
    index, distance = distances.stability_index(*counts), distances.jensen_shannon(*counts)
    yield _finding(kind, column, "stability index", index, limits.stability_index)
    yield _finding(kind, column, "Jensen-Shannon", distance, limits.jensen_shannon)


def _finding(kind: str, column: str, measure: str, value: float, limit: float, note: str = "") -> Finding:
    return Finding(kind, column, measure, round(value, 4), limit, value > limit, note)
