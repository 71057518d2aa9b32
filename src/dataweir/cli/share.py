"""Commands of sharing: export, review, publish, verify."""

from __future__ import annotations

from typing import Literal

import click

from ..account import current_user
from ..output import Output
from .base import Group, command

Decision = Literal["approved", "rejected"]


def add(group: Group) -> None:
    """Register the commands of this module."""

    @command(group, "export")
    @click.argument("name")
    @click.option("--sequences", is_flag=True, help="Also examples for a model: timesteps x features, padded, split.")
    @click.option("--as", "person", default=None, help="Who asks.  [default: the login name]")
    def export(output: Output, project: str, name: str, sequences: bool, person: str | None) -> None:
        """Mask a table under its policy and put the candidate before the reviewers."""
        from ..flow.project import Project
        from ..flow.sharing.export import export as go
        from .share_view import candidate

        made = go(Project.open(project), name, person or current_user(), output, sequences)
        output.show(made, candidate(made))

    @group.group("review", cls=Group)
    def review() -> None:
        """Look at export candidates; approve or reject them."""

    @command(review, "list")
    def review_list(output: Output, project: str) -> None:
        """List the candidates and their state."""
        from ..flow.project import Project
        from .share_view import candidate_list

        found = Project.open(project).reading().candidates()
        output.show(found, candidate_list(found))

    @command(review, "show")
    @click.argument("candidate_id")
    def review_show(output: Output, project: str, candidate_id: str) -> None:
        """Show a candidate's evidence: what was masked, risk, residual scan, a masked sample."""
        from ..flow.project import Project
        from ..flow.sharing.export import find
        from .share_view import candidate

        found = find(Project.open(project), candidate_id)
        output.show(found, candidate(found))

    def decide(
        output: Output, project: str, identifier: str, decision: Decision, person: str | None, reason: str
    ) -> None:
        from ..flow.project import Project
        from ..flow.sharing.deciders import Through
        from ..flow.sharing.review import review as go
        from .share_view import reviewed

        login = current_user()
        through: Through = "login" if person in (None, login) else "cli"
        made = go(Project.open(project), identifier, decision, person or login, reason, through)
        output.show(made, reviewed(made))

    person = click.option(
        "--as", "person", default=None, help="The reviewer, where review.through is any.  [default: the login name]"
    )
    reason = click.option("--reason", required=True, help="Why; stands in the manifest and the audit log.")

    @command(review, "approve")
    @click.argument("candidate_id")
    @person
    @reason
    def approve(output: Output, project: str, candidate_id: str, person: str | None, reason: str) -> None:
        """Approve a candidate (never one's own)."""
        decide(output, project, candidate_id, "approved", person, reason)

    @command(review, "reject")
    @click.argument("candidate_id")
    @person
    @reason
    def reject(output: Output, project: str, candidate_id: str, person: str | None, reason: str) -> None:
        """Reject a candidate."""
        decide(output, project, candidate_id, "rejected", person, reason)

    @command(group, "publish")
    @click.argument("name")
    @click.option("--to", "folder", default=None, type=click.Path(), help="Where.  [default: the shared zone]")
    @click.option("--as", "person", default=None, help="Who publishes.  [default: the login name]")
    def publish(output: Output, project: str, name: str, folder: str | None, person: str | None) -> None:
        """Publish the approved candidate of an export as a signed bundle."""
        from ..flow.project import Project
        from ..flow.sharing.review import publish as go
        from .share_view import published

        made = go(Project.open(project), name, folder, person or current_user())
        output.show(made, published(made))

    @command(group, "verify")
    @click.argument("bundle", type=click.Path())
    @click.option("--key", "key", default=None, type=click.Path(), help="The publisher's public key (PEM).")
    def verify(output: Output, project: str, bundle: str, key: str | None) -> int:
        """Verify a published bundle, or the certificate of an erasure, with nothing but it and the public key."""
        from ..flow.sharing.verify import verify_bundle
        from .share_view import verified

        report = verify_bundle(bundle, key, project)
        output.show(report, verified(report))
        return 0 if report.ok else 4
