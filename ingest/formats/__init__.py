"""How files of records are written: one module a format, all read as batches of named columns."""

from __future__ import annotations

from .avro import Avro
from .base import Batch, Format, Options
from .delimited_text import Csv, Tsv
from .excel import Excel
from .json_document import JsonDocument
from .json_lines import JsonLines
from .parquet import Parquet
from .xml import Xml

FORMATS: dict[str, type[Format]] = {f.name: f for f in (Csv, Tsv, JsonLines, JsonDocument, Parquet, Excel, Avro, Xml)}

__all__ = ["FORMATS", "Batch", "Format", "Options"]
