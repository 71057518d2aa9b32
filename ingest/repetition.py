"""How much of a text repeats itself, counted over whole Arrow columns: lines, paragraphs, runs of words."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from .columns import Bytes, Ints, frozen, slices
from .textstats import OFFSET, PRIME, decode, insert, is_space, place

REPETITION = (
    "duplicate_lines",
    "duplicate_paragraphs",
    "repeated_paragraphs",
    "top_2grams",
    "top_3grams",
    "top_4grams",
    "repeated_6grams",
    "repeated_7grams",
    "repeated_8grams",
    "repeated_9grams",
    "repeated_10grams",
)
"""The columns of `repetition`, in order."""

_TOP, _LONG, _LONGEST = 2, 6, 10


def repetition(texts: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return how many words each text has, and its signals, shape (rows, len(REPETITION)); without words all zeros.

    - duplicate_lines, duplicate_paragraphs: share of the lines (paragraphs) that occurred before in the text
    - repeated_paragraphs: share of the characters in such paragraphs
    - top_2grams to top_4grams: share of the characters in the most frequent run of that many words (of equally
      frequent ones the first), all its occurrences together; 0 where none occurs twice
    - repeated_6grams to repeated_10grams: share of the characters in runs that occurred before in the text

    Words are stretches between white space, without regard to ASCII case; lines those with a word; a paragraph ends
    with an empty line. White space counts as no character, and none counts twice. The shares of lines by their
    characters and of 5-grams are `repeated_lines` and `repeated_ngrams` of textstats.py.

    Source: Rae et al., Scaling Language Models: Methods, Analysis & Insights from Training Gopher (2021), appendix
    A.1.1, table A1.
    """
    values = slices(texts)
    counts = np.zeros(len(texts), np.int64)
    out = np.zeros((len(texts), len(REPETITION)), np.float32)
    longest = int((values.ends - values.starts).max(initial=0))
    _measure(frozen(values.data), frozen(values.starts), frozen(values.ends), longest, counts, out)
    return counts, out


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _measure(
    data: Bytes, starts: Ints, ends: Ints, longest: int, counts: NDArray[np.int64], out: NDArray[np.float32]
) -> None:
    size = 16
    while size < longest + 16:
        size *= 2
    table, stamp = np.zeros(size, np.uint64), np.zeros(size, np.int64)
    often = np.zeros(size, np.int64)
    words, sizes = np.zeros(longest // 2 + 2, np.uint64), np.zeros(longest // 2 + 2, np.int64)
    grams = np.zeros(longest // 2 + 2, np.uint64)
    mark = 1
    for row in range(len(starts)):
        if starts[row] < 0:
            continue
        shares = out[row]
        count, letters = _blocks(data, starts[row], ends[row], table, stamp, mark, words, sizes, shares)
        counts[row] = count
        mark += 2
        grams[:count] = words[:count]
        for length in range(2, min(count, _LONGEST) + 1):
            total = count - length + 1
            for i in range(total):
                grams[i] = (grams[i] * PRIME ^ words[i + length - 1]) * PRIME
            if length < _TOP + 3:
                shares[1 + length] = _top(grams[:total], table, stamp, often, mark, sizes, length) / letters
            elif length >= _LONG:
                shares[length] = _again(grams[:total], table, stamp, mark, sizes, length) / letters
            mark += 1


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _blocks(
    data: Bytes,
    at: int,
    end: int,
    table: NDArray[np.uint64],
    stamp: NDArray[np.int64],
    mark: int,
    words: NDArray[np.uint64],
    sizes: NDArray[np.int64],
    shares: NDArray[np.float32],
) -> tuple[int, int]:
    """Cut a text into words, write the shares of lines and paragraphs; return how many words and characters it has."""
    count = letters = lines = paragraphs = known_lines = known_paragraphs = repeated = 0
    line, in_line = OFFSET, 0
    paragraph, in_paragraph = OFFSET, 0
    while at <= end:
        point, step = (10, 1) if at == end else decode(data, at)
        if point != 10 and is_space(point):
            at += step
            continue
        if point != 10:
            word, length = OFFSET, 0
            while at < end and not is_space(point):
                length += 1
                for i in range(step):
                    byte = np.uint64(data[at + i])
                    if 65 <= byte <= 90:
                        byte += np.uint64(32)
                    word = (word ^ byte) * PRIME
                at += step
                if at < end:
                    point, step = decode(data, at)
            words[count], sizes[count] = word, length
            count += 1
            line = (line ^ word) * PRIME
            in_line += length
            continue
        at += 1
        if in_line:
            lines += 1
            letters += in_line
            known_lines += insert(table, stamp, mark, line)
            paragraph = (paragraph ^ line) * PRIME
            in_paragraph += in_line
        if in_paragraph and (in_line == 0 or at > end):
            paragraphs += 1
            if insert(table, stamp, mark + 1, paragraph):
                known_paragraphs += 1
                repeated += in_paragraph
            paragraph, in_paragraph = OFFSET, 0
        line, in_line = OFFSET, 0
    if count:
        shares[0] = known_lines / lines
        shares[1] = known_paragraphs / paragraphs
        shares[2] = repeated / letters
    return count, letters


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _top(
    grams: NDArray[np.uint64],
    table: NDArray[np.uint64],
    stamp: NDArray[np.int64],
    often: NDArray[np.int64],
    mark: int,
    sizes: NDArray[np.int64],
    length: int,
) -> int:
    """Return how many characters the most frequent run covers; 0 where none is there twice."""
    most, slots = 1, len(grams)
    for i in range(slots):
        slot = place(table, stamp, mark, grams[i])
        if stamp[slot] != mark:
            stamp[slot], table[slot], often[slot] = mark, grams[i], 0
        often[slot] += 1
        most = max(most, often[slot])
    if most == 1:
        return 0
    first = 0
    while often[place(table, stamp, mark, grams[first])] < most:
        first += 1
    covered = found = 0
    for i in range(first, slots):
        if grams[i] == grams[first]:
            for j in range(max(covered, i), i + length):
                found += sizes[j]
            covered = i + length
    return found


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _again(
    grams: NDArray[np.uint64],
    table: NDArray[np.uint64],
    stamp: NDArray[np.int64],
    mark: int,
    sizes: NDArray[np.int64],
    length: int,
) -> int:
    """Return how many characters lie in runs that were there before."""
    covered = found = 0
    for i in range(len(grams)):
        if insert(table, stamp, mark, grams[i]):
            for j in range(max(covered, i), i + length):
                found += sizes[j]
            covered = i + length
    return found
