"""What this process has used of the machine, as the kernel counts it."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import resource
from collections.abc import Iterator
from pathlib import Path


def forget_peak() -> None:
    """Let the kernel count the largest resident size anew (proc_pid_clear_refs(5)), where it can."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak() -> int:
    """Return the largest resident size of this process since `forget_peak`, or ever where nobody knows better."""
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def resident() -> int:
    """Return the bytes of memory that this process holds now; 0 where nobody knows."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * resource.getpagesize()


def release() -> None:
    """Give back to the system what this process holds and does not use: garbage, Arrow's pool, glibc's heap."""
    import pyarrow as pa

    gc.collect()
    pa.default_memory_pool().release_unused()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def transferred() -> tuple[int, int]:
    """Return the bytes this process has read and written by system calls, page cache included; 0 where unknown."""
    try:
        lines = Path("/proc/self/io").read_text().splitlines()
    except OSError:
        return 0, 0
    found = dict(line.split(": ") for line in lines)
    return int(found["rchar"]), int(found["wchar"])


@contextlib.contextmanager
def compiling() -> Iterator[list[float]]:
    """Yield a list that gets the seconds of each compiling of kernels meanwhile; a machine keeps what it compiled."""
    from numba.core.event import install_timer

    spent: list[float] = []
    with install_timer("numba:compile", spent.append):
        yield spent
