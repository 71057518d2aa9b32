"""What a run takes of the machine: workers, memory, partitions, GPU, and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from .config import EngineConfig
from .errors import ConfigError, MissingExtra
from .limits import usable_cores, usable_memory

GIB = 1 << 30
MIN_WORKER_MEMORY = GIB


@dataclass(frozen=True)
class Allocation:
    """What a run takes of the machine, and why."""

    workers: int
    memory_bytes: int
    cores: float
    """Cores that this process may use, a part of one where a quota says so."""
    machine_memory_bytes: int
    partition_bytes: int
    scheduler: str | None
    gpu: bool
    gpu_reason: str
    why: str

    def as_dict(self) -> dict[str, Any]:
        """Return the allocation as JSON."""
        return asdict(self)


PARTITION_SHARE, PARTITION_LEAST, PARTITION_MOST = 16, 4 << 20, 64 << 20
"""A task holds some ten times what it reads, in text, columns and what is made of them."""


class Cluster(NamedTuple):
    """What a cluster that is there has: threads, each of which takes a task, and the least memory of one, in bytes."""

    threads: int
    memory: int | None
    """None where its workers have no limit."""


def partition_size(config: EngineConfig, memory: int) -> int:
    """Return how many bytes of a plain file one task reads, by the memory of a worker. Raises ConfigError."""
    if config.partition == "auto":
        return max(PARTITION_LEAST, min(PARTITION_MOST, memory // PARTITION_SHARE))
    return size(config.partition, "engine.partition")


def worker_memory(config: EngineConfig, cluster: Cluster | None = None) -> int:
    """Return the bytes that a worker may take. Raises ConfigError."""
    if config.memory != "auto":
        return size(config.memory, "engine.memory")
    if cluster is not None and cluster.memory is not None:
        return cluster.memory
    return int(usable_memory() * 0.8) // workers_of(config)


def workers_of(config: EngineConfig) -> int:
    """Return how many workers there are: as configured, else one a core with enough memory for each."""
    if config.workers != "auto":
        return config.workers
    return max(1, min(int(usable_cores()), int(usable_memory() * 0.8) // MIN_WORKER_MEMORY))


def allocate(config: EngineConfig, cluster: Cluster | None = None) -> Allocation:
    """Turn the configuration and the machine into workers and memory. Raises ConfigError for a bad size.

    `cluster` is what the scheduler that the configuration names was seen to have; None: nobody asked, or nothing.
    """
    cores, total = usable_cores(), usable_memory()
    memory = worker_memory(config, cluster)
    partition = partition_size(config, memory)
    why = f"{cores:g} cores, {total / GIB:.1f} GiB: one worker a core with at least 1 GiB each"
    if config.workers != "auto":
        why = "as configured"
    if config.scheduler and cluster:
        why = f"what the cluster at {config.scheduler} has, by thread"
    elif config.scheduler:
        why = f"as for this machine, for the cluster at {config.scheduler} has no workers yet"
    why += f"; {partition / (1 << 20):.0f} MiB of a file a task"
    if config.partition == "auto":
        why += f": a {PARTITION_SHARE}th of a worker's memory, {PARTITION_MOST >> 20} MiB at most"
    if config.scheduler and config.gpu != "off":
        gpu, reason = config.gpu == "on", "each worker of the cluster looks for its own"
    else:
        gpu, reason = resolve_gpu(config.gpu)
    return Allocation(
        workers=cluster.threads if cluster else workers_of(config),
        memory_bytes=memory,
        cores=cores,
        machine_memory_bytes=total,
        partition_bytes=partition,
        scheduler=config.scheduler,
        gpu=gpu,
        gpu_reason=reason,
        why=why,
    )


def size(text: str, where: str) -> int:
    """Parse '64 MiB', '2GB' or a number of bytes. Raises ConfigError."""
    from dask.utils import parse_bytes

    try:
        return int(parse_bytes(text))
    except ValueError:
        raise ConfigError(f"{where} is not a size", "write it as '64 MiB' or '2 GB'") from None


def seconds(text: str, where: str) -> float:
    """Parse a length of time such as '90 s', '2 h' or '400 d' to seconds. Raises ConfigError."""
    from dask.utils import parse_timedelta

    try:
        found = float(parse_timedelta(text, default="s"))
    except (KeyError, ValueError, TypeError):
        raise ConfigError(f"{where} is not a length of time", "write it as '90 s', '5 m', '2 h' or '400 d'") from None
    if found < 0:
        raise ConfigError(f"{where} is negative", "write it as '90 s', '5 m', '2 h' or '400 d'")
    return found


def resolve_gpu(wanted: str) -> tuple[bool, str]:
    """Return whether kernels run on a GPU, and the reason. Raises MissingExtra for `on` without CuPy."""
    if wanted == "off":
        return False, "switched off in the configuration"
    try:
        import cupy
    except ImportError:
        if wanted == "on":
            raise MissingExtra.of("gpu", "engine.gpu: on") from None
        return False, "CuPy is not installed"
    try:
        count = int(cupy.cuda.runtime.getDeviceCount())
    except cupy.cuda.runtime.CUDARuntimeError:
        count = 0
    if count:
        return True, f"{count} CUDA device(s)"
    if wanted == "on":
        raise ConfigError("engine.gpu is on, but no CUDA device answers", "use gpu: auto, or check nvidia-smi")
    return False, "no CUDA device answers"
