"""The catalogue's own commands: lineage, describe, search, move."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ..output import Output, table
from .base import Group, command
from .describing import described
from .render import Render, printed


def add(group: Group) -> None:
    """Register the commands of this module."""

    @command(group, "lineage")
    @click.argument("column", required=False)
    @click.option("--forward", is_flag=True, help="What was made of it, in place of what made it.")
    @click.option("--events", "as_events", is_flag=True, help="Print the OpenLineage events as one JSON document.")
    @click.option("--emit", is_flag=True, help="Send the events by openlineage-python's configured transport.")
    def lineage(output: Output, project: str, column: str | None, forward: bool, as_events: bool, emit: bool) -> None:
        """Show what a column or table (TABLE.COLUMN, export.NAME) was made of, down to the source's columns."""
        from ..flow.lineage import edges, trace
        from ..flow.project import Project

        opened = Project.open(project)
        if emit or as_events:
            from ..flow.openlineage import emit as send
            from ..flow.openlineage import events

            if emit:
                sent = send(opened)
                output.show({"sent": sent}, printed(f"sent {sent} events"))
            else:
                Output(json=True).show(events(opened))
            return
        found = edges(opened)
        chosen = trace(found, column, "forward" if forward else "back") if column else found
        output.show(chosen, _edges(chosen))

    @command(group, "describe")
    @click.argument("name")
    @click.option(
        "--format", "form", type=click.Choice(["text", "dcat", "croissant"]), default="text", show_default=True
    )
    @click.option("--history", is_flag=True, help="Also what was said of it before, and until when.")
    @click.option("--to", type=click.Path(dir_okay=False, path_type=Path), help="Write DCAT or Croissant to a file.")
    def describe(output: Output, project: str, name: str, form: str, history: bool, to: Path | None) -> None:
        """Describe a table or a source: owner, licence, purpose, tags, columns with roles.

        For other catalogues: DCAT (JSON-LD) or Croissant, of tables. Readers of Croissant look for the data from where
        the document lies: write it into the warehouse, or a folder above, and they load the rows.
        """
        from ..flow.about import about
        from ..flow.describe import croissant, dcat
        from ..flow.project import Project

        opened = Project.open(project)
        if form == "text":
            found = about(opened, name)
            output.show(found, described(found, history))
            return
        full = opened.qualified(name)
        document = dcat(opened, full) if form == "dcat" else croissant(opened, full, to.parent if to else None)
        if to is None:
            Output(json=True).show(document)
            return
        try:
            to.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        except OSError as error:
            from ..storage import storage_error

            raise storage_error(error, str(to)) from None
        output.show({"written": str(to)}, printed(f"wrote {to}"))

    @command(group, "search")
    @click.argument("words", nargs=-1, required=True)
    @click.option("--limit", default=20, show_default=True, help="At most this many.")
    def search(output: Output, project: str, words: tuple[str, ...], limit: int) -> None:
        """Search sources, tables, columns, roles, tags, failed checks, runs, exports, reviews and metrics."""
        from ..flow.project import Project
        from ..flow.search import search as find

        found = find(Project.open(project), " ".join(words), limit)
        output.show(found, printed(table(("kind", "name", "what"), [(f.kind, f.name, f.text) for f in found])))

    @command(group, "move")
    @click.argument("url")
    def move(output: Output, project: str, url: str) -> None:
        """Move the catalogue to another database (SQLite to PostgreSQL or back), and weir.yaml with it.

        URL may name secrets as '${ENV}'. The old catalogue stays as it is.
        """
        from ..flow.move import move as go

        report = go(project, url)
        rows = list(report["rows"].items())
        output.show(report, printed(table(("table", "rows"), rows), f"weir.yaml now says catalog: {report['catalog']}"))


def _edges(found: list[Any]) -> Render:
    rows = [(f"{e.target}.{e.target_column}", f"{e.source}.{e.source_column}", e.kind, e.step, e.what) for e in found]
    return printed(table(("column", "made of", "how", "step", "what"), rows))
