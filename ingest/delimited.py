"""Comma- and tab-separated text as columns: RFC 4180, whole buffers at a time.

A quote counts only at the beginning of a field; inside a quoted field line ends and delimiters are text and two
quotes are one. A field that goes on after its closing quote (`"so" they said`) is taken as it stands, quotes
and all. LF, CR and CRLF end a record.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from . import columns
from .columns import Bytes, Slices, frozen
from .contract import no_rejects
from .streams import BLOCK, LONGEST, TextFile

Ints = npt.NDArray[np.int64]
REASONS = ["", "columns", "quote", "empty_line"]
_COLUMNS, _QUOTE, _EMPTY = 1, 2, 3
_LF, _CR, _QUOTE_BYTE = 10, 13, 34


class Records(NamedTuple):
    """A block of records: their columns as strings (empty is null), their numbers, and the rejects."""

    fields: list[pa.Array]
    numbers: npt.NDArray[np.int64]
    rejects: pa.Table
    raw: Slices


class Scanned(NamedTuple):
    """Fields and records of a buffer as byte ranges; `status` is a reason code, `used` where the next block begins."""

    starts: Ints
    ends: Ints
    doubled: npt.NDArray[np.bool_]
    first: Ints
    record_starts: Ints
    record_ends: Ints
    status: npt.NDArray[np.uint8]
    used: int


def scan(data: bytes, delimiter: str, final: bool) -> Scanned:
    """Cut a buffer into records and fields; with `final` its last record may lack a line end."""
    return Scanned(*_scan(frozen(np.frombuffer(data, np.uint8)), ord(delimiter), final))


def header(text: TextFile, delimiter: str, size: int = 1 << 20) -> list[str]:
    """Return the names in the first record of a file; no name where the file is empty."""
    head = text.head(size)[text.bom :]
    found = scan(head, delimiter, len(head) < size - text.bom)
    if not len(found.first):
        return []
    last = found.first[1] if len(found.first) > 1 else len(found.starts)
    return [
        head[found.starts[i] : found.ends[i]].replace(b'""', b'"').decode("utf-8", "backslashreplace")
        for i in range(found.first[0], last)
    ]


class Block(NamedTuple):
    """A buffer of whole records, where it begins in the text, and its fields; a record never lies in two."""

    position: int
    data: bytes
    found: Scanned


def blocks(text: TextFile, start: int, end: int | None, delimiter: str) -> Iterator[Block]:
    """Yield the records of a range, a buffer at a time.

    Where a record grows past `LONGEST` a quote was opened by mistake: its first line alone is the bad record, and
    reading goes on behind it.
    """
    rest = b""
    position = start
    parts = iter(text.parts(start, end, BLOCK))
    skip = text.bom if start == 0 else 0
    part = next(parts, None)
    while part is not None:
        following = next(parts, None)
        data, cut = rest + part[skip:], min(skip, len(part))
        position, skip = position + cut, skip - cut
        found = scan(data, delimiter, following is None)
        if len(found.first):
            yield Block(position, data, found)
        rest, part = data[found.used :], following
        position += found.used
        while len(rest) > LONGEST and following is not None:
            line, behind = _first_line(rest)
            yield Block(position, line, scan(line, delimiter, True))
            position += len(rest) - len(behind)
            found = scan(behind, delimiter, False)
            if len(found.first):
                yield Block(position, behind, found)
            rest = behind[found.used :]
            position += found.used


def records(
    text: TextFile,
    start: int,
    end: int | None,
    delimiter: str,
    width: int,
    first: int,
    source: str,
    fill: bool = False,
) -> Iterator[Records]:
    """Yield the records of a range with `width` fields each; `first` numbers the first of them.

    A range that starts at 0 begins with the header, which has no number. With `fill` the fields that a short record
    lacks at its end are null; without, it is a reject.
    """
    number = first - 1 if start == 0 else first
    for _, data, found in blocks(text, start, end, delimiter):
        count = len(found.first)
        sizes = np.diff(np.append(found.first, len(found.starts)))
        wrong = sizes > width if fill else sizes != width
        status = np.where((found.status == 0) & wrong, _COLUMNS, found.status)
        numbers = np.arange(number, number + count, dtype=np.int64)
        number += count
        here = numbers >= first
        good = np.flatnonzero((status == 0) & here)
        bad = np.flatnonzero((status != 0) & here)
        whole = Slices(
            np.frombuffer(data, np.uint8),
            found.record_starts.astype(np.int32),
            found.record_ends.astype(np.int32),
        )
        refused = (
            columns.rejects(source, text.file, numbers[bad], REASONS, status[bad], whole.take(bad))
            if len(bad)
            else no_rejects()
        )
        valid = columns.clean(data)
        fields = [
            field(whole.data, found, np.where(sizes[good] > column, found.first[good] + column, -1), valid)
            for column in range(width)
        ]
        yield Records(fields, numbers[good], refused, whole.take(good))


def resume(text: TextFile, end: int, delimiter: str) -> tuple[int, int]:
    """Return where to read on in a file read up to `end`, and the number of the record there (header not counted).

    A last record that had no line end then is read again, whole, from its beginning.
    """
    position, count, ended = text.bom, 0, True
    for block in blocks(text, 0, end, delimiter):
        found = block.found
        count += len(found.first)
        ended = block.data[found.used - 1 : found.used] in (b"\n", b"\r")
        position = block.position + (found.used if ended else int(found.record_starts[-1]))
    return position, max(1, count if ended else count - 1)


def _first_line(data: bytes) -> tuple[bytes, bytes]:
    """Return the first line without its end, and what follows it; CR LF is one line end."""
    at = min((found for found in (data.find(b"\n"), data.find(b"\r")) if found >= 0), default=len(data))
    return data[:at], data[at + (2 if data[at : at + 2] == b"\r\n" else 1) :]


def field(data: Bytes, found: Scanned, rows: Ints, valid: bool) -> pa.Array:
    """Return the fields given by number (below 0: absent) as strings; empty is null, doubled quotes are one."""
    starts, ends = found.starts[rows], found.ends[rows]
    empty = (starts == ends) | (rows < 0)
    values = columns.strings(
        Slices(data, np.where(empty, -1, starts).astype(np.int32), np.where(empty, -1, ends).astype(np.int32)),
        valid,
    )
    doubled = found.doubled[rows] & ~empty
    if not doubled.any():
        return values
    return pc.if_else(pa.array(doubled), pc.replace_substring(values, '""', '"'), values)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _scan(data: Any, delimiter: int, final: bool) -> Any:
    size = len(data)
    fields = 1
    lines = 1
    for i in range(size):
        byte = data[i]
        if byte == delimiter:
            fields += 1
        elif byte in (_LF, _CR):
            fields += 1
            lines += 1
    starts = np.empty(fields, np.int64)
    ends = np.empty(fields, np.int64)
    doubled = np.zeros(fields, np.bool_)
    first = np.empty(lines, np.int64)
    record_starts = np.empty(lines, np.int64)
    record_ends = np.empty(lines, np.int64)
    status = np.zeros(lines, np.uint8)
    field = 0
    record = 0
    at = 0
    used = 0
    while at < size:
        begin = at
        first_field = field
        reason = 0
        complete = False
        while True:
            if at < size and data[at] == _QUOTE_BYTE:
                at += 1
                starts[field] = at
                twice = False
                closed = False
                while at < size:
                    if data[at] == _QUOTE_BYTE:
                        if at + 1 < size and data[at + 1] == _QUOTE_BYTE:
                            twice = True
                            at += 2
                            continue
                        closed = True
                        break
                    at += 1
                ends[field] = at
                doubled[field] = twice
                if closed:
                    at += 1
                    if at < size and data[at] != delimiter and data[at] != _LF and data[at] != _CR:
                        starts[field] -= 1
                        doubled[field] = False
                        while at < size and data[at] != delimiter and data[at] != _LF and data[at] != _CR:
                            at += 1
                        ends[field] = at
                else:
                    reason = _QUOTE
            else:
                starts[field] = at
                while at < size and data[at] != delimiter and data[at] != _LF and data[at] != _CR:
                    at += 1
                ends[field] = at
                doubled[field] = False
            field += 1
            if at < size and data[at] == delimiter:
                at += 1
                continue
            break
        end = at
        if at < size:
            if data[at] == _CR:
                at += 1
                if at < size:
                    complete = True
                    if data[at] == _LF:
                        at += 1
                else:
                    complete = final
            else:
                at += 1
                complete = True
        else:
            complete = final
        if not complete:
            field = first_field
            break
        if end == begin:
            reason = _EMPTY
        first[record] = first_field
        record_starts[record] = begin
        record_ends[record] = end
        status[record] = reason
        record += 1
        used = at
    return (
        starts[:field],
        ends[:field],
        doubled[:field],
        first[:record],
        record_starts[:record],
        record_ends[:record],
        status[:record],
        used,
    )
