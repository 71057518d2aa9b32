"""A shop with a released, a rejected and a waiting export, its web page served by the real command, a real browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
import shop
from served import PASSWORD, Served

from dataweir import Project
from dataweir.catalog.people import Role
from dataweir.catalog.records import Review
from dataweir.flow.sharing.requests import file_request

PEOPLE: dict[str, Role] = {"vic": "viewer", "eve": "engineer", "rita": "reviewer", "adam": "admin"}
BROWSER = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --window-size=1280,900"
)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, call_weir: Callable[..., Any]) -> Path:
    pytest.importorskip("argon2")
    folder = shop.build(tmp_path_factory.mktemp("ui"))

    def weir(*arguments: str) -> Any:
        ended = call_weir(*arguments, "--json", cwd=folder)
        assert ended.code == 0, ended.err
        return ended.json

    weir("run")
    released = weir("export", "research", "--as", "eve")["id"]
    weir("review", "approve", released, "--as", "rita", "--reason", "evidence looked at")
    weir("publish", "research", "--as", "eve")
    store = Project.open(folder).reading()
    for name, role in PEOPLE.items():
        store.set_user(name, role, PASSWORD)
    # the same files asked for again by others: another export of them would only take its time
    made = store.candidate(released)
    for number, person in enumerate(("eve", "rita", "adam")):
        again = f"{made.id}-{number}"
        evidence = {**made.evidence, "requester": person}
        store.add_candidate(
            again, made.name, made.table, made.policy_hash, made.candidate_hash, evidence, made.path, person
        )
    store.add_review(
        Review(f"{made.id}-2", "rejected", "rita", "purpose is too wide", made.candidate_hash, datetime.now(UTC), "web")
    )
    file_request(Project.open(folder), "somebody@example.org", "ticket 7", "eve")
    return folder


@pytest.fixture(scope="session")
def served(project: Path, run_weir: Callable[..., Any]) -> Iterator[Served]:
    token = run_weir("user", "token", "adam", "--role", "admin", "--json", cwd=project).json["token"]
    command = [sys.executable, "-m", "dataweir", "ui", "--port", "0"]
    process = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True, env=os.environ)
    assert process.stdout is not None
    found = re.search(r"http://[\d.]+:\d+", process.stdout.readline())
    assert found
    try:
        yield Served(found.group(), project, token)
    finally:
        process.terminate()
        assert process.wait(timeout=20) in (0, -15)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver")
    binary, driver = shutil.which("chromium") or shutil.which("chromium-browser"), shutil.which("chromedriver")
    if not binary or not driver:
        pytest.skip("no Chromium: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in BROWSER.split():
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
    browser.set_page_load_timeout(30)
    yield browser
    browser.quit()
