"""What a metric is: how it is measured from the facts of a run, and how hard its value is to live with.

Facts are flat numbers that each step of a run emits (`records`, `bytes_in`, ...). A metric reads those of
one step at a time (`partial`), adds them up in any order (`merge`) and ends in one number (`final`).
Goalposts fixed beforehand, never what was observed, turn the number into a difficulty between 0 and 1.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal, NamedTuple

from ..registry import Registry

Facts = Mapping[str, float]
Pillar = Literal["acquisition", "processing", "sharing", "hardware", "allocation", "optimisation"]
Direction = Literal["higher is harder", "higher is easier"]
State = tuple[float, ...] | None
"""What a metric carries between facts: None says that nothing was measured yet."""

BARRIER: tuple[Pillar, ...] = ("acquisition", "processing", "sharing")
BOTTLENECK: tuple[Pillar, ...] = ("hardware", "allocation", "optimisation")


class Goalposts(NamedTuple):
    """Where a metric is no difficulty (0) and all of one (1); `easy` is above `hard` where more is easier."""

    easy: float
    hard: float


class Metric(ABC):
    """One number about a run, registered by `@metric(name)`: a file in catalog/metrics or elsewhere.

    The first line of the docstring is what `weir list` shows. `why` says where the goalposts come from, and
    `advice` what would make the value easier. With `scale = "log"` each tenfold counts the same, for what
    spans orders of magnitude; the goalposts are then above 0. An `optional` metric that was not measured leaves
    the interval alone, since what it would say stands in another metric then; one that `crosses` is where one
    score is caused by the other: seconds of the machine in the barrier, rows thrown away in the bottleneck.
    """

    name: ClassVar[str]
    pillar: ClassVar[Pillar]
    unit: ClassVar[str]
    direction: ClassVar[Direction] = "higher is harder"
    goalposts: ClassVar[Goalposts]
    why: ClassVar[str]
    scale: ClassVar[Literal["linear", "log"]] = "linear"
    needs: ClassVar[tuple[str, ...]]
    advice: ClassVar[str] = ""
    optional: ClassVar[bool] = False
    crosses: ClassVar[bool] = False

    @classmethod
    def description(cls) -> str:
        """Return the first line of the docstring."""
        return (cls.__doc__ or "").strip().splitlines()[0]

    def knows(self, facts: Facts) -> bool:
        """Whether the facts of one step hold all that this metric needs."""
        return all(name in facts for name in self.needs)

    @abstractmethod
    def partial(self, facts: Facts) -> State:
        """Return the state of one step's facts; None where they do not hold all of `needs`."""

    @abstractmethod
    def merge(self, a: State, b: State) -> State:
        """Join two states; associative and commutative, None is neutral."""

    @abstractmethod
    def final(self, state: State) -> float | None:
        """Return the metric's value, None where it was not measured."""


class Ratio(Metric):
    """Base of the metrics that are a sum over a sum: `over` facts divided by `under` facts."""

    @abstractmethod
    def over(self, facts: Facts) -> float:
        """Return the numerator that one step adds."""

    @abstractmethod
    def under(self, facts: Facts) -> float:
        """Return the denominator that one step adds."""

    def partial(self, facts: Facts) -> State:
        """Return (numerator, denominator)."""
        return (float(self.over(facts)), float(self.under(facts))) if self.knows(facts) else None

    def merge(self, a: State, b: State) -> State:
        """Add both."""
        if a is None or b is None:
            return b if a is None else a
        return (a[0] + b[0], a[1] + b[1])

    def final(self, state: State) -> float | None:
        """Divide; None where there is nothing to divide by."""
        return state[0] / state[1] if state is not None and state[1] > 0 else None


class Least(Metric):
    """Base of the metrics whose worst case counts: the smallest value of any step."""

    @abstractmethod
    def value(self, facts: Facts) -> float | None:
        """Return the value of one step."""

    def partial(self, facts: Facts) -> State:
        """Return the value of one step."""
        found = self.value(facts) if self.knows(facts) else None
        return None if found is None else (found,)

    def merge(self, a: State, b: State) -> State:
        """Keep the smaller."""
        if a is None or b is None:
            return b if a is None else a
        return min(a, b)

    def final(self, state: State) -> float | None:
        """Return it."""
        return None if state is None else state[0]


metric: Registry[type[Metric]] = Registry("metric", "dataweir.catalog.metrics")


def metrics(pillars: Iterable[Pillar] | None = None) -> dict[str, type[Metric]]:
    """Return the metrics by name, those of some pillars only where named."""
    wanted = None if pillars is None else set(pillars)
    return {name: plug for name, plug in metric.all().items() if wanted is None or plug.pillar in wanted}


def measure(facts: Iterable[Facts]) -> dict[str, float | None]:
    """Measure every metric from the facts of all steps; None where no step had all that a metric needs.

    A metric counts the facts of a step only where that step has everything it needs, so that a numerator
    never meets the denominator of another.
    """
    steps = [{k: float(v) for k, v in step.items() if _number(v)} for step in facts]
    found: dict[str, float | None] = {}
    for name, plug in metrics().items():
        one = plug()
        state: State = None
        for step in steps:
            state = one.merge(state, one.partial(step))
        value = one.final(state)
        found[name] = value if value is not None and math.isfinite(value) else None
    return found


def units() -> dict[str, str]:
    """Return the unit of every metric by name."""
    return {name: plug.unit for name, plug in metrics().items()}


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
