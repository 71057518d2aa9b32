"""The connector for access logs of web servers, proxies, load balancers and content networks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, field_validator

from ...errors import ConfigError
from ..contract import Cursor, Pulled, Split, no_rejects, source
from ..files import FileConfig, FileSource
from ..identity import News
from ..schemas import WEB_EVENTS
from ..streams import HEAD, TextFile
from ..urls import split_targets
from ..weblogs.rows import SCHEMA

if TYPE_CHECKING:
    from ..weblogs.reader import Kept, Reader

_APART = "\n"  # between formats in a split: no format string holds one


class WeblogConfig(FileConfig):
    """Where the logs are and how they are written."""

    format: str | list[str] = Field(
        "auto",
        description="auto; a name such as combined; an Apache LogFormat or nginx log_format string; a #Fields: line;"
        " or a list of them, for files that mix formats",
    )
    timezone: str = Field("UTC", description="the zone of times that are written without one, such as Europe/Berlin")
    settle_seconds: float = Field(
        60, ge=0, description="a last line without its end waits until the file has not changed for so long"
    )

    @field_validator("format")
    @classmethod
    def _known(cls, value: str | list[str]) -> str | list[str]:
        from ...registry import nearest
        from ..weblogs.reader import NAMES, compile_format, is_template

        for each in [value] if isinstance(value, str) else value:
            if is_template(each):
                try:
                    compile_format(each)
                except ConfigError as error:
                    raise ValueError(f"{error.message}: {error.cure}") from None
            elif each not in NAMES and (each != "auto" or not isinstance(value, str)):
                known = ["auto", *NAMES]
                raise ValueError(
                    f"no format is called '{each}'{nearest(each, known)}; choose one of {', '.join(known)}"
                )
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        from zoneinfo import available_timezones

        if value not in available_timezones():
            raise ValueError(f"no time zone is called '{value}'")
        return value


@source("weblog")
class Weblog(FileSource):
    """Access logs: Apache, nginx, IIS, AWS, CloudFront, Caddy, Traefik, Envoy, Squid and more, or your own format.

    A line that does not read as its format goes to the rejects with the name of the field that was not there. A
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
    schema: ClassVar[pa.Schema] = SCHEMA
    target: ClassVar[str] = "web_events"
    block_bytes: ClassVar[int] = 2 * 1024 * 1024
    """How much text is parsed at once: it and what it comes to stay in a core's cache."""

    @property
    def settle_seconds(self) -> float:
        """How long a log must have been left alone before its last line counts without a line end."""
        return self.config.settle_seconds

    def extras(self, news: News, cursor: Cursor) -> list[dict[str, str]]:
        """Return each new file's formats, recognised where the configuration says auto."""
        self.notes = []
        if self.config.format != "auto":
            return super().extras(news, cursor)
        from ..weblogs.recognise import recognise

        made, files, lines, read = [], Counter[str](), Counter[str](), Counter[str]()
        for probe, _ in news.fresh:
            text = TextFile(probe.path, probe.identity.file)
            head = text.head(HEAD)
            found = recognise(head, text.mark, len(head) < HEAD, f"sources.{self.label}: {probe.identity.file}")
            made.append({"format": _APART.join(found.formats)})
            name = " and ".join(found.formats)
            files[name] += 1
            lines[name] += found.lines
            read[name] += found.read
        self.notes = [
            f"{name}: {files[name]} file(s), confidence {read[name] / lines[name]:.1%} of {lines[name]:,} sampled lines"
            for name in files
        ]
        return made

    def splits_of(self, text: TextFile, splits: list[Split]) -> list[Split]:
        """Carry the W3C directives in force to every split that does not begin its file."""
        from dataclasses import replace

        from ..weblogs.reader import state_before
        from ..weblogs.w3c import W3cFormat

        made: list[Split] = []
        before = 0
        for split in splits:
            reader = self._reader(split)
            if split.start and any(isinstance(f, W3cFormat) for f in reader.formats):
                if made and "state" in made[-1].extra:
                    reader = self._reader(made[-1])
                state = state_before(reader, text.blocks(before, split.start), text.mark[0])
                split = replace(split, extra={**split.extra, "state": state.encode()})
            before = split.start
            made.append(split)
        return made

    def read(self, split: Split) -> Iterator[Pulled]:
        """Yield the rows and rejects of the split, a block of lines at a time."""
        from .. import columns

        text = TextFile(split.path, split.file)
        reader = self._reader(split)
        first = split.first_line
        for block in text.blocks(split.start, split.end, self.block_bytes):
            data = np.frombuffer(block, np.uint8)
            found, valid = columns.lines(data, text.mark[0]), columns.clean(block)
            for part in reader.read(found):
                tables = [self._rows(kept, first, split.file, data, valid) for kept in part.kept]
                rows = pa.concat_tables(tables) if tables else SCHEMA.empty_table()
                refused = no_rejects()
                if len(part.refused):
                    raw, numbers = found.take(part.refused), part.refused + first
                    refused = columns.rejects(self.label, split.file, numbers, part.words, part.codes, raw)
                yield Pulled(rows.sort_by("line") if len(tables) > 1 else rows, refused)
            first += len(found.starts)
        if text.whole:
            yield Pulled(SCHEMA.empty_table(), no_rejects(), self.inflated(text, split))

    def integrate(self, rows: pa.Table) -> pa.Table:
        """Map the rows to the columns of web_events that a log line tells."""
        rows = rows.combine_chunks()
        target = split_targets(_whole(rows["path"]), _whole(rows["method"]))
        made = {name: rows[name] for name in rows.column_names if name in WEB_EVENTS.names}
        made |= {
            "client_ip": rows["remote_host"],
            "scheme": pc.coalesce(target.scheme, _whole(rows["scheme"])),
            "host": pc.coalesce(target.host, _whole(rows["host"])),
            "path": target.path,
            "query": pc.coalesce(_whole(rows["query"]), target.query),
            "source": pa.repeat(pa.scalar(self.label, pa.string()), len(rows)),
        }
        names = [name for name in WEB_EVENTS.names if name in made]
        return pa.table([made[n] for n in names], schema=pa.schema([WEB_EVENTS.field(n) for n in names]))

    def _reader(self, split: Split) -> Reader:
        from ..weblogs.reader import Reader, compile_format
        from ..weblogs.w3c import State

        given = self.config.format
        names = split.extra["format"].split(_APART) if "format" in split.extra else given
        state = State.decode(split.extra["state"]) if "state" in split.extra else None
        return Reader([compile_format(name) for name in ([names] if isinstance(names, str) else names)], state)

    def _rows(self, kept: Kept, first: int, file: str, data: Any, valid: bool) -> pa.Table:
        from ..weblogs.rows import to_table
        from ..weblogs.w3c import W3cFormat

        rows = to_table(kept.parsed, kept.rows + first, file, data, valid, self.config.timezone)
        agents = rows["user_agent"]
        if kept.format.name.startswith("cloudfront"):  # percent signs are encoded twice
            agents = pc.replace_substring_regex(agents, "%(25)?20", " ")
        elif isinstance(kept.format, W3cFormat):  # IIS writes a blank as a plus
            agents = pc.replace_substring(agents, "+", " ")
        else:
            return rows
        return rows.set_column(SCHEMA.get_field_index("user_agent"), SCHEMA.field("user_agent"), agents)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
