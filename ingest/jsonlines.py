"""JSON lines as records: one object a line, what is no object is a reject."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

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
        data = np.frombuffer(block, np.uint8)
        found = columns.lines(data, text.mark[0])
        count = len(found.starts)
        status = np.zeros(count, np.uint8)
        made: list[dict[str, Any]] = []
        read = parse if has_long_number(data) else _fast
        with no_collection():
            for line, (low, high) in enumerate(zip(found.starts.tolist(), found.ends.tolist(), strict=True)):
                value = read(block[low:high])
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


@contextmanager
def no_collection() -> Iterator[None]:
    """Keep the garbage collector from looking, again and again, through objects that hold no cycles."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def parse(line: bytes) -> Any:
    """Return the JSON value of a line, None where it is none; bytes that are no UTF-8 become escapes."""
    try:
        return json.loads(line.decode("utf-8", "backslashreplace"))
    except (ValueError, RecursionError):
        return None


def _fast(line: bytes) -> Any:
    """Return what `parse` does, sooner; for lines whose whole numbers fit 64 bits."""
    try:
        return orjson.loads(line)
    except ValueError:  # what the standard library reads all the same: NaN, halves of surrogate pairs, odd bytes
        return parse(line)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def has_long_number(data: npt.NDArray[np.uint8]) -> bool:
    """Whether there are so many digits in a row that a whole number may not fit 64 bits."""
    digits, limit = 0, 20
    for at in range(len(data)):
        if 48 <= data[at] <= 57:
            if digits == 0:
                limit = 19 if at > 0 and data[at - 1] == 45 else 20
            digits += 1
            if digits >= limit:
                return True
        else:
            digits = 0
    return False


def column(values: list[Any]) -> pa.Array:
    """Return JSON values as a column of text, each as `text_of` gives it."""
    kinds = set(map(type, values))
    kinds.discard(type(None))
    try:
        if kinds <= {str}:
            made = pa.array(values, pa.string())
            return pc.if_else(pc.equal(made, ""), pa.scalar(None, pa.string()), made)
        if kinds == {int} or kinds == {bool}:
            return pa.array(values, pa.int64() if kinds == {int} else pa.bool_()).cast(pa.string())
    except (UnicodeEncodeError, OverflowError):
        pass  # half a surrogate pair, a number beyond 64 bits
    return pa.array([text_of(value) for value in values], pa.string())


def text_of(value: Any) -> str | None:
    """Return a JSON value as the text of a column: strings as they are, the rest as JSON; null and "" are null.

    Half a surrogate pair, which JSON can spell and UTF-8 cannot, stays as its escape.
    """
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
