"""The connector for access logs of web servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from ..contract import Pulled, Split, source
from ..files import FileConfig, FileSource
from ..schemas import TIMESTAMP, WEB_EVENTS
from ..streams import BLOCK, TextFile
from ..urls import split_targets

_TEXT = ("remote_host", "ident", "user", "referer", "user_agent")
_DASH = 45


class WeblogConfig(FileConfig):
    """Where the logs are and how they are written."""

    format: Literal["common", "combined"] = Field(
        "combined", description="common: seven fields (NCSA); combined: referer and user agent too"
    )
    settle_seconds: float = Field(
        60, ge=0, description="a last line without its end waits until the file has not changed for so long"
    )


@source("weblog")
class Weblog(FileSource):
    """Access logs of Apache, nginx and others: common or combined format, plain or compressed.

    A line that does not read as the format goes to the rejects with the name of the field that was not there. A
    line that does is kept whatever was asked: `request` holds the request as received, and method, path, query
    and protocol are null where they cannot be told (TLS bytes, an empty request).
    """

    name: ClassVar[str] = "weblog"
    Config: ClassVar[type[FileConfig]] = WeblogConfig
    sample: ClassVar[str] = "weblog.log"
    sample_config: ClassVar[Mapping[str, Any]] = {
        "type": "weblog",
        "path": "weblog.log",
        "format": "combined",
    }
    schema: ClassVar[pa.Schema] = pa.schema(
        {
            "remote_host": pa.string(),
            "ident": pa.string(),
            "user": pa.string(),
            "ts": TIMESTAMP,
            "tz_minutes": pa.int32(),
            "request": pa.string(),
            "method": pa.string(),
            "path": pa.string(),
            "query": pa.string(),
            "protocol": pa.string(),
            "status": pa.int32(),
            "bytes": pa.int64(),
            "referer": pa.string(),
            "user_agent": pa.string(),
            "file": pa.string(),
            "line": pa.int64(),
        }
    )
    target: ClassVar[str] = "web_events"
    block_bytes: ClassVar[int] = BLOCK

    @property
    def settle_seconds(self) -> float:
        """How long a log must have been left alone before its last line counts without a line end."""
        return self.config.settle_seconds

    def read(self, split: Split) -> Iterator[Pulled]:
        """Yield the rows and rejects of the split, a block of lines at a time."""
        text = TextFile(split.path, split.file)
        first = split.first_line
        for block in text.blocks(split.start, split.end, self.block_bytes):
            pulled, count = self._parse(block, text.mark[0], split.file, first)
            first += count
            yield pulled

    def _parse(self, block: bytes, mark: int, file: str, first: int) -> tuple[Pulled, int]:
        from .. import clf, columns

        found = columns.lines(np.frombuffer(block, np.uint8), mark)
        parsed = clf.parse(clf.FORMATS[self.config.format], found)
        kept, bad = np.flatnonzero(parsed.status == 0), np.flatnonzero(parsed.status)
        fields = {name: values.take(kept) for name, values in parsed.fields.items()}
        request = clf.split_requests(fields["request"])
        valid = columns.clean(block)
        made: dict[str, pa.Array] = {}
        for name in _TEXT:
            if name in fields:
                made[name] = columns.strings(fields[name].without(fields[name].equal(_DASH)), valid)
        made["request"] = columns.strings(fields["request"], valid)
        for name, values in request._asdict().items():
            made[name] = columns.strings(values, valid)
        for name, numbers in parsed.numbers.items():
            chosen = numbers[kept]
            made[name] = columns.integers(chosen, chosen == clf.ABSENT, self.schema.field(name).type)
        made["file"] = columns.constant(file, len(kept))
        made["line"] = pa.array(kept + first, pa.int64())
        nothing = pa.nulls(len(kept), pa.string())
        rows = pa.table([made.get(name, nothing) for name in self.schema.names], schema=self.schema)
        refused = columns.rejects(self.label, file, bad + first, clf.REASONS, parsed.status[bad], found.take(bad))
        return Pulled(rows, refused), len(found.starts)

    def integrate(self, rows: pa.Table) -> pa.Table:
        """Map the rows to the columns of web_events that a log line tells."""
        rows = rows.combine_chunks()
        target = split_targets(_whole(rows["path"]), _whole(rows["method"]))
        made = {name: rows[name] for name in rows.column_names if name in WEB_EVENTS.names}
        made |= {
            "client_ip": rows["remote_host"],
            "scheme": target.scheme,
            "host": target.host,
            "path": target.path,
            "user_agent": self._agents(rows["user_agent"]),
            "source": pa.repeat(pa.scalar(self.label, pa.string()), len(rows)),
        }
        names = [name for name in WEB_EVENTS.names if name in made]
        return pa.table([made[n] for n in names], schema=pa.schema([WEB_EVENTS.field(n) for n in names]))

    def _agents(self, agents: pa.ChunkedArray) -> pa.ChunkedArray:
        """Return the agents; where the format logs them, none sent is empty text, which tells it from not logged."""
        return pc.fill_null(agents, "") if self.config.format == "combined" else agents


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
