"""Commands of the audit trail: audit show, audit verify."""

from __future__ import annotations

import click

from ..output import Output, table
from .base import Group, command
from .render import moment, printed


def add(group: Group) -> None:
    """Register the commands of this module."""

    @group.group("audit", cls=Group, invoke_without_command=False)
    def audit() -> None:
        """Look at the audit trail, and check that nobody changed it."""

    @command(audit, "show")
    @click.option("--limit", default=50, show_default=True, help="How many, the latest first.")
    def show(output: Output, project: str, limit: int) -> None:
        """Show the audit trail: who asked, approved, published what, and when."""
        from ..flow.project import Project

        found = Project.open(project).reading().audit_log(limit)
        rows = [(str(e.seq), moment(e.at), e.actor, e.action, e.subject) for e in found]
        output.show(found, printed(table(("#", "at (UTC)", "who", "did", "to"), rows)))

    @command(audit, "verify")
    @click.option("--head", default=None, help="A head that was kept elsewhere: it must be part of the chain.")
    def verify(output: Output, project: str, head: str | None) -> int:
        """Follow the trail's chain of hashes; exit code 4 where an entry was changed, removed or put in between."""
        from ..flow.project import Project

        verdict = Project.open(project).reading().verify_audit(head)
        if verdict.broken_at is not None:
            line = f"[red]entry {verdict.broken_at} is not what was written, or one before it is gone[/]"
        elif verdict.head_found is False:
            line = "[red]the head that was kept is not in the trail: its end was cut off or rewritten[/]"
        else:
            line = f"[green]{verdict.entries:,} entries, none changed[/]; keep this head elsewhere: {verdict.head}"
        output.show(verdict, printed(line))
        return 0 if verdict.ok else 4
