"""Commands that look at data: tables, sql, scan."""

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

    @command(group, "scan")
    @click.argument("table")
    @click.option("--sample", default=2000, show_default=True, type=click.IntRange(1), help="Rows to look at first.")
    @click.option("--language", default="en", show_default=True, help="The language of the texts.")
    @click.option("--ner", default="none", show_default=True, help="How names are found: none, small, or a model.")
    def scan(output: Output, project: str, table: str, sample: int, language: str, ner: str) -> None:
        """Tell which columns of a table say who somebody is, and tag them in the catalogue."""
        from ..flow.project import Project
        from ..flow.scan import scan as scanned
        from .render import tagged

        found = scanned(Project.open(project), table, output, sample, language, ner)
        output.show(found, tagged(found))
