"""JSON access logs: one object a line, its wanted values found by one compiled walk over the bytes.

The walk follows the keys of a small tree, checks the structure of the line to its end (RFC 8259), and leaves where
each wanted value lies; it makes no Python object. Where several keys may name one column, the one that the format names
first counts, of those that are there and not null; of a list, its first value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from ..columns import Bytes, Ints, Slices, frozen
from ..scan import borrowed, find
from ..times import Longs, times
from .escapes import unescaped
from .fields import ABSENT, ADDRESS, EMPTY, NUMBER, STATUS, TIME, read_number
from .program import Field, Parsed

_DEPTH = 64  # deeper nesting than this is refused
_NOT_JSON = 2


@dataclass(frozen=True)
class JsonFormat:
    """A format of JSON lines. `paths` maps keys (`request>headers>Host`) to the names of `fields`.

    `needed` are the fields without which a line is no request (`a|b`: one of them); their name is the reason in the
    rejects.
    """

    name: str
    fields: tuple[Field, ...]
    paths: Mapping[str, str]
    needed: tuple[str, ...] = ("ts",)

    def parse(self, found: Slices) -> Parsed:
        """Run the format over lines; `fields["json"]` is the whole line."""
        good, starts, ends, escaped = _walk(
            *(frozen(a) for a in (found.data, found.starts, found.ends)), *self._tree, len(self.fields)
        )
        status = np.where(found.starts == found.ends, EMPTY, np.where(good, 0, _NOT_JSON)).astype(np.uint8)
        fields = {"json": found}
        numbers: dict[str, Longs] = {}
        zones: dict[str, Longs] = {}
        for i, field in enumerate(self.fields):
            values = Slices(found.data, starts[i], ends[i])
            if escaped[i].any():
                values = unescaped(values, escaped[i])
            if field.kind == ADDRESS:
                values = Slices(values.data, *_addresses(*(frozen(a) for a in values)))
            fields[field.name] = values
            wrong = np.zeros(len(status), np.bool_)
            where = tuple(frozen(a) for a in values)
            if field.kind == TIME:
                wrong, numbers[field.name], zones[field.name] = times(
                    *where, frozen(np.frombuffer(field.pattern, np.uint8))
                )
                numbers[field.name][values.starts < 0] = ABSENT
            elif field.kind in (STATUS, NUMBER):
                numbers[field.name] = _numbers(*where, field.scale)
                wrong = numbers[field.name] == -1
            status = np.where((status == 0) & wrong, np.uint8(3 + i), status)
        for group in self.needed:
            some = [name for name in group.split("|") if name in fields]
            missing = np.all([fields[name].starts < 0 for name in some], axis=0)
            code = 3 + [field.name for field in self.fields].index(some[0])
            status = np.where((status == 0) & missing, np.uint8(code), status)
        return Parsed(status, self.reasons, fields, numbers, zones)

    @cached_property
    def reasons(self) -> list[str]:
        """Why a line is refused, by status code."""
        return ["", "empty_line", "json", *("time" if f.kind == TIME else f.name for f in self.fields)]

    @cached_property
    def _tree(self) -> tuple[Any, ...]:
        slots = {field.name: i for i, field in enumerate(self.fields)}
        nodes: dict[tuple[str, ...], int] = {(): 0}
        edges: list[tuple[int, bytes, int]] = []
        leaves, ranks = [-1], [0]
        for rank, (path, name) in enumerate(self.paths.items()):
            keys = tuple(path.split(">"))
            for depth in range(1, len(keys) + 1):
                if keys[:depth] not in nodes:
                    nodes[keys[:depth]] = len(leaves)
                    edges.append((nodes[keys[: depth - 1]], keys[depth - 1].encode(), len(leaves)))
                    leaves.append(-1)
                    ranks.append(0)
            leaves[nodes[keys]], ranks[nodes[keys]] = slots[name], rank
        edges.sort(key=lambda edge: edge[0])
        ends = np.cumsum([len(key) for _, key, _ in edges])
        text = b"".join(key for _, key, _ in edges)
        table = [(parent, end - len(key), end, child) for (parent, key, child), end in zip(edges, ends, strict=True)]
        return (
            frozen(np.frombuffer(text, np.uint8)),
            frozen(np.array(table, np.int32).reshape(-1, 4)),
            frozen(np.array([leaves, ranks], np.int32)),
        )


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _numbers(data: Bytes, starts: Ints, ends: Ints, scale: int) -> Longs:
    data, out = borrowed(data), np.full(len(starts), ABSENT, np.int64)
    for row in range(len(starts)):
        if starts[row] >= 0 and ends[row] > starts[row]:
            start, end = np.int64(starts[row]), np.int64(ends[row])
            out[row] = read_number(data, start, end - (data[end - 1] == 115), scale)  # `0.012s` are seconds
    return out


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _addresses(data: Bytes, starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """Return the ranges of the hosts in `host`, `host:port` and `[address]:port`; an IPv6 address stays whole."""
    new_starts, new_ends = starts.copy(), ends.copy()
    for row in range(len(starts)):
        start, end = starts[row], ends[row]
        colon = end - 1
        while colon > start and 48 <= data[colon] <= 57:
            colon -= 1
        if start < 0 or colon <= start:
            continue
        stop = colon if colon < end - 1 and data[colon] == 58 else end
        if data[start] == 91 and data[stop - 1] == 93:
            new_starts[row], new_ends[row] = start + 1, stop - 1
        elif find(data, start, stop, 58, 58) == stop:
            new_ends[row] = stop
    return new_starts, new_ends


@njit(inline="always")  # type: ignore[untyped-decorator]
def _blank(data: Bytes, at: int, end: int) -> int:
    while at < end and (data[at] == 32 or data[at] == 9 or data[at] == 13):
        at += 1
    return at


@njit(inline="always")  # type: ignore[untyped-decorator]
def _string(data: Bytes, at: int, end: int) -> tuple[int, bool]:
    """Return the place of the quote that closes a string whose text begins at `at` (-1: none), and if it escapes."""
    escapes = False
    at = find(data, at, end, 34, 92)
    while at < end:
        if data[at] == 34:
            return at, escapes
        escapes = True
        if at + 1 >= end:
            break
        kind = data[at + 1]
        size = 2
        if kind == 117:
            size = 6
            for i in range(at + 2, min(at + 6, end)):
                letter = data[i] | 32
                if not (48 <= data[i] <= 57 or 97 <= letter <= 102):
                    return -1, escapes
        elif not (
            kind == 34
            or kind == 92
            or kind == 47
            or kind == 98
            or kind == 102
            or kind == 110
            or kind == 114
            or kind == 116
        ):
            break
        at = find(data, at + size, end, 34, 92)
    return -1, escapes


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _bare(data: Bytes, at: int, end: int) -> int:
    """Return the place behind a number, true, false or null at `at`, or -1 where there is none."""
    start = at
    while at < end and (
        48 <= data[at] <= 57
        or 97 <= data[at] <= 122
        or data[at] == 45
        or data[at] == 43
        or data[at] == 46
        or data[at] == 69
    ):
        at += 1
    size = at - start
    if size == 0:
        return -1
    first = data[start]
    if first == 45 or 48 <= first <= 57:
        for i in range(start, at):
            if 97 <= data[i] <= 122 and data[i] != 101:
                return -1
        return at
    word = b"truefalsenull"
    low, high = (0, 4) if first == 116 else ((4, 9) if first == 102 else (9, 13))
    if size != high - low:
        return -1
    for i in range(size):
        if data[start + i] != word[low + i]:
            return -1
    return at


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _child(data: Bytes, low: int, high: int, node: int, text: Bytes, edges: Ints) -> int:
    """Return the node under `node` that a key leads to, or -1."""
    for e in range(len(edges)):
        if edges[e, 0] != node or edges[e, 2] - edges[e, 1] != high - low:
            continue
        same = True
        for i in range(high - low):
            if data[low + i] != text[edges[e, 1] + i]:
                same = False
                break
        if same:
            return edges[e, 3]
    return -1


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _walk(
    data: Bytes, line_starts: Ints, line_ends: Ints, text: Bytes, edges: Ints, leaves: Ints, width: int
) -> tuple[npt.NDArray[np.bool_], Ints, Ints, npt.NDArray[np.bool_]]:
    count, data, text, edges = len(line_starts), borrowed(data), borrowed(text), borrowed(edges)
    good = np.zeros(count, np.bool_)
    starts = np.full((width, count), -1, np.int32)
    ends = np.full((width, count), -1, np.int32)
    escaped = np.zeros((width, count), np.bool_)
    ranks = np.zeros(width, np.int32)
    nodes = np.zeros(_DEPTH, np.int32)
    lists = np.zeros(_DEPTH, np.bool_)
    for row in range(count):
        end = np.int64(line_ends[row])
        at = _blank(data, np.int64(line_starts[row]), end)
        if at >= end or data[at] != 123:
            continue
        at = _blank(data, at + 1, end)
        depth, nodes[0], lists[0], first = 1, 0, False, True
        while depth > 0:
            at = _blank(data, at, end)
            if at >= end:
                break
            if data[at] == (93 if lists[depth - 1] else 125):
                depth -= 1
                at += 1
                first = False
                continue
            if not first:
                if data[at] != 44:
                    break
                at = _blank(data, at + 1, end)
            first = False
            node = nodes[depth - 1]
            if not lists[depth - 1]:
                if at >= end or data[at] != 34:
                    break
                stop, _ = _string(data, at + 1, end)
                if stop < 0:
                    break
                node = _child(data, at + 1, stop, node, text, edges) if node >= 0 else -1
                at = _blank(data, stop + 1, end)
                if at >= end or data[at] != 58:
                    break
                at = _blank(data, at + 1, end)
            if at >= end:
                break
            byte = data[at]
            if byte == 123 or byte == 91:
                if depth == _DEPTH:
                    break
                nodes[depth], lists[depth], first = node, byte == 91, True
                depth += 1
                at += 1
                continue
            escapes = False
            if byte == 34:
                low = at + 1
                high, escapes = _string(data, low, end)
                after = high + 1
            else:
                low = at
                high = after = _bare(data, at, end)
            if high < 0:
                break
            slot = leaves[0, node] if node >= 0 else -1
            if slot >= 0 and not (byte == 110 and high - low == 4):
                if starts[slot, row] < 0 or leaves[1, node] < ranks[slot]:
                    starts[slot, row], ends[slot, row], escaped[slot, row] = low, high, escapes
                    ranks[slot] = leaves[1, node]
            at = after
        good[row] = depth == 0 and _blank(data, at, end) == end
    return good, starts, ends, escaped
