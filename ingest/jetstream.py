"""Listening to Bluesky's Jetstream: events over a WebSocket, from a cursor on, until it has caught up.

Protocol: github.com/bluesky-social/jetstream. Events carry `time_us`, and a server that is given it as `cursor` plays
back from there, so a cut connection costs nothing; what comes twice is known by its id.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from ..errors import MissingExtra
from .http import HttpSession, user_agent

_BATCH = 2000
_OVERLAP = 5_000_000
"""Microseconds that are asked for again after a cut: the server's clock and ours may differ by that."""


def messages(
    http: HttpSession, address: str, wanted: Mapping[str, Any], since: int | None
) -> Iterator[tuple[list[Any], int]]:
    """Yield batches of events, each with the `time_us` reached, from `since` on (None: `config.jetstream_hours` ago).

    Ends when it has caught up with the time at which it began, or after `config.jetstream_seconds`. What is no JSON is
    passed on as text. Raises SourceError where the server cannot be reached several times in a row, BudgetSpent.
    """
    try:
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect
    except ImportError:
        raise MissingExtra.of("social", "Jetstream") from None
    config: Any = http.config
    started = time.time()
    goal = int(started * 1e6)
    reached = since if since is not None else goal - int(config.jetstream_hours * 3.6e9)
    failures = 0
    while True:
        query = {**wanted, "cursor": max(0, reached - _OVERLAP)}
        url = f"{address.rstrip('/')}/subscribe?{urlencode(query, doseq=True)}"
        batch: list[Any] = []
        http.count(requests=1)
        try:
            options = {"open_timeout": config.timeout_seconds, "max_size": config.max_body_mb << 20}
            with connect(url, user_agent_header=user_agent(config), compression=None, **options) as socket:
                while True:
                    left = started + config.jetstream_seconds - time.time()
                    try:
                        data = socket.recv(timeout=max(0.01, min(left, config.timeout_seconds)))
                    except TimeoutError:
                        break  # nothing more comes: it has caught up
                    http.count(bytes=len(data))
                    event = _event(data)
                    batch.append(event)
                    at = event.get("time_us") if isinstance(event, dict) else None
                    if isinstance(at, int):
                        reached, failures = max(reached, at), 0
                    if len(batch) >= _BATCH:
                        yield batch, reached
                        batch = []
                    if left <= 0 or (isinstance(at, int) and at >= goal):
                        break
        except (OSError, WebSocketException):
            failures += 1
            if batch:
                yield batch, reached
            http.cut(failures)
            continue
        if batch:
            yield batch, reached
        return


def _event(data: str | bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data if isinstance(data, str) else data.decode("utf-8", "backslashreplace")
