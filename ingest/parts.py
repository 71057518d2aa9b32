"""What the refining workers hand each other, and how work is cut: plain, small, picklable values."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..config import DedupConfig

ROWS_PER_PART = 500_000
"""Rows that one task prepares, and that one task finishes, however large a file is: memory follows from it."""


@dataclass(frozen=True)
class RawPart:
    """A landed Parquet file of raw rows, those of one split, or a stretch of its row groups.

    `file` and `first_line` are those of the split: they tell which lines of the file an earlier run has read.
    `former` is the name the file had then, where it was renamed since.
    """

    path: str
    source: str
    key: str
    file: str = ""
    first_line: int = 1
    former: str = ""
    stretch: tuple[int, int] | None = None
    """The first row group and the one after the last; None: all of them."""

    @property
    def name(self) -> str:
        """A file name of its own, the same in every run."""
        whole = f"{self.source}\0{self.key}"
        return hashlib.sha256((f"{whole}\0{self.stretch[0]}" if self.stretch else whole).encode()).hexdigest()[:24]


@dataclass(frozen=True)
class FileCount:
    """What became of the rows of one source file: rows == kept + duplicates + removed + rejected."""

    source: str
    file: str
    rows: int
    kept: int = 0
    duplicates: dict[str, int] = field(default_factory=dict)
    """By method: exact, id, text, near."""
    removed: dict[str, int] = field(default_factory=dict)
    """By what took them back: version (a later one is there), deleted."""
    rejected: dict[str, int] = field(default_factory=dict)
    """By reason, at the stage 'clean'."""

    @property
    def balanced(self) -> bool:
        """Whether every row is accounted for."""
        gone = sum(sum(each.values()) for each in (self.duplicates, self.removed, self.rejected))
        return self.rows == self.kept + gone


class End(NamedTuple):
    """An account that ended: until when (microseconds; None: for good) its posts are gone."""

    platform: str
    author: str
    until: int | None


@dataclass(frozen=True)
class Prepared:
    """One part, integrated, cleaned and keyed; its files lie in the staging folder."""

    part: RawPart
    table: str
    buckets: int
    candidates: str
    id_keys: str
    text_keys: str | None
    visit_keys: str | None
    numbers: dict[str, dict[int, int]]
    """Sketches of the columns in which outliers are looked for (outliers.py)."""
    rejects: str | None
    rows: int
    kept: int
    rejected: dict[str, int]
    changed: dict[str, int]
    """Values changed, by rule."""
    refused: dict[str, int]
    """Rows rejected, by rule."""
    seconds: dict[str, float]
    """Time taken, by rule, and in all under 'total'."""
    files: tuple[str, ...]
    """The files of the rows that were kept, in the order of the codes in the key files."""
    counts: tuple[FileCount, ...]
    first_ts: datetime.datetime | None
    last_ts: datetime.datetime | None
    ends: tuple[End, ...] = ()
    """Accounts whose end the part holds."""

    @property
    def order(self) -> tuple[str, str, int, str, int]:
        """Where the part stands among others, whatever order the workers finished in."""
        first = self.part.stretch[0] if self.part.stretch else 0
        return self.part.source, self.part.file, self.part.first_line, self.part.key, first


@dataclass(frozen=True)
class Decided:
    """One bucket of one round, decided: for each part, which rows are dropped, and the final ids."""

    method: str
    bucket: int
    path: str
    parts: tuple[str, ...]
    """Names of the parts, in the order of the record batches in the file."""
    rows: int
    dropped: int


@dataclass(frozen=True)
class Group:
    """Parts that are written together, so that many small files do not make as many small outputs."""

    number: int
    parts: tuple[Prepared, ...]


@dataclass(frozen=True)
class Finished:
    """The final files of one group, by the Iceberg table they belong to, with their rows and counts."""

    files: dict[str, list[str]]
    rows: dict[str, int]
    """Rows written, by Iceberg table."""
    counts: tuple[FileCount, ...]
    replaced: tuple[tuple[str, str], ...] = ()
    """(platform, id) of the committed posts that go: deleted, or there in a later version now."""
    deleted: tuple[tuple[str, str], ...] = ()
    """(platform, id) of the posts that are taken back, whether they were there or not."""
    outliers: int = 0
    """Numbers that were marked as far from all others."""
    cut: int = 0
    """Repeated lines or paragraphs that were cut."""
    machines: int = 0
    """Rows that are a machine's by what their visitor did, not by the agent."""


def bucket_count(rows: int, rows_per_bucket: int = 2_000_000) -> int:
    """Return how many hash buckets keep each at about `rows_per_bucket` keys (some 100 MB in memory)."""
    return max(1, -(-rows // rows_per_bucket))


def stretches(row_groups: Sequence[int], rows_per_part: int = ROWS_PER_PART) -> list[tuple[int, int]]:
    """Cut a file of so many rows a row group into stretches of about `rows_per_part` rows, one row group at least."""
    made: list[tuple[int, int]] = []
    first, size = 0, 0
    for at, rows in enumerate(row_groups):
        if size and size + rows > rows_per_part:
            made.append((first, at))
            first, size = at, 0
        size += rows
    return [*made, (first, len(row_groups))]


def groups(prepared: Sequence[Prepared], rows_per_group: int = ROWS_PER_PART) -> list[Group]:
    """Put neighbouring parts together up to about `rows_per_group` rows; a larger part stands alone."""
    made: list[list[Prepared]] = []
    size = 0
    for part in sorted(prepared, key=lambda p: p.order):
        if not made or size + part.kept > rows_per_group:
            made.append([])
            size = 0
        made[-1].append(part)
        size += part.kept
    return [Group(number, tuple(parts)) for number, parts in enumerate(made)]


def text_column(table: str, dedup: DedupConfig) -> str | None:
    """Return the column whose text counts as identity too: as configured, else `text` of social_posts."""
    if "text" in dedup.model_fields_set or table != "social_posts":
        return dedup.text
    return "text"


def rounds(table: str, dedup: DedupConfig) -> tuple[str, ...]:
    """Return the rounds of `decide` for a table, in order: 'id', then 'text' where texts are compared.

    Where near duplicates are looked for, that search finds equal texts too, in its index.
    """
    return ("id", "text") if text_column(table, dedup) and dedup.threshold is None else ("id",)
