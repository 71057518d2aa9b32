"""What may stand around a log line: an extra pair of quotes, what syslog or a container runtime writes before it."""

from __future__ import annotations

from numba import njit

from ..columns import Bytes, Ints, Slices, frozen


def unwrapped(found: Slices) -> Slices:
    """Return the lines without what is wrapped around them; a line that is not wrapped comes back empty."""
    starts, ends = _unwrap(*(frozen(a) for a in (found.data, found.starts, found.ends)))
    return Slices(found.data, starts, ends)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _unwrap(data: Bytes, starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """Take off a pair of quotes, `tag[pid]: ` or `tag: ` behind a syslog header, or `name | `."""
    new_starts, new_ends = ends.copy(), ends.copy()
    for row in range(len(starts)):
        start, end = starts[row], ends[row]
        if end - start < 3:
            continue
        if data[start] == 34 and data[end - 1] == 34:
            new_starts[row], new_ends[row] = start + 1, end - 1
            continue
        blanks = 0
        for at in range(start, min(start + 300, end - 2)):
            byte = data[at]
            if byte == 34 or byte == 123:  # a quote or a brace: the line itself has begun
                break
            if byte == 124 and data[at + 1] == 32 and at > start and data[at - 1] == 32:
                new_starts[row] = at + 2
                break
            if byte == 58 and data[at + 1] == 32 and blanks >= 3:
                new_starts[row] = at + 2
                break
            blanks += byte == 32
    return new_starts, new_ends
