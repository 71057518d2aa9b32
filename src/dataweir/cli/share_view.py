"""How candidates, reviews, releases and their verification look on a terminal."""

from __future__ import annotations

from typing import Any

from ..output import table
from ..privacy.card import sequence_facts
from ..privacy.sample import excerpt
from .render import Render, as_records, mark, marked, moment, printed


def candidate_list(found: list[Any]) -> Render:
    """The export candidates."""
    rows = [(c.id, c.name, c.state, c.requested_by, moment(c.created), c.evidence["rows_out"]) for c in found]
    return printed(table(("candidate", "export", "state", "asked by", "at (UTC)", "rows"), rows))


def candidate(made: Any) -> Render:
    """A candidate with its evidence."""
    proof = made.evidence
    operators = proof.get("operators", {})
    masked = [
        (c, operators.get(c, "-"), ", ".join(f"{k} {v:,}" for k, v in found.items()))
        for c, found in proof["masked"].items()
    ]
    risk = proof["risk"]["after"]
    parts: list[Any] = [
        f"[bold]candidate {made.id}[/] of export {made.name}: {made.state}, asked by {made.requested_by}",
        f"{proof['rows_out']:,} of {proof['rows_in']:,} rows of {made.table}; {proof['suppressed']:,} held back "
        f"({proof['suppressed_share']:.2%}) to reach k; smallest group now {risk.get('k_found')}",
        f"residual scan: {proof['residual']['total']} findings; policy {proof['policy']['name']} "
        f"({proof['policy']['hash'][:12]}); purpose: {proof['purpose'] or '-'}; licence: {proof['licence'] or '-'}",
        *_attacks(proof),
        table(("column", "operator", "treated"), masked),
    ]
    if proof["sample"]:
        names = list(proof["sample"][0])
        rows = [tuple(None if row[n] is None else excerpt(str(row[n])) for n in names) for row in proof["sample"]]
        parts.append(as_records(names, rows, "masked sample"))
    if diff := proof.get("difference"):
        moved = f"; {diff['new']:,} new, {diff['gone']:,} gone" if diff["new"] is not None else ""
        changed = [f"+{c}" for c in diff["columns_added"]] + [f"-{c}" for c in diff["columns_removed"]]
        changed += [f"{c} of another type" for c in diff["columns_changed"]] + ["policy"] * diff["policy_changed"]
        parts.append(
            f"since release {diff['release']}: {diff['rows'][0]:,} rows then, {diff['rows'][1]:,} now{moved}; "
            f"changed: {', '.join(changed) or 'neither columns nor policy'}"
        )
    parts += [f"{r['decision']} by {r['reviewer']}: {r['reason']}" for r in made.reviews]
    if made.state == "pending":
        parts.append(f"next: somebody else runs 'weir review approve {made.id} --reason ...'")
    return printed(*parts)


def _attacks(proof: Any) -> list[str]:
    """What the linkage attack, the canaries, the generalisation and the sequences say, a line each."""
    lines = []
    if link := proof.get("linkage"):
        best = " + ".join(link["by"][0]["columns"]) if link["by"] else "-"
        bar = "no bar" if link["bar"] is None else f"the policy allows {link['bar']:.1%}"
        lines.append(f"linkage attack: {link['share']:.1%} of {link['people']:,} people found again by {best} ({bar})")
    if loss := proof.get("loss"):
        lines.append(
            f"generalised by {loss['method']}: {loss['ncp']:.1%} of the precision lost (NCP), "
            f"{loss['generalised_share']:.1%} of the values coarser"
        )
    if proof["residual"]["canaries"]:
        through = sum(proof["residual"].get("canaries_found", {}).values())
        lines.append(f"canaries: {proof['residual']['canaries']:,} planted, {through:,} came through")
    return [*lines, *(f"{name}: {told}" for name, told in sequence_facts(proof.get("sequences")))]


def reviewed(made: Any) -> Render:
    """A decision."""
    following = f"; next: 'weir publish {made.name}'" if made.state == "approved" else ""
    return printed(f"candidate {made.id}: {made.reviews[0]['decision']} by {made.reviews[0]['reviewer']}{following}")


def published(made: dict[str, Any]) -> Render:
    """A published bundle."""
    return printed(
        f"published {made['name']}: {made['rows']:,} rows in {made['path']}" + ("" if made["new"] else " (as before)"),
        f"verify it anywhere: weir verify {made['path']} --key {made['public_key']}",
    )


def verified(report: Any) -> Render:
    """What verifying a bundle or a certificate found."""
    rows = [(c.name, mark(c.ok), c.detail) for c in report.checks]
    done = "published" if report.what == "bundle" else "issued"
    verdict = f"the {report.what} is what was {done}" if report.ok else f"the {report.what} is NOT what was {done}"
    verdict = f"[{'green' if report.ok else 'red'}]{verdict}[/]"
    return printed(marked(("check", "result", "detail"), rows, ""), verdict)
