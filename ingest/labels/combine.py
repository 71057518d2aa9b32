"""From votes to one label: by majority, or by a model that learns how right each function is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .contract import ABSTAIN, Votes

_STEPS = 200
_TOLERANCE = 1e-7
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
    """How votes weigh: the accuracy of each function and how common each label is."""

    accuracy: NDArray[np.float64]
    prior: NDArray[np.float64]

    def posterior(self, votes: Votes) -> NDArray[np.float64]:
        """Return the probability of each label for each row, shape (rows, labels); zeros where nobody voted."""
        labels = len(self.prior)
        log = np.tile(np.log(self.prior), (len(votes), 1))
        for function, right in enumerate(self.accuracy):
            vote = votes[:, function]
            said = vote != ABSTAIN
            wrong = np.log((1 - right) / (labels - 1))
            log[said] += wrong
            log[np.flatnonzero(said), vote[said]] += np.log(right) - wrong
        log -= log.max(axis=1, keepdims=True)
        found = np.exp(log)
        found /= found.sum(axis=1, keepdims=True)
        found[(votes == ABSTAIN).all(axis=1)] = 0
        return found


def fit(patterns: Patterns, labels: int) -> Model:
    """Estimate the accuracy of each function from how they agree, and from what people said where they did.

    Expectation maximisation after Dawid and Skene (Applied Statistics 28, 1979), with one accuracy a function in
    place of a whole table of confusions (the one-coin model of Zhang, Chen, Zhou and Jordan, JMLR 17, 2016), so that
    functions which vote for one label only can be weighed; whether a function abstains tells nothing. Rows that
    people labelled count with their label. Deterministic.
    """
    votes, weight = patterns.votes, patterns.counts.astype(np.float64)
    said = votes != ABSTAIN
    known = patterns.gold != ABSTAIN
    some = said.any(axis=1) | known
    belief = _shares(votes, labels)
    belief[known] = np.eye(labels)[patterns.gold[known]]
    model = Model(np.full(votes.shape[1], _PRIOR[0] / sum(_PRIOR)), np.full(labels, 1 / labels))
    for _ in range(_STEPS):
        mass = belief * weight[:, None]
        prior = mass[some].sum(axis=0) + 1
        accuracy = np.empty(votes.shape[1])
        for function in range(votes.shape[1]):
            rows = np.flatnonzero(said[:, function])
            right = mass[rows, votes[rows, function]].sum() + _PRIOR[0]
            accuracy[function] = right / (mass[rows].sum() + sum(_PRIOR))
        new = Model(np.clip(accuracy, 1e-3, 1 - 1e-3), prior / prior.sum())
        belief = new.posterior(votes)
        belief[known] = np.eye(labels)[patterns.gold[known]]
        moved = max(np.abs(new.accuracy - model.accuracy).max(initial=0), np.abs(new.prior - model.prior).max())
        model = new
        if moved < _TOLERANCE:
            break
    return model


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
