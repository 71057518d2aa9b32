"""What other schedulers need to run a project: one file or line each, all of them calling `weir run`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigError
from ..flow.project import Project
from ..resources import seconds
from .times import Times

_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")


@dataclass(frozen=True)
class Installed:
    """The text of each file to write, by name, and how to put them into service."""

    files: dict[str, str]
    next_step: str


def install(project: Project, target: str) -> Installed:
    """Return what `target` (systemd, crontab, airflow, dagster) needs to run the project by its schedule.

    Raises ConfigError without a schedule, or for one that the target cannot express.
    """
    if project.config.schedule is None:
        raise ConfigError("the project has no schedule", 'add to weir.yaml: schedule: "0 * * * *"')
    return TARGETS[target](project, Times.of(project.config.schedule))


def _command(project: Project) -> list[str]:
    return [sys.executable, "-m", "dataweir", "run", "--project", str(project.config.root)]


def _timeout(project: Project) -> float | None:
    schedule = project.config.schedule
    return seconds(schedule.timeout, "schedule.timeout") if schedule and schedule.timeout else None


def _jitter(project: Project) -> float:
    schedule = project.config.schedule
    return seconds(schedule.jitter, "schedule.jitter") if schedule else 0.0


def calendar(times: Times) -> list[str]:
    """Return a cron expression as systemd calendar events (systemd.time(7)); two where days are alternatives."""
    fields = times.fields()

    def listed(name: str) -> str:
        values = fields[name]
        return "*" if values is None else ",".join(f"{value:02d}" for value in values)

    clock = f"{listed('hours')}:{listed('minutes')}:00 {times.zone.key}"
    week, days = fields["weekdays"], fields["days"]
    names = sorted({value % 7 for value in week}) if week is not None else []
    weekdays = ",".join(_DAYS[value] for value in names) + " " if names else ""
    parts = times.cron.split()
    if days is None or week is None or parts[2].startswith("*") or parts[4].startswith("*"):
        return [f"{weekdays}*-{listed('months')}-{listed('days')} {clock}"]
    return [f"*-{listed('months')}-{listed('days')} {clock}", f"{weekdays}*-{listed('months')}-* {clock}"]


def _systemd(project: Project, times: Times) -> Installed:
    name = f"weir-{project.config.project}"
    limit, jitter = _timeout(project), _jitter(project)
    service = [
        "[Unit]",
        f"Description=Weir: one run of {project.config.project}",
        "",
        "[Service]",
        "Type=oneshot",
        f"WorkingDirectory={_unit(str(project.config.root))}",
        f"ExecStart={' '.join(_unit(word, quoted=True) for word in _command(project))}",
        "SuccessExitStatus=5",
        "KillSignal=SIGINT",
        *([f"TimeoutStartSec={limit:g}"] if limit else ["TimeoutStartSec=infinity"]),
    ]
    timer = [
        "[Unit]",
        f"Description=Weir: when {project.config.project} runs",
        "",
        "[Timer]",
        *(f"OnCalendar={event}" for event in calendar(times)),
        f"Persistent={'true' if project.config.schedule and project.config.schedule.catch_up == 'once' else 'false'}",
        *([f"RandomizedDelaySec={jitter:g}"] if jitter else []),
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]
    return Installed(
        {f"{name}.service": "\n".join(service) + "\n", f"{name}.timer": "\n".join(timer) + "\n"},
        f"copy both to ~/.config/systemd/user, then: systemctl --user enable --now {name}.timer",
    )


def _unit(word: str, quoted: bool = False) -> str:
    """Escape a word for a unit file: % and $ mean something to systemd."""
    word = word.replace("%", "%%")
    if quoted:
        word = word.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
        return f'"{word}"' if not word.isascii() or any(c in word for c in " '\"\\;") else word
    return word


def _crontab(project: Project, times: Times) -> Installed:
    times.fields()
    limit = _timeout(project)
    command = shlex.join([*(["timeout", "--signal=INT", f"{limit:g}"] if limit else []), *_command(project)])
    text = (
        "# cronie reads CRON_TZ; Debian's cron counts in the zone of the machine\n"
        f"CRON_TZ={times.zone.key}\n"
        f"{times.cron} {command.replace('%', chr(92) + '%')} --json >/dev/null\n"
    )
    return Installed({"crontab": text}, "add the lines with 'crontab -e'; what fails is mailed by cron")


def _airflow(project: Project, times: Times) -> Installed:
    name, limit, jitter = project.config.project, _timeout(project), _jitter(project)
    wait = f"sleep $((RANDOM % {int(jitter) + 1})); " if jitter >= 1 else ""
    timeout = f"pendulum.duration(seconds={limit:g})" if limit else "None"
    text = f"""'''Weir: runs of {name}.'''

import pendulum
from airflow import DAG
from airflow.timetables.trigger import CronTriggerTimetable

try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:  # before Airflow 3
    from airflow.operators.bash import BashOperator

with DAG(
    "weir_{name}",
    schedule=CronTriggerTimetable({times.cron!r}, timezone={times.zone.key!r}),
    start_date=pendulum.datetime(2024, 1, 1, tz={times.zone.key!r}),
    catchup=False,  # a run takes all that is new, so one makes up for any number
    max_active_runs=1,
    tags=["weir"],
):
    BashOperator(
        task_id="run",
        bash_command={wait + shlex.join(_command(project))!r},
        execution_timeout={timeout},
        skip_on_exit_code=5,  # another run holds the project
        append_env=True,
    )
"""
    return Installed({f"weir_{name}_dag.py": text}, "copy it into the dags folder")


def _dagster(project: Project, times: Times) -> Installed:
    name = project.config.project
    text = f"""'''Weir: the tables of {name} as a Dagster asset, brought up to date by schedule.'''

import subprocess

import dagster as dg

COMMAND = {[*_command(project), "--json"]!r}


@dg.asset(group_name="weir")
def weir_{name}() -> dg.MaterializeResult:
    done = subprocess.run(COMMAND, capture_output=True, text=True, timeout={_timeout(project)!r})
    if done.returncode not in (0, 5):  # 5: another run holds the project
        raise dg.Failure(done.stderr.strip(), metadata={{"exit_code": done.returncode}})
    return dg.MaterializeResult(metadata={{"report": done.stdout}})


defs = dg.Definitions(
    assets=[weir_{name}],
    schedules=[
        dg.ScheduleDefinition(
            name="weir_{name}_schedule",
            target=[weir_{name}],
            cron_schedule={times.cron!r},
            execution_timezone={times.zone.key!r},
            default_status=dg.DefaultScheduleStatus.RUNNING,
        )
    ],
)
"""
    return Installed({f"weir_{name}_assets.py": text}, f"dagster dev -f weir_{name}_assets.py")


TARGETS: dict[str, Callable[[Project, Times], Installed]] = {
    "systemd": _systemd,
    "crontab": _crontab,
    "airflow": _airflow,
    "dagster": _dagster,
}


def write(made: Installed, folder: Path) -> list[Path]:
    """Write the files into a folder; return their paths. Raises ConfigError where it cannot."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in made.files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write into {folder} ({error.strerror})", "name another folder with --to") from None
    return [folder / name for name in made.files]
