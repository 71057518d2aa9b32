"""An API source in a whole run: cursors are committed with the rows, whatever happens in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from social_platforms import Feed, mastodon
from social_server import Api, Reply, Request, serving

from dataweir import Project
from dataweir.errors import SourceError

pytestmark = pytest.mark.slow


@pytest.fixture
def feed() -> Feed:
    return Feed(list(range(1, 31)))


@pytest.fixture
def api(feed: Feed) -> Iterator[Api]:
    with serving(mastodon(feed)) as running:
        yield running


@pytest.fixture(params=["{workers: 1}"])
def project(request: pytest.FixtureRequest, tmp_path: Path, api: Api, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TEA_TOKEN", "s3cret")
    engine = f"{{scheduler: '{request.getfixturevalue('scheduler')}'}}" if request.param == "shared" else request.param
    (tmp_path / "weir.yaml").write_text(
        f"project: tea\nengine: {engine}\n"
        "quality: {social_posts: false, user_events: false}\n"
        "dedup: {social_posts: {min_chars: 1000}}\n"
        "sources:\n"
        f"  fedi: {{type: mastodon, base_url: '{api.url}', timelines: [home], token: '${{TEA_TOKEN}}',"
        " requests_per_minute: 1000000}\n"
    )
    return tmp_path


def held(project: Path) -> list[int]:
    ids = Project.open(project).table("social_posts")["post_id"].to_pylist()
    return sorted(int(ident.rpartition("/")[2]) for ident in ids)


@pytest.mark.parametrize("project", ["shared"], indirect=True)
def test_runs_go_on_where_the_last_one_stopped(project: Path, api: Api, feed: Feed) -> None:
    Project.open(project).run()
    assert held(project) == feed.posts
    [pull] = [step for step in Project.open(project).reading().recent_steps(100) if step.name == "pull"]
    assert pull.facts["requests"] == len(api.asked)
    assert pull.facts["bytes_in"] > 1000
    feed.posts += [31, 32]
    whole, api.answer = api.answer, lambda _: Reply(status=404)
    with pytest.raises(SourceError):
        Project.open(project).run()
    assert held(project) == list(range(1, 31))
    api.answer = whole
    asked = len(api.asked)
    report = Project.open(project).run()
    assert report.rows_added["refined.social_posts"] == 2
    assert held(project) == feed.posts
    assert len(api.asked) - asked <= 2
    assert Project.open(project).table("raw.fedi").num_rows == 32
    assert "s3cret" not in "".join(p.read_text(errors="replace") for p in project.rglob("*") if p.is_file())


def test_a_run_that_is_killed_while_it_reads_is_taken_up(project: Path, api: Api, feed: Feed) -> None:
    whole = api.answer

    def slow(request: Request) -> Reply:
        time.sleep(0.2)
        return whole(request)

    api.answer = slow
    command = [sys.executable, "-m", "dataweir", "run", "--project", str(project)]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 60
    while len(api.asked) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(api.asked) >= 4
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    api.answer = whole
    Project.open(project).run()
    assert held(project) == feed.posts
    assert Project.open(project).table("raw.fedi").num_rows == 30
