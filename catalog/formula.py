"""The formulas of the scores over numbers and arrays alike: difficulty, pillar, whole; each has a version."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .measure import BARRIER, BOTTLENECK, Pillar
from .records import ScoreKind

Array = npt.NDArray[np.float64]
VERSIONS: Mapping[ScoreKind, str] = {"barrier": "barrier/1", "bottleneck": "bottleneck/1"}
PILLARS: Mapping[ScoreKind, tuple[Pillar, ...]] = {"barrier": BARRIER, "bottleneck": BOTTLENECK}


@dataclass(frozen=True)
class Item:
    """One metric as a score took it, with its goalposts then; `value` None: not measured."""

    metric: str
    pillar: Pillar
    value: float | None
    unit: str
    easy: float
    hard: float
    scale: str = "linear"
    advice: str = ""
    optional: bool = False
    crosses: bool = False


def present(kind: ScoreKind, items: Sequence[Item]) -> list[Pillar]:
    """Return the pillars that apply: all of the score's that have an item, measured or not."""
    found = {item.pillar for item in items}
    return [pillar for pillar in PILLARS[kind] if pillar in found]


def hardness(item: Item, value: float) -> float:
    """Return how hard `value` is to live with, from 0 to 1, by the item's goalposts."""
    easy, hard = item.easy, item.hard
    if item.scale == "log":
        floor = min(easy, hard) * 1e-9
        easy, hard, value = math.log(easy), math.log(hard), math.log(max(value, floor))
    return min(1.0, max(0.0, (value - easy) / (hard - easy)))


def pillar_hardness(kind: ScoreKind, pillar: Pillar, found: Sequence[float]) -> float:
    """Return a pillar's difficulty from those of its metrics; without any 1/2 (barrier) or 0 (bottleneck)."""
    if not found:
        return 0.5 if kind == "barrier" else 0.0
    if kind == "barrier":
        return sum(found) / len(found)
    if pillar == "hardware":
        return max(found)
    return float(1.0 - math.prod(1.0 - d for d in found))


def combine(kind: ScoreKind, hardness: Sequence[float]) -> float:
    """Return the score from the difficulties of the pillars."""
    power = 1.0 / len(hardness) if kind == "barrier" else 1.0
    return float(min(1.0, max(0.0, 1.0 - math.prod((1.0 - d) ** power for d in hardness))))


def barrier_draws(
    pillars: Mapping[Pillar, Array], inside: Mapping[Pillar, Array], weights: Array, rule: Array
) -> Array:
    """Return the barrier of many draws: the power mean of the eases with exponent `rule` (0: the formula's).

    `pillars` and `inside` are (draws, metrics) difficulties and weights, `weights` (draws, pillars). An exponent
    of 1 is the arithmetic mean, which lets an easy pillar make up for a hard one; -1 the harmonic, which hardly
    does.
    """
    ease = np.stack([1.0 - (d * inside[p]).sum(axis=1) for p, d in pillars.items()], axis=1)
    ease = np.clip(ease, 1e-12, 1.0)
    power = np.where(np.abs(rule) < 1e-3, 1e-3, rule)[:, None]
    mean: Array = (weights * ease**power).sum(axis=1) ** (1.0 / power[:, 0])
    return np.clip(1.0 - mean, 0.0, 1.0)


def bottleneck_draws(pillars: Mapping[Pillar, Array], rule: Array) -> Array:
    """Return the bottleneck of many draws.

    `rule` 0 is the formula's; towards 1 the roofs are averaged instead of taking the lowest, and of the losses
    in a pillar only the largest counts instead of their product.
    """
    total = np.ones_like(rule)
    for pillar, found in pillars.items():
        if not found.shape[1]:
            continue
        eta = 1.0 - found
        roofs = pillar == "hardware"
        first, other = (eta.min(axis=1), eta.mean(axis=1)) if roofs else (eta.prod(axis=1), eta.min(axis=1))
        total *= (1.0 - rule) * first + rule * other
    return np.clip(1.0 - total, 0.0, 1.0)
