"""Commands for holders of the keys, and of the privacy budget: weir keys, unmask, aggregate, budget."""

from __future__ import annotations

import click

from ..account import current_user
from ..output import Output, table
from .base import Defaulting, Group, command
from .render import printed


def add(group: Group) -> None:
    """Register the commands of this module."""

    @group.group("keys", cls=Defaulting, default="list")
    def keys() -> None:
        """List the keys of exports by their ids, or begin a new one."""

    @command(keys, "list")
    def keys_list(output: Output, project: str) -> None:
        """List the keys by name and id, never what they are."""
        from ..flow.project import Project
        from ..flow.sharing.unmask import as_rows
        from ..flow.sharing.unmask import keys as found

        made = found(Project.open(project))
        output.show(made, printed(table(("key", "id", "state"), as_rows(made))))

    @command(keys, "rotate")
    @click.argument("name", default="pseudonym")
    @click.option("--as", "person", default=None, help="Who does it.  [default: the login name]")
    def keys_rotate(output: Output, project: str, name: str, person: str | None) -> None:
        """Begin a new key: later pseudonyms bear no relation to earlier ones; the old key is kept to unmask."""
        from ..flow.project import Project
        from ..flow.sharing.unmask import rotate_key

        made = rotate_key(Project.open(project), name, person or current_user())
        output.show(made, printed(f"key {made.name} is now {made.id}; the one before is kept"))

    @command(group, "unmask")
    @click.argument("export")
    @click.argument("source", type=click.Path())
    @click.option("--to", "target", required=True, type=click.Path(), help="Parquet file to write; not yet there.")
    @click.option("--reason", required=True, help="Why; stands in the audit trail.")
    @click.option("--key", default=None, help="Id of an older key, for encrypt_format.  [default: the one in use]")
    @click.option("--as", "person", default=None, help="Who does it.  [default: the login name]")
    def unmask(
        output: Output,
        project: str,
        export: str,
        source: str,
        target: str,
        reason: str,
        key: str | None,
        person: str | None,
    ) -> None:
        """Read again what an export encrypted, as a holder of its key: SOURCE is a Parquet file or a bundle."""
        from ..flow.project import Project
        from ..flow.sharing.unmask import unmask as go

        made = go(Project.open(project), export, source, target, person or current_user(), reason, key)
        output.show(
            made, printed(f"{made.rows:,} rows in {made.file}; read again: {', '.join(made.columns) or 'nothing'}")
        )

    @command(group, "aggregate")
    @click.argument("name")
    @click.option("--to", "target", default=None, type=click.Path(), help="CSV file to write; not yet there.")
    @click.option("--as", "person", default=None, help="Who releases it.  [default: the login name]")
    def aggregate(output: Output, project: str, name: str, target: str | None, person: str | None) -> None:
        """Release an aggregate with differential privacy; it takes its epsilon of the table's budget each time."""
        from ..flow.project import Project
        from ..flow.sharing.aggregate import aggregate as go
        from ..flow.sharing.aggregate import write_csv

        made = go(Project.open(project), name, person or current_user(), output)
        if target:
            write_csv(made, target)
        rows = [tuple(str(value) for value in row.values()) for row in made.rows]
        told = f"epsilon {made.epsilon:g} spent, {made.left:g} left of {made.table}; 95 % within {made.error:.1f}"
        output.show(made, printed(table(tuple(made.rows[0]), rows), told))

    @command(group, "budget")
    def budget(output: Output, project: str) -> None:
        """Show the privacy budget of every table: what weir.yaml sets, what was spent, what is left."""
        from ..flow.project import Project
        from ..flow.sharing.aggregate import budgets

        made = budgets(Project.open(project))
        rows = [(b.table, f"{b.budget:g}", f"{b.spent:g}", f"{b.left:g}") for b in made]
        output.show(made, printed(table(("table", "epsilon", "spent", "left"), rows)))
