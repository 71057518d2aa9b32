"""Failing rows that somebody may look at: a few of each check, masked by a policy, searched for what is left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..engine import Engine, Secret
from ..privacy import residual
from ..privacy.candidate import people_in
from ..privacy.keys import secret_key
from ..privacy.mask import mask_counted
from ..privacy.policy import load_policy
from ..privacy.sample import Shown, sample_rows
from ..quality.gate import examples
from ..quality.report import RowRule
from .project import Project

ROWS = 5

Sample = list[dict[str, Any]] | None
"""Masked rows as JSON; None where the residual scan found something in them, so that they are withheld."""


def masked_samples(
    project: Project, files: list[str], rules: Sequence[RowRule], policy: str, engine: Engine
) -> dict[str, Sample]:
    """Return up to ROWS failing rows of each rule, by its label. Raises ConfigError for a policy that does not fit."""
    chosen, key = load_policy(project.config.path(policy)), Secret(secret_key(project.keys))
    if not rules:
        return {}
    people = people_in(files)
    found: dict[str, Sample] = {}
    for label, rows in examples(files, rules, engine.map, ROWS).items():
        masked = mask_counted(rows, chosen, key, people).table
        clean = not residual.scan(masked).total
        found[label] = sample_rows([[Shown("", row) for row in masked.to_pylist()]]) if clean else None
    return found
