"""The two scores: how hard the data was to get, work and share, and what the machine made slow.

Each metric becomes a difficulty d in [0, 1] by fixed goalposts (measure.py). Inside a pillar the mean counts.

    barrier/1     1 - prod(e_p ** w_p)  e_p = 1 - d_p of acquisition, processing, sharing; w_p = 1/3
    bottleneck/1  1 - prod(eta_p)       eta_p = 1 - d_p of hardware, allocation, optimisation

A metric that was not measured is left out of its pillar's mean, and counts as 0 and as 1 for the ends of
the interval; a pillar without any counts as 1/2. The interval is the 5 % to 95 % range of 2,000 seeded
draws: each goalpost times uniform(0.8, 1.2); weights by Dirichlet(7, ...), whose standard deviation is 0.1
about a third. The draws weigh the barrier's pillars, and the bottleneck's metrics inside each pillar, since
its pillars have no weights.

An index with a documented method (OECD/JRC, Handbook on Constructing Composite Indicators), no standard.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError
from ..registry import nearest
from .measure import BARRIER, BOTTLENECK, Metric, Pillar, difficulty, metrics
from .records import ScoreKind

Array = npt.NDArray[np.float64]
VERSIONS: Mapping[ScoreKind, str] = {"barrier": "barrier/1", "bottleneck": "bottleneck/1"}
DRAWS = 2000
SEED = 20_240_101
GOALPOST_SPREAD = 0.2
CONCENTRATION = 7.0
INTERVAL = (0.05, 0.95)


@dataclass(frozen=True)
class PillarScore:
    """The difficulty of one pillar (for the bottleneck: 1 - eta), None where nothing of it was measured.

    `low` and `high` are what it would be if all that was not measured were 0, or 1.
    """

    value: float | None
    low: float
    high: float
    measured: int
    metrics: int


@dataclass(frozen=True)
class Contribution:
    """One measured metric: its goalposts, and what the score would lose if it were no difficulty."""

    metric: str
    pillar: Pillar
    value: float
    unit: str
    difficulty: float
    drop: float
    easy: float
    hard: float
    advice: str


@dataclass(frozen=True)
class Score:
    """A score from 0 (nothing in the way) to 1, with all that explains it.

    `value` is None where nothing at all was measured. `contributions` come largest drop first; `limit` names
    the hardest of the measured pillars (None where none is in the way), `advice` what would ease it,
    `missing` the metrics that were not measured. `residual` (bottleneck only) is achieved over ideal speed
    minus the product of the etas: what the three factors leave unexplained.
    """

    kind: ScoreKind
    version: str
    value: float | None
    low: float
    high: float
    pillars: dict[str, PillarScore]
    contributions: list[Contribution]
    missing: list[str]
    limit: str | None
    advice: str
    residual: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return every part as plain JSON values; `facts` holds what the store keeps beside the numbers."""
        parts = asdict(self)
        names = ("missing", "limit", "advice", "residual")
        parts["facts"] = {name: parts[name] for name in names}
        return parts


def barrier(values: Mapping[str, float | None]) -> Score:
    """Return the data-barrier score of metrics by name; raises ConfigError for a name that no metric has."""
    return _score("barrier", BARRIER, values, None)


def bottleneck(values: Mapping[str, float | None], achieved: float | None = None) -> Score:
    """Return the compute-bottleneck score; `achieved` is the speed reached over the ideal one, if known."""
    return _score("bottleneck", BOTTLENECK, values, achieved)


def _score(
    kind: ScoreKind, pillars: tuple[Pillar, ...], values: Mapping[str, float | None], achieved: float | None
) -> Score:
    known = metrics()
    for name in values:
        if name not in known:
            raise ConfigError(f"no metric is called '{name}'{nearest(name, list(known))}", "see 'weir list metrics'")
    groups = {p: [m for m in known.values() if m.pillar == p] for p in pillars}
    measured = {name: value for name, value in values.items() if value is not None and known[name].pillar in pillars}
    hardness = {name: difficulty(known[name], value) for name, value in measured.items()}
    low, high = _interval(kind, groups, measured)
    if not measured:
        value = None
    else:
        value = _combine(kind, [_middle(group, hardness) for group in groups.values()])
        low, high = min(low, value), max(high, value)
    found = {p: _pillar(group, hardness) for p, group in groups.items()}
    contributions = []
    for name in measured:
        plug = known[name]
        without = _combine(kind, [_middle(group, {**hardness, name: 0.0}) for group in groups.values()])
        contributions.append(
            Contribution(
                metric=name,
                pillar=plug.pillar,
                value=measured[name],
                unit=plug.unit,
                difficulty=hardness[name],
                drop=(value or 0.0) - without,
                easy=plug.goalposts.easy,
                hard=plug.goalposts.hard,
                advice=plug.advice,
            )
        )
    contributions.sort(key=lambda c: (-c.drop, -c.difficulty, c.metric))
    limit = max((p for p in found if found[p].value), key=lambda p: found[p].value or 0.0, default=None)
    worst = max((c for c in contributions if c.pillar == limit), key=lambda c: c.difficulty, default=None)
    return Score(
        kind=kind,
        version=VERSIONS[kind],
        value=value,
        low=low,
        high=high,
        pillars={str(p): s for p, s in found.items()},
        contributions=contributions,
        missing=[m.name for group in groups.values() for m in group if m.name not in measured],
        limit=limit,
        advice=worst.advice if worst and worst.difficulty > 0 else "",
        residual=achieved - (1.0 - value) if achieved is not None and value is not None else None,
    )


def _middle(group: list[type[Metric]], hardness: Mapping[str, float]) -> float:
    found = [hardness[m.name] for m in group if m.name in hardness]
    return sum(found) / len(found) if found else 0.5


def _pillar(group: list[type[Metric]], hardness: Mapping[str, float]) -> PillarScore:
    found = [hardness[m.name] for m in group if m.name in hardness]
    missing, count = len(group) - len(found), max(1, len(group))
    return PillarScore(
        value=sum(found) / len(found) if found else None,
        low=sum(found) / count,
        high=(sum(found) + missing) / count if group else 1.0,
        measured=len(found),
        metrics=len(group),
    )


def _combine(kind: ScoreKind, hardness: list[float]) -> float:
    ease = 1.0 - np.asarray(hardness)
    power = 1.0 / len(hardness) if kind == "barrier" else 1.0
    return float(np.clip(1.0 - np.prod(ease**power), 0.0, 1.0))


def _interval(
    kind: ScoreKind, groups: Mapping[Pillar, list[type[Metric]]], measured: Mapping[str, float]
) -> tuple[float, float]:
    """Return the 5 % quantile with every missing metric at 0 and the 95 % quantile with it at 1."""
    random = np.random.default_rng(SEED)
    weights = random.dirichlet([CONCENTRATION] * len(groups), DRAWS)
    ends = []
    drawn = {p: _draw(random, group, measured) for p, group in groups.items()}
    for missing in (0.0, 1.0):
        total = np.ones(DRAWS)
        for place, (hardness, inside) in enumerate(drawn.values()):
            shares = inside if kind == "bottleneck" else np.full_like(inside, 1.0 / max(1, inside.shape[1]))
            filled = np.where(np.isnan(hardness), missing, hardness)
            mean = (filled * shares).sum(axis=1) if filled.shape[1] else np.full(DRAWS, missing)
            ease = np.clip(1.0 - mean, 0.0, 1.0)
            total *= ease ** weights[:, place] if kind == "barrier" else ease
        ends.append(1.0 - total)
    return float(np.quantile(ends[0], INTERVAL[0])), float(np.quantile(ends[1], INTERVAL[1]))


def _draw(random: np.random.Generator, group: list[type[Metric]], measured: Mapping[str, float]) -> tuple[Array, Array]:
    """Return (draws, metrics) difficulties under shaken goalposts, NaN where not measured, and weights."""
    hardness = np.full((DRAWS, len(group)), np.nan)
    for column, plug in enumerate(group):
        shaken = random.uniform(1 - GOALPOST_SPREAD, 1 + GOALPOST_SPREAD, (2, DRAWS))
        if plug.name not in measured:
            continue
        easy, hard = plug.goalposts.easy * shaken[0], plug.goalposts.hard * shaken[1]
        value: float = measured[plug.name]
        if plug.scale == "log":
            floor = min(plug.goalposts) * 1e-9
            easy, hard, value = np.log(easy), np.log(hard), float(np.log(max(value, floor)))
        hardness[:, column] = np.clip((value - easy) / (hard - easy), 0.0, 1.0)
    inside = random.dirichlet([CONCENTRATION] * len(group), DRAWS) if group else np.empty((DRAWS, 0))
    return hardness, inside
