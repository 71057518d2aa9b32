"""What a text is made of, counted over whole Arrow columns: words, symbols, lines, repeats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from numpy.typing import NDArray

from .columns import Bytes, Ints, frozen, slices

SIGNALS = (
    "words",
    "word_length",
    "alpha_words",
    "stop_words",
    "symbol_ratio",
    "bullet_lines",
    "ellipsis_lines",
    "punctuated_lines",
    "repeated_lines",
    "repeated_ngrams",
    "short_lines",
    "line_ends",
)
"""The columns of `signals`, in order."""

_STOP = ("the", "be", "to", "of", "and", "that", "have", "with")
_NGRAM = 5
_SHORT = 30
OFFSET = np.uint64(0xCBF29CE484222325)
PRIME = np.uint64(0x100000001B3)


def signals(texts: pa.Array) -> NDArray[np.float32]:
    """Return the signals of each text, shape (rows, len(SIGNALS)); a null text and one without words is all zeros.

    - words: stretches between white space; word_length: their mean length in characters
    - alpha_words: share of words with a letter (beyond ASCII whatever is no punctuation, symbol or emoji)
    - stop_words: how many of the eight English stop words of Gopher occur, each counted once
    - symbol_ratio: number signs and ellipses by words
    - bullet_lines, ellipsis_lines, punctuated_lines: shares of the lines (those with a word) that begin with a
      bullet, end with an ellipsis, end as a sentence does
    - repeated_lines: share of the characters in lines that occurred before in the text
    - repeated_ngrams: share of the characters of words in 5-grams of words that occurred before in the text
    - short_lines: share of the lines that have fewer than 30 characters, white space around them not counted
    - line_ends: line ends by words

    Source: Rae et al., Scaling Language Models: Methods, Analysis & Insights from Training Gopher (2021), appendix
    A.1; Raffel et al., T5 (C4, 2020), section 2.2; Penedo et al., FineWeb (2024), section 3.6.
    """
    values = slices(texts)
    out = np.zeros((len(texts), len(SIGNALS)), np.float32)
    longest = int((values.ends - values.starts).max(initial=0))
    _measure(frozen(values.data), frozen(values.starts), frozen(values.ends), _stop_hashes(), longest, out)
    return out


def _stop_hashes() -> NDArray[np.uint64]:
    hashes = []
    for word in _STOP:
        value = int(OFFSET)
        for byte in word.encode():
            value = ((value ^ byte) * int(PRIME)) & 0xFFFFFFFFFFFFFFFF
        hashes.append(value)
    return frozen(np.array(hashes, np.uint64))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def decode(data: Bytes, at: int) -> tuple[int, int]:
    """Return the code point at a byte of valid UTF-8, and its length in bytes."""
    first = int(data[at])
    if first < 0x80:
        return first, 1
    if first < 0xE0:
        return (first & 31) << 6 | int(data[at + 1] & 63), 2
    if first < 0xF0:
        return (first & 15) << 12 | int(data[at + 1] & 63) << 6 | int(data[at + 2] & 63), 3
    tail = int(data[at + 1] & 63) << 12 | int(data[at + 2] & 63) << 6 | int(data[at + 3] & 63)
    return (first & 7) << 18 | tail, 4


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def is_space(point: int) -> bool:
    """Say whether a code point is white space."""
    return (
        point == 32
        or 9 <= point <= 13
        or point in (0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
        or 0x2000 <= point <= 0x200A
    )


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _is_letter(point: int) -> bool:
    if point < 0x80:
        return 65 <= point <= 90 or 97 <= point <= 122
    if point < 0xC0:
        return point in (0xAA, 0xB5, 0xBA)
    symbol = 0x2000 <= point <= 0x206F or 0x20A0 <= point <= 0x2BFF or 0x3000 <= point <= 0x3004
    symbol = symbol or 0x3007 <= point <= 0x3030 or 0xFE00 <= point <= 0xFE6F or 0xFF01 <= point <= 0xFF20
    return not symbol and not 0x1F000 <= point <= 0x1FAFF and point not in (0xD7, 0xF7)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _ends_sentence(point: int) -> bool:
    return point in (46, 33, 63, 34, 0x2026, 0x201D, 0x3002, 0xFF01, 0xFF1F, 0x61F, 0x6D4, 0x964)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _is_bullet(point: int) -> bool:
    return point in (42, 45, 0x2022, 0x2023, 0x25CF, 0x25E6, 0x25AA, 0x2013)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def place(table: NDArray[np.uint64], stamp: NDArray[np.int64], mark: int, key: np.uint64) -> int:
    """Return where a hash stands or would stand in an open-addressing set whose entries count only with this stamp."""
    mask = len(table) - 1
    slot = np.int64((key ^ (key >> np.uint64(29))) & np.uint64(mask))
    while stamp[slot] == mark and table[slot] != key:
        slot = (slot + 1) & mask
    return int(slot)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def insert(table: NDArray[np.uint64], stamp: NDArray[np.int64], mark: int, key: np.uint64) -> bool:
    """Put a hash into such a set; return whether it was there."""
    slot = place(table, stamp, mark, key)
    if stamp[slot] == mark:
        return True
    stamp[slot] = mark
    table[slot] = key
    return False


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _measure(
    data: Bytes, starts: Ints, ends: Ints, stop: NDArray[np.uint64], longest: int, out: NDArray[np.float32]
) -> None:
    size = 16
    while size < longest + 16:
        size *= 2
    table, stamp = np.zeros(size, np.uint64), np.zeros(size, np.int64)
    words, sizes = np.zeros(longest // 2 + 2, np.uint64), np.zeros(longest // 2 + 2, np.int64)
    for row in range(len(starts)):
        if starts[row] < 0:
            continue
        end = ends[row]
        count = letters = alpha = symbols = 0
        lines = bullets = ellipses = punctuated = repeated = characters = short = breaks = 0
        stops = np.uint64(0)
        at = starts[row]
        while at < end:  # a line at a time
            line, length, first, last, before, third = OFFSET, 0, 0, 0, 0, 0
            width = blank = 0
            while at < end and data[at] != 10:
                point, step = decode(data, at)
                if is_space(point):
                    at += step
                    blank += length > 0
                    continue
                width, blank = width + blank, 0
                word, has_letter, before_word = OFFSET, False, letters
                while at < end and not is_space(point):  # a word at a time
                    if length == 0:
                        first = point
                    length += 1
                    third, before, last = before, last, point
                    letters += 1
                    has_letter = has_letter or _is_letter(point)
                    symbols += point == 35 or point == 0x2026
                    if point == 46 and before == 46 and third == 46:
                        symbols += 1
                        before = last = 0x2026  # three full stops are one ellipsis
                    for i in range(step):
                        byte = np.uint64(data[at + i])
                        if 65 <= byte <= 90:
                            byte += np.uint64(32)
                        word = (word ^ byte) * PRIME
                    at += step
                    if at < end:
                        point, step = decode(data, at)
                words[count], sizes[count] = word, letters - before_word
                count += 1
                width += sizes[count - 1]
                alpha += has_letter
                line = (line ^ word) * PRIME
                for i in range(len(stop)):
                    if stop[i] == word:
                        stops |= np.uint64(1) << np.uint64(i)
            breaks += at < end
            at += 1
            if length == 0:
                continue
            lines += 1
            short += width < _SHORT
            characters += length
            bullets += _is_bullet(first)
            ellipses += last == 0x2026
            punctuated += _ends_sentence(last)
            if insert(table, stamp, 2 * row + 1, line):
                repeated += length
        if count == 0:
            continue
        covered = again = 0
        for i in range(count - _NGRAM + 1):
            gram = OFFSET
            for j in range(_NGRAM):
                gram = (gram ^ words[i + j]) * PRIME
            if insert(table, stamp, 2 * row + 2, gram):
                for j in range(max(covered, i), i + _NGRAM):
                    again += sizes[j]
                covered = i + _NGRAM
        found = 0
        while stops:
            stops &= stops - np.uint64(1)
            found += 1
        out[row, 0] = count
        out[row, 1] = letters / count
        out[row, 2] = alpha / count
        out[row, 3] = found
        out[row, 4] = symbols / count
        out[row, 5] = bullets / lines
        out[row, 6] = ellipses / lines
        out[row, 7] = punctuated / lines
        out[row, 8] = repeated / characters
        out[row, 9] = again / letters
        out[row, 10] = short / lines
        out[row, 11] = breaks / count


def with_signals(table: pa.Table, names: Sequence[str], values: NDArray[np.float32]) -> pa.Table:
    """Return the table with signals of its texts as its columns `names`, null where there is no text."""
    null = pc.is_null(table["text"]).combine_chunks().to_numpy(zero_copy_only=False)
    for name, signal in zip(names, values.T, strict=True):
        at = table.schema.get_field_index(name)
        field = table.schema.field(at)
        table = table.set_column(at, field, pa.array(signal, mask=null).cast(field.type))
    return table
