"""The command line: `weir COMMAND`. This package imports nothing heavy; each command does when it runs."""

from __future__ import annotations

import sys

import click

from .base import Group, usage


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="dataweir", prog_name="weir")
def weir() -> None:
    """Raw data in, share-ready data out, and a measure of what made it hard.

    \b
    Exit codes: 0 done, 1 the run failed, 2 usage or configuration, 3 a quality gate failed,
    4 a privacy gate failed, 5 another run holds the project.
    """


def program() -> Group:
    """Return the group of all commands."""
    from . import (
        audit,
        begin,
        catalogue,
        config,
        dedup,
        forget,
        keys,
        label,
        look,
        measure,
        measured,
        quality,
        run,
        schedule,
        share,
        web,
    )

    if not weir.commands:
        job = (
            begin,
            config,
            run,
            quality,
            dedup,
            label,
            measure,
            measured,
            look,
            catalogue,
            share,
            forget,
            keys,
            audit,
        )
        for module in (*job, schedule, web):
            module.add(weir)
    return weir


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; the process ends with the exit codes of the design."""
    try:
        program().main(args=arguments, standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        sys.exit(usage(error))
