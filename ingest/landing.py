"""Landing: one split read to the end into Parquet files whose names say what they hold.

The names derive from the source, the split's key and the hash of the configuration, and the rows file is written
last. So a finished split is known by its rows file, whoever wrote it: a run that was killed is taken up where it
stopped, and reading a split twice gives the same bytes under the same names.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numba.core.event import install_timer

from .. import storage
from ..errors import DataError
from .contract import REJECTS, Cursor, Pulled, Source, Split
from .identity import check_unchanged

ERASED = "erased"
"""The reason of a record that may not come in again, for somebody in it was erased."""

_COUNTS = b"weir.landed"
_AHEAD = 86_400
"""Seconds by which a clock may be ahead; a later time is a plan or a mistake, not news."""
_ENOUGH = 64 * 1024 * 1024  # bytes of rows in a row group


@dataclass(frozen=True)
class Landed:
    """What became of a split: the files it stands in (None where there is nothing), and its counts.

    `records == rows + sum(rejected.values())`; `bytes_in` is the size of the split as stored; `reused` says that
    the files were there already.
    """

    source: str
    key: str
    file: str
    rows_path: str | None
    rejects_path: str | None
    records: int
    rows: int
    rejected: dict[str, int] = field(default_factory=dict)
    bytes_in: int = 0
    seconds: float = 0.0
    reused: bool = False
    cursor: Cursor = field(default_factory=dict)
    """What the source remembers besides the plan's cursor once this is in."""
    cost: dict[str, float] = field(default_factory=dict)
    newest: float | None = None
    """The time of the newest row, in seconds since 1970; None where rows have none of their own."""


def land(
    source: Source, split: Split, location: str, config_hash: str, refuse: Callable[[pa.Table], Any] | None = None
) -> Landed:
    """Read `split` into `<location>/raw/<source>/data` and `<location>/raw/rejects/data`, or find it done.

    `refuse` names the rows that must not come in (by number, ascending), for somebody in them is to be forgotten: they
    stand in the rejects as `erased`, with their place and nothing of what they said.

    `seconds` leaves out what compiling kernels took, once on a machine: that stands in the cost `compile_seconds`.

    Raises SourceError where the split cannot be read to its end (nothing of it stays), StorageError where the
    files cannot be written, DataError where the source breaks its own schema.
    """
    began = time.perf_counter()
    label = split.source
    rows_path, rejects_path = locations(split, location, config_hash)
    counts = _finished(rows_path)
    reused = counts is not None
    compiled: list[float] = []
    if counts is None:
        with install_timer("numba:compile", compiled.append):
            counts = _write(source, split, rows_path, rejects_path, refuse)
    rejected: dict[str, int] = counts["rejected"]
    return Landed(
        source=label,
        key=split.key,
        file=split.file,
        rows_path=rows_path if counts["rows"] else None,
        rejects_path=rejects_path if rejected else None,
        records=counts["rows"] + sum(rejected.values()),
        rows=counts["rows"],
        rejected=rejected,
        bytes_in=split.size + int(counts["cost"].get("bytes", 0)),
        seconds=time.perf_counter() - began - sum(compiled),
        reused=reused,
        cursor=counts["cursor"],
        cost=counts["cost"] | ({"compile_seconds": sum(compiled)} if compiled else {}),
        newest=counts.get("newest"),
    )


def locations(split: Split, location: str, config_hash: str) -> tuple[str, str]:
    """Return where a split's rows and its rejects are landed."""
    name = f"{split.key}-{config_hash}.parquet"
    return (
        storage.join(location, "raw", split.source, "data", name),
        storage.join(location, "raw", "rejects", "data", f"{split.source}-{name}"),
    )


def _finished(rows_path: str) -> dict[str, Any] | None:
    """Return the counts in the rows file's footer, or None where the split has not been landed."""
    if not storage.exists(rows_path):
        return None
    fs, inner = storage.filesystem(rows_path)
    metadata = pq.read_metadata(inner, filesystem=fs).metadata or {}
    return dict(json.loads(metadata[_COUNTS])) if _COUNTS in metadata else None


def _write(source: Source, split: Split, rows_path: str, rejects_path: str, refuse: Any = None) -> dict[str, Any]:
    rejected: Counter[str] = Counter()
    cost: Counter[str] = Counter()
    cursor: Cursor = {}
    rows = 0
    newest: float | None = None
    with ExitStack() as files:
        rows_file = files.enter_context(storage.ParquetSink(rows_path, text_statistics=False))
        rejects_file = files.enter_context(storage.ParquetSink(rejects_path))
        for kept, refused, reached, took in _batches(source, split):
            cursor |= reached or {}
            cost.update(took)
            if refuse:
                kept, refused = _without_erased(kept, refused, refuse, split.source)
            rows += len(kept)
            for reason in pc.value_counts(refused["reason"]).to_pylist():
                rejected[reason["values"]] += reason["counts"]
            rows_file.write(kept)
            newest = max(filter(None, (newest, _newest(source, kept))), default=None)
            if len(refused):
                rejects_file.write(refused)
        counts: dict[str, Any] = {"rows": rows, "rejected": dict(sorted(rejected.items())), "cursor": cursor}
        counts |= {"cost": dict(cost), "newest": newest}
        if rejected:
            rejects_file.finish({})
        rows_file.finish({_COUNTS.decode(): json.dumps(counts)})  # last: it marks the split as done
    return counts


def _without_erased(
    rows: pa.Table, rejects: pa.Table, refuse: Callable[[pa.Table], Any], label: str
) -> tuple[pa.Table, pa.Table]:
    """Move the refused rows to the rejects, without their content; of refused rejects only the content goes."""
    gone = refuse(rows)
    if len(gone):
        there = rows.select(["file", "line"]).take(pa.array(gone))
        fixed = {"source": label, "stage": "pull", "reason": ERASED}
        columns = {name: pa.repeat(pa.scalar(value), len(gone)) for name, value in fixed.items()}
        columns |= {"file": there["file"], "line": there["line"], "raw": pa.nulls(len(gone), pa.binary())}
        refused = pa.table([columns[name] for name in REJECTS.names], schema=REJECTS)
        mask = np.ones(rows.num_rows, dtype=bool)
        mask[gone] = False
        rows, rejects = rows.filter(pa.array(mask)), pa.concat_tables([rejects, refused])
    emptied = np.zeros(rejects.num_rows, dtype=bool)
    emptied[refuse(rejects)] = True
    if emptied.any():
        raw = pc.if_else(pa.array(emptied), pa.scalar(None, pa.binary()), rejects["raw"].combine_chunks())
        rejects = rejects.set_column(REJECTS.get_field_index("raw"), REJECTS.field("raw"), raw)
    return rows, rejects


def _newest(source: Source, rows: pa.Table) -> float | None:
    """Return the time of the newest row: of the column that is the rows' time, or of all times that have been.

    The source says which column that is (`raw_keys`); without a word it is `ts`.
    """
    times = [field.name for field in rows.schema if pa.types.is_timestamp(field.type)]
    own = getattr(source, "raw_keys", {}).get("ts", "ts")
    now, found = time.time(), []
    for name in [own] if own in times else times:
        micros = rows[name].cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.int64())
        latest = pc.max(micros.filter(pc.less_equal(micros, int((now + _AHEAD) * 1e6)))).as_py()
        found += [latest / 1e6] if latest is not None else []
    return max(found, default=None)


def _batches(source: Source, split: Split) -> Iterator[Pulled]:
    """Yield the split's batches, small ones joined; at least one of rows, so that there is a schema to write."""
    held: list[Pulled] = []
    size = 0
    schema: pa.Schema | None = None
    for batch in source.read(split):
        schema = schema or batch.rows.schema
        if not batch.rows.schema.equals(schema) or not batch.rejects.schema.equals(REJECTS):
            raise DataError(
                f"the source '{split.source}' yields batches of different schemas for {split.file}",
                "mend the connector: dataweir.testing.check_source shows what is wrong",
            )
        held.append(batch)
        size += batch.rows.nbytes + batch.rejects.nbytes
        if size >= _ENOUGH:
            yield _joined(held)
            held, size = [], 0
    if "begins" in split.extra:
        check_unchanged(split.path, split.file, split.extra["begins"])
    if held or schema is None:
        yield _joined(held or [Pulled(source.schema.empty_table(), REJECTS.empty_table())])


def _joined(batches: list[Pulled]) -> Pulled:
    cursor: Cursor = {}
    cost: Counter[str] = Counter()
    for batch in batches:
        cursor |= batch.cursor or {}
        cost.update(batch.cost)
    rows = pa.concat_tables([batch.rows for batch in batches])
    return Pulled(rows, pa.concat_tables([batch.rejects for batch in batches]), cursor, dict(cost))
