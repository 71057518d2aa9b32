"""Stored files as records, whatever holds them: JSON lines, one JSON document, CSV, or lines of text.

A document that is damaged gives the records before the damage, and what follows as one reject.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pyarrow as pa

from ..errors import SourceError
from . import columns, delimited, jsonlines
from .contract import Split
from .stored import opened
from .streams import HEAD, TextFile

LINES = "lines"
LARGEST = 256 * 1024 * 1024
"""A single JSON document is held in memory; lines and CSV of any size are not."""
_PIECE = 1 << 20
_ASSIGNED = re.compile(rb"\s*(?:window\.|var |let |const |module\.exports|exports\.)[^=\[{]{0,200}=\s*(?=[\[{])")
_SPACE = " \t\r\n"
_DECODER = json.JSONDecoder()


class Found(NamedTuple):
    """One record: its number, its text as received, and its value, or the reason why it has none."""

    number: int
    raw: str | bytes
    value: Any
    reason: str = ""


Records = Callable[[Any], Iterator[Any]]
"""Takes a JSON value as stored and yields the records in it."""


def one(value: Any) -> Iterator[Any]:
    """Yield the members of a list, or else the value itself."""
    yield from value if isinstance(value, list) else [value]


def json_records(text: TextFile, split: Split, records: Records = one) -> Iterator[Found]:
    """Yield the records of a JSON document (a script that assigns one counts), or of JSON lines.

    Records are numbered, in a split whose `extra` says LINES by the line they stand in: such a split may be a range of
    its file. Raises SourceError for a document that is larger than LARGEST.
    """
    if LINES in split.extra:
        for number, raw, value, reason in _lines(text, split):
            members = [value] if reason else list(records(value))
            yield from (Found(number, raw if member is value else dumps(member), member, reason) for member in members)
        return
    stored = (found[1:] for found in _lines(text, split)) if _is_lines(text) else _document(text, split)
    number = 0
    for raw, value, reason in stored:
        if reason:
            number += 1
            yield Found(number, raw, None, reason)
            continue
        members = list(records(value))
        for member in members:
            number += 1
            whole = len(members) == 1 and member is value
            yield Found(number, raw if whole and raw else dumps(member), member)


def csv_records(text: TextFile, split: Split, delimiter: str = ",", names: list[str] | None = None) -> Iterator[Found]:
    """Yield the rows of a CSV file as dictionaries; its first record holds the names, unless `names` are given."""
    header = delimited.header(text, delimiter)
    listed, shift = names or header, 0
    if names and header:
        shift, first = 1, [value or None for value in header]
        fits = len(header) == len(names)
        value = dict(zip(names, first, strict=True)) if fits else None
        yield Found(1, dumps(header), value, "" if fits else "columns")
    for block in delimited.records(text, 0, split.end, delimiter, len(listed), 1, split.source):
        yield from (
            Found(line + shift, raw, None, reason)
            for line, reason, raw in zip(
                *(block.rejects[n].to_pylist() for n in ("line", "reason", "raw")), strict=True
            )
        )
        values = [field.to_pylist() for field in block.fields]
        raws = columns.strings(block.raw, False).to_pylist()
        for row, (number, raw) in enumerate(zip(block.numbers.tolist(), raws, strict=True)):
            yield Found(number + shift, raw, {name: column[row] for name, column in zip(listed, values, strict=True)})


def text_lines(text: TextFile, split: Split) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text file with their numbers; bytes that are no UTF-8 become escapes."""
    number = 0
    for block in text.blocks(0, split.end):
        body = block.decode("utf-8", "backslashreplace")
        for line in body.removesuffix("\n").removesuffix("\r").split("\n" if text.mark == b"\n" else "\r"):
            number += 1
            yield number, line.removesuffix("\r")


def parquet_records(path: str, file: str) -> Iterator[Found]:
    """Yield the rows of a Parquet file as dictionaries. Raises SourceError where it is damaged."""
    import pyarrow.parquet as pq

    try:
        number = 0
        with opened(path) as handle, pq.ParquetFile(handle) as stored:
            for batch in stored.iter_batches(batch_size=8192):
                for value in batch.to_pylist():
                    number += 1
                    yield Found(number, dumps(value), value)
    except (pa.ArrowException, OSError, ValueError):  # its text may quote a value
        raise SourceError(
            f"{file} is damaged Parquet", "write the file again, or move it out of the path", file=file, retryable=False
        ) from None


def dumps(value: Any) -> str:
    """Return a value as compact JSON that is valid UTF-8."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def whole(text: TextFile, split: Split) -> bytes:
    """Return a file's text without its byte order mark. Raises SourceError where it is larger than LARGEST."""
    parts, size = [], 0
    for part in text.parts(0, split.end, _PIECE):
        parts.append(part)
        size += len(part)
        if size > LARGEST:
            raise SourceError(
                f"{split.file} is one document of more than {LARGEST >> 20} MiB",
                "turn it into JSON lines, for instance with jq -c '.[]'",
                file=split.file,
                retryable=False,
            )
    return b"".join(parts)[text.bom :]


def _is_lines(text: TextFile) -> bool:
    """Tell JSON lines from a JSON document by the first lines: in the former one of them is an object by itself."""
    head = text.head(HEAD)[text.bom :].lstrip()
    if _ASSIGNED.match(head) or head[:1] == b"[":
        return False
    first = head.split(text.mark, 5)
    if head[:1] != b"{":
        return True
    return len(first) > 1 and any(isinstance(jsonlines.parse(line), dict) for line in first[:5])


def one_a_line(text: TextFile, records: Records = one) -> bool:
    """Whether a file holds JSON lines of which each is one record, as far as its beginning tells."""
    head = text.head(HEAD)[text.bom :].lstrip()
    lines = head.split(text.mark)[:-1]
    if not lines or not isinstance(jsonlines.parse(lines[0]), dict):
        return False
    values = [value for line in lines if isinstance(value := jsonlines.parse(line), dict)]
    return all(list(records(value)) == [value] for value in values)


def _lines(text: TextFile, split: Split) -> Iterator[tuple[int, str | bytes, Any, str]]:
    for block in jsonlines.objects(text, split.start, split.end, split.first_line, split.source):
        good = zip(block.numbers.tolist(), block.text.to_pylist(), block.objects, strict=True)
        bad = zip(*(block.rejects[name].to_pylist() for name in ("line", "raw", "reason")), strict=True)
        found: list[tuple[int, str | bytes, Any, str]] = [(number, raw, value, "") for number, raw, value in good]
        bad_lines = [(number, raw, None, reason) for number, raw, reason in bad]
        found += bad_lines
        yield from sorted(found, key=lambda each: each[0]) if bad_lines else found


def _document(text: TextFile, split: Split) -> Iterator[tuple[str | bytes, Any, str]]:
    data = whole(text, split)
    assigned = _ASSIGNED.match(data)
    data = data[assigned.end() :].rstrip().removesuffix(b";") if assigned else data
    body = data.decode("utf-8", "backslashreplace").strip(_SPACE)
    try:
        yield "", json.loads(body), ""
    except (ValueError, RecursionError):
        yield from _salvage(body) if body.startswith("[") else [(body.encode(), None, "json")]


def _salvage(body: str) -> Iterator[tuple[str | bytes, Any, str]]:
    """Yield the members of a damaged array one by one, and the rest from the first damage on as a reject."""
    at = 1
    while True:
        while at < len(body) and body[at] in _SPACE + ",":
            at += 1
        if at >= len(body):
            return
        try:
            value, end = _DECODER.raw_decode(body, at)
        except (ValueError, RecursionError):
            yield body[at:].encode(), None, "json"
            return
        yield body[at:end], value, ""
        at = end
