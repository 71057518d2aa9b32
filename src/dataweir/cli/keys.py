"""Commands for holders of the keys: weir keys, weir unmask."""

from __future__ import annotations

import getpass

import click

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
        from ..flow.unmask import as_rows
        from ..flow.unmask import keys as found

        made = found(Project.open(project))
        output.show(made, printed(table(("key", "id", "state"), as_rows(made))))

    @command(keys, "rotate")
    @click.argument("name", default="pseudonym")
    @click.option("--as", "person", default=None, help="Who does it.  [default: the login name]")
    def keys_rotate(output: Output, project: str, name: str, person: str | None) -> None:
        """Begin a new key: later pseudonyms bear no relation to earlier ones; the old key is kept to unmask."""
        from ..flow.project import Project
        from ..flow.unmask import rotate_key

        made = rotate_key(Project.open(project), name, person or getpass.getuser())
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
        from ..flow.unmask import unmask as go

        made = go(Project.open(project), export, source, target, person or getpass.getuser(), reason, key)
        output.show(
            made, printed(f"{made.rows:,} rows in {made.file}; read again: {', '.join(made.columns) or 'nothing'}")
        )
