"""The data files of a release: Parquet as it was reviewed, or JSON lines or CSV made of it.

In CSV no cell is a formula: a text that begins with = + - @, a tab or a line end gets an apostrophe before it (OWASP,
"CSV Injection"), their full-width forms too; every text stands in quotes (RFC 4180), null is the empty field without.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from ..storage import filesystem

FORMATS = ("parquet", "jsonl", "csv")
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_UNSEEN = "".join(
    map(chr, (*range(0x21), 0x85, 0xA0, 0xAD, *range(0x2000, 0x2010), 0x2028, 0x2029, 0x202F, 0x2060, 0x3000, 0xFEFF))
)
"""Signs that some programs pass over before they look whether a cell is a formula."""
_ROWS = 1 << 14


def write_as(form: str, location: str, sink: BinaryIO) -> None:
    """Write the rows of a Parquet file as JSON lines or CSV, batch by batch."""
    fs, inner = filesystem(location)
    with fs.open_input_file(inner) as source:
        file = pq.ParquetFile(source)
        if form == "csv":
            sink.write((",".join(_text(name) for name in file.schema_arrow.names) + "\r\n").encode())
        write = _WRITERS[form]
        for batch in file.iter_batches(batch_size=_ROWS):
            sink.write("".join(write(batch)).encode("utf-8", "surrogatepass"))


def _json_lines(batch: pa.RecordBatch) -> Iterator[str]:
    for row in batch.to_pylist():
        yield json.dumps(row, ensure_ascii=False, separators=(",", ":"), default=_plain) + "\n"


def _csv(batch: pa.RecordBatch) -> Iterator[str]:
    for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
        yield ",".join(_cell(value) for value in row) + "\r\n"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return _text(value)
    return _text(_plain(value) if not isinstance(value, list | dict) else json.dumps(value, default=_plain))


def _text(value: str) -> str:
    guarded = f"'{value}" if value.startswith(_FORMULA) or value.lstrip(_UNSEEN).startswith(_FORMULA) else value
    return '"' + guarded.replace('"', '""') + '"'


def _plain(value: Any) -> str:
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


_WRITERS: dict[str, Callable[[pa.RecordBatch], Iterator[str]]] = {"jsonl": _json_lines, "csv": _csv}
