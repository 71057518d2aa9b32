"""A quasi-identifier as a line of values: how wide a stretch of it is, where it may be cut, what it is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..hierarchy import EVERYTHING, Hierarchy
from .figures import ordered

_LISTED = 4


@dataclass(frozen=True)
class Dimension:
    """The distinct values of a column in an order in which whatever may be told as one stands side by side.

    Numbers and times stand by size, values of a hierarchy region by region, the rest by the alphabet; null comes
    first. `numbers` (float64) are the places of numbers and times; `nodes[level]` numbers what each value is part of.
    """

    name: str
    values: list[Any]
    numbers: NDArray[np.float64] | None = None
    nodes: tuple[NDArray[np.int64], ...] = ()
    names: tuple[list[str], ...] = ()

    @property
    def nulls(self) -> int:
        """The number of places that null takes: 1 or 0."""
        return int(bool(self.values) and self.values[0] is None)

    def width(self, low: int, high: int) -> float:
        """Return how much a stretch of values gives away, 0 (one value) to 1 (all): its NCP (Xu et al. 2006)."""
        if low == high:
            return 0.0
        if low < self.nulls:
            return 1.0
        if self.numbers is not None:
            whole = self.numbers[-1] - self.numbers[self.nulls]
            return float((self.numbers[high] - self.numbers[low]) / whole) if whole else 0.0
        if self.nodes:
            node = self._node(low, high)
            return 1.0 if node is None else float((self.nodes[node] == self.nodes[node][low]).sum() / len(self.values))
        return (high - low) / (len(self.values) - 1)

    def cuts(self, low: int, high: int) -> NDArray[np.bool_]:
        """Return, for each place from `low` to before `high`, whether the stretch may be cut behind it."""
        if not self.nodes:
            return np.ones(high - low, dtype=np.bool_)
        node = self._node(low, high)
        below = len(self.nodes) - 1 if node is None else node - 1
        if below < 0:
            return np.ones(high - low, dtype=np.bool_)
        marks = self.nodes[below][low : high + 1]
        cuts: NDArray[np.bool_] = marks[1:] != marks[:-1]
        return cuts

    def label(self, low: int, high: int) -> str | None:
        """Return what a stretch is called in the released table."""
        if low == high:
            return _text(self.values[low])
        if low < self.nulls or (high - low + 1 == len(self.values) - self.nulls and self.numbers is None):
            return EVERYTHING
        if self.nodes:
            node = self._node(low, high)
            return EVERYTHING if node is None else self.names[node][low]
        if self.numbers is None and high - low < _LISTED:
            return " | ".join(str(value) for value in self.values[low : high + 1])
        return f"{_text(self.values[low])} to {_text(self.values[high])}"

    def _node(self, low: int, high: int) -> int | None:
        """Return the lowest level at which both ends, and so all between, are part of one thing."""
        return next((level for level, node in enumerate(self.nodes) if node[low] == node[high]), None)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        midnight = value.time().isoformat() == "00:00:00"
        return value.date().isoformat() if midnight else value.replace(tzinfo=None).isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else f"{value:g}" if isinstance(value, float) else str(value)


def dimension(column: pa.ChunkedArray, name: str, hierarchies: Mapping[str, Hierarchy]) -> tuple[Dimension, pa.Array]:
    """Return a column's dimension, and the place of each of its values in it (int64)."""
    whole = column.combine_chunks()
    known = pc.unique(whole).drop_null()
    known = known.take(pc.sort_indices(known))
    distinct = pa.concat_arrays([pa.nulls(1, whole.type), known]) if whole.null_count else known
    hierarchy = hierarchies.get(name)
    if hierarchy is not None:
        made, distinct = _by_hierarchy(distinct, name, hierarchy)
    elif ordered(whole.type):
        numbers = distinct.cast(pa.int64()) if pa.types.is_temporal(whole.type) else distinct
        places = pc.fill_null(numbers.cast(pa.float64(), safe=False), 0.0).to_numpy(zero_copy_only=False)
        made = Dimension(name, distinct.to_pylist(), numbers=places)
    else:
        made = Dimension(name, distinct.to_pylist())
    return made, pc.index_in(whole, value_set=distinct)


def _by_hierarchy(distinct: pa.Array, name: str, hierarchy: Hierarchy) -> tuple[Dimension, pa.Array]:
    texts = distinct.cast(pa.string()).to_pylist()
    levels = len(hierarchy.levels) - 1
    paths = [
        [hierarchy.up(text, level) for level in range(1, levels + 1)] if text is not None else [] for text in texts
    ]
    order = sorted(range(len(texts)), key=lambda at: (texts[at] is not None, paths[at][::-1], texts[at] or ""))
    distinct = distinct.take(pa.array(order))
    nodes, names = [], []
    for level in range(levels):
        # A node is named with all above it: two regions of one name in two countries are two.
        above = [tuple(paths[at][level:]) for at in order]
        numbering = {node: number for number, node in enumerate(dict.fromkeys(above))}
        nodes.append(np.array([numbering[node] for node in above], dtype=np.int64))
        names.append([node[0] if node else EVERYTHING for node in above])
    return Dimension(name, distinct.to_pylist(), nodes=tuple(nodes), names=tuple(names)), distinct
