"""Tokens: words or characters of a text, each as one 64-bit hash, straight from its UTF-8.

The hash is a polynomial in P over the folded code points, the last with the weight 1, modulo 2**64. A stretch of ASCII
takes one multiplication and no branch a byte: running sums of c[i] * P**-i, of which two give a word's polynomial.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .characters import ALONE, CLASS_SHIFT, GAP, IGNORED, LETTER, MARK, POINT, SEQUENCE, SIZE, characters

P = np.uint64(0x9E3779B97F4A7C15)
SPACE = np.uint64(1 << 40)
"""The gap between two words where characters are the tokens; no code point is as large."""

STRETCH = 1024
"""Bytes of ASCII that are cut into words at a time: what the powers of P are kept for."""


class Alphabet(NamedTuple):
    """The table of characters as the kernels read it, with a short cut for ASCII."""

    letters: NDArray[np.uint64]
    """Folded ASCII letters and digits by byte, 0 for all else."""
    table: NDArray[np.uint32]
    sequences: NDArray[np.uint32]
    down: NDArray[np.uint64]
    """P**-i for the i-th byte of a stretch."""
    up: NDArray[np.uint64]
    """P**(i - 1), what the sum of a word that ends before the i-th byte is to be multiplied by."""

    @classmethod
    def make(cls) -> Alphabet:
        """Return the tables."""
        table, sequences = characters()
        letters = np.zeros(256, dtype=np.uint64)
        letters[:128] = table[:128] & POINT
        inverse = np.uint64(pow(int(P), -1, 1 << 64))
        factors = np.array([[1] + [inverse] * STRETCH, [inverse] + [P] * STRETCH], dtype=np.uint64)
        down, up = np.cumprod(factors, axis=1, dtype=np.uint64)
        return cls(letters, table, sequences, down, up)


@njit(cache=True, nogil=True)
def tokenise(
    data: NDArray[np.uint8],
    at: np.uint64,
    end: np.uint64,
    alphabet: Any,
    by_character: bool,
    tokens: NDArray[np.uint64],
    ends: NDArray[np.uint32],
) -> np.uint64:
    """Write the polynomial of each token of data[at:end]; return how many there are. `ends` is scratch as long."""
    # Positions are unsigned, so that no index can be one from the end, which would cost a test each.
    letters, table, sequences, down, up = alphabet
    one = np.uint64(1)
    count = np.uint64(0)
    word = np.uint64(0)
    kind = np.uint32(GAP)
    gap = False
    while at < end:
        if kind == GAP and not by_character and data[at] < 0x80:
            stop = _plain_stretch(data, at, end, letters)
            if stop > at:
                count = _plain_words(data, at, stop - at, letters, down, up, tokens, ends, count)
                at = stop
                continue
        point = np.uint32(data[at])
        at += one
        if point >= 0x80:
            more = 1 if point < 0xE0 else 2 if point < 0xF0 else 3
            point &= np.uint32(0x3F >> more)
            for _ in range(more):
                if at < end:
                    point = point << np.uint32(6) | np.uint32(data[at] & 0x3F)
                    at += one
            if point >= SIZE:
                point = np.uint32(0)
        entry = table[point]
        here = entry >> np.uint32(CLASS_SHIFT)
        if here == IGNORED:
            continue
        if kind != GAP and here != MARK and (by_character or here != LETTER or kind != LETTER):
            tokens[count] = word
            count += one
            kind = np.uint32(GAP)
        if here == GAP:
            gap = True
            continue
        if kind == GAP:
            if by_character and gap and count > 0:
                tokens[count] = SPACE
                count += one
            gap = False
            word = np.uint64(0)
            kind = np.uint32(ALONE) if here == ALONE else np.uint32(LETTER)
        if entry & np.uint32(SEQUENCE):
            number = entry & np.uint32(POINT)
            for i in range(sequences.shape[1]):
                if sequences[number, i] == 0:
                    break
                word = word * P + np.uint64(sequences[number, i])
        else:
            word = word * P + np.uint64(entry & np.uint32(POINT))
    if kind != GAP:
        tokens[count] = word
        count += one
    return count


@njit(cache=True, nogil=True)
def _plain_stretch(data: NDArray[np.uint8], at: np.uint64, end: np.uint64, letters: NDArray[np.uint64]) -> np.uint64:
    """Return where a stretch of whole words in ASCII ends that begins at `at`: at a gap, or at the end of the text."""
    one = np.uint64(1)
    stop = min(end, at + np.uint64(STRETCH))
    all_bits = np.uint8(0)
    for octet in data[at:stop]:
        all_bits |= octet
    here = stop if all_bits < 0x80 else at
    while here < stop and data[here] < 0x80:
        here += one
    if here < end:
        while here > at and letters[data[here - one]] != 0:
            here -= one
    return here


@njit(cache=True, nogil=True)
def _plain_words(
    data: NDArray[np.uint8],
    at: np.uint64,
    size: np.uint64,
    letters: NDArray[np.uint64],
    down: NDArray[np.uint64],
    up: NDArray[np.uint64],
    tokens: NDArray[np.uint64],
    ends: NDArray[np.uint32],
    first: np.uint64,
) -> np.uint64:
    """Write the polynomials of the words of a stretch to tokens[first:]; return how many tokens there are then."""
    one = np.uint64(1)
    count = first
    total = np.uint64(0)
    before = False
    i = np.uint64(0)
    while i < size:
        # Written at every byte and counted at the end of a word, so that there is no branch to guess wrongly.
        letter = letters[data[at + i]]
        total += letter * down[i]
        tokens[count] = total
        ends[count] = i
        here = letter != np.uint64(0)
        count += np.uint64(before & (not here))
        before = here
        i += one
    if before:
        tokens[count] = total
        ends[count] = size
        count += one
    last = np.uint64(0)
    for k in range(first, count):
        total = tokens[k]
        tokens[k] = (total - last) * up[ends[k]]
        last = total
    return count
