"""Where a run stands while it is under way, written into its record about once a second for those who look on."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from ..output import Advance, Output

EVERY_SECONDS = 1.0


class Watched(Output):
    """An output whose progress stands in the run's record too: step, how much of it is done, Dask's dashboard."""

    def __init__(self, output: Output, store: Any, run: str, dashboard: Callable[[], str | None]) -> None:
        """`dashboard` returns the address of the engine's dashboard, None while it has none."""
        super().__init__(output.json)
        self._output = output
        self._store = store
        self._run = run
        self._dashboard = dashboard

    @contextlib.contextmanager
    def progress(self, label: str, total: int) -> Iterator[Advance]:
        """Show a step's progress where the output shows it, and write it down."""
        done, written = 0, time.monotonic()
        self._write(label, done, total)
        with self._output.progress(label, total) as advance:

            def step() -> None:
                nonlocal done, written
                advance()
                done += 1
                if done == total or time.monotonic() - written >= EVERY_SECONDS:
                    written = time.monotonic()
                    self._write(label, done, total)

            yield step

    def _write(self, label: str, done: int, total: int) -> None:
        at = {"step": label, "done": done, "total": total, "dashboard": self._dashboard()}
        self._store.set_progress(self._run, at)
