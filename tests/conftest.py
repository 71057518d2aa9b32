"""What the tests share: a command line that runs as a process, small projects, the real data where it stands."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import pytest
from hypothesis import settings
from services import azure, google, postgres, postgres_database

from dataweir.cli import main

__all__ = ["azure", "google", "postgres", "postgres_database"]  # fixtures that every test may ask for

WATCH = Path(__file__).parent / "watch"
SHARED = Path(__file__).parents[1].parent / "shared" / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", choices=("cpu", "gpu"), default="cpu", help="where array kernels are tested")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files with slow tests first: a long file at the end would leave the other cores idle."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def device(request: pytest.FixtureRequest) -> Any:
    """The array module that kernels are tested with: NumPy as strict as CuPy, or with --device=gpu CuPy itself."""
    return pytest.importorskip("cupy" if request.config.getoption("--device") == "gpu" else "strict_arrays")


# The same examples every time: what a search turns up by chance belongs into a test of its own, not into a red build.
settings.register_profile("steady", derandomize=True)
settings.load_profile("steady")


class Ended(NamedTuple):
    """How a command ended: exit code, standard output and error, and the JSON document if there is one."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def watched() -> dict[str, str]:
    """The environment of a process whose connections are written down, its workers' too."""
    paths = [str(WATCH), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def weir(*arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None, timeout: float = 180) -> Ended:
    done = subprocess.run(
        [sys.executable, "-m", "dataweir", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**watched(), **(env or {})},
        timeout=timeout,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def run_weir() -> Callable[..., Ended]:
    return weir


CALLED = threading.Event()
"""Set while a command runs in this process, whose connections are then written down too."""


def call(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> Ended:
    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        contextlib.chdir(cwd),
        mock.patch.dict(os.environ, {**watched(), **(env or {})}),  # the workers are watched too
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        CALLED.set()
        try:
            main(list(arguments))
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            CALLED.clear()
    return Ended(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def call_weir() -> Callable[..., Ended]:
    """The command line in this process, which has imported already what a new process would import again.

    It holds the locks of this process: what is about two processes needs `run_weir`.
    """
    return call


@pytest.fixture
def watched_environment() -> dict[str, str]:
    return watched()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the real data (../shared/data) does not stand beside the project")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def no_connection_that_nobody_asked_for(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Every command and process of the tests may talk to this machine only; telemetry would stand in this log."""
    log = tmp_path_factory.mktemp("connections") / "log"
    log.touch()
    spec = importlib.util.spec_from_file_location("watch", WATCH / "sitecustomize.py")
    assert spec
    assert spec.loader
    watch = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(watch)
    watch.LOG = str(log)
    sys.addaudithook(lambda event, arguments: watch.watch(event, arguments) if CALLED.is_set() else None)
    os.environ["WEIR_TEST_CONNECTIONS"] = str(log)
    yield
    del os.environ["WEIR_TEST_CONNECTIONS"]
    assert log.read_text() == ""


@pytest.fixture(scope="session")
def scheduler() -> Iterator[str]:
    """The address of a cluster of one worker process, for tests that run a small project several times.

    The worker finds the secret `s3cret` in its environment, as TEA_TOKEN.
    """
    from distributed import LocalCluster

    given = {"env": {"TEA_TOKEN": "s3cret"}, "dashboard_address": ":0"}
    cluster = LocalCluster(n_workers=1, threads_per_worker=1, processes=True, **given)
    try:
        yield cluster.scheduler_address
    finally:
        cluster.close()


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """An S3 server with the buckets `house` and `data`: the environment that leads to it, set in this process too."""
    server_module = pytest.importorskip("moto.server", reason="moto is not installed: pip install 'dataweir[dev]'")
    import logging

    import pyarrow.fs as pafs

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "canary-id",
        "AWS_SECRET_ACCESS_KEY": "canary-secret",
        "AWS_REGION": "us-east-1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    made = pafs.S3FileSystem(endpoint_override=environment["AWS_ENDPOINT_URL"], allow_bucket_creation=True)
    for bucket in ("house", "data"):
        made.create_dir(bucket)
    try:
        yield environment
    finally:
        urllib.request.urlopen(f"http://{host}:{port}/moto-api/reset", data=b"").close()  # the buckets outlive a server
        server.stop()
