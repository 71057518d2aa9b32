"""Distances between distributions, from counts in the same bins or from sketches of sorted values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..execution.ranks import Sketch

SMOOTHING = 0.5
"""Added to each count of the stability index, so that an empty bin does not make it infinite (Jeffreys' prior)."""

Floats = npt.NDArray[np.float64]


def stability_index(baseline: Floats, current: Floats) -> float:
    """Return the population stability index of counts: sum of (q - p) ln(q / p) (Siddiqi, Credit Risk Scorecards).

    0 is no change; the usual reading is below 0.1 little, above 0.25 much.
    """
    p = (baseline + SMOOTHING) / (baseline + SMOOTHING).sum()
    q = (current + SMOOTHING) / (current + SMOOTHING).sum()
    return float(((q - p) * np.log(q / p)).sum())


def jensen_shannon(baseline: Floats, current: Floats) -> float:
    """Return the Jensen-Shannon distance of counts, base 2: 0 the same, 1 disjoint (Endres, Schindelin 2003)."""
    if not baseline.sum() or not current.sum():
        return 0.0 if baseline.sum() == current.sum() else 1.0
    p, q = baseline / baseline.sum(), current / current.sum()
    middle = (p + q) / 2
    return math.sqrt(max(0.0, (_entropy_to(p, middle) + _entropy_to(q, middle)) / 2))


def kolmogorov_smirnov(baseline: Sequence[Sketch], current: Sequence[Sketch]) -> float:
    """Return the largest difference of the two distribution functions, right to 1/4096 of each side."""
    points = np.unique(np.concatenate([s.values for s in (*baseline, *current)]))
    return float(np.abs(cumulative(baseline, points) - cumulative(current, points)).max())


def cumulative(sketches: Sequence[Sketch], points: Floats) -> Floats:
    """Return the share of values that are not greater than each point."""
    total = sum(s.n for s in sketches)
    upto = np.zeros(len(points))
    for part in sketches:
        if part.n:
            upto += np.append(0, part.upto)[np.searchsorted(part.values, points, side="right")]
    return upto / total


def binned(baseline: Sequence[Sketch], current: Sequence[Sketch], bins: int = 10) -> tuple[Floats, Floats]:
    """Return counts of both sides in bins that hold equal shares of the baseline."""
    points = np.unique(np.concatenate([s.values for s in baseline]))
    shares = cumulative(baseline, points)
    edges = np.unique(points[np.searchsorted(shares, np.arange(1, bins) / bins).clip(max=len(points) - 1)])
    return _counts(baseline, edges), _counts(current, edges)


def categories(baseline: Mapping[Any, int], current: Mapping[Any, int]) -> tuple[Floats, Floats]:
    """Return counts of both sides by category."""
    names = [*baseline, *(name for name in current if name not in baseline)]
    return np.array([baseline.get(n, 0) for n in names], float), np.array([current.get(n, 0) for n in names], float)


def _counts(sketches: Sequence[Sketch], edges: Floats) -> Floats:
    total = sum(s.n for s in sketches)
    shares = np.concatenate([[0.0], cumulative(sketches, edges), [1.0]])
    return np.diff(shares) * total


def _entropy_to(p: Floats, q: Floats) -> float:
    some = p > 0
    return float((p[some] * np.log2(p[some] / q[some])).sum())
