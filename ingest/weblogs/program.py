"""A line format as a program of fields, run over whole blocks of text by compiled kernels.

A format is data: text before the first field, then fields, each of a kind, with the text that closes it and the
text up to the next. The kernels (fields.py) read one field of every line, then the next, and leave where each field
lies, the numbers it holds, and a status: kept, or which field was not there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..columns import Bytes, Slices, frozen
from ..times import CLF, Longs
from .fields import (
    ADDRESS,
    LOOSE,
    NAME,
    NUMBER,
    PORT,
    STATUS,
    TIME,
    WORD,
    Edge,
    begin,
    read_addresses,
    read_loose,
    read_numbers,
    read_texts,
    read_times,
)


class Field(NamedTuple):
    """One field: the column it fills, its kind, what closes it, what stands before the next, and its details.

    A NUMBER is multiplied by `scale` (to microseconds, from seconds with a fraction: 1,000,000; from nanoseconds:
    -1000, which divides).
    """

    name: str
    kind: int = WORD
    close: bytes = b""
    gap: bytes = b" "
    pattern: bytes = CLF
    scale: int = 1

    @property
    def reason(self) -> str:
        """The word in the rejects where the field is not there."""
        return "time" if self.kind == TIME else "fields" if self.kind in (WORD, NAME, ADDRESS, PORT) else self.name


class Parsed(NamedTuple):
    """What a block of lines came to. `fields[name]` and `numbers[name]` hold one value a line, kept or not.

    `status` indexes `reasons`; 0 is kept. A time fills `numbers[name]` (microseconds, UTC) and `zones[name]`.
    """

    status: npt.NDArray[np.uint8]
    reasons: list[str]
    fields: dict[str, Slices]
    numbers: dict[str, Longs]
    zones: dict[str, Longs]

    def take(self, rows: npt.NDArray[Any]) -> Parsed:
        """Return the same of some rows."""
        return Parsed(
            self.status[rows],
            self.reasons,
            {name: values.take(rows) for name, values in self.fields.items()},
            {name: values[rows] for name, values in self.numbers.items()},
            {name: values[rows] for name, values in self.zones.items()},
        )


@dataclass(frozen=True)
class LineFormat:
    """A format of lines. From field number `required` on, the line may end behind any field.

    A line that begins with `header` is none of the records.
    """

    name: str
    fields: tuple[Field, ...]
    before: bytes = b""
    required: int | None = None
    header: bytes = b""

    def parse(self, found: Slices) -> Parsed:
        """Run the format over lines, one field after the other."""
        data, ends = frozen(found.data), frozen(found.ends)
        at, status = begin(data, frozen(found.starts), ends, _bytes(self.before))
        ranges: dict[str, Slices] = {}
        numbers: dict[str, Longs] = {}
        zones: dict[str, Longs] = {}
        for field, edge in zip(self.fields, self._edges, strict=True):
            name, lines = field.name, (data, at, ends, status, edge)
            if field.kind == TIME:
                starts, stops, numbers[name], zones[name] = read_times(*lines, _bytes(field.pattern))
            elif field.kind in (STATUS, NUMBER):
                starts, stops, numbers[name] = read_numbers(*lines, field.kind, field.scale)
            elif field.kind == LOOSE:
                starts, stops = read_loose(*lines)
            elif field.kind == ADDRESS:
                starts, stops, *port = read_addresses(*lines)
            elif field.kind == PORT:
                starts, stops = port
            else:
                starts, stops = read_texts(*lines, field.kind)
            ranges[name] = Slices(found.data, starts, stops)
        return Parsed(status, self.reasons, ranges, numbers, zones)

    @cached_property
    def reasons(self) -> list[str]:
        """Why a line is refused, by status code."""
        return ["", "empty_line", "fields", "trailing", *(field.reason for field in self.fields)]

    @cached_property
    def _edges(self) -> list[Edge]:
        required = len(self.fields) if self.required is None else self.required
        made = []
        for i, field in enumerate(self.fields):
            end = i + (field.kind == ADDRESS)  # an address is read up to the end of its port
            last = end + 1 == len(self.fields)
            close, gap = self.fields[end].close, b"" if last else self.fields[end].gap
            made.append(Edge(_bytes(close + gap), len(close), last, end + 1 >= required, 4 + i))
        return made


def _bytes(text: bytes) -> Bytes:
    return frozen(np.frombuffer(text, np.uint8))
