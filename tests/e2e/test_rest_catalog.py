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
from starlette.testclient import TestClient

from dataweir.flow.project import Project
from dataweir.web.app import make_app

pytestmark = pytest.mark.slow
TOKEN = "canary-token"
LINE = '203.0.113.{0} - - [10/Jan/2024:10:00:0{0} +0000] "GET /tea HTTP/1.1" 200 512 "-" "Mozilla/5.0"\n'
WEIR_YAML = """
project: tea
iceberg: {{uri: "{uri}", token: "${{ICEBERG_TOKEN}}"}}
engine: {{workers: 1}}
review: {{through: any}}
sources:
  shop: {{type: weblog, path: "logs/*.log", format: combined}}
exports:
  traffic: {{table: web_events, policy: policy.yaml, purpose: measuring}}
"""
POLICY = """
name: traffic
columns: {method: keep, status: keep}
entities: {default: replace}
k: 1
quasi_identifiers: [method]
residual: 0
linkage: 1
accept: {linkage: three rows}
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


def weir(call_weir: Callable[..., Any], folder: Path, *arguments: str) -> Any:
    ended = call_weir(*arguments, "--json", cwd=folder)
    assert ended.code == 0, ended.err
    return ended.json


def test_the_whole_job_over_a_rest_catalogue(
    server: str,
    tmp_path: Path,
    run_weir: Callable[..., Any],
    call_weir: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "weir.yaml").write_text(WEIR_YAML.format(uri=server))
    (tmp_path / "policy.yaml").write_text(POLICY)
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
    released = weir(call_weir, tmp_path, "export", "traffic", "--as", "eve")["id"]
    weir(call_weir, tmp_path, "review", "approve", released, "--as", "rita", "--reason", "looked at the evidence")
    weir(call_weir, tmp_path, "publish", "traffic", "--as", "eve")
    weir(call_weir, tmp_path, "forget", "203.0.113.1", "--as", "eve")
    assert there.load_table("refined.web_events").scan().to_arrow()["client_ip"].to_pylist() == ["203.0.113.2"] * 2
    store = project.reading()
    store.set_user("vic", "viewer", "correct horse battery")
    headers = {"Authorization": f"Bearer {store.add_token('vic', '', 'viewer', 1)}"}
    with TestClient(make_app(project, ["testserver"]), headers=headers) as page:
        tables = {table["name"]: table for table in page.get("/tables.json").json()["tables"]}
        assert tables["refined.web_events"]["rows"] == 2
        assert page.get("/tables/refined.web_events").status_code == 200
    refused = run_weir("tables", cwd=tmp_path, env={"ICEBERG_TOKEN": "wrong-canary"})
    assert refused.code == 1
    assert "Iceberg catalogue refused" in refused.err
    assert "canary" not in refused.err + refused.out
