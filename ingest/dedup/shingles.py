"""Shingles: overlapping runs of words or characters, as 32-bit hashes, straight from Arrow's buffers.

A token is a word or a character, folded (characters.py). Its hash is a polynomial in P over its code points,
mixed; that of a shingle is a polynomial in Q over its tokens, mixed, of which the upper half counts. All is
arithmetic modulo 2**64, so the array form for the GPU (arrays.py) gives the same integers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from ...errors import ConfigError
from .characters import ALONE, CLASS_SHIFT, GAP, IGNORED, LETTER, MARK, POINT, SEQUENCE, SIZE, characters

P = np.uint64(0x9E3779B97F4A7C15)
Q = np.uint64(0xD1342543DE82EF95)
SPACE = np.uint64(1 << 40)
"""The gap between two words where characters are the tokens; no code point is as large."""

MOST = 32
"""Tokens that a shingle may have at most."""


class Shingle(NamedTuple):
    """What a shingle is: `size` tokens in a row, words or characters. A shorter text is one shingle."""

    characters: bool
    size: int

    @classmethod
    def parse(cls, text: str) -> Shingle:
        """Read 'word:5' or 'char:9'. Raises ConfigError."""
        kind, _, size = text.partition(":")
        if kind not in ("word", "char") or not size.isdecimal() or not 1 <= int(size) <= MOST:
            raise ConfigError(f"a shingle is 'word:N' or 'char:N' with N from 1 to {MOST}", "write it as 'word:5'")
        return cls(kind == "char", int(size))

    def __str__(self) -> str:
        return f"{'char' if self.characters else 'word'}:{self.size}"

    @property
    def last_power(self) -> np.uint64:
        """Q**size, what the first token of a shingle weighs in the sum that ends with its last."""
        return np.uint64(pow(int(Q), self.size, 1 << 64))


class Shingles(NamedTuple):
    """The shingles of texts: those of text i are hashes[starts[i]:starts[i] + counts[i]], repeats included.

    The space from there up to starts[i + 1] is not used.
    """

    hashes: NDArray[np.uint32]
    starts: NDArray[np.int64]
    counts: NDArray[np.int32]

    @classmethod
    def room(cls, offsets: NDArray[np.int64], shingle: Shingle) -> Shingles:
        """Return room for the shingles of texts with these offsets into their bytes."""
        lengths = np.diff(offsets)
        # A word takes a byte and a gap's byte, or stands beside a character of three bytes that is a word itself.
        most = lengths + 1 if shingle.characters else lengths // 2 + 1
        starts = np.zeros(len(lengths) + 1, dtype=np.int64)
        np.cumsum(most, out=starts[1:])
        return cls(np.empty(int(starts[-1]), dtype=np.uint32), starts, np.zeros(len(lengths), dtype=np.int32))

    def scratch(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Return room for the tokens of the longest text and for their running sums."""
        longest = int(np.diff(self.starts).max(initial=0))
        return np.zeros(longest + 1, dtype=np.uint64), np.zeros(longest + 1, dtype=np.uint64)


def text_buffers(texts: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return a string array's offsets, from 0 on, and its bytes; a null has no bytes."""
    if not pa.types.is_large_string(texts.type):
        texts = texts.cast(pa.large_string())
    if texts.null_count:
        texts = texts.fill_null("")
    _, offset_buffer, data = texts.buffers()
    if not len(texts):
        return np.zeros(1, dtype=np.int64), np.empty(0, np.uint8)
    offsets = np.frombuffer(offset_buffer, dtype=np.int64, count=len(texts) + 1 + texts.offset)[texts.offset :]
    first, last = int(offsets[0]), int(offsets[-1])
    octets = np.frombuffer(data, dtype=np.uint8)[first:last] if data is not None else np.empty(0, np.uint8)
    return offsets - first, octets


class Alphabet(NamedTuple):
    """The table of characters as the kernels read it; `ascii` holds folded ASCII letters, 0 for all else."""

    ascii: NDArray[np.uint64]
    table: NDArray[np.uint32]
    sequences: NDArray[np.uint32]

    @classmethod
    def make(cls) -> Alphabet:
        """Return the table, with its short cut for ASCII."""
        table, sequences = characters()
        letters = np.zeros(256, dtype=np.uint64)
        letters[:128] = table[:128] & POINT
        return cls(letters, table, sequences)


@njit(cache=True, nogil=True, inline="always")
def mix(value: np.uint64) -> np.uint64:
    """Return the finaliser of MurmurHash3 (Appleby, public domain)."""
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))


@njit(cache=True, nogil=True)
def shingle_text(
    data: NDArray[np.uint8],
    first: np.int64,
    last: np.int64,
    alphabet: Any,
    by_character: bool,
    size: int,
    last_power: np.uint64,
    tokens: NDArray[np.uint64],
    sums: NDArray[np.uint64],
    hashes: NDArray[np.uint32],
    start: np.int64,
) -> int:
    """Write the shingles of the text data[first:last] to hashes[start:]; return how many there are."""
    # Loops of their own over small arrays, so that the compiler makes vector instructions of the mixing.
    count = _tokens(data, np.uint64(first), np.uint64(last), alphabet, by_character, tokens)
    for i in range(count):
        tokens[i] = mix(tokens[i])
    total = np.uint64(0)
    for i in range(count):
        total = total * Q + tokens[i]
        sums[i + 1] = total
    if count < size:
        hashes[start] = np.uint32(mix(total) >> np.uint64(32))
        return min(count, 1)
    for i in range(count - size + 1):
        hashes[start + i] = np.uint32(mix(sums[i + size] - sums[i] * last_power) >> np.uint64(32))
    return count - size + 1


@njit(cache=True, nogil=True)
def _tokens(
    data: NDArray[np.uint8],
    at: np.uint64,
    end: np.uint64,
    alphabet: Any,
    by_character: bool,
    tokens: NDArray[np.uint64],
) -> int:
    """Write the polynomial of each token; return how many there are."""
    # Positions are unsigned, so that no index can be one from the end, which would cost a test each.
    ascii_letters, table, sequences = alphabet
    one = np.uint64(1)
    in_words = not by_character
    count = 0
    word = np.uint64(0)
    kind = np.uint32(GAP)
    gap = False
    while at < end:
        letter = ascii_letters[data[at]]
        if letter != 0 and in_words:
            # What most texts are made of: a word in ASCII and the gap after it.
            if kind == ALONE:
                tokens[count] = word
                count += 1
            if kind != LETTER:
                word = np.uint64(0)
            while letter != 0:
                word = word * P + letter
                at += one
                letter = ascii_letters[data[at]] if at < end else np.uint64(0)
            kind = np.uint32(LETTER)
            if at < end and data[at] < 0x80:
                tokens[count] = word
                count += 1
                kind = np.uint32(GAP)
                at += one
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
            count += 1
            kind = np.uint32(GAP)
        if here == GAP:
            gap = True
            continue
        if kind == GAP:
            if by_character and gap and count > 0:
                tokens[count] = SPACE
                count += 1
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
        count += 1
    return count
