"""JSON lines as records: one object a line, what is no object is a reject."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from . import columns
from .columns import Slices
from .contract import no_rejects
from .streams import BLOCK, TextFile

REASONS = ["", "json", "empty_line"]
_JSON, _EMPTY = 1, 2


class Objects(NamedTuple):
    """A block of JSON lines: the objects, their text as received, their numbers, and the rejects."""

    objects: list[dict[str, Any]]
    text: pa.Array
    numbers: npt.NDArray[np.int64]
    rejects: pa.Table


def objects(text: TextFile, start: int, end: int | None, first: int, source: str) -> Iterator[Objects]:
    """Yield the JSON objects of a range of lines; `first` numbers the first line."""
    for block in text.blocks(start, end, BLOCK):
        found = columns.lines(np.frombuffer(block, np.uint8), text.mark[0])
        count = len(found.starts)
        status = np.zeros(count, np.uint8)
        made: list[dict[str, Any]] = []
        for line, (low, high) in enumerate(zip(found.starts.tolist(), found.ends.tolist(), strict=True)):
            value = parse(block[low:high])
            if isinstance(value, dict):
                made.append(value)
            else:
                status[line] = _EMPTY if low == high else _JSON
        good, bad = np.flatnonzero(status == 0), np.flatnonzero(status)
        numbers = np.arange(first, first + count, dtype=np.int64)
        first += count
        refused = (
            columns.rejects(source, text.file, numbers[bad], REASONS, status[bad], found.take(bad))
            if len(bad)
            else no_rejects()
        )
        kept = columns.strings(Slices(*found.take(good)), columns.clean(block), slashes=2)
        yield Objects(made, kept, numbers[good], refused)


def parse(line: bytes) -> Any:
    """Return the JSON value of a line, None where it is none; bytes that are no UTF-8 become escapes."""
    try:
        return json.loads(line.decode("utf-8", "backslashreplace"))
    except (ValueError, RecursionError):
        return None


def text_of(value: Any) -> str | None:
    """Return a JSON value as the text of a column: strings as they are, the rest as JSON; null and "" are null.

    Half a surrogate pair, which JSON can spell and UTF-8 cannot, stays as its escape.
    """
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
