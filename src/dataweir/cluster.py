"""The cluster that a run works on: worker processes of this machine, or a scheduler that is there."""

from __future__ import annotations

import contextlib
import copy
import tempfile
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from .config import EngineConfig
from .errors import ConfigError, WeirError
from .resources import Allocation, Cluster

CONNECT_SECONDS, WAIT_SECONDS = 10, 30
"""How long a scheduler may take to answer, and a cluster to have its first worker."""

LOOK_SECONDS = 30
"""How often it is looked whether a cluster's workers are all paused; twice in a row, and a run ends."""


def local_cluster(allocation: Allocation, scratch: str | None) -> Any:
    """Start worker processes, one thread each, that spill to `scratch`. Raises ConfigError where none starts."""
    quiet()
    import dask
    from distributed import LocalCluster

    settings = {
        # Dask would set a limit that keeps glibc from learning which sizes to keep: every array of more than 128 KiB
        # would be mapped and unmapped anew, which took a third of a worker's time.
        "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
        # A paused worker waits for results that could be spilled. Ours holds libraries and has none: it would wait
        # for ever. One that grows beyond its limit is restarted, and says so when that happens again and again.
        "distributed.worker.memory.pause": False,
    }
    with dask.config.set(settings):
        try:
            return LocalCluster(
                config=copy.deepcopy(dask.config.config),  # for workers that are restarted once this block is left
                n_workers=allocation.workers,
                threads_per_worker=1,
                memory_limit=allocation.memory_bytes,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                local_directory=scratch or tempfile.gettempdir(),
                silence_logs=50,
                preload=__name__,
            )
        except RuntimeError:
            raise ConfigError(
                "the worker processes did not start",
                "a script that runs Weir does so under: if __name__ == '__main__': (each worker imports it again)",
            ) from None


def connect(address: str, set_as_default: bool = True) -> Any:
    """Return a client of a scheduler that is there. Raises ConfigError where none answers."""
    quiet()
    from distributed import Client

    try:
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=set_as_default)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"no Dask scheduler answers at {address} ({type(error).__name__})",
            "start one with 'dask scheduler', or leave engine.scheduler out",
        ) from None


def join(client: Any) -> Cluster:
    """Prepare a cluster that is not ours, so that its workers keep quiet about our tasks, and return what it has.

    Raises ConfigError where it has no workers.
    """
    from distributed import WorkerPlugin

    class Quiet(WorkerPlugin):  # type: ignore[misc]
        def setup(self, worker: Any) -> None:
            quiet()

    client.register_plugin(Quiet(), name="dataweir-quiet")
    try:
        client.wait_for_workers(1, timeout=WAIT_SECONDS)
        return _seen(client)
    except (TimeoutError, LookupError):
        address = client.scheduler.address
        raise ConfigError(f"the scheduler at {address} has no workers", f"start some: dask worker {address}") from None


def survey(config: EngineConfig) -> Cluster | None:
    """Return what the configured cluster has; None without one, and where it has no workers yet.

    Raises ConfigError where no scheduler answers.
    """
    if not config.scheduler:
        return None
    with connect(config.scheduler, set_as_default=False) as client:
        try:
            return _seen(client)
        except LookupError:
            return None


@contextlib.contextmanager
def dying(step: str) -> Iterator[None]:
    """Say what a worker that dies again and again means. Raises WeirError in place of Dask's error."""
    from distributed.scheduler import KilledWorker

    try:
        yield
    except KilledWorker:
        raise WeirError(
            f"a worker process died again and again in '{step}', probably for want of memory",
            "set engine.memory higher, engine.workers lower or engine.partition smaller; run again",
        ) from None


@contextlib.contextmanager
def pausing(client: Any, futures: Sequence[Any], step: str) -> Iterator[None]:
    """Cancel futures that no worker will ever take, for Dask paused them all. Raises WeirError then.

    A worker above its pause limit (`distributed.worker.memory.pause`) gets no more tasks until it holds less; where
    that is not results, which could be spilled, it never will.
    """
    from concurrent.futures import CancelledError

    done, stuck = threading.Event(), threading.Event()

    def look() -> None:
        before = False
        with contextlib.suppress(Exception):  # a scheduler that is lost is told of where the results are waited for
            while not done.wait(LOOK_SECONDS):
                now = _all_idle_and_paused(client)
                if now and before:
                    stuck.set()
                    client.cancel(futures, force=True)
                    return
                before = now

    threading.Thread(target=look, name="weir-pausing", daemon=True).start()
    try:
        yield
    except CancelledError:
        if not stuck.is_set():
            raise
        raise WeirError(
            f"in '{step}' all workers of the cluster stand still: each holds more memory than Dask lets it work with",
            "start workers with a higher --memory-limit (1 GiB and more a thread); run again",
        ) from None
    finally:
        done.set()


def _all_idle_and_paused(client: Any) -> bool:
    found = {worker["status"] for worker in client.scheduler_info(n_workers=-1)["workers"].values()}
    return found == {"paused"} and not any(client.processing().values())


def _seen(client: Any) -> Cluster:
    workers = list(client.scheduler_info(n_workers=-1)["workers"].values())
    if not workers:
        raise LookupError
    shares = [worker["memory_limit"] // worker["nthreads"] for worker in workers if worker["memory_limit"]]
    return Cluster(sum(worker["nthreads"] for worker in workers), min(shares, default=None))


def dask_setup(worker: Any) -> None:
    """Prepare a worker process (Dask's preload hook)."""
    quiet()


def quiet() -> None:
    """Silence Dask's loggers: they print the arguments of failing tasks, and so could print data."""
    import logging

    for name in (
        "distributed",
        "distributed.worker",
        "distributed.nanny",
        "distributed.scheduler",
        "asyncio",
    ):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
