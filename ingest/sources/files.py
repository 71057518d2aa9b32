"""The connector for files of records, in any of the formats of ingest/formats."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

import pyarrow as pa
from pydantic import Field

from ..contract import Cursor, Pulled, Split, no_rejects, source
from ..files import FileConfig, FileSource
from ..formats import FORMATS, Format, Options
from ..identity import News
from ..stored import opened
from ..streams import TextFile, reading
from ..tabular import Tabular, TabularConfig

_DELIMITERS = {"csv": ",", "tsv": "\t"}


class FilesConfig(TabularConfig, FileConfig):
    """Where the files are, what they hold, and which integrated table they belong to."""

    format: Literal["auto", "csv", "tsv", "jsonl", "json", "parquet", "excel", "avro", "xml"] = Field(
        "auto", description="auto: by name and content"
    )
    sheet: str | None = Field(None, description="Excel: the sheet to read; default: the first")
    record: str | None = Field(None, description="XML: the tag of one record; default: every child of the root")
    short_rows: Literal["reject", "fill"] = Field(
        "reject", description="CSV rows with fewer fields than the header: rejects, or filled with nulls"
    )


@source("files")
class Files(Tabular, FileSource):
    """CSV, TSV, JSON lines, JSON, Parquet, Excel, Avro and XML files, with a schema given or inferred.

    A row whose value does not fit its column's type is a reject `type:<column>`, one with too many or too few fields
    a reject `columns`. Of JSON lines the whole text stands in the column `record`.
    """

    name: ClassVar[str] = "files"
    Config: ClassVar[type[FileConfig]] = FilesConfig
    sample: ClassVar[str] = "files.csv"
    sample_config: ClassVar[Mapping[str, Any]] = {
        "type": "files",
        "path": "files.csv",
        "into": "social_posts",
        "columns": {"post_id": "id", "ts": "at", "text": "body"},
        "constants": {"platform": "support", "kind": "post"},
    }

    def __init__(self, label: str, config: Any, root: str) -> None:
        super().__init__(label, config, root)
        self.check_mapping()

    def extras(self, news: News, cursor: Cursor) -> list[dict[str, str]]:
        """Agree on one schema for all files, earlier ones included, and send it with every split."""
        samples = [(probe, self._format(probe.path, probe.identity.file)) for probe, _ in news.fresh]
        texts: dict[str, list[pa.Array]] = {}
        for probe, kind in samples:
            for name, values in self._reader(kind).sample(probe.path, probe.identity.file).items():
                texts.setdefault(name, []).append(values)
        self.agree(texts, cursor)
        agreed = json.dumps(self._columns)
        return [{"format": kind, "columns": agreed} for _, kind in samples]

    def resume(self, text: TextFile, end: int, extra: Mapping[str, str]) -> tuple[int, int]:
        """Find the last record that was whole when the file was read up to `end`; other formats are read anew."""
        from .. import delimited

        if extra["format"] == "jsonl":
            return super().resume(text, end, extra)
        if extra["format"] in _DELIMITERS:
            return delimited.resume(text, end, _DELIMITERS[extra["format"]])
        return 0, 1

    def ranges(self, text: TextFile, start: int, end: int, first: int) -> list[tuple[int, int, int]]:
        """Read JSON lines in ranges; the rest in one piece, for a line end may stand inside a value."""
        if self._format(text.path, text.file) == "jsonl":
            return super().ranges(text, start, end, first)
        return [(start, end, first)]

    def read(self, split: Split) -> Iterator[Pulled]:
        """Yield the rows and rejects of the split."""
        self._columns = json.loads(split.extra["columns"])
        reader = self._reader(split.extra["format"])
        count = reader.count(split.path, split.file)
        if count is not None:
            yield Pulled(self.schema.empty_table(), no_rejects(), cost={"expected_records": count})
        for batch in reader.read(split, self._columns or {}):
            yield self.typed(batch, split.file)

    def _reader(self, kind: str) -> Format:
        config = self.config
        fill = config.short_rows == "fill"
        return FORMATS[kind](Options(self.label, fill, config.sheet, config.record, config.archive_bytes))

    def _format(self, path: str, file: str) -> str:
        """Return the name of a file's format: as configured, by the file's name, or by how it begins."""
        if self.config.format != "auto":
            return str(self.config.format)
        bare = re.sub(r"\.(gz|zst|bz2|xz)$", "", path.lower())
        for name, kind in FORMATS.items():
            if bare.endswith(kind.endings):
                return name
        with reading(file), opened(path) as handle:
            begin = handle.read(8)
        head = TextFile(path, file).head(1 << 16).lstrip(b"\xef\xbb\xbf \r\n\t")
        for name, kind in FORMATS.items():
            if kind.begins and (begin.startswith(kind.begins) or head.startswith(kind.begins)):
                return name
        first = head.partition(b"\n")[0]
        return "tsv" if first.count(b"\t") > first.count(b",") else "csv"
