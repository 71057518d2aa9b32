"""From votes to one label: by majority, or by a model that learns how right each function is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .contract import ABSTAIN, Votes

_STEPS = 1000
_TOLERANCE = 1e-6
_LEAST = 1e-9
"""No answer is impossible."""
_PRIOR = (7.0, 3.0)
"""Right and wrong votes that every function has before its first: better than chance, not by much."""


class Patterns(NamedTuple):
    """Distinct votes and how often they occur; `gold` is what people said of those rows (ABSTAIN: nothing)."""

    votes: Votes
    counts: NDArray[np.int64]
    gold: NDArray[np.int8]

    @classmethod
    def of(cls, votes: Votes, gold: NDArray[np.int8]) -> Patterns:
        """Count the distinct rows of votes and gold."""
        found, counts = np.unique(np.column_stack([votes, gold]), axis=0, return_counts=True)
        return cls(found[:, :-1], counts.astype(np.int64), found[:, -1])

    @classmethod
    def merged(cls, parts: list[Patterns]) -> Patterns:
        """Add up the patterns of several parts, in an order that is the patterns' own."""
        every = np.concatenate([np.column_stack([p.votes, p.gold]) for p in parts])
        found, where = np.unique(every, axis=0, return_inverse=True)
        counts = np.zeros(len(found), np.int64)
        np.add.at(counts, where.ravel(), np.concatenate([p.counts for p in parts]))
        return cls(found[:, :-1], counts, found[:, -1])


@dataclass(frozen=True)
class Model:
    """What the votes tell: for each function and true label the chance of each vote, and how common each label is.

    `chances` has the shape (functions, labels, labels + 1); its last column is that of abstaining. `accuracy` is the
    share of each function's votes that is right.
    """

    chances: NDArray[np.float64]
    prior: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    def posterior(self, votes: Votes) -> NDArray[np.float64]:
        """Return the probability of each label for each row, shape (rows, labels); zeros where nobody voted."""
        found = self.belief(votes)
        found[(votes == ABSTAIN).all(axis=1)] = 0
        return found

    def belief(self, votes: Votes) -> NDArray[np.float64]:
        """Return the same, by what is common where nobody voted."""
        log = np.tile(np.log(self.prior), (len(votes), 1))
        for function, chances in enumerate(self.chances):
            log += np.log(chances).T[votes[:, function]]  # ABSTAIN is the last one
        log -= log.max(axis=1, keepdims=True)
        found = np.exp(log)
        return found / found.sum(axis=1, keepdims=True)


def fit(patterns: Patterns, labels: int) -> Model:
    """Estimate how the functions vote on each label from how they agree, and from what people said where they did.

    Expectation maximisation after Dawid and Skene (Applied Statistics 28, 1979), with abstaining as one more answer:
    a function that votes for one label only tells by its silence how far that label reaches. Were silence to tell
    nothing, the functions of one label would outvote those of another wherever they meet, and be right by definition.
    Every function has some votes before its first (`_PRIOR`), so that it begins better than chance. Rows that people
    labelled count with their label. Deterministic.
    """
    votes, weight = patterns.votes, patterns.counts.astype(np.float64)
    before = _before(votes, weight, labels)
    truth = np.eye(labels)
    known = patterns.gold != ABSTAIN
    trust = _PRIOR[0] / sum(_PRIOR)
    said = (votes != ABSTAIN).any(axis=1, keepdims=True)
    belief = np.where(said, trust * _shares(votes, labels), trust / labels) + (1 - trust) / labels
    chances = np.zeros_like(before)
    for _ in range(_STEPS):
        belief[known] = truth[patterns.gold[known]]
        mass = belief * weight[:, None]
        counts = before.copy()
        for function, vote in np.ndindex(votes.shape[1], labels + 1):
            answer = vote if vote < labels else ABSTAIN
            counts[function, :, vote] += mass[votes[:, function] == answer].sum(axis=0)
        new = counts / counts.sum(axis=2, keepdims=True)
        prior = mass.sum(axis=0) + 1
        right = np.trace(counts[:, :, :labels], axis1=1, axis2=2)
        total = counts[:, :, :labels].sum(axis=(1, 2))
        accuracy = np.divide(right, total, out=np.full(len(counts), trust), where=total > 0)
        model = Model(new.clip(_LEAST), prior / prior.sum(), accuracy)
        moved = np.abs(new - chances).max(initial=0)
        chances = new
        if moved < _TOLERANCE:
            break
        belief = model.belief(votes)
    return model


def _before(votes: Votes, weight: NDArray[np.float64], labels: int) -> NDArray[np.float64]:
    """Return the votes that every function has before its first, as `Model.chances` is shaped.

    They are votes for the labels that it ever votes for, and as much silence as fits how often it votes.
    """
    found = np.zeros((votes.shape[1], labels, labels + 1))
    right, wrong = _PRIOR
    for function, counts in enumerate(found):
        used = np.unique(votes[votes[:, function] != ABSTAIN, function])
        if not len(used):
            counts[:, labels] = 1
            continue
        counts[:, used] = wrong / (labels - 1) / len(used)
        counts[used, used] = right / len(used)
        covered = weight[votes[:, function] != ABSTAIN].sum() / weight.sum()
        counts[:, labels] = counts.sum(axis=1) * (1 - covered) / covered
    return found


def decide(votes: Votes, labels: int, model: Model | None) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Return each row's label (ABSTAIN for none) and its probability; without a model by majority.

    A tie gives no label.
    """
    share = model.posterior(votes) if model is not None else _shares(votes, labels)
    best = share.max(axis=1)
    tied = (share >= best[:, None] - 1e-12).sum(axis=1) > 1
    label = np.where((best > 0) & ~tied, share.argmax(axis=1), ABSTAIN).astype(np.int8)
    return label, np.where(label == ABSTAIN, 0.0, best)


def _shares(votes: Votes, labels: int) -> NDArray[np.float64]:
    tally = np.stack([(votes == label).sum(axis=1) for label in range(labels)], axis=1).astype(np.float64)
    total = tally.sum(axis=1, keepdims=True)
    return np.divide(tally, total, out=np.zeros_like(tally), where=total > 0)


def report(patterns: Patterns, functions: list[str], model: Model | None) -> list[dict[str, float | str | None]]:
    """Return for each function: coverage, overlap and conflict (shares of all rows), accuracy estimated and found.

    Overlap: another function voted too; conflict: for another label. `accuracy_found` counts the rows that people
    labelled.
    """
    said = patterns.votes != ABSTAIN
    total = max(1, int(patterns.counts.sum()))
    lines: list[dict[str, float | str | None]] = []
    for at, name in enumerate(functions):
        others = np.delete(patterns.votes, at, axis=1)
        mine = said[:, at]
        overlap = mine & (others != ABSTAIN).any(axis=1)
        conflict = mine & ((others != ABSTAIN) & (others != patterns.votes[:, [at]])).any(axis=1)
        judged = mine & (patterns.gold != ABSTAIN)
        right = judged & (patterns.votes[:, at] == patterns.gold)
        people = int(patterns.counts[judged].sum())
        lines.append(
            {
                "function": name,
                "votes": float(patterns.counts[mine].sum()),
                "coverage": float(patterns.counts[mine].sum() / total),
                "overlap": float(patterns.counts[overlap].sum() / total),
                "conflict": float(patterns.counts[conflict].sum() / total),
                "accuracy_estimated": float(model.accuracy[at]) if model is not None else None,
                "accuracy_found": float(patterns.counts[right].sum() / people) if people else None,
            }
        )
    return lines
