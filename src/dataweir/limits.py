"""What this process may use of the machine: its own cores and the limits of the control groups it stands in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_MOUNT, _MINE = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def usable_cores(mount: Path = _MOUNT, mine: Path = _MINE) -> float:
    """Return the cores that this process may use: those it is bound to, or the part of them that a quota leaves."""
    found = float(len(os.sched_getaffinity(0)))
    for folder in _groups("cpu", mount, mine):
        quota, period = _numbers(folder / "cpu.max", 2)
        if quota is None:
            (quota,), (period,) = (_numbers(folder / f"cpu.cfs_{name}_us", 1) for name in ("quota", "period"))
        if quota is not None and period and quota > 0:
            found = min(found, quota / period)
    return found


def usable_memory(mount: Path = _MOUNT, mine: Path = _MINE) -> int:
    """Return the bytes that this process may use: the machine's, or the least of its control groups' limits."""
    import psutil

    found = int(psutil.virtual_memory().total)
    for folder in _groups("memory", mount, mine):
        for name in ("memory.max", "memory.limit_in_bytes"):
            (limit,) = _numbers(folder / name, 1)
            found = min(found, limit or found)
    return found


def _groups(controller: str, mount: Path, mine: Path) -> Iterator[Path]:
    """Yield the folders of this process's control group and of all above it, of version 2 and version 1.

    A container sees its own group at the root of the mount, whatever path it is said to have.
    """
    try:
        lines = mine.read_text().splitlines()
    except OSError:
        lines = ["0::/"]
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        root = mount / controller if controllers else mount
        folder = root / path.strip("/")
        yield from (each for each in (folder, *folder.parents) if each == root or root in each.parents)


def _numbers(file: Path, count: int) -> list[int | None]:
    """Return the whole numbers that a file holds; None for each that is none, such as `max`, or is not there."""
    try:
        words = file.read_text().split()
    except OSError:
        words = []
    return [int(w) if w.lstrip("-").isdigit() else None for w in words[:count]] + [None] * (count - len(words))
