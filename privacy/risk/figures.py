"""What the sizes of groups say about re-identification: k, l, t, δ and the three attackers, counted bucket by bucket.

Sources: k-anonymity (Samarati and Sweeney 1998), l-diversity, its entropy and recursive forms (Machanavajjhala et al.
2007), t-closeness with the ordered and the equal distance (Li et al. 2007), δ-presence (Nergiz et al. 2007), the
prosecutor, journalist and marketer (El Emam, Guide to the De-Identification of Personal Health Information, 2013).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .groups import ROWS, codes_of, keys_of

_CELLS = 1 << 22
_DEEPEST = 64


@dataclass(frozen=True)
class Diversity:
    """How one sensitive column is spread inside the groups, the worst of them deciding.

    `l` distinct values; `entropy_l` e to the power of the entropy; `recursive_c` the smallest whole c for which every
    group is (c, l)-diverse, None where l is 1; `t` the largest distance of a group's values from those of the whole,
    0 to 1 (ordered distance for numbers and times, equal distance for the rest).
    """

    l: int  # noqa: E741 - its name in the literature
    entropy_l: float
    recursive_c: int | None
    t: float


@dataclass(frozen=True)
class Risk:
    """The risk of re-identification over the quasi-identifiers.

    `applicable` is false where no quasi-identifier is named: then k says nothing about the data, and the figures are
    None. `k_found` is the size of the smallest group (None: no rows); `rows_below` and `share_below` (0 to 1) are the
    rows in groups smaller than `k_required`; `uniques` those alone in their group.

    The prosecutor knows that his target is in the data: `prosecutor_max` is 1 / k_found, `prosecutor_mean` the mean of
    1 / size over all rows, `expected` how many rows he finds by guessing in every group (the number of groups). The
    journalist knows it of the `population` only, and the marketer wants as many as he can get: their figures are shares
    of the rows. Without a population (None) it is the data itself. `presence` is (smallest, largest) share of a
    population's group that is in the data: δ-presence. `sizes` counts groups by their size.
    """

    quasi_identifiers: tuple[str, ...]
    applicable: bool
    k_required: int
    k_found: int | None
    groups: int | None
    rows: int
    rows_below: int
    share_below: float
    uniques: int | None
    prosecutor_max: float | None
    prosecutor_mean: float | None
    expected: int | None = None
    journalist_max: float | None = None
    journalist_mean: float | None = None
    marketer: float | None = None
    population: int | None = None
    presence: tuple[float, float] | None = None
    sensitive: Mapping[str, Diversity] = field(default_factory=dict)
    sizes: Mapping[int, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as a JSON object; of the sizes only how many rows are in groups of which size."""
        found = asdict(self)
        del found["sizes"]
        spread = Counter(dict.fromkeys(SPANS, 0))
        for size, count in self.sizes.items():
            spread[_span(size)] += size * count
        return {**found, "quasi_identifiers": list(self.quasi_identifiers), "rows_by_group_size": dict(spread)}


SPANS = {"1": 1, "2-4": 4, "5-9": 9, "10-19": 19, "20-49": 49, "50-99": 99, "100 or more": math.inf}
"""The sizes of groups that are told apart in the evidence, by their upper ends."""


def _span(size: int) -> str:
    return next(name for name, top in SPANS.items() if size <= top)


@dataclass
class Figures:
    """The figures of some groups, from which those of all are merged: no value of the data stands in it."""

    sizes: Counter[int] = field(default_factory=Counter)
    diversity: dict[str, tuple[int, float, list[float], float]] = field(default_factory=dict)
    """Column → distinct, entropy, smallest c by l (from l = 1 on), t."""
    population: int = 0
    smallest_population: float = math.inf
    marketed: float = 0.0
    matched: int = 0
    presence: tuple[float, float] = (math.inf, -math.inf)


def measure(
    counts: pa.Table,
    quasi: Sequence[str],
    spread: Mapping[str, pa.Table],
    population: pa.Table | None = None,
) -> Figures:
    """Return the figures of whole groups: `counts` from `group_sizes(table, quasi, sensitive)`, merged.

    `spread[column]` has `value` and `ROWS` of each sensitive column over the whole data; `population` holds the same
    groups as counted in the population. Everything is held at once: give a bucket of groups, not all.
    """
    found = Figures()
    keys = keys_of(counts, quasi)
    if population is not None:
        keys = pa.concat_tables([keys, keys_of(population, quasi)], promote_options="permissive").combine_chunks()
    if not keys.num_rows:
        return found
    codes = codes_of(keys)
    own = codes[: counts.num_rows]
    rows = counts[ROWS].to_numpy()
    sizes = np.bincount(own, rows, minlength=int(codes.max()) + 1).astype(np.int64)
    groups, times = np.unique(sizes[sizes > 0], return_counts=True)
    found.sizes.update(dict(zip(groups.tolist(), times.tolist(), strict=True)))
    if population is not None:
        alike = np.bincount(codes[counts.num_rows :], population[ROWS].to_numpy(), minlength=len(sizes))
        _against(found, sizes, alike.astype(np.float64))
    for column, whole in spread.items():
        if counts.num_rows:
            found.diversity[column] = _diversity(own, rows, sizes, counts[column], whole)
    return found


def _against(found: Figures, sizes: NDArray[np.int64], population: NDArray[np.float64]) -> None:
    found.population = int(population.sum())
    held = sizes > 0
    found.smallest_population = float(population[held].min(initial=math.inf))
    found.marketed = float((sizes[held] / population[held]).sum())
    found.matched = int(population[held].sum())
    shares = sizes[population > 0] / population[population > 0]
    found.presence = (float(shares.min(initial=math.inf)), float(shares.max(initial=-math.inf)))


def _diversity(
    groups: NDArray[np.int64],
    rows: NDArray[np.int64],
    sizes: NDArray[np.int64],
    column: pa.ChunkedArray,
    whole: pa.Table,
) -> tuple[int, float, list[float], float]:
    values = whole["value"].combine_chunks()
    places = pc.index_in(column.combine_chunks().cast(values.type), value_set=values).to_numpy().astype(np.int64)
    pairs, inverse = np.unique(groups * len(values) + places, return_inverse=True)
    counts = np.bincount(inverse, rows).astype(np.int64)
    group, place = pairs // len(values), pairs % len(values)
    held = np.flatnonzero(sizes)
    share = counts / sizes[group]
    distinct = np.bincount(group, minlength=len(sizes))[held]
    entropy = np.bincount(group, -share * np.log(share), minlength=len(sizes))[held]
    return (
        int(distinct.min()),
        float(entropy.min()),
        _recursive(group, counts, int(distinct.min())),
        _distance(group, place, share, sizes, whole),
    )


def _recursive(group: NDArray[np.int64], counts: NDArray[np.int64], deepest: int) -> list[float]:
    """Return, for l from 1 on, the largest over the groups of r₁ / (r_l + ... + r_m), r being sorted downwards."""
    order = np.lexsort((-counts, group))
    group, counts = group[order], counts[order]
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    ranks = np.arange(len(group)) - np.repeat(starts, np.diff(np.r_[starts, len(group)]))
    first = counts[starts]
    return [
        float((first / np.add.reduceat(np.where(ranks >= level, counts, 0), starts)).max())
        for level in range(min(deepest, _DEEPEST))
    ]


def _distance(
    group: NDArray[np.int64],
    place: NDArray[np.int64],
    share: NDArray[np.float64],
    sizes: NDArray[np.int64],
    whole: pa.Table,
) -> float:
    expected = whole[ROWS].to_numpy() / whole[ROWS].to_numpy().sum()
    held = np.flatnonzero(sizes)
    if not ordered(whole.schema.field("value").type):
        # Half the sum of |q - p|: p alone where the group lacks a value.
        excess = np.bincount(group, np.abs(share - expected[place]) - expected[place], minlength=len(sizes))[held]
        return float(0.5 * (1 + excess.max()))
    if len(expected) < 2:
        return 0.0
    worst, step = 0.0, max(1, _CELLS // len(expected))
    number = np.zeros(len(sizes), dtype=np.int64)
    number[held] = np.arange(len(held))
    at = number[group]
    for start in range(0, len(held), step):
        inside = (at >= start) & (at < start + step)
        dense = np.tile(-expected, (min(step, len(held) - start), 1))
        dense[at[inside] - start, place[inside]] += share[inside]
        worst = max(worst, float(np.abs(np.cumsum(dense, axis=1)).sum(axis=1).max()))
    return worst / (len(expected) - 1)


def ordered(kind: pa.DataType) -> bool:
    """Whether values of a type stand in an order that distances are taken by: numbers and times."""
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_temporal(kind)


def combine(parts: Iterable[Figures]) -> Figures:
    """Merge the figures of buckets that share no group; any order gives the same."""
    whole = Figures()
    for part in parts:
        whole.sizes.update(part.sizes)
        whole.population += part.population
        whole.marketed += part.marketed
        whole.matched += part.matched
        whole.smallest_population = min(whole.smallest_population, part.smallest_population)
        whole.presence = (min(whole.presence[0], part.presence[0]), max(whole.presence[1], part.presence[1]))
        for column, new in part.diversity.items():
            old = whole.diversity.get(column, new)
            ratios = [max(a, b) for a, b in zip(old[2], new[2], strict=False)]
            whole.diversity[column] = (min(old[0], new[0]), min(old[1], new[1]), ratios, max(old[3], new[3]))
    return whole


def judge(figures: Figures, quasi: Sequence[str], k: int, population: bool = False) -> Risk:
    """Return the risk that merged figures show, against the k that is required."""
    rows = sum(size * count for size, count in figures.sizes.items())
    if not quasi:
        return Risk((), False, k, None, None, rows, 0, 0.0, None, None, None)
    groups = sum(figures.sizes.values())
    below = sum(size * count for size, count in figures.sizes.items() if size < k)
    smallest = min(figures.sizes, default=None)
    highest = 1.0 / smallest if smallest else None
    mean = groups / rows if rows else None
    known = population and rows > 0
    return Risk(
        quasi_identifiers=tuple(quasi),
        applicable=True,
        k_required=k,
        k_found=smallest,
        groups=groups,
        rows=rows,
        rows_below=below,
        share_below=below / rows if rows else 0.0,
        uniques=figures.sizes.get(1, 0),
        prosecutor_max=highest,
        prosecutor_mean=mean,
        expected=groups if rows else None,
        journalist_max=1.0 / figures.smallest_population if known else highest,
        journalist_mean=max(groups / figures.matched, figures.marketed / rows) if known else mean,
        marketer=figures.marketed / rows if known else mean,
        population=figures.population if population else None,
        presence=figures.presence if known else None,
        sensitive={column: _judged(found) for column, found in sorted(figures.diversity.items())},
        sizes=dict(sorted(figures.sizes.items())),
    )


def assess(groups: pa.Table, k: int) -> Risk:
    """Return the risk that merged group sizes show, where all of them fit into memory."""
    quasi = [name for name in groups.column_names if name != ROWS]
    return judge(measure(groups, quasi, {}) if quasi else Figures(Counter({int(groups[ROWS][0].as_py()): 1})), quasi, k)


def _judged(found: tuple[int, float, list[float], float]) -> Diversity:
    distinct, entropy, ratios, t = found
    c = math.floor(ratios[min(distinct, len(ratios)) - 1]) + 1 if distinct > 1 else None
    return Diversity(distinct, math.exp(entropy), c, t)
