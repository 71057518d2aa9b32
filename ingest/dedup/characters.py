"""What each Unicode character is to a shingle: part of a word, a word of its own, nothing, or a gap."""

from __future__ import annotations

import functools
import unicodedata
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

GAP, LETTER, ALONE, MARK, IGNORED = 0, 1, 2, 3, 4
"""Between words; in a word; a word of its own (scripts without spaces); joins what it follows; not there at all."""

CLASS_SHIFT, SEQUENCE, POINT = 24, 1 << 23, (1 << 21) - 1
"""An entry of the table: class << 24 | the folded code point, or SEQUENCE | number of a folded sequence."""

SIZE = 0x32400
"""Code points from here on are in no script: gaps."""

LONGEST = 18
"""Folded code points that one character becomes at most (U+FDFA, an Arabic ligature)."""

_WITHOUT_SPACES = (
    *((0x0E00, 0x0EFF), (0x0F00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF)),  # Thai, Lao, Tibetan, Myanmar, Khmer
    *((0x1950, 0x19DF), (0x1A20, 0x1AAF), (0xA9E0, 0xA9FF), (0xAA60, 0xAADF)),  # Tai scripts, more Myanmar
    *((0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3040, 0x30FF), (0x3100, 0x312F)),  # radicals, kana, Bopomofo
    *((0x31A0, 0x31BF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF)),  # Han
    *((0xF900, 0xFAFF), (0xFF66, 0xFF9F), (0x16FE0, 0x18DFF), (0x1AFF0, 0x1B16F), (0x20000, 0x323AF)),
)


class Characters(NamedTuple):
    """The table of all characters, and the folded sequences of those that become several."""

    table: NDArray[np.uint32]
    """Shape (SIZE,)."""
    sequences: NDArray[np.uint32]
    """Shape (sequences, LONGEST), padded with 0."""


@functools.cache
def characters() -> Characters:
    """Return the table: characters folded so that case, width and composition make no difference.

    A character is folded to NFKD(casefold(NFKD(c))), as in the Unicode Standard's compatibility caseless
    matching (3.13, D146) without reordering marks. Letters, digits and marks are words; format characters
    (zero-width space, BOM, soft hyphen) and variation selectors are not there; all else is a gap.
    """
    table = np.zeros(SIZE, dtype=np.uint32)
    alone = np.zeros(SIZE, dtype=bool)
    for first, last in _WITHOUT_SPACES:
        alone[first : last + 1] = True
    sequences: list[list[int]] = []
    for point in range(SIZE):
        category = unicodedata.category(chr(point))
        if category == "Cf" or 0xFE00 <= point <= 0xFE0F:
            table[point] = IGNORED << CLASS_SHIFT
            continue
        if category[0] not in "LNM":
            continue
        kind = MARK if category[0] == "M" else ALONE if alone[point] else LETTER
        folded = [ord(c) for c in _fold(chr(point))] if point > 127 else [ord(chr(point).lower())]
        if len(folded) == 1:
            table[point] = kind << CLASS_SHIFT | folded[0]
        elif folded:
            table[point] = kind << CLASS_SHIFT | SEQUENCE | len(sequences)
            sequences.append(folded + [0] * (LONGEST - len(folded)))
    return Characters(table, np.array(sequences, dtype=np.uint32))


def _fold(character: str) -> str:
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
