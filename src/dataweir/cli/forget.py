"""Commands of erasure: forget, retain, erasures."""

from __future__ import annotations

from typing import Any

import click

from ..account import current_user
from ..errors import ConfigError
from ..output import Output, table
from .base import Group, command
from .render import Render, moment, printed


def add(group: Group) -> None:
    """Register the commands of this module."""

    @command(group, "forget")
    @click.option("--subject", default=None, help="Who: an e-mail address, a handle or an id.")
    @click.option("--apply", is_flag=True, help="Erase what was found; without it nothing is touched.")
    @click.option(
        "--names/--no-names", default=True, help="Look for the display names that the person's rows give too."
    )
    @click.option("--as", "person", default=None, help="Who carries it out.  [default: the login name]")
    @click.option("--lift", default=None, help="Let the person of an erasure (its id) come in again.")
    def forget(
        output: Output,
        project: str,
        subject: str | None,
        apply: bool,
        names: bool,
        person: str | None,
        lift: str | None,
    ) -> None:
        """Show where a person stands in tables, snapshots and exports; with --apply, erase it for good."""
        from ..flow.project import Project
        from ..flow.sharing import forget as flow

        opened = Project.open(project)
        if lift is not None:
            flow.lift(opened, lift)
            output.show({"lifted": lift}, printed(f"{lift}: the person may come in again"))
            return
        if subject is None:
            raise ConfigError("nobody is named", "weir forget --subject EMAIL|HANDLE|ID")
        report = flow.forget(opened, subject, output, apply, names, person or current_user())
        output.show(report, _forgotten(report))

    @command(group, "retain")
    @click.option("--dry-run", is_flag=True, help="Count only.")
    def retain(output: Output, project: str, dry_run: bool) -> None:
        """Erase the rows that are past the time that `retain:` in weir.yaml gives them; 'weir run' does it too."""
        from ..flow.project import Project
        from ..flow.sharing.forget import retain as go

        rows = go(Project.open(project), output, apply=not dry_run)
        word = "past their time" if dry_run else "erased"
        output.show(rows, printed(table(("table", word), list(rows.items()))))

    @command(group, "erasures")
    @click.option(
        "--answer", is_flag=True, help="Look into the requests of the web page, carry out the confirmed ones."
    )
    def erasures(output: Output, project: str, answer: bool) -> None:
        """List the erasures with their state, the subject as a keyed hash; or answer requests, as 'weir run' does."""
        from ..flow.project import Project

        if answer:
            from ..flow.sharing.requests import answer_requests

            answered = answer_requests(Project.open(project), output)
            lines = [(r.id, r.state, r.requested_by, r.decided_by or "–", r.erasure or "–") for r in answered]
            said = [
                dict(zip(("id", "state", "requested_by", "decided_by", "erasure"), line, strict=True)) for line in lines
            ]
            output.show(said, printed(table(("request", "state", "asked by", "decided by", "erasure"), lines)))
            return
        found = Project.open(project).reading().erasures()
        names = ("id", "kind", "subject", "state", "requested_by", "requested", "finished")
        listed = [{name: getattr(e, name) for name in names} | {"rows": e.counts.get("rows", {})} for e in found]
        rows = [
            (e.id, e.kind, e.subject[:12], e.state, e.requested_by, moment(e.requested), moment(e.finished))
            for e in found
        ]
        output.show(listed, printed(table(("id", "kind", "of", "state", "by", "asked", "finished"), rows)))


def _forgotten(report: Any) -> Render:
    rows = [
        (name, count, ", ".join(f"{c} {n:,}" for c, n in report.columns.get(name, {}).items()) or "hangs on such a row")
        for name, count in report.rows.items()
    ]
    parts: list[Any] = []
    if report.forms:
        parts.append(f"looked for: {', '.join(report.forms)}")
    parts.append(table(("table", "erased" if report.applied else "would go", "found in"), rows))
    kept = sum(report.snapshots.values())
    parts.append(f"snapshots that hold the person: {kept}; values in the catalogue: {sum(report.catalogue.values())}")
    if report.audit_entries:
        parts.append(f"entries of the audit trail that name the person: {report.audit_entries}; as evidence they stay")
    for each in report.releases:
        where = f"published to {each['published_path']}" if each["published_path"] else each["state"]
        how = f"{each['plain']} rows plainly, {each['pseudonym']} by pseudonym"
        if each["possible"]:
            how = "nothing found, but its table held the person"
        parts.append(f"export {each['name']} {each['id']} ({where}): {how}")
    for label, files in report.sources.items():
        parts.append(f"the source {label} gave rows of the person: {', '.join(files[:5])}{' ...' if files[5:] else ''}")
    if report.applied:
        parts.append(f"[green]erased[/]; the certificate: {report.certificate}")
    else:
        parts.append(
            "not looked for: names joined to one word, an initial with the surname, nicknames, slips of the pen; "
            "where the person goes by one, look for it as a --subject of its own"
        )
        parts.append("nothing was touched; erase it with --apply")
    return printed(*parts)
