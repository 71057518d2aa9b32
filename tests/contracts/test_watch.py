"""The watch over connections sees what it must, so that an empty log means something."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from dataweir.cli import program

CODE = """
import contextlib, socket
for host in ("127.0.0.1", "localhost", "telemetry.invalid"):
    with contextlib.suppress(OSError):
        socket.create_connection((host, 9), timeout=1)
with contextlib.suppress(OSError):
    socket.getaddrinfo("192.0.2.1", 9)
"""


def test_what_leaves_the_machine_is_written_down(tmp_path: Path, watched_environment: dict[str, str]) -> None:
    log = tmp_path / "log"
    env = {**watched_environment, "WEIR_TEST_CONNECTIONS": str(log)}
    subprocess.run([sys.executable, "-c", CODE], env=env, check=True)
    seen = {line.split()[1].rstrip(":") for line in log.read_text().splitlines()}
    assert seen == {"telemetry.invalid", "192.0.2.1"}
    assert os.environ["WEIR_TEST_CONNECTIONS"] != str(log)


def test_a_command_in_this_process_is_watched_with_what_it_starts(
    tmp_path: Path, call_weir: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"

    def calls() -> None:
        subprocess.run([sys.executable, "-c", CODE], check=True)

    monkeypatch.setitem(program().commands, "calls", click.Command("calls", callback=calls))
    ended = call_weir("calls", cwd=tmp_path, env={"WEIR_TEST_CONNECTIONS": str(log)})
    assert ended.code == 0
    assert "telemetry.invalid" in log.read_text()
