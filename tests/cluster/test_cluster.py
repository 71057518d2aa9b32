"""The same tables from one worker and one partition, and from a cluster of processes that loses a worker midway."""

from __future__ import annotations

import contextlib
import datetime as dt
import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import dask
import numpy as np
import pytest
import yaml

import dataweir
from dataweir.cluster import survey
from dataweir.config import EngineConfig
from dataweir.engine import Engine, compute
from dataweir.errors import ConfigError, WeirError
from dataweir.flow.check import check
from dataweir.flow.doctor import network
from dataweir.flow.label import label
from dataweir.output import Output
from dataweir.resources import Cluster

START = dt.datetime(2026, 3, 1, 22, 0, tzinfo=dt.UTC)
LINES = 30_000
TABLES = ("web_events", "user_events", "social_posts", "duplicates", "raw.rejects", "labels")


FUNCTIONS = [
    {"use": "regex", "label": "even", "pattern": "number [0-9]*[02468] about"},
    {"use": "sql", "label": "odd", "where": "cast(post_id as integer) % 4 in (1, 2)"},
]


class Started(NamedTuple):
    """A scheduler and its workers, each a process of its own."""

    address: str
    workers: list[subprocess.Popen[bytes]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def cluster(folder: Path, workers: int, memory: str = "2GiB") -> Iterator[Started]:
    """`dask scheduler` and `dask worker` as a person would start them, ended by their process groups."""
    address = f"tcp://127.0.0.1:{free_port()}"
    dask = [sys.executable, "-m", "dask"]
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    port = address.rpartition(":")[2]
    started = [
        subprocess.Popen(
            [*dask, "scheduler", "--host", "127.0.0.1", "--port", port, "--dashboard-address", ":0"], **quiet
        )
    ]
    for number in range(workers):
        room = folder / f"worker-{number}"
        options = ["--nthreads", "1", "--no-nanny", "--memory-limit", memory, "--dashboard-address", ":0"]
        started.append(subprocess.Popen([*dask, "worker", address, *options, "--local-directory", str(room)], **quiet))
    try:
        yield Started(address, started[1:])
    finally:
        for process in reversed(started):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def size(number: int, of: int = LINES) -> int:
    """Sizes that spread more and more: what is far among the first is nothing special among all."""
    if number % 503 == 5:
        return 7 * 10**9 if number % 2 else 4000
    return round(1000 * math.exp((number * 37 % 101 - 50) / 50 * 4 * number / of))


def log() -> str:
    """Many visitors, some of them machines, with replays, broken lines and sessions across midnight."""
    lines = []
    for number in range(LINES):
        who, when = number * 7919 % 500, START + dt.timedelta(seconds=number // 2)
        login = f"user{who}" if who < 40 else "-"
        path = "/robots.txt" if number % 4001 == 0 else f"/item/{number * 31 % 97}" + (".css" if number % 3 else "")
        lines.append(
            f'192.0.2.{who % 250} - {login} [{when:%d/%b/%Y:%H:%M:%S} +0000] "GET {path} HTTP/1.1" 200 {size(number)} '
            f'"https://shop.example/?utm_source=x&p={number % 50}" "Mozilla/5.0 (X11; v{who}) Firefox/140.0"'
        )
    lines[1000:1000] = lines[:200]
    lines[5000] = "no line of a log"
    return "\n".join(lines) + "\n"


def project(folder: Path, **engine: Any) -> Path:
    (folder / "logs").mkdir(parents=True)
    text = log()
    (folder / "logs" / "a.log").write_text(text)
    (folder / "logs" / "b.log").write_text(text[: len(text) // 20])
    posts = [
        f'{n},user{n % 40},"Post number {n % 900} about the weir and the water",{size(n, 1000)}' for n in range(1000)
    ]
    (folder / "posts.csv").write_text("id,who,body,votes\n" + "\n".join(posts) + "\n")
    columns = {"post_id": "id", "author_name": "who", "text": "body", "score": "votes"}
    config = {
        "project": "cluster",
        "engine": {"gpu": "off", **engine},
        "identity": {"columns": {"web_events": {"user": "handle"}, "social_posts": {"author_name": "handle"}}},
        "labels": {"kind": {"labels": ["even", "odd"], "functions": FUNCTIONS}},
        "quality": dict.fromkeys(("web_events", "social_posts", "user_events"), False),
        "sources": {
            "log": {"type": "weblog", "path": "logs/*.log"},
            "posts": {
                "type": "files",
                "path": "posts.csv",
                "into": "social_posts",
                "columns": columns,
                "constants": {"platform": "forum", "kind": "post"},
            },
        },
    }
    (folder / "weir.yaml").write_text(yaml.safe_dump(config))
    (folder / "keys").mkdir(mode=0o700)
    (folder / "keys" / "identity.key").write_text("5a" * 32 + "\n")
    (folder / "keys" / "identity.key").chmod(0o600)
    return folder


def rows(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of all tables, the labels of a task among them: they are made here."""
    opened = dataweir.open(folder)
    label(opened, None, Output(json=True))
    return {name: sorted((tuple(row.values()) for row in opened.table(name).to_pylist()), key=repr) for name in TABLES}


def landed(folder: Path) -> int:
    return len(list((folder / "warehouse" / "raw" / "log" / "data").glob("*.parquet")))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One worker, one partition a file."""
    folder = project(tmp_path_factory.mktemp("alone"), workers=1, partition="1 GiB")
    dataweir.open(folder).run()
    return folder


def test_a_cluster_that_loses_a_worker_ends_in_the_same_tables(tmp_path: Path, alone: Path) -> None:
    with cluster(tmp_path, workers=2) as started:
        folder = project(tmp_path / "many", scheduler=started.address, partition="512 KiB")
        run = subprocess.Popen(
            [sys.executable, "-m", "dataweir", "run", "--json"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        while landed(folder) < 2 and run.poll() is None:
            time.sleep(0.01)
        assert run.poll() is None, "the run was over before a worker could be killed"
        os.kill(started.workers[0].pid, signal.SIGKILL)
        out, err = run.communicate(timeout=240)
        assert run.returncode == 0, err.decode() + out.decode()
        assert landed(folder) >= 8
        many = rows(folder)
    assert many == rows(alone)


def test_ten_batches_end_in_the_tables_of_one(tmp_path: Path, alone: Path) -> None:
    with cluster(tmp_path, workers=1) as started:
        folder = project(tmp_path / "ten", scheduler=started.address)
        files = sorted([*(folder / "logs").iterdir(), folder / "posts.csv"])
        whole = {file: file.read_text().splitlines(keepends=True) for file in files}
        for file in files:
            file.write_text("")
        for batch in range(10):
            for file, lines in whole.items():
                with file.open("a") as grown:
                    grown.writelines(lines[len(lines) * batch // 10 : len(lines) * (batch + 1) // 10])
            assert dataweir.open(folder).run().work
        ten = rows(folder)
    one = rows(alone)
    assert any("outlier:bytes" in row for row in map(str, one["web_events"]))
    of_people = dataweir.open(alone).sql(
        "select person from user_events group by person having count(distinct source) = 2"
    )
    assert of_people.num_rows == 40
    assert {row[3] for row in one["labels"]} == {"even", "odd"}
    assert ten == one


def test_a_run_ends_in_the_same_tables_while_its_worker_spills(tmp_path: Path, alone: Path) -> None:
    """Somebody else's blocks fill the worker: they go to disk as the run needs room, and come back whole."""
    with cluster(tmp_path, workers=1, memory="1GiB") as started:
        config = EngineConfig(scheduler=started.address)
        folder = project(tmp_path / "tight", scheduler=started.address, partition="4 MiB")
        with Engine(config) as holder:
            blocks = holder.client.map(np.full, [1 << 21] * 45, range(45), pure=False)  # 16 MiB each
            assert all(block.exception() is None for block in blocks)
            assert dataweir.open(folder).run().work
            held = holder.client.gather(holder.client.map(np.sum, blocks, pure=False))
            holder.map(abs, [1])
        assert held == [number << 21 for number in range(45)]
        assert holder.spilled_bytes > 100 << 20
        spilled = rows(folder)
    assert spilled == rows(alone)


def test_the_plan_asks_the_cluster_and_the_doctor_measures_what_its_workers_pass_each_other(tmp_path: Path) -> None:
    with cluster(tmp_path, workers=2) as started:
        config = EngineConfig(scheduler=started.address)
        with Engine(config) as engine:
            engine.client.wait_for_workers(2, timeout=60)
            assert engine.map(abs, [-1, -2, -3], weights=[1, 3, 2]) == [1, 2, 3]  # begun in another order
        measured = network(config)
        assert survey(config) == Cluster(2, 2 << 30)
        planned = dataweir.open(project(tmp_path / "asked", scheduler=started.address)).plan()
        assert (planned.allocation.workers, planned.allocation.memory_bytes) == (2, 2 << 30)
        assert f"what the cluster at {started.address} has" in planned.allocation.why
    assert measured["cluster_workers"] == 2
    assert measured["network_bytes_per_s"] > 1 << 20
    assert network(EngineConfig())["loopback_bytes_per_s"] > 1 << 20


def test_what_a_run_took_stands_beside_what_was_predicted(alone: Path, call_weir: Any) -> None:
    shown = call_weir("runs", "--json", cwd=alone).json
    first = call_weir("runs", "show", shown[0]["id"], "--json", cwd=alone).json
    assert first["why"] == ["no earlier run to tell from"]
    truth = {line["what"]: line["true"] for line in first["prediction"]}
    assert truth["records"] > LINES
    assert truth["seconds"] > 0
    assert truth["peak_memory_bytes"] > 1 << 20, first
    (alone / "logs" / "c.log").write_text(log()[: 1 << 20].rpartition("\n")[0] + "\n")
    planned = call_weir("plan", "--json", cwd=alone).json["prediction"]
    assert planned["runs"] == 1
    assert 0.9 < planned["records"] / (alone / "logs" / "c.log").read_text().count("\n") < 1.1
    assert planned["seconds"] > 0


def test_rows_by_other_rules_are_told(alone: Path) -> None:
    file = alone / "weir.yaml"
    before = yaml.safe_load(file.read_text())
    assert dataweir.open(alone).plan().changed == []
    file.write_text(yaml.safe_dump({**before, "clean": {"sessions": {"minutes": 20}}}))
    [told] = dataweir.open(alone).plan().changed
    assert told.startswith("'clean' in weir.yaml is not what it was in 1 earlier run(s)")
    assert f" {dataweir.open(alone).table('raw.log').num_rows:,} of web_events)" in told
    assert [item.what for item in check(dataweir.open(alone)).items if item.subject == "rules"] == [told]
    file.write_text(yaml.safe_dump(before))


def test_a_scheduler_without_workers_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataweir.cluster.WAIT_SECONDS", 0.2)
    with cluster(tmp_path, workers=0) as started:
        for _ in range(100):
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", int(started.address.rpartition(":")[2]))),
            ):
                break
            time.sleep(0.1)
        with (
            pytest.raises(ConfigError, match="has no workers"),
            Engine(EngineConfig(scheduler=started.address)) as engine,
        ):
            engine.map(abs, [1])


def test_workers_that_all_stand_still_end_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask gives a worker at 80 % of its memory no more tasks, and what is not results is never spilled."""
    monkeypatch.setattr("dataweir.cluster.LOOK_SECONDS", 0.5)

    def fill() -> None:
        sys.modules["held"] = b"x" * (900 << 20)  # type: ignore[assignment]

    with cluster(tmp_path, workers=1, memory="1GiB") as started, Engine(EngineConfig(scheduler=started.address)) as on:
        assert on.map(abs, [-1]) == [1]
        on.client.run(fill)
        time.sleep(1)
        with pytest.raises(WeirError, match="in 'abs' all workers of the cluster stand still"):
            on.map(abs, [-1, -2])
        with pytest.raises(WeirError, match="in 'compute' all workers"):
            compute(dask.delayed(abs)(-1))


def test_a_worker_of_ours_is_never_paused_even_where_it_was_restarted(tmp_path: Path) -> None:
    def pause(dask_worker: Any) -> Any:
        return dask_worker.memory_manager.memory_pause_fraction, os.getpid()

    with Engine(EngineConfig(workers=1, memory="1 GiB"), str(tmp_path)) as on:
        [(never, first)] = on.client.run(pause).values()
        with pytest.raises(WeirError, match=r"died again and again in 'exit'.*want of memory"):
            on.map(os._exit, [1])
        on.client.wait_for_workers(1, timeout=30)
        [(still, second)] = on.client.run(pause).values()
        assert first != second
        assert (never, still) == (False, False)
        assert on.costs["exit"].tasks == 0


def test_no_scheduler_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataweir.cluster.CONNECT_SECONDS", 1)
    config = EngineConfig(scheduler=f"tcp://127.0.0.1:{free_port()}")
    with pytest.raises(ConfigError, match="no Dask scheduler answers"), Engine(config) as engine:
        engine.map(abs, [1])
