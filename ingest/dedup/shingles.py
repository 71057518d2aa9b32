"""Shingles: overlapping runs of words or characters, as 32-bit hashes, straight from Arrow's buffers.

A token is a word or a character (tokens.py), its hash is mixed; that of a shingle is a polynomial in Q over its
tokens, mixed, of which the upper half counts. All is arithmetic modulo 2**64, so the array form for the GPU
(arrays.py) gives the same integers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from ...errors import ConfigError
from .tokens import tokenise

Q = np.uint64(0xD1342543DE82EF95)
MOST = 32
"""Tokens that a shingle may have at most."""

BLOCK = 1 << 14
"""Bytes of text that go through each step together: their tokens stay in the nearest cache."""


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


class Shingles(NamedTuple):
    """The shingles of texts: those of text i are hashes[starts[i]:starts[i] + counts[i]], repeats included.

    The space from there up to starts[i + 1] is not used.
    """

    hashes: NDArray[np.uint32]
    starts: NDArray[np.int64]
    counts: NDArray[np.int32]

    @classmethod
    def room(cls, offsets: NDArray[np.int64], shingle: Shingle) -> Shingles:
        """Return room for the shingles of texts with these offsets into their bytes; pages not written cost nothing."""
        most = int(_most_tokens(np.diff(offsets), shingle).sum())
        texts = len(offsets) - 1
        return cls(np.empty(most, dtype=np.uint32), np.zeros(texts + 1, np.int64), np.zeros(texts, np.int32))


class Scratch(NamedTuple):
    """Room for the tokens of a block of texts, where each ended, and the sums of the shingles."""

    tokens: NDArray[np.uint64]
    ends: NDArray[np.uint32]
    sums: NDArray[np.uint64]

    @classmethod
    def room(cls, offsets: NDArray[np.int64], shingle: Shingle) -> Scratch:
        """Return room for any block of texts with these offsets: of BLOCK bytes, or of one text that is longer."""
        longest = int(np.diff(offsets).max(initial=0))
        room = max(longest, BLOCK) + MOST + 1
        return cls(np.zeros(room, np.uint64), np.zeros(room, np.uint32), np.zeros(room, np.uint64))


def _most_tokens(lengths: NDArray[np.int64], shingle: Shingle) -> NDArray[np.int64]:
    """Return how many tokens texts of so many bytes may have.

    A word takes a byte and a gap's byte, or stands beside a character of three bytes that is a word itself.
    """
    return lengths + 1 if shingle.characters else lengths // 2 + 1


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


@njit(cache=True, nogil=True, inline="always")
def mix(value: np.uint64) -> np.uint64:
    """Return the finaliser of MurmurHash3 (Appleby, public domain)."""
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))


@njit(cache=True, nogil=True)
def shingle_block(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    alphabet: Any,
    way: Any,
    scratch: Any,
    hashes: NDArray[np.uint32],
    starts: NDArray[np.int64],
    counts: NDArray[np.int32],
) -> None:
    """Write the shingles of a block of texts to hashes[starts[0]:], and where each text's begin and how many they are.

    `offsets` and `starts` are those of the block's texts and of the one behind.
    """
    by_character, size = way
    tokens, ends, sums = scratch
    total = 0
    for text in range(counts.size):
        begin, end = np.uint64(offsets[text]), np.uint64(offsets[text + 1])
        counts[text] = np.int32(tokenise(data, begin, end, alphabet, by_character, tokens[total:], ends))
        total += counts[text]
        starts[text + 1] = starts[0] + total
    # All texts at once, over the borders between them too, for the sake of long loops of vector instructions: what
    # stands where a text has fewer tokens left than a shingle takes is not used.
    for i in range(total):
        tokens[i] = mix(tokens[i])
    sums[:total] = tokens[:total]
    for j in range(1, size):
        later = tokens[j:]
        for i in range(total):
            sums[i] = sums[i] * Q + later[i]
    made = hashes[starts[0] :]
    for i in range(total):
        made[i] = np.uint32(mix(sums[i]) >> np.uint64(32))
    for text in range(counts.size):
        if counts[text] >= size:
            counts[text] -= size - 1
        elif counts[text]:
            first = starts[text] - starts[0]
            short = np.uint64(0)
            for i in range(first, first + counts[text]):
                short = short * Q + tokens[i]
            hashes[starts[text]] = np.uint32(mix(short) >> np.uint64(32))
            counts[text] = 1
