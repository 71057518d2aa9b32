"""The data's way through Weir: generated, run, labelled, exported; later reviewed, published, verified."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dataweir
from dataweir.flow.label import label
from dataweir.flow.run import run
from dataweir.flow.sharing.export import export
from dataweir.flow.sharing.review import publish, review
from dataweir.flow.sharing.verify import verify_bundle
from dataweir.output import Output
from dataweir.privacy.sequences.load import Sequences

from .season import generate

RELEASES = ("inside", "masked", "anonymous")
REQUESTER, REVIEWER = "shop-engineer", "shop-reviewer"


@dataclass(frozen=True)
class Prepared:
    """A project whose exports wait for their review: id of each candidate, its evidence, its sequences."""

    project: dataweir.Project
    candidates: dict[str, str]
    evidence: dict[str, dict[str, Any]]
    sequences: dict[str, Sequences]


def prepare(
    folder: Path,
    seed: int,
    people: int,
    output: Output,
    releases: tuple[str, ...] = RELEASES,
    small: bool = False,
) -> Prepared:
    """Generate a season, run the job on it, and make the candidates of the releases.

    A `small` season is worked on by one worker, and masked with a k that so few people can reach.
    """
    output.note(f"a season of {people} people by seed {seed} in {folder}")
    generate(folder, seed, people)
    if small:
        with (folder / "weir.yaml").open("a", encoding="utf-8") as handle:
            handle.write("\nengine: {workers: 1}\n")
        policy = folder / "policies" / "masked.yaml"
        policy.write_text(policy.read_text(encoding="utf-8").replace("k: 20", "k: 2"), encoding="utf-8")
    project = dataweir.open(str(folder))
    output.note("weir run: plan, pull, clean, dedup, integrate, expectations, commit, score")
    run(project, output)
    output.note("weir label: bought, or not")
    label(project, None, output)
    candidates, evidence, sequences = {}, {}, {}
    for name in releases:
        output.note(f"weir export {name} --sequences: mask, risk, residual scan, sequences")
        made = export(project, name, REQUESTER, output, with_sequences=True)
        candidates[name], evidence[name] = made.id, made.evidence
        sequences[name] = dataweir.sequences(made.path)
    return Prepared(project, candidates, evidence, sequences)


def release(prepared: Prepared, name: str) -> Sequences:
    """Have a second person approve a candidate, publish it, verify it; return the sequences of the bundle."""
    project = prepared.project
    review(project, prepared.candidates[name], "approved", REVIEWER, "evidence and utility looked at")
    bundle = publish(project, name, None, REQUESTER)
    verdict = verify_bundle(bundle["path"], str(project.keys / "signing.pub"), str(project.config.root))
    if not verdict.ok:
        raise SystemExit(f"{name}: {'; '.join(verdict.problems)}")
    return dataweir.sequences(bundle["path"])
