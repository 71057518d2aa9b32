"""A pass over the partitions that are new, with the kept states of the old ones (states.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...engine import compute
from ..frames import Files
from .partition import Failed
from .reducers import finish, reducer_of, run_partition
from .rollup import Rollup, roll_up
from .states import BUCKETS, States, piece_key
from .work import Work


@dataclass(frozen=True)
class _Keep:
    """Writes a partition's small states where each of them was found; picklable."""

    states: States
    key: str
    names: Sequence[str]

    def __call__(self, small: dict[int, Any]) -> None:
        if not any(isinstance(state, Failed) for state in small.values()):
            self.states.save(self.key, {name: small[position] for position, name in enumerate(self.names)})


def incremental_pass(
    files: Files, columns: Sequence[str] | None, works: list[Work], paths: Sequence[str]
) -> tuple[list[Any], int, str]:
    """Compute the works; return their values (Again, Failed), how many partitions were read, and where states are.

    `columns` are what the works read. Every work has a name.
    """
    import dask

    assert files.states is not None
    partitions = files.parts(columns)
    keys = [piece_key(piece) for piece in files.pieces]
    states = States.open(files.states, works).usable(keys)
    names = [str(work.name) for work in works]
    fresh = [number for number, key in enumerate(keys) if key not in states.parts]
    shared = dask.delayed(works, traverse=False, pure=False)
    shuffled = [p for p, work in enumerate(works) if (r := reducer_of(work.metric)) and r.shuffle]
    buckets = BUCKETS if shuffled else 0
    run = dask.delayed(run_partition, pure=False, nout=buckets + 1)
    made = {n: run(partitions[n], n, shared, buckets, paths, _Keep(states, keys[n], names)) for n in fresh}
    roll = dask.delayed(_roll, pure=False)
    rolled = [
        roll([made[n][b + 1] for n in fresh], {p: _known(states, names[p], b) for p in shuffled}, states.folder, b)
        for b in range(buckets)
    ]
    results = compute(*(made[n][0] for n in fresh), *rolled)
    small = dict(zip(fresh, results, strict=False))
    bucketed = results[len(fresh) :]
    for number, key in enumerate(keys):
        if number not in small:
            loaded = states.load(key)
            small[number] = {position: loaded[name] for position, name in enumerate(names)}
    if not any(isinstance(state, Failed) for n in fresh for state in small[n].values()):
        rollups = {names[p]: [bucket[p][1] for bucket in bucketed] for p in shuffled}
        states.commit({keys[n]: states.part(keys[n]) for n in fresh}, rollups)
    values = [
        finish(work, [small[n][p] for n in range(len(keys))], [bucket[p][0] for bucket in bucketed if p in bucket])
        for p, work in enumerate(works)
    ]
    return values, len(fresh), states.folder


def _roll(parts: Sequence[dict[int, Any]], known: dict[int, Rollup], folder: str, bucket: int) -> dict[int, Any]:
    return {
        position: roll_up(rollup, [part[position] for part in parts if position in part], folder, bucket)
        for position, rollup in known.items()
    }


def _known(states: States, name: str, bucket: int) -> Rollup:
    found = states.rollups.get(name)
    return found[bucket] if found else Rollup()
