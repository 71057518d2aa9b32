"""Is the newest value of a metric out of line with its history? By median and deviation, hour of week aside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

WEEK = 168
"""Hours of a week."""

MIN_SEASON = 3
"""So many earlier weeks must have a value at the same hour of week before it is compared with them alone."""

MAD_OF_NORMAL = 0.6745
"""The median absolute deviation of a normal variable, in standard deviations."""

MIN_HISTORY = 8
"""Below so many earlier values nothing is called an anomaly."""


@dataclass(frozen=True)
class Judged:
    """The newest value against its history: how many robust deviations it is off, and what was expected."""

    value: float
    expected: float
    score: float
    compared: int
    """How many earlier values it was compared with."""


def judge(hours: Sequence[int], values: Sequence[float], *, counted: bool = False) -> Judged | None:
    """Judge the last value; `hours` (since 1970, UTC) say when each was. None where there is too little history.

    The score is 0.6745 |x - median| / MAD (Iglewicz and Hoaglin 1993; above 3.5 is an outlier by their advice). A
    history without spread takes 1 % of its median as spread; what is `counted` spreads at least as a Poisson
    variable of that median does, whose MAD is 0.6745 of the median's root.
    """
    if len(values) <= MIN_HISTORY:
        return None
    earlier = np.array(values[:-1], dtype=float)
    season = earlier[(np.array(hours[:-1]) - hours[-1]) % WEEK == 0]
    compared = season if len(season) >= MIN_SEASON else earlier
    middle = float(np.median(compared))
    spread = float(np.median(np.abs(compared - middle))) or abs(middle) * 0.01 or 1e-9
    if counted:
        spread = max(spread, MAD_OF_NORMAL * math.sqrt(max(middle, 1)))
    score = MAD_OF_NORMAL * abs(float(values[-1]) - middle) / spread
    return Judged(float(values[-1]), middle, score, len(compared))
