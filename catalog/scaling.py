"""The Universal Scalability Law, fitted to throughputs by number of workers.

X(n) = lambda n / (1 + sigma (n - 1) + kappa n (n - 1)): sigma is the share of work that waits in line, kappa what
the workers cost each other in talk. Source: N. J. Gunther, Guerrilla Capacity Planning (2007), chapter 5.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

LEAST_POINTS = 3


@dataclass(frozen=True)
class Scaling:
    """A fitted law: throughput of one worker, contention, coherency, the best number of workers, the points."""

    rate: float
    sigma: float
    kappa: float
    best_workers: float | None
    points: dict[int, float]

    def efficiency(self, workers: int) -> float:
        """Return what one of `workers` adds against one alone, from 0 to 1."""
        return 1.0 / (1.0 + self.sigma * (workers - 1) + self.kappa * workers * (workers - 1))


def fit(points: Mapping[int, float]) -> Scaling | None:
    """Fit throughputs by number of workers; None with fewer than three numbers of workers.

    n / X is linear in (1, n - 1, n (n - 1)); of the least-squares fits without a negative term the best is taken.
    """
    found = {n: x for n, x in sorted(points.items()) if n > 0 and x > 0}
    if len(found) < LEAST_POINTS:
        return None
    n, x = np.array(list(found), float), np.array(list(found.values()))
    columns = np.stack([np.ones_like(n), n - 1, n * (n - 1)], axis=1)
    best, least = np.zeros(3), math.inf
    for chosen in ([0, 1, 2], [0, 1], [0, 2], [0]):
        terms = np.linalg.lstsq(columns[:, chosen], n / x, rcond=None)[0]
        error = float(((columns[:, chosen] @ terms - n / x) ** 2).sum())
        if terms[0] > 0 and (terms >= 0).all() and error < least:
            best, least = np.zeros(3), error
            best[chosen] = terms
    if not best[0] > 0:
        return None
    rate, sigma, kappa = 1.0 / best[0], best[1] / best[0], best[2] / best[0]
    peak = math.sqrt((1.0 - sigma) / kappa) if kappa > 1e-12 and sigma < 1.0 else None
    return Scaling(float(rate), float(sigma), float(kappa), peak, found)
