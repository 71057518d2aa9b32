"""Where others ask the daemon how it does: /health and /metrics."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from ..errors import ConfigError
from .service import Daemon


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    timeout = 10  # a client that says nothing holds no thread

    def log_message(self, format: str, *args: Any) -> None:
        """Keep requests out of the structured log."""


class Endpoint:
    """A small HTTP server beside the daemon; `port` is the one it listens on."""

    def __init__(self, daemon: Daemon, host: str, port: int) -> None:
        try:
            self._server = make_server(host, port, _application(daemon), _Server, _Silent)
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {host}:{port} ({error.strerror})", "choose another with --port"
            ) from None
        self.port = int(self._server.server_port)

    def start(self) -> None:
        """Answer in a thread of its own."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


def _application(daemon: Daemon) -> Callable[..., Iterable[bytes]]:
    from prometheus_client import make_wsgi_app

    metrics = make_wsgi_app(daemon.metrics.registry)

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            answer: Iterable[bytes] = metrics(environ, start_response)
            return answer
        if path == "/health":
            well, state = daemon.health()
            start_response("200 OK" if well else "503 Service Unavailable", [("Content-Type", "application/json")])
            return [json.dumps(state).encode() + b"\n"]
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"there are /health and /metrics\n"]

    return application
