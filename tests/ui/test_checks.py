"""What a reviewer is told to look at first, from evidence as exports write it; and what of a run is fixed cost."""

from __future__ import annotations

from typing import Any

import pytest

from dataweir.catalog.records import StepRecord
from dataweir.flow.fixed import fixed_cost

pytest.importorskip("starlette")
from dataweir.web.checks import checks

GROUPS = {"quasi_identifiers": ["platform"], "k_found": 7, "k_required": 5}
EVIDENCE: dict[str, Any] = {
    "purpose": "research",
    "licence": "CC0",
    "rows_in": 100,
    "rows_out": 99,
    "suppressed_share": 0.01,
    "risk": {"after": GROUPS},
    "linkage": {"share": 0.0, "people": 40},
    "residual": {"total": 0, "rows": 99, "canaries": 8, "canaries_found": {}},
    "operators": {"author": "hash"},
    "difference": {"policy_changed": False, "columns_added": [], "columns_removed": [], "columns_changed": []},
}


def states(changed: dict[str, Any], release: str | None = "before") -> dict[str, str]:
    return {check.what: check.state for check in checks({**EVIDENCE, **changed}, release)}


def test_evidence_without_a_flaw_passes_everywhere() -> None:
    assert set(states({}).values()) == {"passed"}


@pytest.mark.parametrize(
    ("changed", "what", "state"),
    [
        ({"purpose": None}, "purpose", "look"),
        ({"suppressed_share": 0.4}, "rows", "look"),
        ({"risk": {"after": {**GROUPS, "k_found": 2}}}, "groups", "failed"),
        ({"risk": {"after": {**GROUPS, "quasi_identifiers": []}}}, "groups", "look"),
        ({"linkage": {"share": 0.998, "people": 40}}, "linkage", "look"),
        ({"residual": {"total": 1, "rows": 99}}, "residual scan", "failed"),
        ({"operators": {"text": "mask"}, "detection": {"tier": "none", "recall": {"a": 0.4}}}, "free text", "look"),
        ({"operators": {"platform": "keep"}}, "kept as they are", "look"),
        ({"difference": {**EVIDENCE["difference"], "columns_added": ["score"]}}, "release", "look"),
        ({"difference": None}, "release", "look"),
    ],
)
def test_what_a_reviewer_must_see_comes_first(changed: dict[str, Any], what: str, state: str) -> None:
    assert states(changed)[what] == state
    assert checks({**EVIDENCE, **changed}, "before")[0].what == what


def machine(**facts: float) -> StepRecord:
    known = {"wall_seconds": 100.0, "workers": 2.0, "start_seconds": 5.0, "waiting_seconds": 3.0, "pulled_bytes": 1e6}
    return StepRecord("machine", "project", facts={**known, "compiling_seconds": 0.0, **facts})


def test_a_first_run_is_told_to_be_mostly_fixed_cost_and_what_to_do() -> None:
    found = fixed_cost([machine(), machine(compiling_seconds=110.0)])
    assert found is not None
    assert found.share == pytest.approx((5 + 110 / 2) / 100)
    assert found.bytes_for_small == pytest.approx(1e6 * 60 * 9 / 40)  # then 540 of 600 seconds are work
    assert "run again" in found.advice[0]
    assert "14 MB" in found.advice[1]


def test_a_long_run_is_told_nothing_and_an_old_one_was_not_measured() -> None:
    found = fixed_cost([machine(start_seconds=1.0)])
    assert found is not None
    assert found.share == pytest.approx(0.01)
    assert found.advice == []
    assert fixed_cost([StepRecord("machine", "project", facts={"wall_seconds": 3.0})]) is None
