"""What may stand around a log line: an extra pair of quotes, what syslog or a container runtime writes before it."""

from __future__ import annotations

import numpy as np
from numba import njit

from ..columns import Bytes, Ints, Slices, frozen
from ..scan import borrowed, find


def unwrapped(found: Slices) -> Slices:
    """Return the lines without what is wrapped around them; a line that is not wrapped comes back empty."""
    starts, ends = _unwrap(*(frozen(a) for a in (found.data, found.starts, found.ends)))
    return Slices(found.data, starts, ends)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _unwrap(data: Bytes, starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """Take off a pair of quotes, a syslog header up to `tag[pid]: ` or `tag: `, or one of RFC 5424, or `name | `."""
    data, new_starts, new_ends = borrowed(data), ends.copy(), ends.copy()
    for row in range(len(starts)):
        start, end = starts[row], ends[row]
        if end - start < 3:
            continue
        if data[start] == 34 and data[end - 1] == 34:
            new_starts[row], new_ends[row] = start + 1, end - 1
            continue
        if data[start] == 60:
            message = _message(data, np.int64(start), np.int64(end))
            if message > 0:
                new_starts[row] = message
                continue
        blanks = 0
        for at in range(start, min(start + 300, end - 2)):
            byte = data[at]
            if byte == 34 or byte == 123:  # a quote or a brace: the line itself has begun
                break
            if byte == 124 and data[at + 1] == 32 and at > start and data[at - 1] == 32:
                new_starts[row] = at + 2
                break
            if byte == 58 and data[at + 1] == 32 and at > start and (blanks >= 2 or data[at - 1] == 93):
                new_starts[row] = at + 2
                break
            blanks += byte == 32
    return new_starts, new_ends


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _message(data: Bytes, start: int, end: int) -> int:
    """Return where the message behind a header of RFC 5424 (section 6) begins, or -1 where there is none."""
    at = find(data, start, end, 62, 32) + 1  # <PRI>VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID
    if at >= end or data[at - 1] != 62 or data[at] < 49 or data[at] > 57:
        return -1
    for _ in range(6):
        at = find(data, at, end, 32, 32) + 1
    if at < end and data[at] == 45:
        at += 1
    else:
        while at < end and data[at] == 91:  # structured data; within its quotes a bracket is escaped
            at = find(data, at + 1, end, 93, 92)
            while at < end and data[at] == 92:
                at = find(data, at + 2, end, 93, 92)
            at += 1
    if at >= end or data[at] != 32:
        return -1
    at += 1
    if at + 3 < end and data[at] == 0xEF and data[at + 1] == 0xBB and data[at + 2] == 0xBF:
        at += 3
    return at
