"""The generalisation of least loss: Mondrian (LeFevre, DeWitt, Ramakrishnan 2006) over groups instead of rows.

The space of the quasi-identifiers is cut in two, again and again, along the dimension where the cut saves most, at the
median, as long as every part keeps k rows (and l and t where asked). What is left of the budget of suppression goes
to the outliers whose loss saves the others most. Loss is NCP, the normalised certainty penalty (Xu et al. 2006).
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..hierarchy import Hierarchy
from .dimensions import Dimension, dimension
from .figures import ordered
from .groups import LABEL, ROWS, codes_of, keys_of

Numbers = NDArray[np.int64]


class Demand(NamedTuple):
    """What every group must have: rows, distinct values and closeness of each sensitive column."""

    k: int
    l: int = 1  # noqa: E741 - its name in the literature
    t: float = 1.0


@dataclass(frozen=True)
class Loss:
    """What generalisation cost: `ncp` is the mean penalty of a released cell, 0 (as it was) to 1 (anything).

    `generalised_share` of the released cells of quasi-identifiers is no longer the value itself; `discernibility` is
    the sum of squared group sizes, a row held back counting as all rows (Bayardo and Agrawal 2005). `columns` has the
    NCP of each.
    """

    method: str
    ncp: float
    generalised_share: float
    discernibility: int
    groups: int
    suppressed: int
    columns: Mapping[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as a JSON object."""
        return asdict(self)


class Recoding(NamedTuple):
    """Which groups are released under which labels (see `groups.release`), and what it costs."""

    groups: pa.Table
    loss: Loss


class _Box(NamedTuple):
    rows: Numbers
    low: list[int]
    high: list[int]
    weight: int


def anonymise(
    counts: pa.Table,
    quasi: Sequence[str],
    sensitive: Sequence[str],
    demand: Demand,
    suppress: float,
    hierarchies: Mapping[str, Hierarchy],
) -> Recoding:
    """Find boxes of the quasi-identifiers that satisfy the demand; `suppress` is the share of rows that may go.

    `counts` is `group_sizes(table, quasi + sensitive)`, merged over all partitions. Held at once: eight bytes for each
    group and column, and as much again while a box is cut.
    """
    space = _Space(counts, quasi, sensitive, demand, hierarchies)
    budget = int(suppress * space.total)
    boxes = space.trim(space.cut(), budget) if space.holds(np.arange(counts.num_rows)) else []
    return space.recoding(boxes)


class _Space:
    """The groups as points: their places along each dimension, their rows, and their sensitive values."""

    def __init__(
        self,
        counts: pa.Table,
        quasi: Sequence[str],
        sensitive: Sequence[str],
        demand: Demand,
        hierarchies: Mapping[str, Hierarchy],
    ) -> None:
        self.keys = keys_of(counts, quasi).combine_chunks()
        self.quasi, self.demand = list(quasi), demand
        made = [dimension(self.keys[name], name, hierarchies) for name in quasi]
        self.dimensions: list[Dimension] = [found for found, _ in made]
        self.places: list[Numbers] = [places.to_numpy().astype(np.int64) for _, places in made]
        self.weights: Numbers = counts[ROWS].to_numpy()
        self.total = int(self.weights.sum())
        self.sensitive = []
        if demand.l > 1 or demand.t < 1:
            self.sensitive = [self._spread(counts[name]) for name in sensitive]

    def _spread(self, column: pa.ChunkedArray) -> tuple[Numbers, NDArray[np.float64], bool]:
        values = pc.unique(column.combine_chunks())
        values = values.take(pc.sort_indices(values))
        codes = pc.index_in(column.combine_chunks(), value_set=values).to_numpy().astype(np.int64)
        return codes, np.bincount(codes, self.weights, minlength=len(values)) / max(1, self.total), ordered(column.type)

    def holds(self, rows: Numbers) -> bool:
        """Whether some points together satisfy the demand."""
        weights = self.weights[rows]
        total = weights.sum()
        if total < self.demand.k:
            return False
        for codes, expected, in_order in self.sensitive:
            share = np.bincount(codes[rows], weights, minlength=len(expected)) / total
            if np.count_nonzero(share) < self.demand.l:
                return False
            off = share - expected
            if in_order and len(expected) > 1:
                t = np.abs(np.cumsum(off)).sum() / (len(expected) - 1)
            else:
                t = 0.5 * np.abs(off).sum()
            if t > self.demand.t + 1e-12:
                return False
        return True

    def box(self, rows: Numbers) -> _Box:
        low = [int(places[rows].min()) for places in self.places]
        high = [int(places[rows].max()) for places in self.places]
        return _Box(rows, low, high, int(self.weights[rows].sum()))

    def cut(self) -> list[_Box]:
        """Cut the whole space until no cut is allowed."""
        done, ahead = [], [self.box(np.arange(len(self.weights)))]
        while ahead:
            box = ahead.pop()
            halves = self._halves(box) if box.weight >= 2 * self.demand.k else None
            if halves is None:
                done.append(box)
            else:
                ahead += [self.box(half) for half in halves]
        return done

    def _halves(self, box: _Box) -> tuple[Numbers, Numbers] | None:
        options = []
        for at, found in enumerate(self.dimensions):
            low, high = box.low[at], box.high[at]
            if low == high:
                continue
            counts = np.bincount(self.places[at][box.rows] - low, self.weights[box.rows], minlength=high - low + 1)
            left = np.cumsum(counts)[:-1]
            allowed = (left >= self.demand.k) & (box.weight - left >= self.demand.k) & found.cuts(low, high)
            if found.nulls and low == 0:
                allowed[0] |= self.demand.k <= left[0] <= box.weight - self.demand.k
            if not allowed.any():
                continue
            where = np.flatnonzero(allowed)
            middle = int(where[np.abs(left[where] - box.weight / 2).argmin()])
            filled = np.flatnonzero(counts)
            first = low + int(filled[filled <= middle][-1])
            second = low + int(filled[filled > middle][0])
            saved = box.weight * found.width(low, high)
            saved -= left[middle] * found.width(low, first) + (box.weight - left[middle]) * found.width(second, high)
            options.append((saved, -at, first))
        for _, at, first in sorted(options, reverse=True):
            inside = self.places[-at][box.rows] <= first
            halves = box.rows[inside], box.rows[~inside]
            if not self.sensitive or all(self.holds(half) for half in halves):
                return halves
        return None

    def trim(self, boxes: list[_Box], budget: int) -> list[_Box]:
        """Spend the budget on outliers: the end of a box whose removal saves most loss for a row goes first."""
        waiting = [(found[0], number, found[1]) for number, box in enumerate(boxes) if (found := self._outlier(box))]
        heapq.heapify(waiting)
        kept = dict(enumerate(boxes))
        while waiting and budget > 0:
            _, number, rows = heapq.heappop(waiting)
            smaller = self.box(rows)
            cost = kept[number].weight - smaller.weight
            if cost > budget:
                continue
            budget -= cost
            kept[number] = smaller
            if found := self._outlier(smaller):
                heapq.heappush(waiting, (found[0], number, found[1]))
        return list(kept.values())

    def _outlier(self, box: _Box) -> tuple[float, Numbers] | None:
        """Return (minus the loss saved for each row that goes, the points that stay) of the best end to take off."""
        best: tuple[float, Numbers] | None = None
        widths = [found.width(low, high) for found, low, high in zip(self.dimensions, box.low, box.high, strict=True)]
        mean = sum(widths) / len(widths)
        for at, found in enumerate(self.dimensions):
            if not widths[at]:
                continue
            places = self.places[at][box.rows]
            for end in (box.low[at], box.high[at]):
                stays = places != end
                rest = box.rows[stays]
                weight = int(self.weights[rest].sum())
                if weight < self.demand.k:
                    continue
                narrower = found.width(int(places[stays].min()), int(places[stays].max()))
                after = mean + (narrower - widths[at]) / len(widths)
                saved = box.weight * mean - weight * after - (box.weight - weight)
                rate = -saved / (box.weight - weight)
                if saved > 0 and (best is None or rate < best[0]) and (not self.sensitive or self.holds(rest)):
                    best = rate, rest
        return best

    def recoding(self, boxes: list[_Box]) -> Recoding:
        """Return the labels of every point that is in a box, and the loss."""
        rows = np.concatenate([box.rows for box in boxes]) if boxes else np.zeros(0, dtype=np.int64)
        lengths = [len(box.rows) for box in boxes]
        weights = np.array([box.weight for box in boxes], dtype=np.int64)
        kept = int(weights.sum())
        table = self.keys.take(pa.array(rows))
        columns: dict[str, float] = {}
        changed = 0
        for at, found in enumerate(self.dimensions):
            ends = [(box.low[at], box.high[at]) for box in boxes]
            columns[found.name] = sum(w * found.width(*e) for w, e in zip(weights, ends, strict=True)) / max(1, kept)
            wide = np.array([low != high for low, high in ends], dtype=bool)
            changed += int(weights[wide].sum())
            if wide.any():
                labels = pa.array([found.label(*e) for e in ends], pa.string())
                places = pa.array(np.repeat(np.arange(len(boxes)), lengths))
                table = table.append_column(LABEL + found.name, labels.take(places))
        table = table.append_column(ROWS, pa.array(self.weights[rows]))
        loss = Loss(
            method="mondrian",
            ncp=float(sum(columns.values()) / max(1, len(columns))),
            generalised_share=changed / max(1, kept * len(self.dimensions)),
            discernibility=int((weights**2).sum()) + (self.total - kept) * self.total,
            groups=len(boxes),
            suppressed=self.total - kept,
            columns={name: float(value) for name, value in columns.items()},
        )
        return Recoding(_one_each(table, self.quasi), loss)


def _one_each(table: pa.Table, quasi: Sequence[str]) -> pa.Table:
    """Return one row a combination: where sensitive values were counted apart, a combination stands there often."""
    if not table.num_rows:
        return table
    _, first = np.unique(codes_of(table.select(list(quasi))), return_index=True)
    return table.take(pa.array(np.sort(first)))
