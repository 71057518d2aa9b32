"""What a run under way tells those who look on: its steps as they go, what it says, and that it is alive."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Self

from ..errors import WeirError
from ..output import Advance, Output

EVERY_SECONDS = 1.0
BEAT_SECONDS = 5.0


class Watched(Output):
    """An output whose progress stands in the store too; inside `with`, the run tells that it is alive."""

    def __init__(self, output: Output, store: Any, run: str) -> None:
        super().__init__(output.json)
        self.dashboard: Callable[[], str | None] = lambda: None
        """Returns the address of the engine's dashboard, once there is an engine."""
        self._output = output
        self._store = store
        self._run = run
        self._ended = threading.Event()
        self._beating = threading.Thread(target=self._beat, name="weir-alive", daemon=True)

    def __enter__(self) -> Self:
        self._store.add_event(self._run, "run")
        self._beating.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._beating.join()

    def log(self, text: str) -> None:
        """Write a line into the run's log; it holds no row value."""
        self._store.add_event(self._run, "note", text)

    @contextlib.contextmanager
    def progress(self, label: str, total: int) -> Iterator[Advance]:
        """Show a step's progress where the output shows it, and write it down about once a second."""
        done, written = 0, time.monotonic()
        number = self._store.add_event(self._run, "step", label, total, self.dashboard())
        with self._output.progress(label, total) as advance:

            def step() -> None:
                nonlocal done, written
                advance()
                done += 1
                if done == total or time.monotonic() - written >= EVERY_SECONDS:
                    written = time.monotonic()
                    self._store.advance_event(self._run, number, done, self.dashboard())

            yield step

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            with contextlib.suppress(WeirError):  # a catalogue that does not answer is what the run itself will meet
                self._store.advance_event(self._run, 0)
