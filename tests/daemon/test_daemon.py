"""`weir daemon` as a process: it runs what is due, tells how it does, stops when asked, and never runs two at once."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("apscheduler")

from dataweir import Project
from dataweir.catalog.lock import project_lock
from dataweir.daemon.runner import Outcome, run_project
from dataweir.daemon.service import Daemon

LINE = '192.0.2.1 - - [10/Oct/2024:13:55:36 -0700] "GET /a HTTP/1.0" 200 2326\n'


def shop(folder: Path, name: str = "shop", schedule: str = "0 0 1 1 *", more: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "access.log").write_text(LINE)
    (folder / "weir.yaml").write_text(
        f"project: {name}\nengine: {{workers: 1}}\nschedule: {{cron: '{schedule}'{more}}}\n"
        "sources: {web: {type: weblog, path: access.log, format: common}}\n"
    )
    return folder


@contextlib.contextmanager
def daemon(*folders: Path, grace: str = "5 m") -> Iterator[tuple[subprocess.Popen[str], str, list[dict[str, Any]]]]:
    """A running daemon: its process, where it listens, and the lines of its log as they come."""
    command = [sys.executable, "-m", "dataweir", "daemon", *map(str, folders), "--port", "0", "--grace", grace]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    lines: list[dict[str, Any]] = []
    reader = threading.Thread(target=lambda: lines.extend(json.loads(line) for line in process.stderr or ()))
    reader.start()
    try:
        port = wait(lambda: next((line["port"] for line in list(lines) if line["event"] == "listening"), None))
        yield process, f"http://127.0.0.1:{port}", lines
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        reader.join()


def wait(look: Any, seconds: float = 120) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError("it never came")


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def ended(lines: list[dict[str, Any]]) -> Any:
    return next((line for line in list(lines) if line["event"] == "run ended"), None)


def test_what_was_missed_is_made_up_for_told_of_and_the_daemon_stops_when_asked(tmp_path: Path) -> None:
    folder = shop(tmp_path / "shop", schedule="* * * * *")
    store = Project.open(folder).store()
    run = store.start_run("shop", "0")
    store.finish_run(run.id, "done")
    with store.engine.begin() as connection:  # the daemon was down for a day
        began = (datetime.now(UTC) - timedelta(days=1)).replace(tzinfo=None)
        connection.exec_driver_sql("UPDATE runs SET started = ?", (str(began),))
    with daemon(folder) as (process, url, lines):
        line = wait(lambda: ended(lines))
        assert line["result"] == "done", line
        assert line["rows_added"]["refined.web_events"] == 1
        said = json.loads(get(f"{url}/health"))
        assert said["status"] == "ok"
        assert said["projects"]["shop"]["last"]["result"] == "done"
        metrics = get(f"{url}/metrics")
        assert 'weir_runs_total{project="shop",result="done"} 1.0' in metrics
        assert 'weir_rows_added_total{project="shop",table="refined.web_events"} 1.0' in metrics
        assert 'weir_score{kind="barrier",project="shop"}' in metrics
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(url)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=90) == 0
    assert [line["event"] for line in lines][-1] == "stopped"


def test_a_run_that_takes_too_long_is_stopped_and_the_next_goes_on(tmp_path: Path) -> None:
    folder = shop(tmp_path / "shop")
    stopped = run_project(folder, 1.0, threading.Event(), 60)
    assert stopped.result == "timeout"
    assert 1.0 <= stopped.seconds < 30
    stop = threading.Event()
    stop.set()
    assert run_project(folder, None, stop, 0.5).result == "stopped"


def test_a_held_project_is_busy_and_a_wrong_one_misconfigured(tmp_path: Path) -> None:
    folder = shop(tmp_path / "shop")
    project = Project.open(folder)
    (folder / "warehouse").mkdir()
    with project_lock(project.config.catalog_url):
        assert run_project(folder, None, threading.Event(), 1).result == "busy"
    (folder / "weir.yaml").write_text("project: shop\nsorces: {}\n")
    wrong = run_project(folder, None, threading.Event(), 1)
    assert (wrong.result, wrong.code) == ("misconfigured", 2)
    assert "did you mean 'sources'" in wrong.document["message"]


class Counting:
    """Stands for the process of a run: counts how many are under way at once."""

    def __init__(self) -> None:
        self.now = self.most = self.runs = 0
        self.lock = threading.Lock()

    def __call__(self, folder: Path, *_: Any) -> Outcome:
        with self.lock:
            self.now += 1
            self.runs += 1
            self.most = max(self.most, self.now)
        time.sleep(0.05)
        with self.lock:
            self.now -= 1
        return Outcome("done", 0, 0.05)


def test_runs_of_one_project_never_overlap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting()
    monkeypatch.setattr("dataweir.daemon.service.run_project", counting)
    served = Daemon([Project.open(shop(tmp_path / "shop"))], 1, logging.getLogger("weir.test"))
    monkeypatch.setattr(served, "_later", lambda job, after: after)  # due again at once
    served.start()
    wait(lambda: counting.runs >= 5)
    served.stop()
    assert counting.most == 1
    assert served.jobs["shop"].running is False


def test_a_moment_noticed_too_late_is_left_out_where_the_policy_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = Counting()
    monkeypatch.setattr("dataweir.daemon.service.run_project", counting)
    late = datetime.now(UTC) - timedelta(hours=3)
    for name, policy, runs in (("a", "none", 0), ("b", "once", 1)):
        served = Daemon(
            [Project.open(shop(tmp_path / name, name, more=f", catch_up: {policy}"))], 1, logging.getLogger("weir.test")
        )
        counting.runs = 0
        served._go(served.jobs[name], late)
        assert counting.runs == runs


def test_two_projects_of_one_name_are_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dataweir", "daemon", str(shop(tmp_path / "a")), str(shop(tmp_path / "b"))]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == 2
    assert "two projects have the same name" in done.stderr
