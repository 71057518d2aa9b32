"""`weir demo`: generate a small company's week, do the whole job on it, and say on one screen what came of it."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..cli.render import mark, score_line
from ..errors import ConfigError
from ..flow.project import Project
from ..flow.run import run
from ..flow.scores import latest
from ..flow.sharing.export import export
from ..flow.sharing.review import publish, review
from ..flow.sharing.verify import verify_bundle
from ..flow.status import status
from ..output import Output, table
from .truth import Truth

EXPORTS = ("research", "traffic")
REQUESTER, REVIEWER = "demo-engineer", "demo-reviewer"


@dataclass(frozen=True)
class Told:
    """What the demonstration found; `survived` counts planted values by kind in what was published."""

    folder: str
    seconds: float
    status: dict[str, Any]
    quality: list[dict[str, Any]]
    exports: list[dict[str, Any]]
    near: dict[str, int]
    """Planted near duplicates, those of them that were found, and all that were dropped as such."""
    survived: dict[str, dict[str, Any]]
    scores: dict[str, Any]


def tell(folder: str, seed: int, scale: float, output: Output) -> None:
    """Generate, run, export, review, publish, verify, report. Raises ConfigError where the folder holds other data."""
    from .generate import generate
    from .survivors import survivors

    root = Path(folder)
    _clear(root)
    began = time.perf_counter()
    output.note(f"generating a small company's week in {root} (seed {seed})")
    truth = generate(root, seed, scale)
    project = Project.open(root)
    output.note("plan → pull → clean → dedup → integrate → expectations → commit → metrics → score")
    report = run(project, output)
    made = []
    for name in EXPORTS:
        output.note(f"export {name} → mask → risk → residual scan → review → publish → verify")
        candidate = export(project, name, REQUESTER, output)
        review(project, candidate.id, "approved", REVIEWER, "demonstration: evidence looked at")
        bundle = publish(project, name, None, REQUESTER)
        verdict = verify_bundle(bundle["path"], str(project.keys / "signing.pub"), str(root))
        made.append(
            {
                "name": name,
                "table": candidate.table,
                "rows": bundle["rows"],
                "path": bundle["path"],
                "suppressed": candidate.evidence["suppressed"],
                "k": candidate.evidence["risk"]["after"].get("k_found"),
                "masked": sum(sum(c.values()) for c in candidate.evidence["masked"].values()),
                "residual": candidate.evidence["residual"]["total"],
                "verified": verdict.ok,
            }
        )
    files = [path for each in made for path in sorted(Path(each["path"]).rglob("*.parquet"))]
    told = Told(
        folder=str(root),
        seconds=round(time.perf_counter() - began, 1),
        status=status(project),
        quality=report.quality,
        exports=made,
        near=_near(project, truth),
        survived=survivors(files, truth),
        scores=latest(project),
    )
    output.show(told, lambda console: _screen(console, told))


def _near(project: Project, truth: Truth) -> dict[str, int]:
    """Hold what was dropped as nearly the same against the edited copies that were planted."""
    dropped = project.table("duplicates", ["id", "kept_id"], "method == 'near'").to_pylist()
    found = {frozenset((row["id"], row["kept_id"])) for row in dropped}
    planted = [frozenset(f"t1_{name}" for name in pair) for pair in truth.near_duplicates]
    return {"planted": len(planted), "found": sum(pair in found for pair in planted), "dropped": len(dropped)}


def _clear(root: Path) -> None:
    """Make room for the demonstration. Raises ConfigError rather than delete what it did not make."""
    if not root.exists() or not any(root.iterdir()):
        return
    if not (root / "truth.json").exists():
        raise ConfigError(f"{root} holds something else", "name another folder: weir demo FOLDER")
    shutil.rmtree(root)


def _screen(console: Any, told: Told) -> None:
    total = told.status["total"]
    console.print()
    console.print(
        table(
            ("source", "records in", "kept", "duplicates", "removed", "rejected", "adds up"),
            [
                (label, a["records"], a["kept"], a["duplicates"], a["removed"], a["rejected"], a["balanced"])
                for label, a in [*told.status["sources"].items(), ("all", total)]
            ],
        )
    )
    reasons = ", ".join(f"{name} {count:,}" for name, count in total["rejected_by_reason"].items())
    console.print(f"rejected because: {reasons}")
    passed, checks = sum(q["passed"] for q in told.quality), sum(q["total"] for q in told.quality)
    warned = [w for q in told.quality for w in q["warnings"]]
    console.print(f"expectations: {passed} of {checks} passed" + (f"; warnings: {', '.join(warned)}" if warned else ""))
    rows = [
        (
            e["name"],
            e["rows"],
            e["suppressed"],
            e["k"],
            e["masked"],
            e["residual"],
            "yes" if e["verified"] else "NO",
        )
        for e in told.exports
    ]
    console.print(table(("release", "rows", "held back", "smallest group", "masked", "residual", "verified"), rows))
    near = told.near
    verdict = mark(near["found"] == near["planted"])
    console.print(
        f"planted near duplicates: {near['planted']}, {near['found']} found {verdict}, {near['dropped']} dropped"
    )
    console.print(_survivors("structured", told, True))
    console.print(_survivors("names and addresses (no model ran)", told, False))
    for kind, score in told.scores.items():
        console.print(score_line(kind, score))
        pillars = ", ".join(
            f"{name} {p['value']:.2f}" for name, p in score["pillars"].items() if p["value"] is not None
        )
        console.print(f"  pillars (difficulty): {pillars}")
    console.print(f"\n{told.seconds:.0f} s. Look around:")
    for command, what in (
        ("status", "every record accounted for"),
        ("sql 'select path, count(*) n from web_events group by 1 order by 2 desc limit 5'", "the tables"),
        ("quality", "what the suites said"),
        ("score", "what made it hard"),
        ("review list", "the evidence behind the releases"),
    ):
        console.print(f"  weir {command} -p {told.folder}", style="cyan", end="")
        console.print(f"   {what}", style="dim")


def _survivors(word: str, told: Told, structured: bool) -> str:
    """Say how many planted values of a sort are left in what was published."""
    chosen = {kind: found for kind, found in told.survived.items() if found["structured"] is structured}
    planted = sum(found["planted"] for found in chosen.values())
    left = sum(found["survived"] for found in chosen.values())
    kinds = [f"{kind} {found['survived']}" for kind, found in chosen.items() if found["survived"]]
    verdict = mark(left == 0) if structured else ""
    return f"planted, {word}: {planted:,} values of {len(chosen)} kinds, {left} survived {verdict} {', '.join(kinds)}"
