"""kill -9 at any moment, then `weir run`: the same tables as an undisturbed run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
import shop

Weir = Callable[..., object]
pytestmark = pytest.mark.slow
TABLES = (
    "refined.web_events",
    "refined.social_posts",
    "refined.user_events",
    "refined.duplicates",
    "raw.rejects",
    "raw.shop_access",
    "raw.reddit",
    "raw.tickets",
)


def contents(folder: Path) -> dict[str, list[str]]:
    """Every row of every table, sorted, as text."""
    from dataweir import Project

    tables = Project.open(folder).tables()
    found = {}
    for name in TABLES:
        found[name] = sorted(repr(row) for row in tables.read(name).to_pylist())
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, run_weir: Weir) -> tuple[Path, float]:
    folder = shop.build(tmp_path_factory.mktemp("whole"))
    pristine = tmp_path_factory.mktemp("pristine") / "shop"
    shutil.copytree(folder, pristine)
    started = time.monotonic()
    assert run_weir("run", cwd=folder).code == 0
    (folder / "seconds").write_text(str(time.monotonic() - started))
    return folder, time.monotonic() - started


@pytest.mark.parametrize("moments", [(0.35, 0.6, 0.9), (0.5, 0.7, 0.8, 0.97)])
def test_killed_again_and_again(
    undisturbed: tuple[Path, float], tmp_path: Path, run_weir: Weir, call_weir: Weir, moments: tuple[float, ...]
) -> None:
    whole, seconds = undisturbed
    folder = shop.build(tmp_path / "shop")
    for moment in moments:
        process = subprocess.Popen(
            [sys.executable, "-m", "dataweir", "run"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(seconds * moment)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    again = run_weir("run", cwd=folder)
    assert again.code == 0, again.err
    assert contents(folder) == contents(whole)
    assert call_weir("status", "--json", cwd=folder).json["total"]["balanced"]
    assert not any((folder / "warehouse").rglob("*.tmp"))
