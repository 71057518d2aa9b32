"""Commands of labelling: label, label export, label import."""

from __future__ import annotations

import click

from ..output import Output
from .base import Defaulting, Group, command


def add(group: Group) -> None:
    """Register the commands of this module."""

    @group.group("label", cls=Defaulting, default="run")
    def label() -> None:
        """Label rows by functions that vote, and by people in Label Studio."""

    @command(label, "run")
    @click.argument("task", required=False)
    def run(output: Output, project: str, task: str | None) -> None:
        """Let the functions of a task (or of all tasks) vote, and write the labels."""
        from ..flow.label import label as go
        from ..flow.project import Project
        from .render import labelled

        done = go(Project.open(project), task, output)
        output.show(done, labelled(done))

    @command(label, "export")
    @click.argument("task")
    @click.argument("file", type=click.Path(dir_okay=False, writable=True))
    @click.option("--limit", default=200, show_default=True, help="At most this many rows, the least certain first.")
    def export(output: Output, project: str, task: str, file: str, limit: int) -> None:
        """Write rows that wait for a person's label as Label Studio tasks, unmasked: keep the file in the house."""
        from ..flow.label import export_tasks
        from ..flow.project import Project
        from .render import label_tasks

        made = export_tasks(Project.open(project), task, file, limit)
        output.show(made, label_tasks(made))

    @command(label, "import")
    @click.argument("task")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False))
    def take(output: Output, project: str, task: str, file: str) -> None:
        """Take people's labels in from a JSON export of Label Studio."""
        from ..flow.label import import_labels
        from ..flow.project import Project
        from .render import label_import

        made = import_labels(Project.open(project), task, file)
        output.show(made, label_import(made))
