"""What people write: unique texts, and the dirt that texts collect on their way."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence

from .dice import Dice
from .pii import Planter
from .words import CONFIDENCES, TAILS, fill

ZERO_WIDTH = ("\u200b", "\ufeff")
_CONTROLS = ("\x07", "\x1b", "\x01")


class Texts:
    """Makes texts that differ from one another even when case, signs and spaces are ignored."""

    def __init__(self, dice: Dice, planter: Planter, column: str) -> None:
        self.dice = dice
        self.planter = planter
        self.column = column
        self.decorated: Counter[str] = Counter()
        self._seen: set[str] = set()
        self._turn = 0

    def unique(self, make: Callable[[], str]) -> str:
        """Return the first text of `make` that has not been written before."""
        while True:
            text = make()
            key = _letters(text)
            if key not in self._seen:
                self._seen.add(key)
                return text

    def sentences(self, templates: Sequence[str], count: int) -> list[str]:
        """Return `count` sentences, each of another template."""
        return [fill(self.dice, template) for template in self.dice.sample(templates, count)]

    def confidence(self) -> str:
        """Return the next sentence that gives something away; each kind takes its turn."""
        form, kinds = CONFIDENCES[self._turn % len(CONFIDENCES)]
        self._turn += 1
        return form.format(*(self.planter.plant(kind, self.column) for kind in kinds))

    def edit(self, text: str) -> str:
        """Return a text changed the way people edit: a word left out or swapped, a line put before or after."""
        words = text.split(" ")
        place = self.dice.between(1, max(1, len(words) - 3))
        form = self.dice.below(4)
        if form == 0:
            return text + " " + self.dice.pick(TAILS)
        if form == 1:
            return f"Reposting from {self.dice.pick(('yesterday', 'the old thread', 'my phone'))}: {text}"
        if form == 2:
            return " ".join(words[:place] + words[place + 1 :])
        return " ".join([*words[:place], self.dice.pick(("really", "truly", "sort of")), *words[place:]])

    def dirty(self, text: str) -> str:
        """Return a text with zero-width or control characters in it, or with its letters decomposed."""
        kind = self.dice.pick(("zero_width", "zero_width", "control", "decomposed"))
        self.decorated[kind] += 1
        if kind == "zero_width":
            return self.zero_width(text)
        if kind == "control":
            place = text.index(" ", len(text) // 3) if " " in text[len(text) // 3 :] else len(text)
            return text[:place] + self.dice.pick(_CONTROLS) + text[place:]
        return unicodedata.normalize("NFD", text + " Voilà: crème brûlée, façon Zürich.")

    def zero_width(self, text: str) -> str:
        """Return a text with a few invisible characters inside its words, and inside what is to be found there."""
        for _ in range(3):
            place = self.dice.between(1, len(text) - 1)
            text = text[:place] + self.dice.pick(ZERO_WIDTH) + text[place:]
        return text


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))
