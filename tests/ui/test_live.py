"""A run under way on the page: step, pieces done, time against prediction; by refresh, and by itself in a browser."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")
import uvicorn
from served import PASSWORD
from starlette.testclient import TestClient

from dataweir import Project
from dataweir.catalog.records import Run
from dataweir.catalog.store import Store
from dataweir.flow.progress import Watched
from dataweir.output import Output
from dataweir.web.app import make_app

DASHBOARD = "http://127.0.0.1:8787/status"
PREDICTION = {"seconds": 40.0, "low": 30.0, "high": 60.0}


@pytest.fixture
def small(tmp_path: Path) -> Project:
    (tmp_path / "weir.yaml").write_text("project: small\n")
    project = Project.open(tmp_path)
    project.store().set_user("vic", "viewer", PASSWORD)
    return project


@pytest.fixture
def running(small: Project) -> tuple[Store, Run, Watched]:
    store = small.reading()
    run = store.start_run("small", "0" * 16, plan={"prediction": PREDICTION})
    watched = Watched(Output(json=True), store, run.id)
    watched.dashboard = lambda: DASHBOARD
    return store, run, watched


@pytest.fixture
def client(small: Project) -> Iterator[TestClient]:
    token = small.reading().add_token("vic", "", "viewer", 1)
    headers = {"Authorization": f"Bearer {token}"}
    with TestClient(make_app(small, ["testserver"]), headers=headers) as opened:
        yield opened


def test_a_run_tells_where_it_stands_and_stops_telling(client: TestClient, running: tuple[Store, Run, Watched]) -> None:
    store, run, watched = running
    assert client.get(f"/runs/{run.id}.json").json()["live"]["step"] is None
    with watched.progress("clean web_events", 2) as advance:
        for done in (0, 1, 2):
            live = client.get("/runs.json").json()["live"]
            assert (live["step"], live["total"], live["dashboard"]) == ("clean web_events", 2, DASHBOARD)
            assert live["done"] == (2 if done == 2 else 0)  # written once a second at most, and at the end
            assert live["predicted"] == PREDICTION
            assert live["elapsed"] > 0
            if done < 2:
                advance()
    for place in ("/", "/runs", f"/runs/{run.id}"):
        page = client.get(place).text
        assert "2 of 2 pieces" in page, place
        assert "of 40 s predicted" in page
        assert '<noscript><meta http-equiv="refresh"' in page
    store.finish_run(run.id, "done", {"rows_added": {}})
    for place in ("/", "/runs", f"/runs/{run.id}"):
        page = client.get(place).text
        assert "data-live" not in page
        assert "http-equiv" not in page
    assert client.get("/runs.json").json()["live"] is None


def test_what_is_asked_for_again_is_a_small_part(client: TestClient, running: tuple[Store, Run, Watched]) -> None:
    store, run, watched = running
    with watched.progress("pull", 3) as advance:
        advance()
    part = client.get("/live").text
    assert "pull" in part
    assert "<html" not in part
    assert len(part) < len(client.get("/runs").text) / 2
    assert client.get("/live.json").json()["live"]["run"] == run.id
    store.finish_run(run.id, "done", {})
    assert client.get("/live").text.strip() == ""


def test_a_run_that_was_killed_is_shown_as_interrupted(
    client: TestClient, running: tuple[Store, Run, Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, run, watched = running
    monkeypatch.setattr("dataweir.flow.progress.BEAT_SECONDS", 0.01)
    with watched:
        first = store.events(run.id)[0].until
        while store.events(run.id)[0].until == first:  # it tells that it is alive, whatever it is busy with
            time.sleep(0.01)
        with watched.progress("clean web_events", 5) as advance:
            advance()
    monkeypatch.setattr("dataweir.catalog.runs.SILENCE_SECONDS", -1.0)
    assert store.run(run.id).state == "interrupted"
    assert [found.state for found in store.runs()] == ["interrupted"]
    for place in ("/", "/runs", f"/runs/{run.id}"):
        page = client.get(place).text
        assert "Nothing was heard of it since" in page
        assert "http-equiv" not in page
    assert store.start_run("small", "0" * 16).id != run.id
    assert store.run(run.id).state == "failed"


def test_the_page_of_a_run_has_its_steps_by_the_clock_and_its_log(
    client: TestClient, running: tuple[Store, Run, Watched]
) -> None:
    store, run, watched = running
    with watched:
        for name in ("pull", "clean web_events"):
            with watched.progress(name, 1) as advance:
                advance()
        watched.log("5 rows added to refined.web_events")
    store.finish_run(run.id, "done", {})
    told = client.get(f"/runs/{run.id}.json").json()
    pull, clean = told["clock"]
    assert (pull["step"], clean["step"]) == ("pull", "clean web_events")
    assert 0 <= pull["began"] <= pull["until"] <= clean["began"] <= clean["until"] <= told["clock_seconds"]
    assert [line["text"] for line in told["log"]] == ["5 rows added to refined.web_events"]
    assert "5 rows added to refined.web_events" in client.get(f"/runs/{run.id}").text


def test_a_browser_follows_a_run_to_its_end(small: Project, running: tuple[Store, Run, Watched], chromium: Any) -> None:
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    store, run, watched = running
    config = uvicorn.Config(make_app(small, ["127.0.0.1"]), port=0, log_level="critical", lifespan="off")
    server, socket = uvicorn.Server(config), config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{socket.getsockname()[1]}"
        chromium.get(f"{url}/sign-in")
        secret = store.open_session(small.reading().users()[0])
        chromium.add_cookie({"name": "weir_session", "value": secret, "sameSite": "Strict"})
        chromium.get(f"{url}/runs/{run.id}")
        assert "getting ready" in chromium.find_element(By.CSS_SELECTOR, ".live").text
        chromium.execute_script("document.body.dataset.same = 'yes'")
        with watched.progress("pull", 3) as advance:
            for _ in range(3):
                advance()
        WebDriverWait(chromium, 20).until(lambda d: "pull, 3 of 3" in d.find_element(By.CSS_SELECTOR, ".live").text)
        assert chromium.find_element(By.TAG_NAME, "body").get_attribute("data-same") == "yes"
        store.finish_run(run.id, "done", {})
        WebDriverWait(chromium, 20, ignored_exceptions=[WebDriverException]).until(
            lambda d: not d.find_elements(By.CSS_SELECTOR, ".live")
        )
        assert "done" in chromium.find_element(By.CSS_SELECTOR, "main .state").text
        assert [e for e in chromium.get_log("browser") if url in e["message"]] == []
    finally:
        server.should_exit = True
        thread.join(20)
