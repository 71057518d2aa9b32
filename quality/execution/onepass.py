"""One pass over partitions: their small states come to the driver, hashes go bucket by bucket to who counts them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from ...engine import compute
from ...scratch import shared_folder
from . import exchange
from .hashing import HASH_BYTES
from .reducers import reducer_of, run_partition
from .work import Work


def shuffled(works: Sequence[Work]) -> list[int]:
    """Return the positions of the works that count hashes."""
    return [p for p, work in enumerate(works) if (r := reducer_of(work.metric)) and r.shuffle]


def one_pass(
    parts: Mapping[int, Any],
    works: Sequence[Work],
    paths: Sequence[str],
    rows: int,
    count: Callable[[Any, int], Any],
    buckets: int | None = None,
) -> tuple[Sequence[Any], Sequence[Any]]:
    """Compute the works on partitions (by their number) of about so many rows; return small states and counted buckets.

    `count(parts, bucket)` delays what becomes of one bucket's hashes of all partitions. The number of buckets follows
    from the rows where it is not given.
    """
    import dask

    hashed = shuffled(works)
    shared = dask.delayed(works, traverse=False, pure=False)
    with shared_folder() if rows * len(hashed) * HASH_BYTES > exchange.IN_MEMORY else nullcontext() as folder:
        if not hashed:
            buckets = 0
        elif buckets is None:
            buckets = exchange.buckets_of(rows, len(parts), filed=folder is not None)
        numbers = range(1, buckets + 1)
        run = dask.delayed(run_partition, pure=False, nout=buckets + 1 if folder is None else None)
        states = [run(part, number, shared, buckets, paths, folder) for number, part in parts.items()]
        if folder is None:
            found = compute(*(state[0] for state in states), *(count([s[b] for s in states], b - 1) for b in numbers))
            return found[: len(states)], found[len(states) :]
        done = compute(*states)
        return [state[0] for state in done], compute(*(count([s[b] for s in done], b - 1) for b in numbers))
