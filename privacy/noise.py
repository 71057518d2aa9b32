"""Aggregates with differential privacy: each person's rows bounded, then noise that OpenDP draws and answers for."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..errors import ConfigError, MissingExtra
from .files import read_tables
from .keyed import derive
from .risk.linkage import numbers


class Bounds(NamedTuple):
    """What of the table counts: the columns that group, the values that they may have, and who a person is."""

    by: tuple[str, ...]
    keys: Mapping[str, Sequence[str]]
    subject: str | None
    rows_per_person: int
    total: str | None
    between: tuple[int, int]


def cells(bounds: Bounds) -> list[tuple[str, ...]]:
    """Return every combination of the values that the groups may have: public, whatever the data holds."""
    return list(itertools.product(*(bounds.keys[name] for name in bounds.by)))


def bounded(bucket: int, files: Sequence[str], buckets: int, bounds: Bounds, key: bytes) -> NDArray[np.int64]:
    """Count and add up one bucket of people by group, at most `rows_per_person` rows of each.

    Which rows of a person count is drawn by the key. Returns int64 of shape (cells, 2): rows, and sum of the clamped
    column. Values that `keys` does not name are left out.
    """
    secret = np.uint64(int.from_bytes(derive(key, "rows of a person", 8)))
    places, people, amounts, order = [], [], [], []
    for number, file in enumerate(files):
        names = [*bounds.by, *([bounds.subject] if bounds.subject else []), *([bounds.total] if bounds.total else [])]
        table = read_tables([file], list(dict.fromkeys(names)) or None)
        for name in names:
            if name not in table.column_names:
                raise ConfigError(f"the table has no column '{name}'", f"its columns: {', '.join(table.column_names)}")
        cell = np.zeros(table.num_rows, dtype=np.int64)
        for name in bounds.by:
            values = table[name].combine_chunks().cast(pa.string())
            found = pc.index_in(values, value_set=pa.array(bounds.keys[name], pa.string())).fill_null(-1).to_numpy()
            cell = np.where((cell < 0) | (found < 0), -1, cell * len(bounds.keys[name]) + found)
        rows = np.arange(table.num_rows, dtype=np.uint64) + np.uint64(number << 40)
        person = numbers(table[bounds.subject].combine_chunks()) if bounds.subject else rows
        amount = np.zeros(table.num_rows, dtype=np.int64)
        if bounds.total:
            clamped = pc.round(pc.fill_null(table[bounds.total].combine_chunks().cast(pa.float64(), safe=False), 0.0))
            amount = np.clip(np.nan_to_num(clamped.to_numpy()), *bounds.between).astype(np.int64)
        inside = (cell >= 0) & (person % np.uint64(buckets) == np.uint64(bucket))
        places.append(cell[inside])
        people.append(person[inside])
        amounts.append(amount[inside])
        order.append(((rows ^ secret) * np.uint64(1_099_511_628_211))[inside])
    place, person, amount = np.concatenate(places), np.concatenate(people), np.concatenate(amounts)
    sort = np.lexsort((np.concatenate(order), person))
    place, person, amount = place[sort], person[sort], amount[sort]
    starts = np.flatnonzero(np.r_[True, person[1:] != person[:-1]]) if len(person) else np.zeros(0, dtype=np.int64)
    ranks = np.arange(len(person)) - np.repeat(starts, np.diff(np.r_[starts, len(person)]))
    counted = ranks < bounds.rows_per_person
    size = len(cells(bounds))
    return np.stack(
        [np.bincount(place[counted], weight, minlength=size) for weight in (None, amount[counted])], axis=1
    ).astype(np.int64)


def noisy(exact: Sequence[int], sensitivity: int, epsilon: float) -> tuple[list[int], float]:
    """Return whole numbers with discrete Laplace noise, and its scale: ε-differentially private together.

    `sensitivity` is how far one person moves them all, added up (L1). The scale is what OpenDP proves to suffice.
    Raises MissingExtra without OpenDP.
    """
    try:
        import opendp.prelude as dp
    except ImportError:
        raise MissingExtra.of("dp", "an aggregate with differential privacy") from None
    dp.enable_features("contrib")
    space: Any = dp.vector_domain(dp.atom_domain(T=int)), dp.l1_distance(T=int)
    scale = dp.binary_search_param(lambda s: dp.m.make_laplace(*space, scale=s), d_in=sensitivity, d_out=epsilon)
    release = dp.m.make_laplace(*space, scale=scale)
    return [int(value) for value in release(list(exact))], float(scale)
