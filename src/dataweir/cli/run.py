"""Commands of a run: plan, run, status, runs."""

from __future__ import annotations

import click

from ..output import Output
from .base import Defaulting, Group, command


def add(group: Group) -> None:
    """Register the commands of this module."""

    @command(group, "plan")
    @click.option(
        "--reclean", multiple=True, metavar="TABLE", help="Show what `weir run --reclean TABLE` would read and take."
    )
    def plan(output: Output, project: str, reclean: tuple[str, ...]) -> None:
        """Show what a run would read, and with what part of the machine; touch nothing."""
        from ..flow.plan import make_plan
        from ..flow.project import Project
        from .render import planned

        made = make_plan(Project.open(project), anew=reclean)
        output.show(made.as_dict(), planned(made))

    @command(group, "run")
    @click.option(
        "--reclean",
        multiple=True,
        metavar="TABLE",
        help="Derive a refined table anew from all of its raw rows, by the rules of today; may be given several times.",
    )
    def run(output: Output, project: str, reclean: tuple[str, ...]) -> None:
        """Pull what is new, clean, dedup, integrate, check and commit it."""
        from ..flow.project import Project
        from ..flow.run import run as go
        from .render import ran

        report = go(Project.open(project), output, reclean)
        output.show(report.as_dict(), ran(report))

    @command(group, "status")
    def status(output: Output, project: str) -> None:
        """Account for every record: kept, duplicate, rejected and why, by source and file."""
        from ..flow.project import Project
        from ..flow.status import status as count
        from .render import accounted

        report = count(Project.open(project))
        output.show(report, accounted(report))

    @group.group("runs", cls=Defaulting, default="list")
    def runs() -> None:
        """List the runs; show one with its prediction and what came true."""

    @command(runs, "list")
    @click.option("--limit", default=20, show_default=True, help="How many, the latest first.")
    def runs_list(output: Output, project: str, limit: int) -> None:
        """List the runs."""
        from ..flow.project import Project
        from .render import run_list

        found = Project.open(project).reading().runs(limit)
        output.show(found, run_list(found))

    @command(runs, "show")
    @click.argument("run")
    def runs_show(output: Output, project: str, run: str) -> None:
        """Show a run: prediction and truth side by side, and what each step did and cost."""
        from ..flow.predict import compare
        from ..flow.project import Project
        from .render import run_shown

        found = compare(Project.open(project).reading(), run)
        output.show(found, run_shown(found))
