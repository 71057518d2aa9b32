"""Commands that take in what was measured elsewhere: the utility of a release, the work of a model."""

from __future__ import annotations

import click

from ..account import current_user
from ..output import Output
from .base import Group, command
from .render import printed


def add(group: Group) -> None:
    """Register the commands of this module."""

    @group.group("measured", cls=Group)
    def measured() -> None:
        """Take in what was measured elsewhere: the utility of a release, the work of a model."""

    person = click.option("--as", "person", default=None, help="Who measured.  [default: the login name]")

    @command(measured, "utility")
    @click.argument("candidate_id")
    @click.option("--measure", required=True, help="What was measured, such as AUC; more is better.")
    @click.option(
        "--reference", type=float, required=True, help="Of a model trained on the unmasked rows, in the house."
    )
    @click.option("--released", type=float, required=True, help="Of the same model trained on the candidate.")
    @click.option("--chance", type=float, default=0.0, show_default=True, help="What guessing reaches.")
    @person
    def utility(
        output: Output,
        project: str,
        candidate_id: str,
        measure: str,
        reference: float,
        released: float,
        chance: float,
        person: str | None,
    ) -> None:
        """Record what privacy cost a candidate: it counts in the score and stands on the card of the release."""
        from ..flow.measured import Utility, record_utility
        from ..flow.project import Project

        given = Utility(measure, reference, released, chance)
        made = record_utility(Project.open(project), candidate_id, given, person or current_user())
        output.show(made, printed(f"candidate {made['candidate']}: {made['cost']:.1%} of its use lost by {measure}"))

    @command(measured, "model")
    @click.argument("name")
    @click.option("--seconds", type=float, required=True, help="Of a call of the model in use.")
    @click.option("--least-seconds", type=float, required=True, help="Of the lightest model that is as good.")
    @click.option("--threads", type=int, default=1, show_default=True, help="Threads of the model in use.")
    @click.option("--speedup", type=float, default=1.0, show_default=True, help="How much faster than one thread.")
    @person
    def model(
        output: Output,
        project: str,
        name: str,
        seconds: float,
        least_seconds: float,
        threads: int,
        speedup: float,
        person: str | None,
    ) -> None:
        """Record the work of a model: choice and compression, and parallelism, as part of the bottleneck score."""
        from ..flow.measured import Model, record_model
        from ..flow.project import Project

        given = Model(name, seconds, least_seconds, threads, speedup)
        made = record_model(Project.open(project), given, person or current_user())
        eta = "not measured" if made["eta_alg"] is None else f"{made['eta_alg']:.3f}"
        output.show(made, printed(f"model {name} recorded; eta of optimisation now {eta}"))
