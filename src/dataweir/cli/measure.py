"""Commands of measuring: score."""

from __future__ import annotations

from typing import Any

import click

from ..errors import ConfigError
from ..flow.fixed import MOSTLY
from ..output import Output, table
from .base import Group, command
from .render import Render, printed, score_line


def add(group: Group) -> None:
    """Register the commands of this module."""

    @command(group, "score")
    @click.option("--of", "scope", default="project", show_default=True, help="project, source:LABEL or table:NAME.")
    @click.option("--explain", "explained", is_flag=True, help="Every metric, what to change, how sure the number is.")
    @click.option("--what-if", "changes", multiple=True, metavar="METRIC=VALUE", help="The score with another value.")
    def score(output: Output, project: str, scope: str, explained: bool, changes: tuple[str, ...]) -> None:
        """Show the data-barrier and the compute-bottleneck score: pillars, contributions, what would lower them."""
        from ..flow.project import Project
        from ..flow.scores import explain, latest

        opened = Project.open(project)
        if explained or changes:
            report = explain(opened, scope, dict(_change(text) for text in changes))
            output.show(report, _explained(report))
            return
        found = latest(opened, scope)
        output.show(found, _scored(found))


def _change(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise ConfigError(f"--what-if {name}: not a number", "write it as METRIC=VALUE, such as pull_rate=20") from None


def _scored(report: dict[str, Any]) -> Render:
    """Each score, its pillars and what weighs most."""
    parts: list[Any] = []
    for kind, score in report.items():
        parts += [score_line(kind, score), _pillars(kind, score)]
        heavy = [part for part in score["contributions"] if part["drop"]][:5]
        parts.append(_metrics(heavy))
    parts.append("[dim]An index by a documented method (docs/guide/scores.md), not a standard. More: --explain[/]")
    return printed(*parts)


def _pillars(kind: str, score: dict[str, Any]) -> Any:
    if kind == "bottleneck":
        rows = [
            (name, None if p["value"] is None else f"{1 - p['value']:.3g}", f"{p['measured']} of {p['metrics']}")
            for name, p in score["pillars"].items()
        ]
        return table(("pillar", "eta", "metrics measured"), rows)
    rows = [
        (name, None if p["value"] is None else f"{p['value']:.3f}", f"{p['measured']} of {p['metrics']}")
        for name, p in score["pillars"].items()
    ]
    return table(("pillar", "difficulty", "metrics measured"), rows)


def _metrics(parts: list[dict[str, Any]]) -> Any:
    rows = [
        (
            part["metric"],
            "not measured" if part["value"] is None else f"{part['value']:,.4g} {part['unit']}",
            f"{part['easy']:g} to {part['hard']:g}",
            part["difficulty"],
            part["drop"],
            part["share"],
        )
        for part in parts
    ]
    return table(("metric", "value", "easy to hard", "difficulty", "drop without it", "share"), rows)


def _explained(report: dict[str, Any]) -> Render:
    """All about the scores: every metric, changes, uncertainty, readiness, scaling, the other scopes."""
    parts: list[Any] = []
    for kind, score in report["scores"].items():
        parts += [score_line(kind, score), _pillars(kind, score), _metrics(score["contributions"])]
        parts += _bottleneck_lines(score) if kind == "bottleneck" else []
        for number, change in enumerate(score["changes"], 1):
            faster = f", {change['times']:,.3g} times as fast" if change.get("times") else ""
            parts.append(
                f"{number}. {change['metric']} from {change['value']:,.4g} to {change['easy']:g} {change['unit']}: "
                f"the score falls by {change['drop']:.3f}{faster} ({change['advice']})"
            )
        if guess := score.get("what_if"):
            given = ", ".join(f"{name} = {value:g}" for name, value in guess["with"].items())
            parts.append(f"what if {given}: [bold]{guess['value']:.3f}[/] ({guess['low']:.2f} to {guess['high']:.2f})")
        parts.append(_doubts(score["facts"]["uncertainty"]))
        other = "the machine" if kind == "barrier" else "the data"
        parts.append(f"{score['facts']['crossing']:.1%} of it is caused by {other}")
        parts.append("")
    ready = report["readiness"]
    wanting = f"; the next band wants {', '.join(ready['wanting'])}" if ready["wanting"] else ""
    parts.append(f"data readiness: band {ready['band']}{wanting}")
    parts += _fixed(report["fixed"])
    if law := report["scaling"]:
        best = f"; best with {law['best_workers']:.0f} workers" if law["best_workers"] else ""
        parts.append(f"scaling (USL): contention {law['sigma']:.3f}, coherency {law['kappa']:.4f}{best}")
    rows = [
        (r["scope"], r["value"], f"{r['low']:.2f} to {r['high']:.2f}", f"{r['rank_stability']:.0%}")
        for r in report["scopes"]
    ]
    parts.append(table(("scope", "barrier", "interval", "keeps its rank in"), rows))
    return printed(*parts)


def _fixed(found: dict[str, Any] | None) -> list[str]:
    """What of the newest run does not grow with the data, and what to do where that is most of it."""
    if found is None:
        return []
    lines = [
        f"fixed cost of the newest run: {found['share']:.0%} of {found['seconds']:,.1f} s, "
        f"{found['start_seconds']:,.1f} s starting workers and {found['compiling_seconds']:,.1f} s compiling; "
        f"for {found['driver_seconds']:,.1f} s no task was under way"
    ]
    if found["share"] > MOSTLY:
        lines.append("[bold]most of it does not grow with the data: the bottleneck says little about larger runs[/]")
    return [*lines, *(f"- {advice}" for advice in found["advice"])]


def _bottleneck_lines(score: dict[str, Any]) -> list[str]:
    facts, value, slow = score["facts"], score["value"], score["slowdown"]
    told = []
    if slow and slow["whole"]:
        by = " x ".join(f"{name} {times:,.3g}" for name, times in slow["pillars"].items() if times)
        told = [f"{slow['whole']:,.3g} times the least known work on the reference machine: {by}"]
    if facts["residual"] is None or value is None:
        return [*told, "achieved over ideal speed: not measured"]
    product = 1 - value
    return [
        *told,
        f"eta_hw x eta_alloc x eta_alg = {product:.2g}; achieved over ideal speed {product + facts['residual']:.2g}, "
        f"residual {facts['residual']:+.2g}",
        f"smallest: {facts['limit']}; to raise it: {facts['advice']}",
    ]


def _doubts(found: dict[str, Any]) -> str:
    hardest = ", ".join(f"{p} {share:.0%}" for p, share in found["hardest"].items())
    spread = sorted(found["sensitivity"].items(), key=lambda entry: -entry[1])
    causes = ", ".join(f"{name} {share:.0%}" for name, share in spread[:3])
    return f"hardest pillar of the draws: {hardest}; the spread comes from: {causes or 'nothing'}"
