"""The whole job with an Iceberg REST catalogue in place of the SQL one: what names the tables is another server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from icebergrest import application
from pyiceberg.catalog.rest import RestCatalog
from sqlalchemy import create_engine, inspect

from dataweir import Project

pytestmark = pytest.mark.slow
TOKEN = "canary-token"
LINE = '203.0.113.{0} - - [10/Jan/2024:10:00:0{0} +0000] "GET /tea HTTP/1.1" 200 512 "-" "Mozilla/5.0"\n'
WEIR_YAML = """
project: tea
iceberg: {{uri: "{uri}", token: "${{ICEBERG_TOKEN}}"}}
engine: {{workers: 1}}
sources:
  shop: {{type: weblog, path: "logs/*.log", format: combined}}
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    app = application(f"sqlite:///{tmp_path}/named.db", f"file://{tmp_path}/elsewhere", TOKEN)
    running = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        assert thread.is_alive()
    port = running.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    running.should_exit = True
    thread.join()


def test_the_whole_job_over_a_rest_catalogue(
    server: str, tmp_path: Path, run_weir: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "weir.yaml").write_text(WEIR_YAML.format(uri=server))
    for number in (1, 2):
        (tmp_path / "logs" / f"{number}.log").write_text(LINE.format(number) * number)
        ended = run_weir("run", "--json", cwd=tmp_path, env={"ICEBERG_TOKEN": TOKEN})
        assert ended.code == 0, ended.err
    there = RestCatalog("reader", uri=server, token=TOKEN)
    rows = there.load_table("refined.web_events").scan().to_arrow()
    assert sorted(rows["client_ip"].to_pylist()) == ["203.0.113.1", "203.0.113.2", "203.0.113.2"]
    monkeypatch.setenv("ICEBERG_TOKEN", TOKEN)
    project = Project.open(tmp_path)
    assert project.sql("select count(*) from web_events").to_pydict() == {"count_star()": [3]}
    assert not inspect(create_engine(project.config.catalog_url)).has_table("iceberg_tables")
    refused = run_weir("tables", cwd=tmp_path, env={"ICEBERG_TOKEN": "wrong-canary"})
    assert refused.code == 1
    assert "Iceberg catalogue refused" in refused.err
    assert "canary" not in refused.err + refused.out
