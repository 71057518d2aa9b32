"""How right the label model is on generated votes whose truth is known, beside the majority and snorkel's LabelModel.

    python -m benchmarks.clean.labels

Snorkel is told the balance of the labels, or takes it as even; without it (`pip install snorkel`) its columns are
empty. Rows on which it abstains do not count for it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataweir.ingest.labels.combine import Patterns, decide, fit
from dataweir.ingest.labels.contract import ABSTAIN, Votes

ROWS = 20_000


class Case(NamedTuple):
    """Functions by accuracy and the share of rows they vote on; `only` is the one label of each, where it has one."""

    name: str
    accuracy: list[float]
    share: list[float]
    balance: list[float]
    only: list[int] | None = None


CASES = [
    Case("any label, 50 : 50", [0.95, 0.85, 0.6, 0.55, 0.6], [0.8, 0.7, 0.9, 0.9, 0.9], [0.5, 0.5]),
    Case("any label, 80 : 20", [0.95, 0.85, 0.7, 0.65, 0.6], [0.8, 0.7, 0.9, 0.9, 0.9], [0.8, 0.2]),
    Case("any label, 95 : 5", [0.95, 0.85, 0.8, 0.8], [0.8, 0.7, 0.9, 0.9], [0.95, 0.05]),
    Case("one label each, 50 : 50", [0.9, 0.8, 0.85, 0.9], [0.1, 0.2, 0.1, 0.3], [0.5, 0.5], [0, 0, 1, 1]),
    Case(
        "one label each, 30 : 70, one votes on most rows",
        [0.9, 0.85, 0.8, 0.9], [0.08, 0.08, 0.07, 0.57], [0.3, 0.7], [0, 0, 1, 1],
    ),
    Case("one label each, 5 : 95", [0.9, 0.8, 0.95, 0.97], [0.03, 0.04, 0.2, 0.4], [0.05, 0.95], [0, 0, 1, 1]),
    Case(
        "one of three labels each",
        [0.9, 0.8, 0.85, 0.9, 0.8], [0.1, 0.2, 0.1, 0.1, 0.1], [0.4, 0.3, 0.3], [0, 0, 1, 2, 2],
    ),
    Case("one label each, weak", [0.7, 0.75, 0.6, 0.65], [0.077, 0.081, 0.067, 0.569], [0.35, 0.65], [0, 0, 1, 1]),
]  # fmt: skip


def main() -> None:
    print("| votes | majority | here | snorkel, even | snorkel, told | true accuracies | estimated here |")
    print("|---|---|---|---|---|---|---|")
    for case in CASES:
        truth, votes = generated(case)
        labels = len(case.balance)
        model = fit(Patterns.of(votes, np.full(ROWS, ABSTAIN, np.int8)), labels)
        found = [right(decide(votes, labels, each)[0], votes, truth) for each in (None, model)]
        peers = [right(snorkel(votes, labels, balance), votes, truth) for balance in (None, case.balance)]
        numbers = [case.accuracy, model.accuracy]
        cells = [*found, *peers, *(" ".join(f"{a:.2f}" for a in each) for each in numbers)]
        print(f"| {case.name} | {' | '.join(cells)} |")


def generated(case: Case) -> tuple[NDArray[np.int64], Votes]:
    """Return the true labels of the rows, and votes that err as often as the case says."""
    dice, labels = np.random.default_rng(1), len(case.balance)
    truth = dice.choice(labels, ROWS, p=case.balance)
    votes = np.full((ROWS, len(case.accuracy)), ABSTAIN, np.int8)
    for function, (accuracy, share) in enumerate(zip(case.accuracy, case.share, strict=True)):
        if case.only is None:
            wrong = (truth + dice.integers(1, labels, ROWS)) % labels
            vote = np.where(dice.random(ROWS) < accuracy, truth, wrong)
            votes[:, function] = np.where(dice.random(ROWS) < share, vote, ABSTAIN)
            continue
        label = case.only[function]
        for rows, part in ((truth == label, accuracy), (truth != label, 1 - accuracy)):
            some = np.flatnonzero(rows)
            size = min(int(ROWS * share * part), len(some))
            votes[dice.choice(some, size, replace=False), function] = label
    return truth, votes


def right(found: Any, votes: Votes, truth: NDArray[np.int64]) -> str:
    """Return the share of the labels that are right, of rows with a vote and a label."""
    if found is None:
        return ""
    labelled = (votes != ABSTAIN).any(axis=1) & (found != ABSTAIN)
    return f"{(found == truth)[labelled].mean():.3f}"


def snorkel(votes: Votes, labels: int, balance: list[float] | None) -> Any:
    """Return snorkel's labels, None where it is not installed."""
    try:
        from snorkel.labeling.model import LabelModel
    except ImportError:
        return None
    model = LabelModel(cardinality=labels, verbose=False)
    model.fit(votes.astype(int), class_balance=balance, n_epochs=500, seed=1, progress_bar=False)
    return model.predict(votes.astype(int), tie_break_policy="abstain")


if __name__ == "__main__":
    main()
