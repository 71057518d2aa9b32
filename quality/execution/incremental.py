"""A pass over the partitions that are new, with the kept states of the old ones (states.py)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..frames import Files
from .exchange import take
from .onepass import one_pass, shuffled
from .partition import Failed
from .reducers import combined, finish, is_combined
from .rollup import Rollup, roll_up
from .states import BUCKETS, FEW, Content, Segment, States, piece_key
from .work import Work

Loaded = list[tuple[Segment, Content]]


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
    named = list(zip(works, names, strict=True))
    known = states.keys
    fresh = [number for number, key in enumerate(keys) if key not in known]
    hashed = shuffled(works)
    roll = dask.delayed(_roll, pure=False)
    small, bucketed = one_pass(
        {number: partitions[number] for number in fresh},
        works,
        paths,
        files.rows * len(fresh) // len(keys),
        lambda parts, b: roll(parts, {p: _known(states, names[p], b) for p in hashed}, states.folder, b),
        BUCKETS,
    )
    loaded = [(segment, states.load(segment)) for segment in states.segments]
    if fresh:
        parts = {name: combined(work, [s[p] for s in small]) for p, (work, name) in enumerate(named)}
        loaded.append((Segment("", tuple(keys[n] for n in fresh), 0), parts))
        if not any(isinstance(state, Failed) for kept in parts.values() for state in kept):
            rollups = {names[p]: [bucket[p][1] for bucket in bucketed] for p in hashed}
            states.commit(_written(states, _merged(loaded, named)), rollups)
    values = [
        finish(work, _of(work, name, loaded, keys), [bucket[p][0] for bucket in bucketed if p in bucket])
        for p, (work, name) in enumerate(named)
    ]
    return values, len(fresh), states.folder


def _of(work: Work, name: str, loaded: Loaded, keys: Sequence[str]) -> list[Any]:
    """Return all states of a work; those that belong to a partition's place in the order of the partitions."""
    if is_combined(work):
        return [state for _, content in loaded for state in content[name]]
    placed = {key: state for segment, content in loaded for key, state in zip(segment.keys, content[name], strict=True)}
    return [placed[key] for key in keys]


def _merged(loaded: Loaded, named: Sequence[tuple[Work, str]]) -> Loaded:
    """Make one segment of each FEW of a level, from the lowest level on."""
    level = 0
    while level <= max(segment.level for segment, _ in loaded):
        alike = [pair for pair in loaded if pair[0].level == level]
        if len(alike) >= FEW:
            content = {
                name: combined(work, [state for _, other in alike for state in other[name]]) for work, name in named
            }
            keys = tuple(key for segment, _ in alike for key in segment.keys)
            loaded = [*(p for p in loaded if p[0].level != level), (Segment("", keys, level + 1), content)]
        level += 1
    return loaded


def _written(states: States, segments: Loaded) -> list[Segment]:
    return [s if s.file else states.write(content, s.keys, s.level) for s, content in segments]


def _roll(parts: Sequence[dict[int, Any]], known: dict[int, Rollup], folder: str, bucket: int) -> dict[int, Any]:
    return {
        position: roll_up(rollup, [take(part[position]) for part in parts if position in part], folder, bucket)
        for position, rollup in known.items()
    }


def _known(states: States, name: str, bucket: int) -> Rollup:
    found = states.rollups.get(name)
    return found[bucket] if found else Rollup()
