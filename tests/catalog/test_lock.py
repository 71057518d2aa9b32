"""The project lock: one holder, said who, gone with its process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dataweir.catalog.lock import project_lock
from dataweir.errors import ProjectLocked, StorageError

_HOLD = """
import sys, time
from dataweir.catalog.lock import project_lock
with project_lock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def _holder(url: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", _HOLD, url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_run_is_refused_and_told_who_holds_it(url: str) -> None:
    holder = _holder(url)
    try:
        with pytest.raises(ProjectLocked) as caught, project_lock(url):
            pass
        assert caught.value.exit_code == 5
        assert caught.value.facts["pid"] == holder.pid
        assert "UTC" in caught.value.facts["since"]
        assert str(holder.pid) in caught.value.message
    finally:
        holder.kill()
        holder.wait()


def test_kill_9_frees_it(url: str) -> None:
    holder = _holder(url)
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    end = time.monotonic() + 10
    while True:  # a server needs a moment to see that its client is gone
        try:
            with project_lock(url):
                return
        except ProjectLocked:
            assert time.monotonic() < end
            time.sleep(0.05)


def test_it_can_be_taken_again_after_use_and_after_an_error(url: str) -> None:
    for _ in range(2):
        with pytest.raises(RuntimeError), project_lock(url):
            raise RuntimeError
    with project_lock(url), pytest.raises(ProjectLocked), project_lock(url):
        pass


def test_a_place_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError), project_lock(f"sqlite:///{tmp_path}/file/catalog.db"):
        pass
