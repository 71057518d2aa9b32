"""`weir scan TABLE`: which columns tell who somebody is; a sample first, then what the sample leaves open in whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from ..catalog.records import ColumnTag
from ..engine import Engine
from ..output import Output
from ..privacy.analyzer import analyzer
from ..privacy.scan import Column, Tag, in_order, merge, scan_table, tag
from ..privacy.tiers import Tier, tier_of
from ..storage import filesystem
from .project import Project

SAMPLE = 2_000
_SURE = 0.9
_BATCH = 20_000


@dataclass(frozen=True)
class Scan:
    """What a scan found: the columns by path, those that matter most first, and how they were looked at.

    `sampled` columns were settled by the sample of `sample` rows; the rest were read in whole.
    """

    table: str
    tier: Tier
    rows: int
    sample: int
    sampled: list[str]
    columns: list[Tag]


def scan(
    project: Project, name: str, output: Output, sample: int = SAMPLE, language: str = "en", ner: str = "none"
) -> Scan:
    """Scan a table and write the tags of its columns into the catalogue.

    Raises ConfigError for an unknown table, language or model.
    """
    analyzer(language, ner)
    full = project.qualified(name)
    with project.held() as (store, tables):
        files = tables.files(full)
        first = merge([scan_table(part, language, ner) for part in _sample(files, sample)])
        opened = {column.path for column in first if _open(tag(column))}
        names = sorted({_top(path) for path in opened})
        columns = {column.path: column for column in first}
        if names and files:
            with Engine(project.config.engine, project.scratch) as engine, output.progress("scan", len(files)) as step:
                found = engine.map(scan_file, files, names, language, ner, advance=step)
            columns |= {column.path: column for column in merge(found)}
        tags = list(in_order(columns.values()))
        at = datetime.now(UTC)
        store.replace_tags(
            full,
            [
                ColumnTag(full, t.path, at, t.type, t.role, t.entity, t.confidence, t.values, dict(t.found))
                for t in tags
            ],
        )
        roles = {role: sum(t.role == role for t in tags) for role in sorted({t.role for t in tags})}
        store.audit("scan", full, {"tier": tier_of(ner), "columns": roles})
        rows = tables.row_count(full)
    settled = sorted(t.path for t in tags if _top(t.path) not in names)
    return Scan(full, tier_of(ner), rows, sample, settled, tags)


def scan_file(location: str, columns: Sequence[str], language: str, ner: str) -> list[Column]:
    """Count what stands in columns of one Parquet file, a batch of rows at a time."""
    fs, inner = filesystem(location)
    with fs.open_input_file(inner) as handle:
        file = pq.ParquetFile(handle)
        held = [column for column in columns if column in file.schema_arrow.names]
        batches = file.iter_batches(batch_size=_BATCH, columns=held)
        return merge(scan_table(pa.Table.from_batches([batch]), language, ner) for batch in batches)


def _sample(files: Sequence[str], rows: int) -> list[pa.Table]:
    """Return the first rows of every file, so many of each that all together are `rows` or one a file."""
    parts = []
    each = max(1, rows // max(1, len(files)))
    for location in files[:rows]:
        fs, inner = filesystem(location)
        with fs.open_input_file(inner) as handle:
            batch = next(pq.ParquetFile(handle).iter_batches(batch_size=each), None)
        if batch is not None:
            parts.append(pa.Table.from_batches([batch]))
    return parts


def _open(found: Tag) -> bool:
    """Whether the sample leaves open what a column is: text in which somebody may be named further on."""
    textual = "string" in found.type
    return textual and (found.role in ("free text", "safe") or found.confidence < _SURE)


def _top(path: str) -> str:
    return path.split(".")[0].split("[")[0]
