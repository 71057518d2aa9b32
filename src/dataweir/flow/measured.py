"""What was measured outside of Weir on what it made: the utility that a release kept, the work of a model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..catalog.records import StepRecord
from ..errors import ConfigError
from .project import Project

UTILITY = "utility"
MODEL = "model"


@dataclass(frozen=True)
class Utility:
    """How good a model is by `measure` (AUC, recall@10 ...; more is better): trained on the unmasked rows of the house
    (`reference`) and on the release; `chance` is what guessing reaches."""

    measure: str
    reference: float
    released: float
    chance: float = 0.0

    @property
    def cost(self) -> float:
        """The share of what is better than chance that was lost, 0 at least."""
        return max(0.0, self.reference - self.released) / (self.reference - self.chance)


@dataclass(frozen=True)
class Model:
    """A model in use: seconds of a call, those of the lightest that is as good, threads, and the speed-up by them."""

    name: str
    seconds: float
    least_seconds: float
    threads: int = 1
    speedup: float = 1.0


def record_utility(project: Project, candidate: str, utility: Utility, person: str) -> dict[str, Any]:
    """Record what a candidate is worth; it counts in the score, and stands on the card once the candidate is published.

    Raises ConfigError for figures that make no sense, and for a candidate that is published or rejected already.
    """
    from .scores import rescore
    from .sharing.export import find_candidate

    if not utility.reference > utility.chance or not utility.measure.strip():
        raise ConfigError("the reference is not better than chance", "name the figures of --reference and --chance")
    with project.held() as (store, _):
        found = find_candidate(store, candidate)
        if found.state not in ("pending", "approved"):
            raise ConfigError(f"candidate {found.id} is {found.state}", "measure a candidate before it is published")
        facts = {
            "utility_reference": utility.reference,
            "utility_released": utility.released,
            "utility_chance": utility.chance,
        }
        run = store.runs(1)[0].id
        store.record_steps(run, [StepRecord(UTILITY, found.name, facts=facts)])
        store.audit(UTILITY, found.id, {**asdict(utility), "cost": utility.cost}, actor=person)
        rescore(project, store, run)
        return {"candidate": found.id, "export": found.name, **asdict(utility), "cost": utility.cost}


def utility_of(store: Any, candidate: str) -> dict[str, Any] | None:
    """Return the newest utility that was recorded of a candidate, from the audit trail; None where there is none."""
    entries = (entry.detail for entry in store.audit_log(1000, subject=candidate) if entry.action == UTILITY)
    return next((dict(detail) for detail in entries), None)


def record_model(project: Project, model: Model, person: str) -> dict[str, Any]:
    """Record the work of a model in use: from then on the optimisation of the bottleneck score is measured with it."""
    from .scores import rescore

    if not 0 < model.least_seconds <= model.seconds or model.threads < 1 or model.speedup <= 0:
        raise ConfigError(
            "the figures of the model make no sense",
            "seconds above 0, least seconds no more than them, threads 1 or more",
        )
    facts = {
        "model_seconds": model.seconds,
        "model_least_seconds": model.least_seconds,
        "model_threads": float(model.threads),
        "model_speedup": model.speedup,
    }
    with project.held() as (store, _):
        if not store.runs(1):
            raise ConfigError("there is no run yet", "run 'weir run' first")
        run = store.runs(1)[0].id
        store.record_steps(run, [StepRecord(MODEL, model.name, facts=facts)])
        store.audit(MODEL, model.name, facts, actor=person)
        scores = rescore(project, store, run)
        optimisation = scores["bottleneck"]["pillars"]["optimisation"]["value"]
    return {**asdict(model), "eta_alg": None if optimisation is None else 1.0 - optimisation}
