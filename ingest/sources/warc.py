"""The connector for web archives: WARC, WET and ARC files, such as those of Common Crawl."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from ...errors import MissingExtra, SourceError
from .. import columns
from ..columns import constant
from ..contract import Pulled, Split, source
from ..convert import convert
from ..files import FileConfig, FileSource
from ..schemas import TIMESTAMP
from ..streams import TextFile

Record = Literal["response", "resource", "conversion", "request", "metadata", "warcinfo", "revisit"]
_BATCH = 256
_PIECE = 256 * 1024
_BEGINS = (b"WARC/", b"filedesc://")
_TEXTUAL = ("text/", "application/json", "application/xml", "application/xhtml", "application/javascript")


class WarcConfig(FileConfig):
    """Where the archives are, and which of their records are wanted."""

    records: list[Record] = Field(
        ["response", "resource", "conversion"], description="kinds of record to read; conversion: the text of WET files"
    )
    content_bytes: int = Field(
        1024 * 1024, ge=0, description="how much of a page is kept, in bytes; `length` tells how long it was"
    )


@source("warc")
class Warc(FileSource):
    """Web archives: WARC, WET and ARC files (Common Crawl, browsers' archives), plain or compressed, one row a record.

    `content` is the page as text, decoded from chunks, compression and its charset; null where it is no text. A
    record whose date or length cannot be read is a reject.
    """

    name: ClassVar[str] = "warc"
    Config: ClassVar[type[FileConfig]] = WarcConfig
    sample: ClassVar[str] = "warc.wet"
    sample_config: ClassVar[Mapping[str, Any]] = {"type": "warc", "path": "warc.wet"}
    schema: ClassVar[pa.Schema] = pa.schema(
        {
            "record_id": pa.string(),
            "kind": pa.string(),
            "url": pa.string(),
            "ts": TIMESTAMP,
            "ip": pa.string(),
            "status": pa.int64(),
            "content_type": pa.string(),
            "lang": pa.string(),
            "digest": pa.string(),
            "length": pa.int64(),
            "truncated": pa.string(),
            "content": pa.string(),
            "file": pa.string(),
            "line": pa.int64(),
        }
    )

    @property
    def target(self) -> str:
        """A table of the source's own."""
        return self.label

    def resume(self, text: TextFile, end: int, extra: Mapping[str, str]) -> tuple[int, int]:
        """Read an archive that has grown anew: its records have no ends to look for."""
        return 0, 1

    def ranges(self, text: TextFile, start: int, end: int, first: int) -> list[tuple[int, int, int]]:
        """Read an archive in one piece."""
        return [(start, end, first)]

    def read(self, split: Split) -> Iterator[Pulled]:
        """Yield the records of the wanted kinds in order; `line` counts all records of the file."""
        records = self._records(split)
        while found := list(islice(records, _BATCH)):
            yield self._batch(found, split.file)

    def integrate(self, rows: pa.Table) -> pa.Table:
        """Return the rows with the source's name."""
        return rows.append_column("source", constant(self.label, rows.num_rows))

    def _batch(self, found: list[dict[str, Any]], file: str) -> Pulled:
        made = {f.name: pa.array([r[f.name] for r in found], pa.string()) for f in self.schema if f.name != "line"}
        numbers = np.array([r["line"] for r in found], np.int64)
        wrong = np.zeros(len(found), np.uint8)
        for code, name in enumerate(("ts", "status", "length"), 1):
            made[name], bad = convert(made[name], self.schema.field(name).type)
            wrong = np.where((wrong == 0) & bad, np.uint8(code), wrong)
        rows = pa.table([*(made[n] for n in self.schema.names[:-1]), pa.array(numbers)], schema=self.schema)
        places = np.flatnonzero(wrong)
        raw = pa.array([found[i]["raw"] for i in places], pa.binary())
        reasons = ["", "type:ts", "type:status", "type:length"]
        refused = columns.rejects(self.label, file, numbers[places], reasons, wrong[places], raw)
        return Pulled(rows.filter(pa.array(wrong == 0)), refused)

    def _records(self, split: Split) -> Iterator[dict[str, Any]]:
        """Yield the wanted records as text. Raises SourceError where the archive is damaged or ends too early."""
        try:
            from warcio.archiveiterator import ArchiveIterator
        except ImportError:
            raise MissingExtra.of("warc", "reading web archives") from None
        text = TextFile(split.path, split.file)
        stream = io.BufferedReader(_Stream(text.parts(0, None, _PIECE)), _PIECE)
        begin = stream.peek(16)
        if not begin:
            return
        if not begin.startswith(_BEGINS):
            raise _damaged(split.file)
        logging.getLogger("warcio").setLevel(logging.CRITICAL)  # its warnings quote the record
        number, records = 0, ArchiveIterator(stream, arc2warc=True)
        while True:
            try:
                with contextlib.redirect_stderr(io.StringIO()):  # and so does what it prints
                    record = next(records, None)
                if record is None:
                    return
                number += 1
                row = self._row(record, number, split.file) if record.rec_type in self.config.records else None
                while record.raw_stream.read(_PIECE):
                    pass
                whole = record.rec_headers.get_header("Content-Length") and not getattr(record.raw_stream, "limit", 0)
            except SourceError:
                raise
            except Exception:  # the library fails in many ways over what is no archive
                raise _damaged(split.file) from None
            if not whole:
                raise _damaged(split.file)
            if row is not None:
                yield row

    def _row(self, record: Any, number: int, file: str) -> dict[str, Any]:
        warc, http = record.rec_headers, record.http_headers
        get = warc.get_header
        declared = (http.get_header("Content-Type") if http else None) or get("Content-Type") or ""
        kind, _, parameters = declared.lower().partition(";")
        content = _payload(record, self.config.content_bytes) if kind.strip().startswith(_TEXTUAL) else None
        row = {
            "record_id": get("WARC-Record-ID"),
            "kind": record.rec_type,
            "url": get("WARC-Target-URI"),
            "ts": get("WARC-Date"),
            "ip": get("WARC-IP-Address"),
            "status": http.get_statuscode() or None if http and record.rec_type != "request" else None,
            "content_type": kind.strip() or None,
            "lang": get("WARC-Identified-Content-Language"),
            "digest": get("WARC-Payload-Digest") or get("WARC-Block-Digest"),
            "length": get("Content-Length"),
            "truncated": get("WARC-Truncated"),
            "content": None if content is None else content.decode(_charset(parameters), "backslashreplace"),
        }
        clean = {name: _text(value) for name, value in row.items()}
        raw = "".join(f"{name}: {value}\r\n" for name, value in warc.headers)
        return {**clean, "file": file, "line": number, "raw": raw.encode("utf-8", "backslashreplace")}


class _Stream(io.RawIOBase):
    """Pieces of bytes as a file to read from."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        super().__init__()
        self._pieces = iter(pieces)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        taken, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


def _payload(record: Any, limit: int) -> bytes:
    """Return the beginning of a record's content, out of its chunks and compression; b"" where that is broken."""
    stream, parts, left = record.content_stream(), [], limit
    while left > 0:
        part = stream.read(min(left, _PIECE))
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _charset(parameters: str) -> str:
    """Return the charset that a Content-Type names, where Python knows it; else UTF-8."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "charset":
            try:
                "".encode(value.strip(" \"'"))
                b"".decode(value.strip(" \"'"))
            except (LookupError, ValueError):
                break
            return value.strip(" \"'")
    return "utf-8"


def _text(value: Any) -> str | None:
    """Return a value as text that Arrow takes."""
    return None if value is None else str(value).encode("utf-8", "backslashreplace").decode()


def _damaged(file: str) -> SourceError:
    return SourceError(
        f"{file} is no whole web archive",
        "fetch it again, or move it out of the source's path; nothing of it was taken",
        file=file,
        retryable=False,
    )
