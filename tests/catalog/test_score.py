"""The scores against an independent computation from the formulas, and by what must always hold."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataweir.catalog.formula import PILLARS, VERSIONS, hardness
from dataweir.catalog.measure import BARRIER, BOTTLENECK, Metric, metrics
from dataweir.catalog.readiness import readiness
from dataweir.catalog.scaling import fit
from dataweir.catalog.score import Score, barrier, bottleneck, compute, items_of, what_if
from dataweir.catalog.uncertainty import rank_stability
from dataweir.errors import ConfigError

Values = dict[str, float | None]


def amounts(plug: type[Metric]) -> st.SearchStrategy[float | None]:
    low, high = sorted(plug.goalposts)
    return st.none() | st.floats(low / 2, high * 2, allow_nan=False)


DATA = st.fixed_dictionaries({n: amounts(p) for n, p in metrics(BARRIER).items()})
MACHINE = st.fixed_dictionaries({n: amounts(p) for n, p in metrics(BOTTLENECK).items()})


def difficulty(plug: type[Metric], value: float) -> float:
    easy, hard = plug.goalposts
    if plug.scale == "log":
        value = max(value, min(easy, hard) * 1e-9)
        return float(np.clip(np.log(value / easy) / np.log(hard / easy), 0, 1))
    return float(np.clip((value - easy) / (hard - easy), 0, 1))


def by_hand(kind: str, values: Values) -> float:
    """The scores from the formulas of docs/guide/scores.md, in NumPy, sharing no code with the house."""
    pillars = {"barrier": BARRIER, "bottleneck": BOTTLENECK}[kind]
    eases = []
    for pillar in pillars:
        d = np.array(
            [difficulty(p, values[n]) for n, p in metrics([pillar]).items() if values[n] is not None]  # type: ignore
        )
        if kind == "barrier":
            eases.append((1 - d.mean() if len(d) else 0.5) ** (1 / 3))
        elif pillar == "hardware":
            eases.append((1 - d).min() if len(d) else 1.0)
        else:
            eases.append((1 - d).prod())
    return float(1 - np.prod(eases))


def whole(score: Score) -> None:
    assert score.value is not None
    assert 0 <= score.low <= score.value <= score.high <= 1
    shares = [c.share for c in score.contributions if c.share is not None]
    weighty = any(p.value and 1 - p.value < 1 for p in score.pillars.values())  # 1e-80 weighs nothing in a float
    assert sum(shares) == pytest.approx(1 if weighty else 0, abs=1e-6)
    assert all(0 <= (c.share or 0) <= 1 for c in score.contributions)
    assert all((c.drop or 0) >= -1e-12 for c in score.contributions)
    assert all(0 <= v <= 1 for v in score.uncertainty.sensitivity.values())
    assert sum(score.uncertainty.hardest.values()) == pytest.approx(1)


@settings(max_examples=40, deadline=None)
@given(DATA)
def test_the_barrier_is_what_its_formula_says(values: Values) -> None:
    if all(v is None for v in values.values()):
        assert barrier(values).value is None
        return
    score = barrier(values)
    assert score.value == pytest.approx(by_hand("barrier", values), abs=1e-12)
    whole(score)


@settings(max_examples=40, deadline=None)
@given(MACHINE, st.floats(0, 1))
def test_the_bottleneck_is_what_its_formula_says(values: Values, achieved: float) -> None:
    if all(v is None for v in values.values()):
        assert bottleneck(values).value is None
        return
    score = bottleneck(values, achieved)
    assert score.value == pytest.approx(by_hand("bottleneck", values), abs=1e-12)
    assert score.residual == pytest.approx(achieved - (1 - score.value))
    whole(score)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_harder_never_lowers_a_score(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["barrier", "bottleneck"]))
    values = data.draw(DATA if kind == "barrier" else MACHINE)
    name = data.draw(st.sampled_from([n for n, v in values.items() if v is not None] or [""]))
    if not name:
        return
    easy, hard = metrics()[name].goalposts
    step = data.draw(st.floats(0, 1)) * (hard - easy)
    function: Any = barrier if kind == "barrier" else bottleneck
    before, after = function(values).value, function({**values, name: values[name] + step}).value
    assert after >= before - 1e-12


@settings(max_examples=30, deadline=None)
@given(DATA, st.floats(1e-3, 1e3))
def test_a_score_has_no_unit(values: Values, factor: float) -> None:
    items = items_of([vars(c) for c in barrier(values).contributions])
    scaled = [
        {**vars(i), "easy": i.easy * factor, "hard": i.hard * factor, "value": i.value and i.value * factor}
        for i in items
    ]
    again = compute(VERSIONS["barrier"], items_of(scaled))
    first = compute(VERSIONS["barrier"], items)
    assert (again.value is None) == (first.value is None)
    assert again.value == pytest.approx(first.value, abs=1e-6)
    assert (again.low, again.high) == pytest.approx((first.low, first.high), abs=1e-6)


def test_what_is_missing_widens_the_interval_and_is_not_zero() -> None:
    full = {name: sum(plug.goalposts) / 2 for name, plug in metrics(BARRIER).items() if not plug.optional}
    without = {name: value for name, value in full.items() if metrics()[name].pillar != "sharing"}
    known, unknown = barrier(full), barrier(without)
    assert unknown.low < known.low
    assert unknown.high == pytest.approx(1.0, abs=1e-3)
    assert unknown.pillars["sharing"].value is None
    assert barrier(without, only=without).high < unknown.high
    assert set(unknown.missing) == set(full) - set(without)


def test_an_optional_metric_that_is_missing_leaves_the_interval_alone() -> None:
    values: Values = {n: sum(p.goalposts) / 2 for n, p in metrics(BOTTLENECK).items() if not p.optional}
    assert bottleneck(values).high < 1
    assert bottleneck(values).missing == []


def test_the_same_numbers_give_the_same_interval() -> None:
    values = {"k_margin": 2.0, "malformed_share": 0.05}
    assert barrier(values) == barrier(values)


def test_what_if_is_the_score_with_that_value() -> None:
    values: Values = {"k_margin": 1.0, "pull_rate": 1.0}
    recorded = barrier(values)
    items = items_of([vars(c) for c in recorded.contributions])
    assert what_if(recorded.version, items, {"k_margin": 3.0}).value == barrier({**values, "k_margin": 3.0}).value
    easy = metrics()["k_margin"].goalposts.easy
    drop = next(c.drop for c in recorded.contributions if c.metric == "k_margin")
    changed = what_if(recorded.version, items, {"k_margin": easy})
    assert recorded.value is not None
    assert changed.value == pytest.approx(recorded.value - (drop or 0))
    with pytest.raises(ConfigError, match="did you mean 'k_margin'"):
        what_if(recorded.version, items, {"k_marging": 1.0})


def test_a_score_of_another_formula_is_not_computed_anew() -> None:
    with pytest.raises(ConfigError, match="barrier/0"):
        compute("barrier/0", [])


def test_the_sensitivity_names_what_the_spread_comes_from() -> None:
    values = {name: plug.goalposts.easy for name, plug in metrics(BARRIER).items() if name != "k_margin"}
    found = barrier(values).uncertainty.sensitivity
    assert max(found, key=lambda name: found[name]) == "value of k_margin"


def test_first_order_indices_of_a_sum_are_its_variances() -> None:
    """With one metric a pillar and nothing shaken but its value, the score's spread is that metric's."""
    rows = [vars(c) for c in barrier({}).contributions if c.metric == "k_margin"]
    found = compute(VERSIONS["barrier"], items_of(rows)).uncertainty.sensitivity
    assert found["value of k_margin"] == pytest.approx(1.0, abs=0.08)


def test_clearly_different_scopes_keep_their_ranks_and_equal_ones_do_not() -> None:
    easy = items_of(
        [vars(c) for c in barrier({n: p.goalposts.easy for n, p in metrics(BARRIER).items()}).contributions]
    )
    hard = items_of(
        [vars(c) for c in barrier({n: p.goalposts.hard for n, p in metrics(BARRIER).items()}).contributions]
    )
    assert rank_stability("barrier", {"a": easy, "b": hard}) == {"a": 1.0, "b": 1.0}
    assert rank_stability("barrier", {"a": easy}) == {"a": 1.0}
    near = barrier({n: sum(p.goalposts) / 2 for n, p in metrics(["acquisition"]).items()}, metrics(["acquisition"]))
    other = barrier({n: sum(p.goalposts) / 2 for n, p in metrics(["processing"]).items()}, metrics(["processing"]))
    kept = rank_stability(
        "barrier", {s: items_of([vars(c) for c in score.contributions]) for s, score in (("n", near), ("o", other))}
    )
    assert kept["n"] < 1.0


@pytest.mark.parametrize("name", sorted(metrics()))
def test_every_metric_says_what_it_is(name: str) -> None:
    plug = metrics()[name]
    easy, hard = plug.goalposts
    assert easy != hard
    assert (hard > easy) == (plug.direction == "higher is harder")
    assert plug.unit
    assert plug.why
    assert plug.advice
    if plug.scale == "log":
        assert min(easy, hard) > 0
    assert plug.pillar in PILLARS["barrier"] + PILLARS["bottleneck"]


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 0.5), st.floats(0, 0.05), st.floats(1, 1e6))
def test_the_scaling_law_is_found_again_from_its_own_points(sigma: float, kappa: float, rate: float) -> None:
    points = {n: rate * n / (1 + sigma * (n - 1) + kappa * n * (n - 1)) for n in (1, 2, 4, 8, 16)}
    law = fit(points)
    assert law is not None
    assert (law.rate, law.sigma, law.kappa) == pytest.approx((rate, sigma, kappa), rel=1e-4, abs=1e-5)
    assert law.efficiency(4) == pytest.approx(points[4] / points[1] / 4, rel=1e-4)
    if kappa > 1e-3:
        assert law.best_workers == pytest.approx(math.sqrt((1 - sigma) / kappa), rel=1e-2)


def test_two_points_are_too_few_for_a_law() -> None:
    assert fit({1: 10.0, 2: 19.0}) is None


def test_the_bands_of_readiness() -> None:
    facts = {"loaded": True, "licensed": True, "checked": True, "passed": True, "purpose": True}
    assert readiness(facts).band == "A"
    assert readiness({**facts, "purpose": False}).band == "B"
    assert readiness({**facts, "passed": False}).band == "C"
    assert readiness({**facts, "passed": False}).wanting == ["no failed expectation"]
    assert readiness({}).band == "-"


def test_difficulty_is_bounded_at_absurd_values() -> None:
    for item in items_of([vars(c) for c in barrier({}).contributions]):
        assert all(0 <= hardness(item, value) <= 1 for value in (-1e300, 0.0, 1e300))
