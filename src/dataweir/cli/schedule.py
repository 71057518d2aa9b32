"""Commands of the clock: daemon, schedule."""

from __future__ import annotations

import signal
import sys
import threading

import click

from ..output import Output, table
from .base import Group, command
from .render import moment, printed

_TARGETS = click.Choice(["systemd", "crontab", "airflow", "dagster"])


def add(group: Group) -> None:
    """Register the commands of this module."""

    @command(group, "daemon")
    @click.argument("more", nargs=-1, metavar="[PROJECT]...")
    @click.option("--host", default="127.0.0.1", show_default=True, help="Address of /health and /metrics.")
    @click.option("--port", default=8651, show_default=True, help="Their port; 0 takes a free one.")
    @click.option("--grace", default="5 m", show_default=True, help="How long a run may go on once asked to stop.")
    def daemon(output: Output, project: str, more: tuple[str, ...], host: str, port: int, grace: str) -> None:
        """Run projects by their schedules, until stopped: that named with --project, or all that are named.

        Its log is one JSON object a line on standard error. SIGTERM and Ctrl-C stop it: no run begins any more,
        and one under way has the grace period to end.
        """
        from ..daemon.endpoint import Endpoint
        from ..daemon.log import daemon_log
        from ..daemon.service import Daemon
        from ..flow.project import Project
        from ..resources import seconds

        log = daemon_log()
        served = Daemon([Project.open(path) for path in more or (project,)], seconds(grace, "--grace"), log)
        endpoint = Endpoint(served, host, port)
        asked = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: asked.set())
        served.start()
        endpoint.start()
        log.info("listening", extra={"host": host, "port": endpoint.port})
        asked.wait()
        served.stop()
        endpoint.stop()
        output.show({"stopped": sorted(served.jobs)}, printed("stopped"))
        sys.stdout.flush()

    @group.group("schedule", cls=Group)
    def schedule() -> None:
        """Say when the project runs; hand its schedule to another scheduler."""

    @command(schedule, "show")
    @click.option("--count", default=5, show_default=True, type=click.IntRange(1, 1000), help="How many moments.")
    def show(output: Output, project: str, count: int) -> None:
        """Show the schedule in words, and when it comes next."""
        from datetime import UTC, datetime

        from ..daemon.times import Times
        from ..errors import ConfigError
        from ..flow.project import Project

        config = Project.open(project).config
        if config.schedule is None:
            raise ConfigError("the project has no schedule", 'add to weir.yaml: schedule: "0 * * * *"')
        times = Times.of(config.schedule)
        coming = times.coming(datetime.now(UTC), count)
        rows = [(moment(when), when.astimezone(times.zone).strftime("%a %Y-%m-%d %H:%M %Z")) for when in coming]
        title = f"{config.project}: {times.explain()} ({config.schedule.timezone})"
        output.show(
            {"cron": times.cron, "timezone": times.zone.key, "explained": times.explain(), "next": coming},
            printed(table(("UTC", "there"), rows, title)),
        )

    @command(schedule, "install")
    @click.option("--as", "target", type=_TARGETS, required=True, help="Who shall run it.")
    @click.option("--to", "folder", default=None, help="Write the files into this folder.  [default: print them]")
    def install(output: Output, project: str, target: str, folder: str | None) -> None:
        """Write what a scheduler needs to run the project: a systemd timer, crontab lines, a DAG, an asset."""
        from pathlib import Path

        from ..daemon.install import install as make
        from ..daemon.install import write
        from ..flow.project import Project

        made = make(Project.open(project), target)
        written = [str(path) for path in write(made, Path(folder))] if folder else []
        shown = "\n".join(written or made.files.values())
        output.show(
            {"files": made.files, "written": written, "next": made.next_step},
            lambda console: console.print(shown, markup=False, soft_wrap=True),
        )
        output.note(made.next_step)
