"""What Prometheus may ask the daemon."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from ..errors import MissingExtra
from .runner import Outcome


class Metrics:
    """Counters and gauges by project, in a registry of their own."""

    def __init__(self) -> None:
        try:
            from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
        except ImportError:
            raise MissingExtra.of("daemon", "weir daemon") from None
        self.registry = registry = CollectorRegistry()
        project = ["project"]
        buckets = (1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600)
        self._runs = Counter("weir_runs", "Runs by how they ended.", [*project, "result"], registry=registry)
        self._seconds = Histogram(
            "weir_run_seconds", "How long runs took.", project, registry=registry, buckets=buckets
        )
        self._running = Gauge("weir_running", "Whether a run is under way.", project, registry=registry)
        self._rows = Counter("weir_rows_added", "Rows added to a table.", [*project, "table"], registry=registry)
        self._score = Gauge("weir_score", "The newest scores.", [*project, "kind"], registry=registry)
        self._done = Gauge(
            "weir_last_done_timestamp_seconds", "When a run last ended well.", project, registry=registry
        )
        self._next = Gauge("weir_next_timestamp_seconds", "When the next run is due.", project, registry=registry)

    def due(self, project: str, when: datetime) -> None:
        """Note when a project runs next."""
        self._next.labels(project).set(when.timestamp())

    def running(self, project: str) -> AbstractContextManager[Any]:
        """Show a project as running while inside."""
        return self._running.labels(project).track_inprogress()

    def ended(self, project: str, outcome: Outcome) -> None:
        """Count a run that has ended, what it added and what it scored."""
        self._runs.labels(project, outcome.result).inc()
        self._seconds.labels(project).observe(outcome.seconds)
        if outcome.result != "done":
            return
        self._done.labels(project).set(time.time())
        for table, rows in outcome.document.get("rows_added", {}).items():
            self._rows.labels(project, table).inc(rows)
        for kind, score in outcome.document.get("scores", {}).items():
            if score.get("value") is not None:
                self._score.labels(project, kind).set(score["value"])
