"""Reading files without a project: the Python door's `read_weblog`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from ..config import validate
from ..errors import ConfigError
from .contract import REJECTS, source

_FORMATS = ("combined", "common")


class Read(NamedTuple):
    """What was read: rows in the connector's schema, and rejects (source, file, line, stage, reason, raw)."""

    rows: pa.Table
    rejects: pa.Table


def read_weblog(path: str | Path, format: str = "auto") -> Read:
    """Read access logs (a file or a glob) into memory; `format` is combined, common, or auto.

    `auto` takes the format that rejects fewer of the lines. Raises ConfigError where nothing matches, SourceError
    where a file cannot be read.
    """
    if format == "auto":
        return min((_read(path, each) for each in _FORMATS), key=lambda read: read.rejects.num_rows)
    if format not in _FORMATS:
        raise ConfigError(f"no format is called '{format}'", f"choose one of: auto, {', '.join(_FORMATS)}")
    return _read(path, format)


def _read(path: str | Path, format: str) -> Read:
    kind = source.get("weblog")
    config = validate(
        kind.Config, {"type": "weblog", "path": str(path), "format": format, "settle_seconds": 0}, "read_weblog"
    )
    reader = kind("weblog", config, str(Path.cwd()))
    pulled = [part for split in reader.plan({}).splits for part in reader.read(split)]
    return Read(
        pa.concat_tables([reader.schema.empty_table(), *(p.rows for p in pulled)]),
        pa.concat_tables([REJECTS.empty_table(), *(p.rejects for p in pulled)]),
    )
