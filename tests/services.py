"""Real servers for the tests, started once a session and stopped with it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


def _as_user(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


@pytest.fixture(scope="session")
def google() -> Iterator[dict[str, str]]:
    """A server that speaks Google's storage API, with the bucket `data`: the environment that leads to it."""
    pytest.importorskip("gcp_storage_emulator", reason="pip install 'dataweir[dev]' brings it")
    port = _free_port()
    options = ["start", "--host=127.0.0.1", f"--port={port}", "--in-memory", "--default-bucket=data"]
    server = subprocess.Popen(
        [sys.executable, "-m", "gcp_storage_emulator", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port, server)
        yield {"STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{port}"}
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="session")
def azure() -> Iterator[dict[str, str]]:
    """Azurite, with the container `data`: the environment that leads to it."""
    azurite = shutil.which("azurite-blob")
    if azurite is None:
        pytest.skip("no Azurite: npm install -g azurite")
    port = _free_port()
    options = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--silent"]
    options += ["--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence"]
    server = subprocess.Popen([azurite, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, server)
        yield {
            "AZURE_STORAGE_ACCOUNT_NAME": "devstoreaccount1",
            "AZURE_STORAGE_ACCOUNT_KEY": _AZURITE_KEY,
            "AZURE_STORAGE_AUTHORITY": f"127.0.0.1:{port}",
            "AZURE_STORAGE_SCHEME": "http",
        }
    finally:
        server.terminate()
        server.wait()


_AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The key that Azurite's documentation gives everybody."""


def _wait_for(port: int, server: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Wait until a server answers. Raises AssertionError where it ends, or is not there in time."""
    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert server.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A server's URL: WEIR_TEST_POSTGRES, or one started from the installed binaries."""
    given = os.environ.get("WEIR_TEST_POSTGRES")
    if given:
        yield given
        return
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'dataweir[postgres]'")
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL: set WEIR_TEST_POSTGRES, or install the package 'postgresql'")
    if os.geteuid() == 0 and shutil.which("runuser") is None:
        pytest.skip("PostgreSQL does not run as root, and there is no runuser")
    folder = Path(tempfile.mkdtemp(prefix="weir-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    port = _free_port()
    data, log = folder / "data", folder / "log"
    options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off -c max_connections=50"
    start = [str(binaries / "pg_ctl"), "-D", str(data), "-l", str(log), "-w", "-o", options, "start"]
    initdb = [
        str(binaries / "initdb"),
        "-D",
        str(data),
        "-U",
        "weir",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    for command in (initdb, start):
        subprocess.run(_as_user(command), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
    try:
        yield f"postgresql+psycopg://weir:Canary-Password@127.0.0.1:{port}/postgres"
    finally:
        stop = [str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"]
        subprocess.run(_as_user(stop), check=False, stdout=subprocess.DEVNULL, cwd="/")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_database(postgres: str) -> Iterator[str]:
    """The URL of an empty database of its own."""
    server = make_url(postgres)
    name = f"weir_{uuid.uuid4().hex[:12]}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()
