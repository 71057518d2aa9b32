"""One run as a process of its own: what it takes it gives back, and it can be stopped from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, Literal

Result = Literal["done", "failed", "misconfigured", "quality gate", "privacy gate", "busy", "timeout", "stopped"]

_RESULTS: dict[int, Result] = {
    0: "done",
    2: "misconfigured",
    3: "quality gate",
    4: "privacy gate",
    5: "busy",
}
_TICK = 0.2  # seconds between two looks at a running process


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its exit code, how long it took (seconds), and the document that it printed."""

    result: Result
    code: int
    seconds: float
    document: dict[str, Any] = field(default_factory=dict)


def run_project(folder: Path, timeout: float | None, stop: Event, grace: float) -> Outcome:
    """Do `weir run` in a project and wait for it.

    After `timeout` seconds the run is stopped; once `stop` is set it has `grace` seconds left. It is asked
    first (SIGINT, as by Ctrl-C), and killed with all its workers where it does not listen: what is committed
    stays whole either way, and the next run goes on from there.
    """
    command = [sys.executable, "-m", "dataweir", "run", "--project", str(folder), "--json"]
    started = time.monotonic()
    deadline, ending = (started + timeout if timeout else None), None
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    result: Result | None = None
    printed: bytes | None = None
    while printed is None:
        try:
            printed, _ = process.communicate(timeout=_TICK)
        except subprocess.TimeoutExpired:
            now = time.monotonic()
            ending = ending or (now + grace if stop.is_set() else None)
            if result is None and deadline is not None and now >= deadline:
                result = "timeout"
            elif result is None and ending is not None and now >= ending:
                result = "stopped"
            else:
                continue
            printed = _end(process)
    code = process.returncode
    return Outcome(result or _RESULTS.get(code, "failed"), code, time.monotonic() - started, _parse(printed))


def _end(process: subprocess.Popen[bytes]) -> bytes:
    """Interrupt a run, and kill its whole session where it has not ended ten seconds later."""
    _signal(process, signal.SIGINT)
    try:
        return process.communicate(timeout=10)[0]
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)
        return process.communicate()[0]


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        if number is signal.SIGKILL:
            os.killpg(process.pid, number)  # the workers too, which nobody else would end
        else:
            process.send_signal(number)
    except ProcessLookupError:
        return


def _parse(printed: bytes) -> dict[str, Any]:
    try:
        found = json.loads(printed)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
