"""The one place that creates Dask clients and computes; rooms build work, the engine runs it.

Work is a module-level function and a list of small picklable items. On one machine it runs on a LocalCluster of
worker processes sized by what the machine has; with `scheduler:` on any cluster that is already there.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from .cluster import connect, dying, join, local_cluster, pausing
from .config import EngineConfig
from .errors import DataError, WeirError
from .resources import allocate
from .storage import storage_error
from .usage import compiling, forget_peak, peak, release, resident, transferred

Item = TypeVar("Item")
Result = TypeVar("Result")

_NETWORK_BLOCK, _NETWORK_TRIES = 64 << 20, 3


class Secret(bytes):
    """Key material that shows nothing of itself where Dask, a debugger or a traceback prints arguments."""

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __reduce__(self) -> tuple[Any, ...]:
        return Secret, (bytes(self),)


@dataclass(frozen=True)
class Timed:
    """A task's result with what it cost on its worker: seconds, bytes read and written, peak memory meanwhile.

    `compile_seconds` of the seconds went into compiling kernels, which a machine does once and keeps.
    """

    value: Any
    seconds: float
    compile_seconds: float
    peak_memory: int
    read_bytes: int
    written_bytes: int
    process: tuple[str, int]


@dataclass
class Cost:
    """What the tasks of one function cost together."""

    tasks: int = 0
    seconds: float = 0.0
    compile_seconds: float = 0.0
    wall_seconds: float = 0.0
    read_bytes: int = 0
    written_bytes: int = 0
    peak_memory: int = 0
    """The largest resident size of a worker while one of them ran, in bytes."""


class Engine:
    """Runs functions over items on worker processes, started at the first use and stopped on exit.

    `busy_seconds` adds up the task time of all workers, `peak_memory` is the largest resident size that any of
    them ever had (bytes), `peak_memory_total` that of all of them, `wall_seconds` the time that `map` was waiting
    for results, `costs` says all that by function; `spilled_bytes` is what workers wrote to disk for want of memory,
    `start_seconds` what starting the cluster took, or joining it.
    """

    def __init__(self, config: EngineConfig, scratch: str | None = None) -> None:
        self._config = config
        self.allocation = allocate(config)
        self._scratch = scratch
        self._client: Any = None
        self._cluster: Any = None
        self.busy_seconds = 0.0
        self.wall_seconds = 0.0
        self.start_seconds = 0.0
        self.spilled_bytes = 0.0
        self.costs: dict[str, Cost] = {}
        self._peaks: dict[tuple[str, int], int] = {}

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def peak_memory(self) -> int:
        """The largest resident size of any worker, in bytes."""
        return max(self._peaks.values(), default=0)

    @property
    def peak_memory_total(self) -> int:
        """The largest resident sizes of all workers, added up, in bytes."""
        return sum(self._peaks.values())

    @property
    def dashboard(self) -> str | None:
        """The address of Dask's dashboard, None before the cluster started, or where bokeh, which draws it, is missing.

        Of a cluster that is not ours it is the address that its scheduler gives.
        """
        drawn = self.allocation.scheduler or importlib.util.find_spec("bokeh")
        return str(self._client.dashboard_link) if self._client is not None and drawn else None

    @property
    def client(self) -> Any:
        """The Dask client; the cluster starts here, not before."""
        if self._client is None:
            began = time.perf_counter()
            self._start()
            self.start_seconds += time.perf_counter() - began
        return self._client

    def map(
        self,
        function: Callable[..., Result],
        items: Sequence[Item],
        *arguments: Any,
        weights: Sequence[float] | None = None,
        advance: Callable[[], None] | None = None,
    ) -> list[Result]:
        """Run `function(item, *arguments)` for each item on the workers; return the results in the items' order.

        With `weights` the heaviest begin first: the longest task is the critical path of a step, and a worker that is
        left with it at the end keeps all others waiting (Graham, SIAM J. Appl. Math. 17, 1969). A failing task stops
        the rest. Errors that are not WeirErrors come back as DataError that names the place but not the message, for
        messages of libraries may quote row values.
        """
        if not items:
            return []
        from distributed import as_completed

        started = time.perf_counter()
        order = sorted(range(len(items)), key=lambda at: -weights[at]) if weights else range(len(items))
        futures = self.client.map(_Task(function, arguments), [items[at] for at in order], pure=False, batch_size=1000)
        positions = {future.key: position for position, future in zip(order, futures, strict=True)}
        step = function.__name__.lstrip("_")
        cost = self.costs.setdefault(step, Cost())
        results: list[Any] = [None] * len(items)
        try:
            with dying(step), pausing(self._client, futures, step):
                for future in as_completed(futures):
                    timed = future.result()
                    results[positions[future.key]] = timed.value
                    self._count(cost, timed)
                    if advance:
                        advance()
        except BaseException:
            self._client.cancel(futures)
            raise
        finally:
            waited = time.perf_counter() - started
            self.wall_seconds += waited
            cost.wall_seconds += waited
        self.spilled_bytes = self._spilled()
        return results

    def _count(self, cost: Cost, timed: Timed) -> None:
        self.busy_seconds += timed.seconds
        self._peaks[timed.process] = max(self._peaks.get(timed.process, 0), timed.peak_memory)
        cost.tasks += 1
        cost.seconds += timed.seconds
        cost.compile_seconds += timed.compile_seconds
        cost.read_bytes += timed.read_bytes
        cost.written_bytes += timed.written_bytes
        cost.peak_memory = max(cost.peak_memory, timed.peak_memory)

    def _spilled(self) -> float:
        """Return the bytes that the workers spilled so far, as they report them to the scheduler."""
        workers = self.client.scheduler_info(n_workers=-1)["workers"].values()
        found: Any = (w.get("metrics", {}).get("spilled_bytes", {}).get("disk", 0) for w in workers)
        return max(self.spilled_bytes, float(sum(found)))

    def stream(self, function: Callable[..., Result], items: Sequence[Item], *arguments: Any) -> Iterator[Result]:
        """Like `map`, one result at a time, for results that should not all be held at once."""
        width = self.allocation.workers * 4
        for first in range(0, len(items), width):
            yield from self.map(function, items[first : first + width], *arguments)

    def network_rate(self) -> float | None:
        """Return the bytes a second that one worker gets from another; None where there is but one.

        The best of several blocks, less what a single byte takes; workers of several machines are asked for first.
        """
        hosts = {address: info["host"] for address, info in self.client.scheduler_info(n_workers=-1)["workers"].items()}
        pairs = [(a, b) for a in hosts for b in hosts if a != b]
        if not pairs:
            return None
        giver, taker = max(pairs, key=lambda pair: hosts[pair[0]] != hosts[pair[1]])

        def seconds(size: int) -> float:
            block = self.client.submit(os.urandom, size, workers=[giver], pure=False)
            block.exception()  # waits until it is there
            began = time.perf_counter()
            self.client.submit(len, block, workers=[taker], pure=False).result()
            return time.perf_counter() - began

        idle = min(seconds(1) for _ in range(_NETWORK_TRIES))
        return max(_NETWORK_BLOCK / max(1e-6, seconds(_NETWORK_BLOCK) - idle) for _ in range(_NETWORK_TRIES))

    def close(self) -> None:
        """Stop the client and a cluster of our own."""
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._cluster is not None:
            self._cluster.close()
            self._cluster = None

    def _start(self) -> None:
        if self.allocation.scheduler:
            self._client = connect(self.allocation.scheduler)
            self.allocation = allocate(self._config, join(self._client))
            return
        self._cluster = local_cluster(self.allocation, self._scratch)
        self._client = self._cluster.get_client()


def compute(*collections: Any) -> tuple[Any, ...]:
    """Compute Dask collections on the running client, or on this process's threads where there is none."""
    import dask
    from distributed import default_client

    try:
        client = default_client()
    except ValueError:
        return tuple(dask.compute(*collections, scheduler="threads"))
    futures = client.compute(collections)
    with dying("compute"), pausing(client, futures, "compute"):
        return tuple(client.gather(futures))


class _Task:
    """A function with its constant arguments, timed, whose foreign errors are stripped of values."""

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.function = function
        self.arguments = arguments
        self.__name__ = function.__name__

    def __repr__(self) -> str:
        return f"<task {self.__name__}>"

    def __call__(self, item: Any) -> Timed:
        read, written = transferred()
        forget_peak()
        started = time.perf_counter()
        try:
            with compiling() as compiled:
                value = self.function(item, *self.arguments)
        except WeirError:
            raise
        except Exception as error:
            raise strip(error, self.__name__) from None
        seconds = time.perf_counter() - started
        again, out = transferred()
        process, most = (platform.node(), os.getpid()), peak()
        _make_room()
        return Timed(value, seconds, sum(compiled), most, again - read, out - written, process)


def _make_room() -> None:
    """Free memory where this worker holds over half of what it may: beyond 80 % Dask gives it no more tasks."""
    from distributed import get_worker

    try:
        limit = get_worker().memory_manager.memory_limit
    except ValueError:
        return
    if limit and resident() > limit // 2:
        release()


def strip(error: Exception, step: str) -> WeirError:
    """Turn a foreign error into one that names its type and place, but not its message (it may hold data)."""
    if isinstance(error, OSError) and error.errno is not None:
        return storage_error(error, str(error.filename or "the warehouse"))
    if os.environ.get("WEIR_DEBUG"):
        traceback.print_exception(error, file=sys.stderr)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "dataweir" in f.filename or _ours(f.filename)]
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return DataError(
        f"{step} failed: {type(error).__name__}{place}",
        "set WEIR_DEBUG=1 to print the full error (it may show data), and report it",
        step=step,
        kind=type(error).__name__,
    )


def _ours(filename: str) -> bool:
    return Path(filename).parent.name in {
        "ingest",
        "sources",
        "clean",
        "dedup",
        "visits",
        "quality",
        "execution",
        "privacy",
        "operators",
        "recognizers",
        "risk",
        "catalog",
    }
