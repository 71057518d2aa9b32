"""Listening to server-sent events: an answer that does not end, for as long as a run may listen.

Format: WHATWG HTML, 9.2 "Server-sent events". A cut connection is opened again; what was sent in between is lost unless
the source also reads what it missed another way.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from .http import BudgetSpent, HttpSession

_BATCH = 500


class Event(NamedTuple):
    """One event: its type (`message` where none is given) and its data."""

    kind: str
    data: str


def listen(http: HttpSession, url: str, params: Mapping[str, Any], seconds: float) -> Iterator[list[Event]]:
    """Yield batches of the events at `url` for `seconds`; each is given out before an error is raised.

    Raises SourceError where the server cannot be reached several times in a row or refuses us, BudgetSpent.
    """
    until, failures = time.monotonic() + seconds, 0
    while (left := until - time.monotonic()) > 0:
        batch: list[Event] = []
        spent: BudgetSpent | None = None
        try:
            for event in events(http.lines(url, params, left)):
                failures = 0
                batch.append(event)
                if len(batch) >= _BATCH:
                    yield batch
                    batch = []
        except BudgetSpent as error:
            spent = error
        if batch:
            yield batch
        if spent is not None:
            raise spent
        if time.monotonic() < until:
            failures += 1
            http.cut(failures)


def events(lines: Iterable[bytes]) -> Iterator[Event]:
    """Yield the events in lines (without their ends); comments are heartbeats, an event that has not ended is none."""
    kind, data = "", list[str]()
    for line in lines:
        text = line.removesuffix(b"\r").decode("utf-8", "replace")
        if not text:
            if data:
                yield Event(kind or "message", "\n".join(data))
            kind, data = "", []
            continue
        name, _, value = text.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            kind = value
        elif name == "data":
            data.append(value)
