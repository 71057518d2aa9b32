"""What a reviewer should look at first: the evidence of an export candidate as a short list of checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

FOUND_AGAIN = 0.05
"""From this share of people on, a linkage attack that succeeds is something to look at, whatever the policy allows."""
HELD_BACK = 0.1


class Check(NamedTuple):
    """One thing about a candidate: passed, failed, or for the reviewer to look at."""

    state: Literal["passed", "look", "failed"]
    what: str
    text: str


def checks(evidence: Mapping[str, Any], last_release: str | None) -> list[Check]:
    """Return the checks of a candidate's evidence, those that want a look first."""
    found = [*_stated(evidence), *_risk(evidence), *_text(evidence), *_change(evidence, last_release)]
    return sorted(found, key=lambda check: ("failed", "look", "passed").index(check.state))


def _stated(evidence: Mapping[str, Any]) -> Iterator[Check]:
    for name in ("purpose", "licence"):
        said = evidence.get(name)
        yield Check("passed" if said else "look", name, str(said) if said else "none is stated")
    share = evidence.get("suppressed_share", 0.0)
    rows = f"{evidence['rows_out']:,} of {evidence['rows_in']:,} would leave, {share:.1%} are held back"
    yield Check("look" if share > HELD_BACK else "passed", "rows", rows)


def _risk(evidence: Mapping[str, Any]) -> Iterator[Check]:
    after = evidence["risk"]["after"]
    if after.get("quasi_identifiers"):
        enough = after["k_found"] is None or after["k_found"] >= (after["k_required"] or 1)
        text = f"everybody is alike with {after['k_found']} rows or more in {', '.join(after['quasi_identifiers'])}"
        yield Check("passed" if enough else "failed", "groups", f"{text}; the policy asks for {after['k_required']}")
    else:
        yield Check("look", "groups", "the policy names no quasi-identifiers, so nobody counted who is alike")
    linkage = evidence.get("linkage")
    if linkage:
        told = f"who holds the whole table finds {linkage['share']:.1%} of {linkage['people']:,} people again"
        why = (evidence.get("accepted") or {}).get("linkage")
        told += f"; accepted because: {why}" if why else ""
        yield Check("look" if linkage["share"] > FOUND_AGAIN else "passed", "linkage", told)


def _text(evidence: Mapping[str, Any]) -> Iterator[Check]:
    residual = evidence["residual"]
    text = f"{residual['total']:,} findings in {residual['rows']:,} rows after masking"
    if residual.get("canaries"):
        text += f"; of {residual['canaries']} planted values {len(residual['canaries_found'])} came through"
    clean = not residual["total"] and not residual.get("canaries_found")
    yield Check("passed" if clean else "failed", "residual scan", text)
    texts = sorted(column for column, operator in (evidence.get("operators") or {}).items() if operator == "mask")
    detection = evidence.get("detection")
    if texts and detection:
        recall = detection.get("recall") or {}
        by = "no language model" if detection.get("tier") == "none" else f"the model {detection.get('model')}"
        told = f"personal data in {', '.join(texts)} was found by rules and {by}"
        if recall:
            told += f", which finds {min(recall.values()):.0%} to {max(recall.values()):.0%} in public test sets"
        yield Check("look", "free text", f"{told}: read the sample")
    kept = sorted(column for column, operator in (evidence.get("operators") or {}).items() if operator == "keep")
    if kept:
        yield Check("look", "kept as they are", ", ".join(kept))


def _change(evidence: Mapping[str, Any], last_release: str | None) -> Iterator[Check]:
    diff = evidence.get("difference")
    if not diff:
        yield Check("look", "release", "there is none before it" if last_release is None else "not compared")
        return
    changed = [name for name, there in (("the policy", diff["policy_changed"]),) if there]
    changed += [
        f"{len(diff[key])} columns {word}"
        for key, word in (
            ("columns_added", "added"),
            ("columns_removed", "removed"),
            ("columns_changed", "of new type"),
        )
        if diff[key]
    ]
    text = f"since the last release: {', '.join(changed) if changed else 'policy and columns are the same'}"
    yield Check("look" if changed else "passed", "release", text)
