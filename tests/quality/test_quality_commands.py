"""`weir quality` on a project of a real run: history, check of the whole, proposal, drift with a webhook, pages."""

from __future__ import annotations

import datetime as dt
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from dataweir.cli import program

LINE = (
    "{ip} - - [{day:02d}/Mar/2024:{hour:02d}:{minute:02d}:00 +0000] "
    '"{method} /item/{n} HTTP/1.1" 200 {size} "-" "agent {a}"\n'
)


def log(days: range, method: str = "GET") -> str:
    return "".join(
        LINE.format(
            ip=f"10.0.{n % 7}.{n % 200}", day=day, hour=n % 24, minute=n % 60, method=method, n=n, size=100 + n, a=n % 9
        )
        for day in days
        for n in range(240)
    )


def weir(*arguments: str) -> Any:
    return CliRunner().invoke(program(), list(arguments))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shop")
    (root / "weir.yaml").write_text(
        "project: shop\nengine: {workers: 1}\nsources:\n  web: {type: weblog, path: 'logs/*.log'}\n", encoding="utf-8"
    )
    (root / "logs").mkdir()
    (root / "logs" / "a.log").write_text(log(range(1, 15)), encoding="utf-8")
    assert weir("run", "-p", str(root), "--json").exit_code == 0
    (root / "logs" / "b.log").write_text(log(range(15, 16), method="POST"), encoding="utf-8")
    assert weir("run", "-p", str(root), "--json").exit_code == 0
    return root


def test_show_is_the_default_and_tells_history(shop: Path) -> None:
    shown = weir("quality", "web_events", "-p", str(shop), "--json")
    assert shown.exit_code == 0, shown.output
    (result,) = json.loads(shown.stdout)
    assert result["table"] == "refined.web_events"
    assert all(check["history"] == [1.0, 1.0] for check in result["checks"])
    text = weir("quality", "-p", str(shop))
    assert "passed" in text.output
    assert weir("quality", "web_evnts", "-p", str(shop)).exit_code == 2


def test_a_check_of_the_whole_reads_nothing_twice(shop: Path) -> None:
    first = json.loads(weir("quality", "check", "web_events", "-p", str(shop), "--json").stdout)
    again = json.loads(weir("quality", "check", "web_events", "-p", str(shop), "--json").stdout)
    assert first["rows"] == again["rows"] == 15 * 240
    assert first["partitions_read"] > 0
    assert again["partitions_read"] == 0
    assert [c["success"] for c in first["results"]] == [c["success"] for c in again["results"]]


def test_a_proposal_is_written_as_yaml_that_a_run_takes(shop: Path) -> None:
    out = shop / "proposed.yaml"
    done = weir("quality", "suggest", "web_events", "-p", str(shop), "--out", str(out))
    assert done.exit_code == 0, done.output
    from dataweir.quality.suite import load_suite

    assert load_suite(out) == yaml.safe_load(out.read_text(encoding="utf-8"))
    changes = json.loads(weir("quality", "diff", "web_events", str(out), "-p", str(shop), "--json").stdout)
    assert {c["change"] for c in changes} == {"added"}
    assert len(changes) == len(
        json.loads(weir("quality", "suggest", "web_events", "-p", str(shop), "--json").stdout)["added"]
    )


def test_drift_ends_with_3_and_tells_the_webhook(shop: Path) -> None:
    told: list[Any] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        hook = f"http://127.0.0.1:{server.server_port}/"
        done = weir("quality", "drift", "web_events", "-p", str(shop), "--json", "--webhook", hook)
    finally:
        server.shutdown()
        server.server_close()
    assert done.exit_code == 3, done.output
    (document,) = told
    assert document["drifted"]
    assert ("shares", "method") in {(f["kind"], f["column"]) for f in document["findings"] if f["drifted"]}
    assert "10.0." not in json.dumps(document)


def test_pages_need_no_network(shop: Path, tmp_path: Path) -> None:
    done = weir("quality", "docs", str(tmp_path / "pages"), "-p", str(shop), "--json")
    assert done.exit_code == 0, done.output
    pages = [Path(file).read_text(encoding="utf-8") for file in json.loads(done.stdout)]
    assert len(pages) == 3
    assert not [page for page in pages if "http://" in page or "https://" in page]


def test_failing_rows_are_shown_as_a_policy_masks_them_and_no_other_way(shop: Path) -> None:
    suite = {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "method", "value_set": ["GET"]}}
    (shop / "gets.yaml").write_text(yaml.safe_dump({"name": "gets", "expectations": [suite | {"severity": "warning"}]}))
    policy = {"name": "look", "columns": {"ts": {"generalise": {"to": "day"}}, "method": "keep", "client_ip": "hash"}}
    (shop / "look.yaml").write_text(yaml.safe_dump(policy))
    config = shop / "weir.yaml"
    before = config.read_text()
    config.write_text(before + "quality: {web_events: gets.yaml}\n")
    try:
        plain = weir("quality", "check", "web_events", "-p", str(shop), "--json")
        shown = weir("quality", "check", "web_events", "-p", str(shop), "--json", "--samples", "look.yaml")
        printed = weir("quality", "check", "web_events", "-p", str(shop), "--samples", "look.yaml")
    finally:
        config.write_text(before)
    assert "samples" not in json.loads(plain.stdout)
    (rows,) = json.loads(shown.stdout)["samples"].values()
    assert [row["method"] for row in rows] == ["POST"] * 5
    assert {row["ts"][:19] for row in rows} == {"2024-03-15 00:00:00"}
    assert "POST" in printed.output
    assert "10.0." not in shown.output + printed.output


def test_names_and_patterns_stand_in_pages_as_text() -> None:
    from dataweir.quality.pages import page

    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    judged = {"severity": "info", "success": False, "unexpected_count": 1, "unexpected_percent": 1.0}
    checks = [
        {"expectation": "expect_column_values_to_not_be_null", "kwargs": {"column": evil}},
        {"expectation": "expect_column_values_to_match_regex", "kwargs": {"column": "a", "regex": r"x id=\d+ href=y"}},
        {"expectation": "expect_column_mean_to_be_between", "kwargs": {"column": "b", "min_value": 1}, "error": evil},
    ]
    results = [{**judged, "observed": None, "error": None, **check} for check in checks]
    result = {"name": evil, "suite": evil, "success": False, "rows": 9, "results": results}
    html = page(result, "run", dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    assert "<script" not in html
    assert "<img" not in html
    assert html.count("&lt;img src=x onerror=alert(1)&gt;") >= 4
    assert r"x id=\d+ href=y" in html
    assert html.count("✗ fails") == 2
