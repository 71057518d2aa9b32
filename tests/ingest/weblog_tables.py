"""How the weblog tests read: bytes in, rows and rejects out, by the connector itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from dataweir.config import validate
from dataweir.ingest.contract import REJECTS, source


class Read(NamedTuple):
    rows: list[dict[str, Any]]
    rejects: list[dict[str, Any]]

    @property
    def row(self) -> dict[str, Any]:
        (row,) = self.rows
        return row


def connector(root: Path, format: str | list[str], **options: Any) -> Any:
    kind = source.get("weblog")
    given = {"type": "weblog", "path": "log*", "format": format, "settle_seconds": 0, **options}
    return kind("logs", validate(kind.Config, given, "sources.logs"), str(root))


def read(root: Path, data: bytes, format: str | list[str] = "auto", block: int = 0, **options: Any) -> Read:
    (root / "log").write_bytes(data)
    logs = connector(root, format, **options)
    if block:
        logs.block_bytes = block
    pulled = [part for split in logs.plan({}).splits for part in logs.read(split)]
    for part in pulled:
        part.rows.validate(full=True)
        part.rejects.validate(full=True)
    rows = pa.concat_tables([logs.schema.empty_table(), *(p.rows for p in pulled)])
    rejects = pa.concat_tables([REJECTS.empty_table(), *(p.rejects for p in pulled)])
    return Read(rows.to_pylist(), rejects.to_pylist())
