"""A local HTTP server that behaves like an API: pages, limits, cut connections, malformed answers, redirects."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Request:
    """What was asked: path without its query, parameters, headers in lower case."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str = ""
    method: str = "GET"
    client: tuple[str, int] = ("", 0)


@dataclass
class Reply:
    """What is answered; `cut` closes the connection after so many bytes of the body, `endless` tells no length."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    endless: bool = False

    @staticmethod
    def dumped(body: Any) -> bytes:
        """The body as it is sent."""
        return body if isinstance(body, bytes) else json.dumps(body).encode()


Faults = deque[Reply]


class Api:
    """A running server: its address, what it was asked, and faults to be answered first, one a request."""

    def __init__(self, answer: Callable[[Request], Reply]) -> None:
        self.answer = answer
        self.asked: list[Request] = []
        self.faults: Faults = deque()
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length", 0))).decode()
                request = Request(parts.path, query, headers, body, self.command, self.client_address)
                api.asked.append(request)
                reply = api.faults.popleft() if api.faults else api.answer(request)
                data = Reply.dumped(reply.body)
                self.send_response_only(reply.status)
                if "date" not in reply.headers:
                    self.send_header("date", self.date_time_string())
                if not reply.endless:
                    self.send_header("content-length", str(len(data)))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data[: reply.cut])
                if reply.cut is not None or reply.endless:
                    self.close_connection = True

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving(answer: Callable[[Request], Reply]) -> Iterator[Api]:
    """Serve answers for the length of the block."""
    api = Api(answer)
    try:
        yield api
    finally:
        api.close()
