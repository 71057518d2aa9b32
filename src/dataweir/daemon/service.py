"""The daemon: every project by its own schedule, one run a project at a time, an account of all of it."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, MissingExtra, WeirError
from ..flow.alerts import Alert, send
from ..flow.project import Project
from ..resources import seconds
from .metrics import Metrics
from .runner import Outcome, run_project
from .times import Times

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

LATE = 60.0
"""A moment that is noticed later than this (seconds) was missed; then the catch-up policy decides."""


class Job:
    """One project under the daemon: when it is due, and how its last run ended."""

    def __init__(self, project: Project) -> None:
        schedule = project.config.schedule
        if schedule is None:
            raise ConfigError(
                f"project {project.config.project} has no schedule", 'add to weir.yaml: schedule: "0 * * * *"'
            )
        self.project = project
        self.name = project.config.project
        self.times = Times.of(schedule)
        self.jitter = seconds(schedule.jitter, "schedule.jitter")
        self.timeout = seconds(schedule.timeout, "schedule.timeout") if schedule.timeout else None
        self.catch_up = schedule.catch_up == "once"
        self.running = False
        self.last: Outcome | None = None

    def overdue(self, now: datetime) -> bool:
        """Tell whether a moment has passed since the last recorded run, and the policy wants it made up for."""
        try:
            runs = self.project.reading().runs(1)
        except WeirError:
            return False
        return self.catch_up and bool(runs) and self.times.next(runs[0].started) <= now


class Daemon:
    """Runs projects by their schedules until it is stopped. Raises ConfigError for a project without one."""

    def __init__(self, projects: list[Project], grace: float, log: logging.Logger) -> None:
        try:
            from apscheduler.schedulers.background import BackgroundScheduler
        except ImportError:
            raise MissingExtra.of("daemon", "weir daemon") from None
        self.jobs = {job.name: job for job in map(Job, projects)}
        if len(self.jobs) != len(projects):
            raise ConfigError("two projects have the same name", "give each its own 'project:' in weir.yaml")
        self.grace = grace
        self.log = log
        self.metrics = Metrics()
        self.stopping = threading.Event()
        self._scheduler: BackgroundScheduler = BackgroundScheduler(timezone=UTC)

    def start(self) -> None:
        """Begin: what is overdue runs at once, everything else at its time."""
        now = datetime.now(UTC)
        for job in self.jobs.values():
            due = now if job.overdue(now) else self._later(job, now)
            self._add(job, due)
        self._scheduler.start()
        self.log.info("started", extra={"projects": sorted(self.jobs)})

    def stop(self) -> None:
        """End: no run begins any more; one under way has the grace period to finish. Returns when all has ended."""
        self.log.info("stopping", extra={"running": sorted(n for n, job in self.jobs.items() if job.running)})
        self.stopping.set()
        self._scheduler.shutdown(wait=True)
        self.log.info("stopped")

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Return whether the daemon does its work, and what of each project it knows."""
        now = datetime.now(UTC)
        projects = {name: self._state(job) for name, job in self.jobs.items()}
        late = any(
            not job.running and (due := self._due(name)) is not None and due < now - timedelta(seconds=LATE)
            for name, job in self.jobs.items()
        )
        well = bool(self._scheduler.running) and not late and not self.stopping.is_set()
        return well, {"status": "ok" if well else "not ok", "projects": projects}

    def _state(self, job: Job) -> dict[str, Any]:
        due = self._due(job.name)
        last = {"result": job.last.result, "seconds": round(job.last.seconds, 3)} if job.last else None
        return {"running": job.running, "next": due.isoformat() if due else None, "last": last}

    def _due(self, name: str) -> datetime | None:
        found = self._scheduler.get_job(name)
        due: datetime | None = found.next_run_time if found is not None else None
        return due

    def _later(self, job: Job, after: datetime) -> datetime:
        return job.times.next(after) + timedelta(seconds=random.uniform(0, job.jitter))  # noqa: S311 (no secret)

    def _add(self, job: Job, due: datetime) -> None:
        """Schedule the next run; it schedules the one after, so two of a project never overlap."""
        self._scheduler.add_job(
            self._go, "date", run_date=due, args=[job, due], id=job.name, replace_existing=True, misfire_grace_time=None
        )
        self.metrics.due(job.name, due)
        self.log.info("scheduled", extra={"project": job.name, "due": due.isoformat()})

    def _go(self, job: Job, due: datetime) -> None:
        if self.stopping.is_set():
            return
        late = (datetime.now(UTC) - due).total_seconds()
        if late > LATE and not job.catch_up:  # the machine slept, or the clock was put forward
            self.log.warning("missed", extra={"project": job.name, "due": due.isoformat()})
        else:
            self._run(job)
        if not self.stopping.is_set():
            self._add(job, self._later(job, datetime.now(UTC)))

    def _run(self, job: Job) -> None:
        self.log.info("run begins", extra={"project": job.name})
        job.running = True
        with self.metrics.running(job.name):
            outcome = run_project(job.project.config.root, job.timeout, self.stopping, self.grace)
        job.last, job.running = outcome, False
        self.metrics.ended(job.name, outcome)
        level = logging.INFO if outcome.result in ("done", "stopped") else logging.WARNING
        self.log.log(level, "run ended", extra={"project": job.name, **_told(outcome)})
        if outcome.result in ("timeout", "misconfigured"):  # the rest a run tells of itself
            self._alert(job, outcome)

    def _alert(self, job: Job, outcome: Outcome) -> None:
        message = (
            f"the run was stopped after {outcome.seconds:,.0f} s"
            if outcome.result == "timeout"
            else str(outcome.document.get("message", "weir.yaml is wrong"))
        )
        alert = Alert(job.name, outcome.result, message, str(outcome.document.get("cure", "see 'weir runs'")))
        for problem in send(job.project.config.alerts, alert):
            self.log.error("alert not delivered", extra={"project": job.name, "reason": problem})


def _told(outcome: Outcome) -> Mapping[str, Any]:
    """Return what a log line says of an outcome: names, counts and errors, which hold no row values."""
    wanted = ("run", "rows_added", "error", "message", "cure")
    facts = {name: outcome.document[name] for name in wanted if outcome.document.get(name)}
    facts = {"cause" if name == "message" else name: value for name, value in facts.items()}
    return {"result": outcome.result, "exit_code": outcome.code, "seconds": round(outcome.seconds, 3), **facts}
