"""Banding: how many bands of how many rows find pairs of a given similarity with a given probability.

Two texts of Jaccard similarity s share at least one of b bands of r MinHash values with the probability
1 - (1 - s**r)**b: an S-curve (Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, 3.4).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from ...errors import ConfigError

MOST_VALUES = 256
"""Values of a signature at most; what would need more is refused."""

NOISE = 0.1
"""The probability at half the threshold that should not be exceeded: such pairs are only work."""


class Banding(NamedTuple):
    """`bands` of `rows` values each."""

    bands: int
    rows: int

    @property
    def values(self) -> int:
        """How many MinHash values a signature has."""
        return self.bands * self.rows

    def probability(self, similarity: float) -> float:
        """Return how likely a pair of that similarity is proposed."""
        return float(1 - (1 - similarity**self.rows) ** self.bands)

    def curve(self, steps: int = 20) -> list[tuple[float, float]]:
        """Return the S-curve: (similarity, probability) from 0 to 1."""
        return [(i / steps, round(self.probability(i / steps), 4)) for i in range(steps + 1)]


def banding(threshold: float, recall: float) -> Banding:
    """Return the smallest signature that proposes a pair at the threshold with at least the probability `recall`.

    Smallest among those that propose a pair at half the threshold with at most NOISE; where none does, the one
    that proposes fewest of those. Pairs above the threshold are found with more. Raises ConfigError where either
    is not inside (0, 1), or no signature of MOST_VALUES gives that recall.
    """
    if not 0 < threshold < 1 or not 0 < recall < 1:
        raise ConfigError("threshold and recall must lie between 0 and 1", "such as threshold 0.8, recall 0.95")
    found = []
    for rows in range(1, MOST_VALUES + 1):
        bands = math.ceil(math.log(1 - recall) / math.log1p(-(threshold**rows)))
        if bands * rows > MOST_VALUES:
            break
        found.append(Banding(bands, rows))
    if not found:
        raise ConfigError(
            f"threshold {threshold} with recall {recall} needs more than {MOST_VALUES} values a signature",
            "ask for a higher threshold or a lower recall",
        )
    return min(found, key=lambda each: (max(NOISE, each.probability(threshold / 2)), each.values, each.bands))
