"""Lines through formats: each line by the first format that reads it, then once more without its wrapping."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..columns import Slices
from .formats import LINES
from .json_formats import OBJECTS, compile_json
from .objects import JsonFormat
from .program import LineFormat, Parsed
from .template import compile_template, unwrap
from .unwrap import unwrapped
from .w3c import W3C, State, W3cFormat, compile_fields, realtime

Format = LineFormat | JsonFormat | W3cFormat
Rows = npt.NDArray[np.int64]
NAMES: dict[str, Format] = {**LINES, **OBJECTS, **W3C, "cloudfront_realtime": realtime()}
"""Every format that has a name."""


class Kept(NamedTuple):
    """Lines that one format read: which they are, and what they came to."""

    format: Format
    rows: Rows
    parsed: Parsed


class Lines(NamedTuple):
    """What became of a block of lines. `refused` are the others, `words[codes[i]]` why; directives are neither."""

    kept: list[Kept]
    refused: Rows
    codes: npt.NDArray[np.uint8]
    words: list[str]


def is_template(text: str) -> bool:
    """Whether a format is written out, and no name."""
    return any(mark in text for mark in "%${#")


def compile_format(text: str) -> Format:
    """Return the format of a name, a `LogFormat` or `log_format` string, or a `#Fields:` line. Raises ConfigError."""
    if text in NAMES:
        return NAMES[text]
    if text.lstrip().startswith("#"):
        return compile_fields(text)
    return compile_json(text) if unwrap(text).lstrip().startswith("{") and "$" in text else compile_template(text)


class Reader:
    """Reads blocks of one file in order, with one or several formats; it remembers the W3C directives it saw."""

    def __init__(self, formats: list[Format], state: State | None = None) -> None:
        self.formats = formats
        begins = [f.begin() for f in formats if isinstance(f, W3cFormat)]
        self._directed = bool(begins)
        self._headers = [f.header for f in formats if isinstance(f, LineFormat) and f.header]
        self.state = state or (begins[0] if begins else State())

    def read(self, found: Slices) -> Iterator[Lines]:
        """Yield what became of the lines, a stretch between two directives at a time."""
        count = len(found.starts)
        marks = self._directives(found) if self._directed or self._headers else np.zeros(0, np.int64)
        start = 0
        for mark in [*marks.tolist(), count]:
            if mark > start:
                yield self._stretch(found, np.arange(start, mark))
            if mark < count and self._directed:
                self.state = self.state.after(found.data[found.starts[mark] : found.ends[mark]].tobytes())
            start = mark + 1

    def _directives(self, found: Slices) -> Rows:
        """Return the lines that are no records: W3C directives, headers of CSV files."""
        full = np.flatnonzero(found.ends > found.starts)
        marks = [*([b"#"] if self._directed else []), *self._headers]
        for i in range(max(len(mark) for mark in marks)):
            byte = found.data[np.minimum(found.starts[full] + i, len(found.data) - 1)]
            full = full[np.isin(byte, np.frombuffer(b"".join(mark[i : i + 1] for mark in marks), np.uint8))]
            if any(len(mark) == i + 1 for mark in marks):
                break
        return full

    def _stretch(self, found: Slices, rows: Rows) -> Lines:
        kept: list[Kept] = []
        codes = np.zeros(0, np.uint8)
        words: list[str] = []
        left = rows
        for wrapped in (False, True):
            for format in self.formats:
                if not len(left):
                    break
                lines = found if len(left) == len(found.starts) else found.take(left)
                lines = unwrapped(lines) if wrapped else lines
                if wrapped and not (lines.ends > lines.starts).any():
                    break
                parsed = self._parse(format, lines)
                good = parsed.status == 0
                if not words:
                    codes, words = parsed.status[~good], parsed.reasons
                else:
                    codes = codes[~good]
                if good.all():
                    kept.append(Kept(format, left, parsed))
                    left = left[:0]
                elif good.any():
                    kept.append(Kept(format, left[good], parsed.take(np.flatnonzero(good))))
                    left = left[~good]
        return Lines(kept, left, codes, words)

    def _parse(self, format: Format, lines: Slices) -> Parsed:
        return format.parse(lines, self.state) if isinstance(format, W3cFormat) else format.parse(lines)


def state_before(reader: Reader, blocks: Iterator[Any], mark: int) -> State:
    """Return the W3C directives in force behind some blocks of a file."""
    for block in blocks:
        at = 0
        while (at := block.find(b"#", at)) >= 0:
            end = block.find(bytes([mark]), at)
            end = len(block) if end < 0 else end
            if at == 0 or block[at - 1] == mark:
                reader.state = reader.state.after(block[at:end].rstrip(b"\r"))
            at = end
    return reader.state
