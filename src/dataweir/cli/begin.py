"""Commands that begin: demo, init, check, doctor, list."""

from __future__ import annotations

import click

from ..output import Output
from .base import Group, command


def add(group: Group) -> None:
    """Register the commands of this module."""

    @command(group, "demo")
    @click.argument("folder", default="demo-shop", type=click.Path(file_okay=False))
    @click.option("--seed", default=7, show_default=True, help="Seed of the generator.")
    @click.option("--scale", default=1.0, show_default=True, help="How much data: 1 is a small company's week.")
    def demo(output: Output, project: str, folder: str, seed: int, scale: float) -> None:
        """Generate a small company's week and run the whole job on it."""
        from ..demo.story import tell

        tell(folder, seed, scale, output)

    @command(group, "init")
    @click.argument("folder", default=".", type=click.Path(file_okay=False))
    @click.option("--from", "given", multiple=True, help="File, folder or URL to look at and to write sources for.")
    def init(output: Output, project: str, folder: str, given: tuple[str, ...]) -> None:
        """Begin a project: a weir.yaml that explains itself, and a first policy."""
        from ..flow.scaffold import scaffold
        from .render import created

        made = scaffold(folder, given)
        output.show(made, created(made))

    @command(group, "check")
    def check(output: Output, project: str) -> None:
        """Check configuration, sources, suites, policies and keys; touch nothing."""
        from ..flow.check import check as examine
        from ..flow.project import Project
        from .render import checked

        report = examine(Project.open(project))
        output.show(report, checked(report))

    @command(group, "doctor")
    def doctor(output: Output, project: str) -> None:
        """Show the machine, the versions and what is missing."""
        from ..flow.doctor import examine
        from .render import examined

        report = examine(project)
        output.show(report, examined(report))

    @command(group, "list")
    @click.argument("kind", required=False)
    def list_plugs(output: Output, project: str, kind: str | None) -> None:
        """List the plugs: sources, rules, recognizers, operators, metrics."""
        from ..flow.plugs import plugs
        from .render import listed

        found = plugs(kind)
        output.show(found, listed(found))

    @command(group, "sources")
    @click.argument("action", required=False, type=click.Choice(["list", "show"]), default="list")
    @click.argument("connector", required=False)
    def sources(output: Output, project: str, action: str, connector: str | None) -> None:
        """List the connectors, or 'show' one: its keys, an example and its schema."""
        from ..flow.plugs import plugs
        from ..flow.sources import describe_source
        from .render import connector_page, listed

        if action == "list":
            found = plugs("sources")
            output.show(found, listed(found))
        elif connector is None:
            raise click.UsageError("name the connector: weir sources show TYPE")
        else:
            described = describe_source(connector)
            output.show(described, connector_page(described))
