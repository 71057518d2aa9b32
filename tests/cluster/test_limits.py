"""What a process may use, by the files of control groups as a container, a service or a job of a cluster finds them."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from dataweir.config import EngineConfig
from dataweir.limits import usable_cores, usable_memory
from dataweir.resources import GIB, allocate

CORES, MEMORY = float(len(os.sched_getaffinity(0))), psutil.virtual_memory().total


@pytest.mark.parametrize(
    ("mine", "files", "cores", "memory"),
    [
        ("0::/", {"cpu.max": "50000 100000", "memory.max": "2147483648"}, 0.5, 2 * GIB),
        ("0::/", {"cpu.max": "max 100000", "memory.max": "max"}, CORES, MEMORY),
        ("0::/a/b", {"a/memory.max": "1073741824", "a/b/memory.max": "max", "a/b/cpu.max": "80000 100000"}, 0.8, GIB),
        ("0::/elsewhere", {"memory.max": "1073741824"}, CORES, GIB),
        (
            "4:memory:/docker/x\n3:cpu,cpuacct:/docker/x",
            {
                "memory/memory.limit_in_bytes": "1073741824",
                "cpu/cpu.cfs_quota_us": "25000",
                "cpu/cpu.cfs_period_us": "100000",
            },
            0.25,
            GIB,
        ),
        (
            "4:memory:/\n1:cpu:/",
            {
                "memory/memory.limit_in_bytes": "9223372036854771712",
                "cpu/cpu.cfs_quota_us": "-1",
                "cpu/cpu.cfs_period_us": "100000",
            },
            CORES,
            MEMORY,
        ),
        ("", {}, CORES, MEMORY),
    ],
)
def test_the_least_of_all_limits_holds(
    tmp_path: Path, mine: str, files: dict[str, str], cores: float, memory: int
) -> None:
    (tmp_path / "mine").write_text(mine)
    for name, text in files.items():
        (tmp_path / "mount" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mount" / name).write_text(text + "\n")
    asked = tmp_path / "mount", tmp_path / "mine"
    assert (usable_cores(*asked), usable_memory(*asked)) == (cores, memory)


def test_a_system_without_control_groups_has_no_limits(tmp_path: Path) -> None:
    nothing = tmp_path / "no", tmp_path / "none"
    assert (usable_cores(*nothing), usable_memory(*nothing)) == (CORES, MEMORY)


def test_workers_are_what_cores_and_memory_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataweir.resources.usable_memory", lambda: 4 * GIB)
    for cores, workers in ((0.5, 1), (2.0, 2), (16.0, 3)):
        monkeypatch.setattr("dataweir.resources.usable_cores", lambda cores=cores: cores)
        assert allocate(EngineConfig(gpu="off")).workers == workers
