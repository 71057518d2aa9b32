"""What a model is worth: AUC over pairs, recall@10 over buyers, and the interval in which another seed falls."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataweir.privacy.sequences.load import Examples

from .models import Score
from .pairs import Pairs, Reading

_STUDENT = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}
"""Student's t for 95 %, by the number of seeds."""


class Interval(NamedTuple):
    """A mean over seeds, and the ends between which the figure of one further seed falls with 95 % probability."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Interval:
        """Return mean ± t·s·sqrt(1 + 1/n) of shares, cut to [0, 1]; a single seed has no interval."""
        mean = float(np.mean(values))
        if len(values) < 2:
            return cls(mean, mean, mean)
        half = _STUDENT[min(len(values), 10)] * float(np.std(values, ddof=1)) * (1 + 1 / len(values)) ** 0.5
        return cls(mean, max(0.0, mean - half), min(1.0, mean + half))

    def __str__(self) -> str:
        return f"{self.mean:.3f} ({self.low:.3f} to {self.high:.3f})"


class Trial:
    """The sessions of the test, the same for every model: those of the shop's own data, people and days kept apart."""

    def __init__(self, reading: Reading, seed: int = 0) -> None:
        self.reading, self.examples = reading, reading.made.numpy("test")
        self.pairs: Pairs = reading.pairs(self.examples, seed)
        self.bought = np.where(self.examples.label == 1, reading.product_of[self.examples.target], -1)
        self.buyers = np.flatnonzero(self.bought >= 0)

    def auc(self, score: Score, popularity: NDArray[np.float64]) -> float:
        """Return the area under the ROC curve over the pairs."""
        from sklearn.metrics import roc_auc_score

        tensor = self.reading.tensor(self.examples, self.pairs.example, self.pairs.product, popularity)
        return float(roc_auc_score(self.pairs.label, score(tensor)))

    def recall(self, score: Score, popularity: NDArray[np.float64], at: int = 10) -> float:
        """Return the share of buyers whose product is among the `at` that are scored highest of all products."""
        products = len(self.reading.catalogue.products)
        hits = 0
        for part in np.array_split(self.buyers, max(1, len(self.buyers) // 100)):
            example, product = np.repeat(part, products), np.tile(np.arange(products), len(part))
            scores = score(self.reading.tensor(self.examples, example, product, popularity)).reshape(
                len(part), products
            )
            own = scores[np.arange(len(part)), self.bought[part]]
            # Products of one score stand in the middle of each other: a model that tells nothing apart finds nothing.
            ahead = (scores > own[:, None]).sum(axis=1) + ((scores == own[:, None]).sum(axis=1) - 1) / 2
            hits += int((ahead < at).sum())
        return hits / max(1, len(self.buyers))


def training(reading: Reading, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Return tensor and labels of the pairs of a release's training part."""
    examples: Examples = reading.made.numpy("train")
    pairs = reading.pairs(examples, seed)
    return reading.tensor(examples, pairs.example, pairs.product, reading.popularity), pairs.label
