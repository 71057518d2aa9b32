"""Alerts reach a real HTTP server and a real SMTP server, tell no row value, and stop nothing where they fail."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dataweir import Project
from dataweir.config import AlertConfig
from dataweir.errors import ConfigError, QualityGateFailed
from dataweir.flow.alerts import Alert, alerted, crossed, send
from dataweir.output import Output

GATE = Alert(
    "shop", "quality gate", "web_events: a critical expectation failed", "see 'weir quality'", {"table": "web"}
)


@pytest.fixture
def hook() -> Iterator[tuple[str, list[Any]]]:
    """A web server's address, and the documents that were posted to it; /broken answers with 500."""
    got: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path != "/broken":
                got.append(json.loads(body))
            self.send_response(500 if self.path == "/broken" else 204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    server.server_close()


def project(folder: Path, alerts: str) -> Project:
    (folder / "weir.yaml").write_text(f"project: shop\nalerts: {alerts}\n")
    return Project.open(folder)


def test_a_webhook_gets_the_alert(hook: tuple[str, list[Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", f"{hook[0]}/a-secret-path")
    assert send(AlertConfig(webhook="${HOOK}"), GATE) == []
    (document,) = hook[1]
    assert document["kind"] == "quality gate"
    assert document["cure"] == "see 'weir quality'"


def test_mail_gets_the_alert() -> None:
    controller = pytest.importorskip("aiosmtpd.controller")
    got: list[Any] = []

    class Box:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            got.append(envelope)
            return "250 OK"

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = controller.Controller(Box(), hostname="127.0.0.1", port=port)
    server.start()
    try:
        mail = {"host": "127.0.0.1", "port": port, "tls": "off", "sender": "weir@example.org", "to": ["a@example.org"]}
        assert send(AlertConfig.model_validate({"mail": mail}), GATE) == []
    finally:
        server.stop()
    (envelope,) = got
    assert envelope.rcpt_tos == ["a@example.org"]
    assert b"Subject: weir: shop: quality gate" in envelope.content
    assert b"a critical expectation failed" in envelope.content


def test_what_cannot_be_delivered_is_said_without_the_address(
    hook: tuple[str, list[Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = project(tmp_path, f"{{webhook: '{hook[0]}/broken'}}")
    with pytest.raises(QualityGateFailed, match="gate"), alerted(shop, Output()):
        raise QualityGateFailed("the gate holds")
    said = capsys.readouterr().err
    assert "an alert was not delivered: the webhook did not take the alert (500)" in said
    assert hook[0] not in said


def test_a_wrong_configuration_is_told_to_whoever_typed_it(hook: tuple[str, list[Any]], tmp_path: Path) -> None:
    shop = project(tmp_path, f"{{webhook: '{hook[0]}/x'}}")
    with pytest.raises(ConfigError), alerted(shop, Output()):
        raise ConfigError("a typing error")
    with pytest.raises(QualityGateFailed), alerted(shop, Output()):
        raise QualityGateFailed("the gate holds")
    assert [document["kind"] for document in hook[1]] == ["quality gate"]


def test_a_score_is_told_of_when_it_crosses_its_line_and_not_while_it_stays_above(tmp_path: Path) -> None:
    shop = project(tmp_path, "{barrier: 0.6}")
    low, high = {"barrier": {"value": 0.5}}, {"barrier": {"value": 0.7}}
    assert crossed(shop, low, low) == []
    (alert,) = crossed(shop, low, high)
    assert alert.facts == {"score": "barrier", "value": 0.7, "before": 0.5, "line": 0.6}
    assert [a.facts["before"] for a in crossed(shop, {}, high)] == [None]
    assert crossed(shop, high, high) == []
    assert crossed(shop, high, low) == []
