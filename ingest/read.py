"""Reading files without a project: the Python door's `read_weblog`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from ..config import validate
from .contract import REJECTS, source


class Read(NamedTuple):
    """What was read: rows in the connector's schema, and rejects (source, file, line, stage, reason, raw)."""

    rows: pa.Table
    rejects: pa.Table


def read_weblog(path: str | Path, format: str | list[str] = "auto") -> Read:
    """Read access logs (a file or a glob) into memory; `format` is what `format:` of a weblog source may be.

    `auto` recognises the format of each file. Raises ConfigError where nothing matches or no format is recognised,
    SourceError where a file cannot be read.
    """
    kind = source.get("weblog")
    given = {"type": "weblog", "path": str(path), "format": format, "settle_seconds": 0}
    reader = kind("weblog", validate(kind.Config, given, "read_weblog"), str(Path.cwd()))
    pulled = [part for split in reader.plan({}).splits for part in reader.read(split)]
    return Read(
        pa.concat_tables([reader.schema.empty_table(), *(p.rows for p in pulled)]),
        pa.concat_tables([REJECTS.empty_table(), *(p.rejects for p in pulled)]),
    )
