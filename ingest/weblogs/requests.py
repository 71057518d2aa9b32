"""Request lines in their parts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from ..columns import Bytes, Ints, Slices, frozen
from ..scan import borrowed, find


class Request(NamedTuple):
    """A request line in its parts; what cannot be told is null."""

    method: Slices
    path: Slices
    query: Slices
    protocol: Slices


def split_requests(requests: Slices) -> Request:
    """Split `METHOD target PROTOCOL` lines (RFC 9112, section 3), the protocol optional as in HTTP/0.9."""
    cuts = _requests(*(frozen(a) for a in (requests.data, requests.starts, requests.ends)))
    return Request(*(Slices(requests.data, cuts[2 * i], cuts[2 * i + 1]) for i in range(4)))


def split_queries(targets: Slices) -> tuple[Slices, Slices]:
    """Split `path?query`; return the paths and the queries (null where there is no question mark)."""
    marks = _marks(*(frozen(a) for a in (targets.data, targets.starts, targets.ends)))
    asked = (targets.starts >= 0) & (marks < targets.ends)
    queries = Slices(targets.data, marks + np.int32(1), targets.ends).without(~asked)
    return Slices(targets.data, targets.starts, marks), queries


@njit(inline="always")  # type: ignore[untyped-decorator]
def _is_protocol(data: Bytes, start: int, end: int) -> bool:
    """Whether a range reads like `HTTP/1.1`: capitals, a slash, digits and dots."""
    at = start
    while at < end and 65 <= data[at] <= 90:
        at += 1
    if at == start or at + 1 >= end or data[at] != 47 or data[at + 1] < 48 or data[at + 1] > 57:
        return False
    for i in range(at + 1, end):
        if data[i] != 46 and (data[i] < 48 or data[i] > 57):
            return False
    return True


@njit(inline="always")  # type: ignore[untyped-decorator]
def _is_target(data: Bytes, start: int, end: int) -> bool:
    """Whether a range without a protocol behind it can only be a request target: a path, `*`, or a URL."""
    if start == end:
        return False
    if data[start] == 47 or (data[start] == 42 and end - start == 1):
        return True
    for i in range(start, end - 2):
        if data[i] == 58:
            return i > start and data[i + 1] == 47 and data[i + 2] == 47
        if not (97 <= (data[i] | 32) <= 122):
            return False
    return False


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _requests(data: Bytes, starts: Ints, ends: Ints) -> Ints:
    data = borrowed(data)
    cuts = np.full((8, len(starts)), -1, np.int32)
    for row in range(len(starts)):
        start, end = starts[row], ends[row]
        gap = start
        while gap < end and (97 <= (data[gap] | 32) <= 122 or data[gap] == 45 or data[gap] == 95):
            gap += 1
        if gap == start or gap >= end or data[gap] != 32 or gap - start > 32 or data[start] == 45:
            continue
        last = end
        while data[last - 1] != 32:
            last -= 1
        target_start, target_end = gap + 1, end
        if _is_protocol(data, last, end):
            cuts[6, row], cuts[7, row] = last, end
            target_end = max(target_start, last - 1)
        elif not _is_target(data, target_start, target_end):
            continue
        cuts[0, row], cuts[1, row] = start, gap
        if target_end == target_start:
            continue
        mark = find(data, target_start, target_end, 63, 63)
        cuts[2, row], cuts[3, row] = target_start, mark
        if mark < target_end:
            cuts[4, row], cuts[5, row] = mark + 1, target_end
    return cuts


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _marks(data: Bytes, starts: Ints, ends: Ints) -> Ints:
    """Return where the first question mark of each range stands, or its end."""
    data, found = borrowed(data), ends.copy()
    for row in range(len(starts)):
        if starts[row] >= 0:
            found[row] = find(data, starts[row], ends[row], 63, 63)
    return found
