"""Commands that look at data: tables, sql."""

from __future__ import annotations

import click

from ..output import Output
from .base import Group, command


def add(group: Group) -> None:
    """Register the commands of this module."""

    @command(group, "tables")
    def tables(output: Output, project: str) -> None:
        """List the tables with rows, files and size."""
        from ..flow.project import Project
        from .render import table_list

        found = Project.open(project).tables().describe()
        output.show(found, table_list(found))

    @command(group, "sql")
    @click.argument("query")
    @click.option("--limit", default=1000, show_default=True, help="At most this many rows.")
    def sql(output: Output, project: str, query: str, limit: int) -> None:
        """Ask the tables in SQL (DuckDB, read-only): weir sql "select count(*) from web_events"."""
        from ..flow.project import Project
        from .render import rows

        found = Project.open(project).sql(query, limit=limit)
        output.show(found.to_pylist(), rows(found))
