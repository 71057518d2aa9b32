"""How far a score depends on the choices of its maker, by Monte Carlo.

Each draw shakes every goalpost by uniform(0.8, 1.2), draws the weights of pillars and of metrics inside a pillar
from Dirichlet(7, ...), whose standard deviation is about 0.1 about a third, and takes another aggregation rule
(formula.py). Draws come from one seed and metric by metric in the order of names, so that the draws of two
scores are paired and their order can be compared.

Sources: OECD/JRC, Handbook on Constructing Composite Indicators (2008), steps 7 and 8; first-order indices by
the estimator of Saltelli et al., Comput. Phys. Commun. 181 (2010), table 2 (b), a group of inputs at a time.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from .formula import Array, Item, barrier_draws, bottleneck_draws, present
from .measure import Pillar
from .records import ScoreKind

DRAWS = 2000
SEED = 20_240_101
GOALPOST_SPREAD = 0.2
CONCENTRATION = 7.0
INTERVAL = (0.05, 0.95)


@dataclass(frozen=True)
class Uncertainty:
    """The interval (5 % to 95 %), how stable the order is, and what the spread comes from.

    `low` and `high` take what was not measured as 0 and as 1. `hardest` is the share of draws in which each
    pillar is the hardest; `sensitivity` the first-order index of each source of uncertainty, largest first: the
    share of the variance that would go if it were known.
    """

    low: float
    high: float
    hardest: dict[str, float] = field(default_factory=dict)
    sensitivity: dict[str, float] = field(default_factory=dict)


@dataclass
class _Inputs:
    """Uniform numbers and weights behind the draws, a block for each source of uncertainty."""

    blocks: dict[str, Array]


def examine(kind: ScoreKind, items: Sequence[Item]) -> Uncertainty:
    """Return the uncertainty of a score of these items."""
    first = _inputs(kind, items, 0)
    low = _evaluate(kind, items, first, missing=0.0)
    high = _evaluate(kind, items, first, missing=1.0)
    return Uncertainty(
        low=float(np.quantile(low, INTERVAL[0])),
        high=float(np.quantile(high, INTERVAL[1])),
        hardest=_hardest(kind, items, first),
        sensitivity=_sensitivity(kind, items, first),
    )


def rank_stability(kind: ScoreKind, scopes: Mapping[str, Sequence[Item]]) -> dict[str, float]:
    """Return for each scope (source, table) the share of draws in which it keeps its most frequent rank."""
    return dict(_rank_stability(kind, tuple((scope, tuple(items)) for scope, items in scopes.items())))


@functools.lru_cache(maxsize=64)
def _rank_stability(kind: ScoreKind, scopes: tuple[tuple[str, tuple[Item, ...]], ...]) -> tuple[tuple[str, float], ...]:
    if len(scopes) < 2:
        return tuple((scope, 1.0) for scope, _ in scopes)
    drawn = np.stack([_evaluate(kind, items, _inputs(kind, items, 0)) for _, items in scopes])
    ranks = (-drawn).argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    counted = [np.bincount(row, minlength=len(scopes)).max() / DRAWS for row in ranks]
    return tuple((scope, float(share)) for (scope, _), share in zip(scopes, counted, strict=True))


def _inputs(kind: ScoreKind, items: Sequence[Item], stream: int) -> _Inputs:
    blocks: dict[str, Array] = {}

    def generator(name: str) -> np.random.Generator:
        # a stream of its own for each source: the same metric draws alike beside whatever others
        digest = hashlib.sha256(f"{kind}:{name}:{stream}".encode()).digest()
        return np.random.default_rng([SEED, int.from_bytes(digest[:8], "big")])

    blocks["rule"] = generator("rule").uniform(size=(DRAWS, 1))
    if kind == "barrier":
        blocks["weights of pillars"] = generator("weights").dirichlet(
            [CONCENTRATION] * len(present(kind, items)), DRAWS
        )
        blocks["weights of metrics"] = np.stack(
            [generator(f"weight:{i.metric}").gamma(CONCENTRATION, size=DRAWS) for i in items], axis=1
        )
    for item in items:
        name = f"goalposts of {item.metric}" if item.value is not None else f"value of {item.metric}"
        blocks[name] = generator(item.metric).uniform(size=(DRAWS, 2))
    return _Inputs(blocks)


def _evaluate(kind: ScoreKind, items: Sequence[Item], inputs: _Inputs, missing: float | None = None) -> Array:
    """Return the score of every draw; what is missing counts as `missing`, or as anything if that is None."""
    pillars, inside = _difficulties(kind, items, inputs, missing)
    rule = inputs.blocks["rule"][:, 0]
    if kind == "bottleneck":
        return bottleneck_draws(pillars, rule)
    return barrier_draws(pillars, inside, inputs.blocks["weights of pillars"], 2.0 * rule - 1.0)


def _difficulties(
    kind: ScoreKind, items: Sequence[Item], inputs: _Inputs, missing: float | None
) -> tuple[dict[Pillar, Array], dict[Pillar, Array]]:
    """Return by pillar the (draws, metrics) difficulties and, for the barrier, weights that add up to 1."""
    pillars: dict[Pillar, Array] = {}
    inside: dict[Pillar, Array] = {}
    for pillar in present(kind, items):
        places = [n for n, i in enumerate(items) if i.pillar == pillar and not (i.value is None and i.optional)]
        columns = [_shaken(items[n], inputs, missing) for n in places]
        pillars[pillar] = np.stack(columns, axis=1) if columns else np.empty((DRAWS, 0))
        if kind == "barrier":
            weights = inputs.blocks["weights of metrics"][:, places]
            inside[pillar] = weights / weights.sum(axis=1, keepdims=True)
    return pillars, inside


def _shaken(item: Item, inputs: _Inputs, missing: float | None) -> Array:
    if item.value is None:
        drawn = inputs.blocks[f"value of {item.metric}"][:, 0]
        return drawn if missing is None else np.full(DRAWS, missing)
    shaken = 1.0 + GOALPOST_SPREAD * (2.0 * inputs.blocks[f"goalposts of {item.metric}"] - 1.0)
    easy, hard = item.easy * shaken[:, 0], item.hard * shaken[:, 1]
    value = item.value
    if item.scale == "log":
        value = float(np.log(max(value, min(item.easy, item.hard) * 1e-9)))
        easy, hard = np.log(easy), np.log(hard)
    return np.clip((value - easy) / (hard - easy), 0.0, 1.0)


def _hardest(kind: ScoreKind, items: Sequence[Item], inputs: _Inputs) -> dict[str, float]:
    pillars, inside = _difficulties(kind, items, inputs, None)
    drawn = {}
    for pillar, found in pillars.items():
        if kind == "barrier":
            drawn[pillar] = (found * inside[pillar]).sum(axis=1)
        elif pillar == "hardware":
            drawn[pillar] = found.max(axis=1, initial=0.0)
        else:
            drawn[pillar] = 1.0 - (1.0 - found).prod(axis=1)
    if not drawn:
        return {}
    counts = np.bincount(np.stack(list(drawn.values())).argmax(axis=0), minlength=len(drawn))
    return {str(p): float(c / DRAWS) for p, c in zip(drawn, counts, strict=True)}


def _sensitivity(kind: ScoreKind, items: Sequence[Item], first: _Inputs) -> dict[str, float]:
    second = _inputs(kind, items, 1)
    a, b = _evaluate(kind, items, first), _evaluate(kind, items, second)
    drawn = np.concatenate([a, b])
    variance, middle = float(drawn.var()), float(drawn.mean())
    if variance < 1e-12:
        return {}
    found = {}
    for name in first.blocks:
        mixed = _Inputs({**first.blocks, name: second.blocks[name]})
        # b from its mean: of scores that hardly vary the noise of the mean alone would be taken for an effect
        index = float(((b - middle) * (_evaluate(kind, items, mixed) - a)).mean()) / variance
        found[name] = min(1.0, max(0.0, index))
    return dict(sorted(found.items(), key=lambda entry: -entry[1]))
