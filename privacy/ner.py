"""The small model for names: a linear chain over hashed features of words, their shape and the word lists.

A structured perceptron with averaged weights (Collins, Discriminative Training Methods for Hidden Markov Models, EMNLP
2002), decoded by Viterbi. `tools/train_ner.py` makes the model; it takes no package beyond NumPy to run it.
"""

from __future__ import annotations

import functools
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .gazetteers import common_words, elided, everyday_words, given_names, large_places, places, surnames
from .recognizers._words import CALLED, COMPANY, PREPOSITIONS, ROLES, STREET, TITLES

TAGS = ("O", "B-PERSON", "I-PERSON", "B-LOCATION", "I-LOCATION", "B-ORGANIZATION", "I-ORGANIZATION")
BUCKETS = 1 << 17
"""Rows of the table of weights; features share a row where their hashes meet."""
FEATURES = 33

_TOKEN = re.compile(r"[^\W\d_]+(?:['’‑-][^\W\d_]+)*|\d+|_+|[^\w\s]")
_FAR = 1e9


class Token(NamedTuple):
    """A word, number or sign of a text: offsets in characters and what stands there."""

    start: int
    end: int
    text: str


class Name(NamedTuple):
    """A name in a text: offsets in characters, its kind, and the margin by which it won over being none."""

    start: int
    end: int
    entity: str
    margin: float


def tokens(text: str) -> list[Token]:
    """Return the words, numbers and signs of a text; a possessive 's and an elided d' are words of their own."""
    found = []
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        word = match[0]
        if skipped := elided(word):
            found.append(Token(start, start + skipped, word[:skipped]))
            start, word = start + skipped, word[skipped:]
        if word[-2:].lower() in ("'s", "’s") and len(word) > 2:
            found += [Token(start, end - 2, word[:-2]), Token(end - 2, end, word[-2:])]
        else:
            found.append(Token(start, end, word))
    return found


def features(words: Sequence[str], language: str) -> NDArray[np.int32]:
    """Return the rows of the table that each word looks at, shape (words, FEATURES)."""
    made = np.zeros((len(words), FEATURES), np.int32)
    known = [_Known.of(word, language) for word in words]
    edge = _Known.of("", language)
    style = _style(known)
    for at, word in enumerate(known):
        before, two = known[at - 1] if at else edge, known[at - 2] if at > 1 else edge
        behind, third = (known[at + n] if at + n < len(known) else edge for n in (1, 2))
        begins = not at or before.lower in '.!?:"“„'
        made[at] = (
            *word.own,
            *before.near[0],
            *behind.near[1],
            *two.near[2],
            *third.near[3],
            *_together(word.flags, before.flags, behind.flags, begins),
            _row(f"w{before.lower}|{word.shape}"),
            _row(f"v{word.shape}|{behind.lower}"),
            _row(f"u{two.lower}|{before.lower}|{word.shape[:2]}"),
            _row(f"l{style}{word.shape}{word.flags}"),
        )
    return made


@dataclass(frozen=True, slots=True)
class _Known:
    lower: str
    shape: str
    flags: str
    own: tuple[int, ...]
    near: tuple[tuple[int, ...], ...]

    @staticmethod
    @functools.lru_cache(maxsize=1 << 16)
    def of(word: str, language: str) -> _Known:
        lower, shape = word.casefold(), _shape(word)
        flags = _flags(lower, language)
        own = [
            "bias",
            f"a{lower}",
            f"b{shape}",
            f"c{flags}",
            f"d{shape}{flags}",
            f"e{language}{shape}{flags}",
            *(f"f{lower[:size]}|{size}" for size in (2, 3)),
            *(f"g{lower[-size:]}|{size}|{shape[:1]}" for size in (2, 3, 4)),
            f"h{min(len(lower), 9)}{shape}",
        ]
        near = [[f"{n}i{lower}", f"{n}j{shape}", f"{n}k{flags}{shape[:1]}"] for n in range(4)]
        return _Known(lower, shape, flags, tuple(map(_row, own)), tuple(tuple(map(_row, part)) for part in near))


def _style(known: Sequence[_Known]) -> str:
    """Return how a text is written: loud, all in small letters, as a headline with a capital to most words, plain."""
    shapes = [word.shape for word in known if word.shape[0] in "Xx"]
    if sum(shape == "XX" for shape in shapes) * 2 > len(shapes):
        return "loud"
    if all(shape == "x" for shape in shapes):
        return "small"
    return "headline" if len(shapes) > 3 and sum(shape != "x" for shape in shapes) * 4 > 3 * len(shapes) else "plain"


@functools.lru_cache(maxsize=1 << 16)
def _together(word: str, before: str, behind: str, begins: bool) -> tuple[int, ...]:
    made = (
        f"m{before}|{word}",
        f"n{word}|{behind}",
        f"o{before}|{word}|{behind}",
        f"p{begins}{word}",
        f"q{begins}{before}",
    )
    return tuple(map(_row, made))


@functools.lru_cache(maxsize=1 << 17)
def _row(feature: str) -> int:
    return 1 + zlib.crc32(feature.encode()) % (BUCKETS - 1)


def _shape(word: str) -> str:
    if not word:
        return "<>"
    if word[0].isdigit():
        return f"9{min(len(word), 5)}"
    if not word[0].isalpha():
        return word[0]
    if word.isupper():
        return "X" if len(word) == 1 else "XX"
    if word[0].isupper():
        return "Xx" if word[1:].islower() else "XxX"
    return "x" if word.islower() else "xX"


def _flags(lower: str, language: str) -> str:
    parts = [lower, *lower.split("-")] if "-" in lower else [lower]
    lists = (
        ("g", given_names()),
        ("s", surnames()),
        ("p", places()),
        ("P", large_places()),
        ("c", common_words(language)),
        ("e", everyday_words(language)),
        ("t", TITLES),
        ("k", COMPANY),
        ("r", STREET),
        ("o", ROLES),
        ("d", CALLED),
        ("w", PREPOSITIONS),
    )
    return "".join(mark for mark, known in lists if any(part in known for part in parts))


class Model:
    """The weights: a table of rows by tag, and what one tag gives for the next."""

    def __init__(
        self, table: NDArray[Any], steps: NDArray[Any], scale: float = 1.0, card: dict[str, Any] | None = None
    ) -> None:
        self.table = table
        self.steps = np.asarray(steps, np.float32)
        self.scale = scale
        self.card = card or {}

    def tags(self, rows: NDArray[np.int32]) -> tuple[list[int], NDArray[np.float32]]:
        """Return the best sequence of tags for the rows of a text, and the score of each tag at each word."""
        scores = self.table[rows].sum(axis=1, dtype=np.float32) * np.float32(self.scale)
        count = len(scores)
        best = scores[0] + self.steps[-1]
        back = np.zeros((count, len(TAGS)), np.int8)
        for at in range(1, count):
            paths = best[:, None] + self.steps[:-1]
            back[at] = paths.argmax(axis=0)
            best = paths.max(axis=0) + scores[at]
        path = [int(best.argmax())]
        for at in range(count - 1, 0, -1):
            path.append(int(back[at][path[-1]]))
        return path[::-1], scores

    def names(self, text: str, language: str) -> list[Name]:
        """Return the names in a text."""
        words = tokens(text)
        if not words:
            return []
        path, scores = self.tags(features([word.text for word in words], language))
        found: list[Name] = []
        for word, tag, score in zip(words, path, scores, strict=True):
            if not tag:
                continue
            margin = float(score[tag] - score[0])
            entity = TAGS[tag][2:]
            near = bool(found) and found[-1].entity == entity and word.start - found[-1].end < 4
            if near and (TAGS[tag][0] == "I" or text[found[-1].end : word.start] == " "):
                found[-1] = found[-1]._replace(end=word.end, margin=max(margin, found[-1].margin))
            else:
                found.append(Name(word.start, word.end, entity, margin))
        return found


def bare_steps() -> NDArray[np.float32]:
    """Return the steps before training: none but that an inside follows its own kind; the last row is the beginning."""
    steps = np.zeros((len(TAGS) + 1, len(TAGS)), np.float32)
    for to, tag in enumerate(TAGS):
        if tag[0] == "I":
            for start in range(len(TAGS) + 1):
                if start == len(TAGS) or TAGS[start][2:] != tag[2:]:
                    steps[start, to] = -_FAR
    return steps


@functools.cache
def small() -> Model:
    """Return the model that comes with Weir, read once a process."""
    raw = (files(__package__) / "data" / "ner_small.npz").read_bytes()
    with np.load(BytesIO(raw)) as held:
        card = json.loads(bytes(held["card"]))
        return Model(held["table"], held["steps"], float(held["scale"]), card)
