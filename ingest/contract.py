"""What a source and a step promise each other: splits, pulled batches, rejects, counts.

A **source** knows where data is and how to read it: `plan(cursor)` lists what is new as splits, `read(split)`
yields rows and rejects. It never sees Dask and never writes. A **step** is a pure function on an Arrow table.
Both keep one law: what comes in is kept, or stands in the rejects with a reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Protocol

import pyarrow as pa

from ..config import SourceConfig
from ..registry import Registry

REJECTS = pa.schema(
    [
        pa.field("source", pa.string()),
        pa.field("file", pa.string()),
        pa.field("line", pa.int64()),
        pa.field("stage", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("raw", pa.binary()),
    ]
)
"""`stage` is where the row was refused: pull, clean or quality. `raw` is the record as received (at the later
stages: the row as JSON). `line` counts from 1: the line of a log or JSON-lines file, the record of a CSV or
Parquet file (its header not counted)."""

Cursor = dict[str, Any]
"""What a source remembers between runs: a JSON object that only the source itself understands."""


@dataclass(frozen=True)
class Split:
    """A small picklable address of work: a range of a file, or a stretch of an API.

    `key` is stable: the same content gives the same key in every run, on every machine. `start` and `end` are
    byte offsets into the text (of a compressed file: as inflated; `end` None: to the end); `first_line` numbers the
    first record in it. `size` is how many stored bytes it stands for.
    """

    source: str
    key: str
    path: str
    file: str
    size: int
    start: int = 0
    end: int | None = None
    first_line: int = 1
    extra: Mapping[str, str] = field(default_factory=dict)


class Plan(NamedTuple):
    """What a source would do now: the new splits, the cursor once they are in, and what was passed over and why.

    `notes` say what was found out about the files, for `weir check`.
    """

    splits: list[Split]
    cursor: Cursor
    skipped: list[tuple[str, str]] = []  # noqa: RUF012 - never changed
    notes: list[str] = []  # noqa: RUF012 - never changed


class Pulled(NamedTuple):
    """One batch of a split: rows in the source's schema, and rejects (REJECTS).

    A source that cannot know before it reads how far it will get (an API) gives in `cursor` what to remember once
    this batch is in: these entries are put over those of the plan's cursor, in the commit of the rows. `cost` is
    what the batch took, added up over the split: requests, retries, wait_seconds, bytes.
    """

    rows: pa.Table
    rejects: pa.Table
    cursor: Cursor | None = None
    cost: Mapping[str, float] = {}


class Source(Protocol):
    """A connector. One file in ingest/sources (or a stranger's package), registered by `@source(name)`.

    The first line of the docstring is what `weir sources` lists. `sample` names a file in ingest/sources/samples
    and `sample_config` the configuration that reads it: the conformance suite and the docs run on them.
    """

    name: ClassVar[str]
    Config: ClassVar[type[SourceConfig]]
    sample: ClassVar[str]
    sample_config: ClassVar[Mapping[str, Any]]

    def __init__(self, label: str, config: Any, root: str) -> None:
        """`label` is the source's name in weir.yaml, `config` a `Config`, `root` the folder of weir.yaml."""

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of the rows that `read` yields; it always holds `file` (string) and `line` (int64)."""
        ...

    @property
    def target(self) -> str:
        """The integrated table that the rows belong to: web_events, social_posts, or the source's own label."""
        ...

    def plan(self, cursor: Cursor) -> Plan:
        """List what is new since `cursor`. Raises SourceError where nothing can be read at all."""
        ...

    def read(self, split: Split) -> Iterator[Pulled]:
        """Yield the split's rows and rejects in order, in batches that fit in memory."""
        ...

    def integrate(self, rows: pa.Table) -> pa.Table:
        """Map rows to the columns of `target` that the source knows; a pure function, no row lost or added."""
        ...


class StepResult(NamedTuple):
    """What a step made of a table: kept rows, rejects (REJECTS), and how many values it changed."""

    kept: pa.Table
    rejected: pa.Table
    changed: int = 0


source: Registry[Any] = Registry("source", "dataweir.ingest.sources")
rule: Registry[Any] = Registry("rule", "dataweir.ingest.clean")


def no_rejects() -> pa.Table:
    """Return an empty table of rejects."""
    return REJECTS.empty_table()
