"""The cluster that a run works on: worker processes of this machine, or a scheduler that is there."""

from __future__ import annotations

import tempfile
from typing import Any

from .config import EngineConfig
from .errors import ConfigError
from .resources import Allocation, Cluster

CONNECT_SECONDS, WAIT_SECONDS = 10, 30
"""How long a scheduler may take to answer, and a cluster to have its first worker."""


def local_cluster(allocation: Allocation, scratch: str | None) -> Any:
    """Start worker processes, one thread each, that spill to `scratch`. Raises ConfigError where none starts."""
    quiet()
    import dask
    from distributed import LocalCluster

    # Dask would set a limit that keeps glibc from learning which sizes to keep: every array of more than 128 KiB
    # would be mapped and unmapped anew, which took a third of a worker's time.
    with dask.config.set({"distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None}):
        try:
            return LocalCluster(
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
