"""A plain driver for the refining workers, and a source of made-up rows: what the flow does on Dask."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from dataweir.config import DedupConfig
from dataweir.ingest.cleaning import Cleaner
from dataweir.ingest.refine import (
    FileCount,
    Finished,
    Prepared,
    RawPart,
    decide,
    finish,
    groups,
    prepare,
    rounds,
)
from dataweir.ingest.schemas import TABLES
from dataweir.ingest.visits.reconstruct import reconstruct

Result = TypeVar("Result")


class Given(NamedTuple):
    """A source whose raw rows are already in the shape of their table."""

    target: str

    def integrate(self, rows: pa.Table) -> pa.Table:
        return rows


class Slab(NamedTuple):
    """The raw rows of one part: those of one split of `file` from `first_line` on."""

    source: str
    file: str
    first_line: int
    rows: list[dict[str, Any]]
    former: str = ""


class Outcome(NamedTuple):
    """What one batch came to."""

    tables: dict[str, pa.Table]
    files: dict[str, list[str]]
    counts: tuple[FileCount, ...]
    prepared: list[Prepared]
    finished: list[Finished]


def shipped(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call a worker function as a cluster does: everything pickled on the way in and out."""
    function, arguments = pickle.loads(pickle.dumps((function, arguments)))
    return pickle.loads(pickle.dumps(function(*arguments)))


def refine(
    root: Path,
    table: str,
    slabs: Sequence[Slab],
    *,
    batch: str = "b1",
    buckets: int = 1,
    seen: Sequence[str] = (),
    duplicates: Sequence[str] = (),
    dedup: DedupConfig | None = None,
    clean: dict[str, Any] | None = None,
    schema: pa.Schema | None = None,
    rows_per_group: int = 1_000_000,
    backwards: bool = False,
) -> Outcome:
    """Refine one batch from raw rows to final files and read those back."""
    root.mkdir(parents=True, exist_ok=True)
    dedup = dedup or DedupConfig()
    schema = schema or TABLES[table].schema
    staging = str(root / f"staging-{batch}")
    prepared = []
    for number, slab in enumerate(slabs):
        path = root / f"raw-{batch}-{number}.parquet"
        pq.write_table(pa.Table.from_pylist(slab.rows, schema=schema), path)
        key = f"{slab.file}:{slab.first_line}:{number}"
        part = RawPart(str(path), slab.source, key, slab.file, slab.first_line, slab.former)
        prepared.append(shipped(prepare, part, Given(table), clean or {}, dedup, staging, buckets))
    if backwards:
        prepared.reverse()
    decided: list[Any] = []
    for method in rounds(table, dedup):
        earlier = tuple(decided)
        order = range(buckets - 1, -1, -1) if backwards else range(buckets)
        for bucket in order:
            one = shipped(decide, bucket, table, method, prepared, seen, staging, earlier, duplicates)
            decided.append(one)
    visits = []
    if any(part.visit_keys for part in prepared):
        visits = [
            shipped(reconstruct, bucket, prepared, decided, seen, clean or {}, staging) for bucket in range(buckets)
        ]
    outliers = Cleaner(clean or {}, table).rule("outliers")
    limits = outliers.settle([part.numbers for part in prepared]) if outliers else {}
    finished = [
        shipped(finish, group, table, decided, str(root / "wh"), batch, visits, None, limits)
        for group in groups(prepared, rows_per_group)
    ]
    files: dict[str, list[str]] = {}
    for each in finished:
        for name, paths in each.files.items():
            files.setdefault(name, []).extend(paths)
    tables = {name: pa.concat_tables([pq.read_table(p) for p in paths]) for name, paths in files.items()}
    counts = tuple(count for each in finished for count in each.counts)
    return Outcome(tables, files, counts, prepared, finished)


def rows_of(outcome: Outcome, name: str) -> list[tuple[Any, ...]]:
    """Return a table's rows in an order of their own, for comparison."""
    table = outcome.tables.get(name)
    return [] if table is None else sorted((tuple(row.values()) for row in table.to_pylist()), key=repr)
