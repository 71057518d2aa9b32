"""The audit trail: weir audit, weir audit verify."""

from __future__ import annotations

import click

from ..output import Output, table
from .base import Group, command
from .render import moment, printed


def add(group: Group) -> None:
    """Register the command of this module."""

    @command(group, "audit")
    @click.argument("action", type=click.Choice(["show", "verify"]), default="show")
    @click.option("--limit", default=50, show_default=True, help="show: how many, the latest first.")
    @click.option("--head", default=None, help="verify: a head that was kept elsewhere; it must be part of the chain.")
    @click.option("--anchor", multiple=True, type=click.Path(), help="verify: a bundle or certificate kept elsewhere.")
    def audit(output: Output, project: str, action: str, limit: int, head: str | None, anchor: tuple[str, ...]) -> int:
        """Show the audit trail, who did what and when; or verify that nobody changed it (exit code 4 if so).

        The releases and certificates of the project carry its head, and are looked at too.
        """
        from ..flow.project import Project
        from ..flow.sharing.audit import verify_audit

        opened = Project.open(project)
        if action == "show":
            found = opened.reading().audit_log(limit)
            rows = [(str(e.seq), moment(e.at), e.actor, e.action, e.subject) for e in found]
            output.show(found, printed(table(("#", "at (UTC)", "who", "did", "to"), rows)))
            return 0
        verdict, cut = verify_audit(opened, head, anchor)
        if verdict.broken_at is not None:
            line = f"[red]entry {verdict.broken_at} is not what was written, or one before it is gone[/]"
        elif verdict.head_found is False:
            told = f" (it stands in {', '.join(cut)})" if cut else ""
            line = f"[red]the head that was kept is not in the trail{told}: its end was cut off or rewritten[/]"
        else:
            line = f"[green]{verdict.entries:,} entries, none changed[/]; keep this head elsewhere: {verdict.head}"
        output.show({**vars(verdict), "not_in_trail": cut}, printed(line))
        return 0 if verdict.ok else 4
