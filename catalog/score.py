"""The two scores: how hard the data was to get, work and share, and what the machine made slow.

Each metric becomes a difficulty d in [0, 1] by fixed goalposts (measure.py).

    barrier/1     1 - prod(e_p ** w_p)   e_p = 1 - mean of the pillar's d; acquisition, processing, sharing;
                                         equal w_p, 1/3 where all three apply
    bottleneck/1  1 - prod(eta_p)        eta of hardware: the least 1 - d of its metrics, the lowest roof;
                                         of allocation and optimisation: prod(1 - d), loss upon loss

A metric that was not measured is left out, and counts as 0 and as 1 for the ends of the interval; a pillar of
the barrier without any counts as 1/2, one of the bottleneck as not in the way. How far the number depends on the
choices made here says uncertainty.py; docs/guide/scores.md has it all with sources and limits.

A score keeps every item it was computed from, so that an old one stays explainable, and is computed anew only
with the formula of its own version.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..errors import ConfigError
from ..registry import nearest
from .formula import PILLARS, VERSIONS, Item, combine, hardness, pillar_hardness, present
from .measure import Metric, Pillar, metrics
from .records import ScoreKind
from .uncertainty import Uncertainty, examine

_CLOSED = 1e-9
"""What is left of an ease of 0 where its logarithm is shared out."""


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
class Contribution(Item):
    """One metric of a score: `drop` is what the score would lose without it, `share` its part of the whole.

    `share` divides -ln(1 - score) among the metrics and adds up to 1; difficulty, drop and share are None where
    the metric was not measured.
    """

    difficulty: float | None = None
    drop: float | None = None
    share: float | None = None


@dataclass(frozen=True)
class Score:
    """A score from 0 (nothing in the way) to 1, with all that explains it.

    `value` is None where nothing at all was measured. `contributions` come largest drop first; `limit` names the
    hardest of the measured pillars (None where none is in the way), `advice` what would ease it, `missing` the
    metrics that were not measured. `residual` (bottleneck only) is achieved over ideal speed minus the product
    of the etas: what the three factors leave unexplained. `crossing` is the share that the other score explains.
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
    uncertainty: Uncertainty
    crossing: float
    residual: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return every part as plain JSON values; `facts` holds what the store keeps beside the numbers."""
        parts = asdict(self)
        parts["facts"] = {
            name: parts[name] for name in ("missing", "limit", "advice", "uncertainty", "crossing", "residual")
        }
        return parts


def barrier(values: Mapping[str, float | None], only: Collection[str] | None = None) -> Score:
    """Return the data-barrier score of metrics by name; raises ConfigError for a name that no metric has.

    `only` names the metrics that apply, where not all do: a source is not shared, and has no pillar of sharing.
    """
    items = _items("barrier", values)
    return compute(VERSIONS["barrier"], [i for i in items if only is None or i.metric in only])


def bottleneck(values: Mapping[str, float | None], achieved: float | None = None) -> Score:
    """Return the compute-bottleneck score; `achieved` is the speed reached over the ideal one, if known."""
    return compute(VERSIONS["bottleneck"], _items("bottleneck", values), achieved)


def _items(kind: ScoreKind, values: Mapping[str, float | None]) -> list[Item]:
    known = metrics()
    for name in values:
        if name not in known:
            raise ConfigError(f"no metric is called '{name}'{nearest(name, list(known))}", "see 'weir list metrics'")
    return [_item(plug, values.get(name)) for name, plug in known.items() if plug.pillar in PILLARS[kind]]


def _item(plug: type[Metric], value: float | None) -> Item:
    return Item(
        metric=plug.name,
        pillar=plug.pillar,
        value=value,
        unit=plug.unit,
        easy=plug.goalposts.easy,
        hard=plug.goalposts.hard,
        scale=plug.scale,
        advice=plug.advice,
        optional=plug.optional,
        crosses=plug.crosses,
    )


def compute(version: str, items: Sequence[Item], achieved: float | None = None) -> Score:
    """Return the score of items by the formula of a version. Raises ConfigError for a version that is not known."""
    kind = next((k for k, known in VERSIONS.items() if known == version), None)
    if kind is None:
        raise ConfigError(
            f"the score was made by the formula {version}, this Weir knows {', '.join(VERSIONS.values())}",
            "it stays as it was recorded; run 'weir run' for a new one",
        )
    measured = [item for item in items if item.value is not None]
    value = combine(kind, _pillars(kind, items)) if measured else None
    uncertainty = examine(kind, items)
    low, high = uncertainty.low, uncertainty.high
    if value is not None:
        low, high = min(low, value), max(high, value)
    found = {str(p): _pillar(kind, p, [i for i in items if i.pillar == p]) for p in present(kind, items)}
    shares = _shares(kind, items, found)
    contributions = [_contribution(kind, item, items, value or 0.0, shares) for item in items]
    contributions.sort(key=lambda c: (-(c.drop if c.drop is not None else -1.0), -(c.difficulty or 0.0), c.metric))
    limit = max((p for p in found if found[p].value), key=lambda p: found[p].value or 0.0, default=None)
    worst = max((c for c in contributions if c.pillar == limit), key=lambda c: c.difficulty or 0.0, default=None)
    return Score(
        kind=kind,
        version=version,
        value=value,
        low=low,
        high=high,
        pillars=found,
        contributions=contributions,
        missing=[i.metric for i in items if i.value is None and not i.optional],
        limit=limit,
        advice=worst.advice if worst and worst.difficulty else "",
        uncertainty=uncertainty,
        crossing=sum(shares.get(i.metric, 0.0) for i in items if i.crosses),
        residual=achieved - (1.0 - value) if achieved is not None and value is not None else None,
    )


def what_if(version: str, items: Sequence[Item], changes: Mapping[str, float]) -> Score:
    """Return the score as it would be with some metrics at other values. Raises ConfigError for an unknown one."""
    names = [item.metric for item in items]
    for name in changes:
        if name not in names:
            raise ConfigError(f"the score has no metric '{name}'{nearest(name, names)}", f"one of: {', '.join(names)}")
    changed = [replace(item, value=changes[item.metric]) if item.metric in changes else item for item in items]
    return compute(version, changed)


def items_of(contributions: Sequence[Mapping[str, Any]]) -> list[Item]:
    """Return the items that a recorded score was made from, in the order of names."""
    names = Item.__dataclass_fields__
    found = [Item(**{name: part[name] for name in names if name in part}) for part in contributions]
    return sorted(found, key=lambda item: item.metric)


def _pillars(kind: ScoreKind, items: Sequence[Item], without: str | None = None) -> list[float]:
    return [
        pillar_hardness(kind, p, _known([i for i in items if i.pillar == p], without)) for p in present(kind, items)
    ]


def _known(group: Sequence[Item], without: str | None = None) -> list[float]:
    return [0.0 if i.metric == without else hardness(i, i.value) for i in group if i.value is not None]


def _pillar(kind: ScoreKind, pillar: Pillar, group: Sequence[Item]) -> PillarScore:
    found = _known(group)
    missing = sum(1 for item in group if item.value is None and not item.optional)
    return PillarScore(
        value=pillar_hardness(kind, pillar, found) if found else None,
        low=pillar_hardness(kind, pillar, [*found, *[0.0] * missing]) if found or missing else 0.0,
        high=pillar_hardness(kind, pillar, [*found, *[1.0] * missing]) if found or missing else 1.0,
        measured=len(found),
        metrics=len(found) + missing,
    )


def _contribution(
    kind: ScoreKind, item: Item, items: Sequence[Item], value: float, shares: Mapping[str, float]
) -> Contribution:
    if item.value is None:
        return Contribution(**asdict(item))
    without = combine(kind, _pillars(kind, items, without=item.metric))
    return Contribution(
        **asdict(item),
        difficulty=hardness(item, item.value),
        drop=value - without,
        share=shares[item.metric],
    )


def _shares(kind: ScoreKind, items: Sequence[Item], found: Mapping[str, PillarScore]) -> dict[str, float]:
    """Divide -ln(1 - score): among pillars as they multiply, inside one by difficulty, or as losses multiply."""
    weight = {p: max(0.0, -math.log(max(_CLOSED, 1.0 - (found[p].value or 0.0)))) for p in found}
    total = sum(weight.values())
    shares = {}
    for pillar in present(kind, items):
        group = [i for i in items if i.pillar == pillar and i.value is not None]
        parts = {i.metric: _part(kind, pillar, hardness(i, i.value or 0.0)) for i in group}
        if kind == "bottleneck" and pillar == "hardware":  # the lowest roof alone decides
            parts = {name: float(part > 0 and part == max(parts.values())) for name, part in parts.items()}
        whole = sum(parts.values())
        for name, part in parts.items():
            shares[name] = weight[pillar] / total * part / whole if total and whole else 0.0
    return shares


def _part(kind: ScoreKind, pillar: Pillar, difficulty: float) -> float:
    if kind == "bottleneck" and pillar != "hardware":
        return max(0.0, -math.log(max(_CLOSED, 1.0 - difficulty)))
    return difficulty
