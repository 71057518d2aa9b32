"""How much of a run is fixed cost, which does not grow with the data: starting workers, and compiling kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MOSTLY = 0.5
"""From this share on a run is mostly fixed cost, and its bottleneck says little about a larger one."""
SMALL = 0.1


@dataclass(frozen=True)
class FixedCost:
    """Seconds by the clock of the newest run that worked, those that were fixed, and its bytes pulled.

    `compiling_seconds` is that of all workers divided by their number, for they compile side by side; in
    `driver_seconds` no task was under way: the run planned, checked and committed, which grows little with the data.
    `bytes_for_small` is what would have to be pulled at once for the fixed cost to be a tenth of the run, if the
    rest grows as the bytes do; it is a lower bound, for the rest has fixed parts too (modules that are imported).
    """

    seconds: float
    start_seconds: float
    compiling_seconds: float
    driver_seconds: float
    share: float
    bytes: float
    bytes_for_small: float | None
    advice: list[str]


def fixed_cost(steps: Sequence[Any]) -> FixedCost | None:
    """Return the fixed cost of the newest run among `machine` steps, None where none has measured it."""
    measured = [step.facts for step in steps if "waiting_seconds" in step.facts and step.facts.get("wall_seconds")]
    if not measured:
        return None
    found = measured[-1]
    compiling = found["compiling_seconds"] / max(1.0, found["workers"])
    seconds, pulled = found["wall_seconds"], found["pulled_bytes"]
    fixed = min(seconds, found["start_seconds"] + compiling)
    rest = seconds - fixed
    small = pulled * fixed * (1 / SMALL - 1) / rest if rest > 0 and pulled else None
    return FixedCost(
        seconds=seconds,
        start_seconds=found["start_seconds"],
        compiling_seconds=compiling,
        driver_seconds=found["waiting_seconds"],
        share=fixed / seconds,
        bytes=pulled,
        bytes_for_small=small,
        advice=_advice(fixed / seconds, compiling / seconds, pulled, small),
    )


def _advice(share: float, compiling: float, pulled: float, small: float | None) -> list[str]:
    advice = []
    if compiling > SMALL:
        advice.append("run again when there is something new: kernels are compiled once on a machine and kept")
    if share > SMALL and small is not None and small > pulled:
        advice.append(
            f"pull at least {small / 1e6:,.0f} MB at a time (this run: {pulled / 1e6:,.1f} MB), by a rarer schedule, "
            "and the fixed cost is a tenth"
        )
    return advice
