"""Who may decide on what somebody else asked for: how they are known, and that they are not the same person.

One person has several names: an account of the system, one with a password on the page, one at a provider. Names are
compared by spelling and by `review.people` of weir.yaml (docs/decisions/0025).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from ...privacy.people import names_of, one_person, same_person
from ..project import Project

Through = Literal["cli", "login", "web"]
"""How somebody is known: by saying so, by the account of the system that runs the command, by a sign-in."""


def objections(project: Project, store: Any, decider: str, through: str, asked: Iterable[str]) -> list[str]:
    """Return why somebody may not decide on what was asked for under any of the names `asked`; empty: they may."""
    config = project.config.review
    reasons = []
    if config.through == "web" and through != "web":
        reasons.append("weir.yaml wants reviewers who have signed in: decide on the web page")
    elif config.through == "login" and through == "cli":
        reasons.append(
            f"'{decider}' was only said: decide under an account of your own, here or on the web page "
            "(names that are only said count where weir.yaml has review: {through: any})"
        )
    names = [name for name in asked if name]
    if any(one_person(decider, name, config.people) for name in names):
        reasons.append("the reviewer is the requester")
    elif through == "web" and config.through != "any" and project.config.ui.oidc is not None:
        unknown = [name for name in (decider, *names) if not _known(name, store.vouched_names(), config.people)]
        reasons += [
            f"nobody can tell whether '{name}' is also somebody whom the provider signs in: say it under review.people"
            for name in dict.fromkeys(unknown)
        ]
    return reasons


def _known(name: str, vouched: set[str], people: dict[str, list[str]]) -> bool:
    """Whether a name is one of the provider's, or linked to another name."""
    return len(names_of(name, people)) > 1 or any(same_person(name, other) for other in vouched)
