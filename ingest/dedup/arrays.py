"""Sketches as array arithmetic for a GPU: the same integers as the compiled kernels, bit for bit.

Every function takes the array module `xp`: CuPy, or in tests NumPy as strict as CuPy, so that the two forms are held
against each other on any machine. It uses what both modules have: gathers, running sums and products, searches.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from .banding import Banding
from .characters import ALONE, CLASS_SHIFT, GAP, IGNORED, LETTER, MARK, POINT, SEQUENCE, SIZE, characters
from .minhash import Permutations, Sketch
from .shingles import Q, Shingle, Shingles, text_buffers
from .tokens import SPACE, P

_UNP = np.uint64(pow(int(P), -1, 1 << 64))


class _Characters(NamedTuple):
    """The characters that are there: their table entries and the rows they are of."""

    entries: Any
    rows: Any


class _Tokens(NamedTuple):
    """The tokens' hashes, mixed, and the rows they are of."""

    hashes: Any
    rows: Any


def array_sketch(xp: Any, texts: pa.Array, shingle: Shingle, banding: Banding) -> Sketch:
    """Sketch texts by the array module `xp`; the result is in the machine's memory."""
    offsets, data = text_buffers(texts)
    # A text of one word behind the others: no array on the device is ever empty.
    data = xp.concatenate([xp.asarray(data), xp.asarray(np.frombuffer(b"a", np.uint8))])
    offsets = xp.asarray(np.append(offsets, offsets[-1] + 1))
    count = len(offsets) - 1
    found = _characters(xp, data, offsets)
    tokens = _tokens(xp, found, shingle.characters)
    hashes, rows = _shingles(xp, tokens, count, shingle.size)
    starts = xp.searchsorted(rows, xp.arange(count + 1), side="left")
    keys = _keys(xp, hashes, rows, starts, banding)
    first = xp.asnumpy(starts).astype(np.int64)[:-1]
    shingles = Shingles(xp.asnumpy(hashes)[: first[-1]], first, np.diff(first).astype(np.int32))
    return Sketch(shingles, xp.asnumpy(keys)[:, :-1])


def _mix(xp: Any, value: Any) -> Any:
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))


def _powers(xp: Any, base: np.uint64, count: int) -> Any:
    """Return base**0, base**1, ... modulo 2**64."""
    factors = xp.full(count, base, dtype=np.uint64)
    factors[:1] = 1
    return xp.cumprod(factors, dtype=np.uint64)


def _characters(xp: Any, data: Any, offsets: Any) -> _Characters:
    """Decode UTF-8 and look each character up; those to be ignored are left out."""
    at = xp.flatnonzero((data & np.uint8(0xC0)) != np.uint8(0x80))
    octets = [data[xp.minimum(at + i, int(data.size) - 1)].astype(np.uint32) for i in range(4)]
    first, tail = octets[0], [octet & np.uint32(0x3F) for octet in octets[1:]]
    two = (first & np.uint32(0x1F)) << np.uint32(6) | tail[0]
    three = (first & np.uint32(0x0F)) << np.uint32(12) | tail[0] << np.uint32(6) | tail[1]
    four = (first & np.uint32(0x07)) << np.uint32(18) | tail[0] << np.uint32(12) | tail[1] << np.uint32(6) | tail[2]
    point = xp.where(first < 0x80, first, xp.where(first < 0xE0, two, xp.where(first < 0xF0, three, four)))
    entries = xp.asarray(characters().table)[xp.where(point < SIZE, point, np.uint32(0))]
    rows = xp.searchsorted(offsets, at, side="right") - 1
    there = entries >> np.uint32(CLASS_SHIFT) != IGNORED
    return _Characters(entries[there], rows[there])


def _tokens(xp: Any, found: _Characters, by_character: bool) -> _Tokens:
    entries, rows = found
    kind = entries >> np.uint32(CLASS_SHIFT)
    beside = xp.zeros(kind.size, dtype=bool)  # the character before is of the same text and no gap
    beside[1:] = (rows[1:] == rows[:-1]) & (kind[:-1] != GAP)
    if by_character:
        starts = (kind != GAP) & ((kind != MARK) | ~beside)
    else:
        opens = (kind != MARK) | ~beside
        base = _carried(xp, xp.where(kind == MARK, np.uint32(LETTER), kind), opens)
        before = xp.zeros_like(base)
        before[1:] = base[:-1]
        starts = (kind != GAP) & (~beside | (kind == ALONE) | ((kind == LETTER) & (before == ALONE)))
    gap_before = xp.zeros(kind.size, dtype=bool)
    gap_before[1:] = (rows[1:] == rows[:-1]) & (kind[:-1] == GAP)
    words = kind != GAP
    hashes = _polynomials(xp, entries[words], starts[words])
    of = rows[starts]
    if by_character:
        spaced = gap_before[starts]
        spaced[:1] = False
        spaced[1:] &= of[1:] == of[:-1]
        return _spaced(xp, hashes, of, spaced)
    return _Tokens(_mix(xp, hashes), of)


def _carried(xp: Any, values: Any, given: Any) -> Any:
    """Return the values, each that is not `given` replaced by the last one that is; the first one is."""
    return values[xp.flatnonzero(given)[xp.cumsum(given) - 1]]


def _spaced(xp: Any, hashes: Any, rows: Any, spaced: Any) -> _Tokens:
    """Put the token of a gap before each token that says so."""
    place = xp.arange(hashes.size) + xp.cumsum(spaced)
    size = hashes.size + int(spaced.sum())
    with_gaps, of = xp.full(size, SPACE, dtype=np.uint64), xp.zeros(size, dtype=rows.dtype)
    with_gaps[place] = hashes
    of[place] = rows
    of[place[spaced] - 1] = rows[spaced]
    return _Tokens(_mix(xp, with_gaps), of)


def _polynomials(xp: Any, entries: Any, starts: Any) -> Any:
    """Return sum(c[j] * P**(n - 1 - j)) over the folded code points of each token."""
    sequences = characters().sequences
    number = (entries & np.uint32(POINT)).astype(np.int64)
    several = (entries & np.uint32(SEQUENCE)) != 0
    lengths = xp.asarray(np.count_nonzero(sequences, axis=1).astype(np.int64))
    sizes = xp.ones(entries.size, dtype=np.int64)
    sizes[several] = lengths[number[several]]
    ends = xp.cumsum(sizes)
    total = int(ends[-1])
    owner = xp.searchsorted(ends, xp.arange(total), side="right")
    within = xp.arange(total) - (ends - sizes)[owner]
    points = number[owner].astype(np.uint64)
    long = several[owner]
    points[long] = xp.asarray(sequences)[number[owner][long], within[long]]
    sums = xp.zeros(total + 1, dtype=np.uint64)
    sums[1:] = xp.cumsum(points * _powers(xp, _UNP, total), dtype=np.uint64)
    first = (ends - sizes)[starts]
    last = xp.full(first.size, total, dtype=np.int64)
    last[:-1] = first[1:]
    return (sums[last] - sums[first]) * _powers(xp, P, total)[last - 1]


def _shingles(xp: Any, tokens: _Tokens, count: int, size: int) -> tuple[Any, Any]:
    """Return the shingle hashes and their rows."""
    hashes, rows = tokens
    ends = xp.searchsorted(rows, xp.arange(count), side="right")
    begins = xp.searchsorted(rows, xp.arange(count), side="left")
    at = xp.arange(hashes.size)
    left = ends[rows] - at
    there = (left >= size) | (at == begins[rows])
    at, left, rows = at[there], left[there], rows[there]
    total = xp.zeros(at.size, dtype=np.uint64)
    for j in range(size):
        total = xp.where(left > j, total * Q + hashes[xp.minimum(at + j, hashes.size - 1)], total)
    return (_mix(xp, total) >> np.uint64(32)).astype(np.uint32), rows


def _keys(xp: Any, hashes: Any, rows: Any, starts: Any, banding: Banding) -> Any:
    """Return the band keys, shape (bands, texts); 0 for texts without shingles."""
    factors, summands = Permutations.make(banding.values)
    there = starts[1:] > starts[:-1]
    last = (starts[1:] - 1)[there]
    longest = int((starts[1:] - starts[:-1]).max())
    keys = xp.zeros((banding.bands, int(there.size)), dtype=np.uint64)
    for band in range(banding.bands):
        key = xp.full(last.size, band, dtype=np.uint64)
        for k in range(band * banding.rows, (band + 1) * banding.rows):
            values = hashes * factors[k] + summands[k]
            key = key * Q + _running_minimum(xp, values, rows, longest)[last].astype(np.uint64)
        keys[band, there] = _mix(xp, key)
    return keys


def _running_minimum(xp: Any, values: Any, rows: Any, longest: int) -> Any:
    """Return the minimum of each row's values up to each place (Hillis and Steele's scan, by doubling steps)."""
    step = 1
    while step < longest:
        behind = xp.where(rows[step:] == rows[:-step], values[:-step], np.uint32(0xFFFFFFFF))
        values = xp.concatenate([values[:step], xp.minimum(values[step:], behind)])
        step *= 2
    return values
