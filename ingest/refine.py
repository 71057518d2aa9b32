"""Refining, for workers: prepare each part, decide each hash bucket, finish each group.

    prepare(part)   raw rows → integrated, cleaned, keyed candidates, in the staging folder
    decide(bucket)  keys of all parts and of the committed tables → ids and duplicates, round by round
    sketch_part     texts that are left → shingle sets and band keys; then, once for the batch,
    settle          sketches and the stored index → near duplicates
    index_band, index_docs   sketches → what the index gains
    finish(group)   candidates and decisions → the final Parquet files

Each takes its item first (`engine.map(prepare, parts, source, ...)`), and every argument and result is
small and picklable. Run twice, each writes the same files under the same names.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..config import DedupConfig
from ..errors import ConfigError, DataError, StorageError
from ..storage import filesystem, join, modified, path, write_parquet
from .cleaning import Cleaner, RuleCount
from .contract import Source
from .dedup.decide import decide
from .dedup.exact import id_column, identity, versions
from .dedup.staging import ID_KEYS, TEXT_KEYS, by_bucket, write_batches
from .dedup.text import text_keys
from .finish import finish
from .hashing import from_hex
from .integrate import conform, generic_schema
from .outliers import Sketch, merged
from .parts import (
    Decided,
    End,
    FileCount,
    Finished,
    Group,
    Prepared,
    RawPart,
    bucket_count,
    groups,
    rounds,
    stretches,
    text_column,
)
from .schemas import DELETED, TABLES
from .takedown import ends_of
from .visits import behaviour
from .visits.reconstruct import batches as visit_batches

__all__ = [
    "Decided",
    "FileCount",
    "Finished",
    "Group",
    "Prepared",
    "RawPart",
    "bucket_count",
    "cut",
    "decide",
    "finish",
    "groups",
    "prepare",
    "rounds",
]

_ROWS, _BYTES = 1 << 18, 8 << 20
"""Rows, and bytes of rows as stored unpacked, worked on at a time: they bound the memory whatever a part's size is."""


def prepare(
    part: RawPart,
    source: Source,
    clean: Mapping[str, Any],
    dedup: DedupConfig,
    staging: str,
    buckets: int,
) -> Prepared:
    """Integrate, clean and key the rows of one part; `clean` is that of weir.yaml, `dedup` that of the table.

    Raises DataError where the source loses rows or gives columns that its table does not know, ConfigError
    for wrong rules and for a text column that is not there.
    """
    return _Preparation(part, source, clean, dedup, staging, buckets).run()


class _Preparation:
    def __init__(
        self,
        part: RawPart,
        source: Source,
        clean: Mapping[str, Any],
        dedup: DedupConfig,
        staging: str,
        buckets: int,
    ) -> None:
        self.part, self.source, self.dedup, self.buckets = part, source, dedup, buckets
        self.table = source.target
        self.text = text_column(self.table, dedup)
        self.cleaner = Cleaner(clean, self.table, modified(part.path))
        self.stem = join(staging, f"{self.table}-{part.name}")
        self.rules: dict[str, RuleCount] = {}
        self.rows: Counter[str] = Counter()
        self.refused: dict[str, Counter[str]] = {}
        self.rejects: list[pa.Table] = []
        self.codes: dict[str, int] = {}
        self.keys: list[tuple[NDArray[Any], ...]] = []
        self.texts: list[pa.Table] = []
        self.visits: list[pa.Table] = []
        self.numbers: dict[str, Sketch] = {}
        self.kept = 0
        self.times: list[Any] = []
        self.ends: set[End] = set()

    def run(self) -> Prepared:
        started = time.perf_counter()
        candidates = f"{self.stem}-rows.arrow"
        tables = self._tables()
        first = next(tables)
        write_batches(_batches(first, tables), first.schema, candidates)
        id_keys = f"{self.stem}-ids.arrow"
        write_batches(self._id_batches(), ID_KEYS, id_keys)
        text_keys_file = f"{self.stem}-texts.arrow" if self.text else None
        if text_keys_file:
            write_batches(self._text_batches(), TEXT_KEYS, text_keys_file)
        visit_keys = f"{self.stem}-visits.arrow" if self.table == "web_events" and self.cleaner.across else None
        if visit_keys:
            write_batches(visit_batches(self.visits, self.buckets), behaviour.KEYS, visit_keys)
        rejects = f"{self.stem}-rejects.parquet" if self.rejects else None
        if rejects:
            write_parquet(pa.concat_tables(self.rejects), rejects)
        counts = tuple(
            FileCount(self.part.source, file, rows, rejected=dict(sorted(self.refused.get(file, {}).items())))
            for file, rows in sorted(self.rows.items())
        )
        reasons: Counter[str] = Counter()
        for count in counts:
            reasons.update(count.rejected)
        seconds = {name: count.seconds for name, count in self.rules.items()}
        return Prepared(
            part=self.part,
            table=self.table,
            buckets=self.buckets,
            candidates=candidates,
            id_keys=id_keys,
            text_keys=text_keys_file,
            visit_keys=visit_keys,
            numbers=self.numbers,
            rejects=rejects,
            rows=sum(self.rows.values()),
            kept=self.kept,
            rejected=dict(sorted(reasons.items())),
            changed={name: count.changed for name, count in self.rules.items()},
            refused={name: count.rejected for name, count in self.rules.items()},
            seconds=seconds | {"total": time.perf_counter() - started},
            files=tuple(self.codes),
            counts=counts,
            first_ts=min((t["min"] for t in self.times), default=None),
            last_ts=max((t["max"] for t in self.times), default=None),
            ends=tuple(sorted(self.ends, key=repr)),
        )

    def _tables(self) -> Iterator[pa.Table]:
        """Yield the candidates stretch by stretch, noting keys, rejects and counts on the way."""
        for rows in _read(self.part):
            table = self.source.integrate(rows)
            if table.num_rows != rows.num_rows:
                raise DataError(
                    f"integrating '{self.part.source}' changed the number of rows: {rows.num_rows} in, "
                    f"{table.num_rows} out",
                    "the source's integrate() must keep every row",
                )
            table = conform(self._with_origin(table, rows), self._schema(table))
            self.rows.update(_count(table["file"]))
            cleaned, deletions = self._cleaned(table)
            for name, count in cleaned.rules.items():
                self.rules[name] = self.rules.get(name, RuleCount()).plus(count)
            if cleaned.rejected.num_rows:
                self._note_rejects(cleaned.rejected)
            self._observe(cleaned.kept)
            yield self._keyed(pa.concat_tables([cleaned.kept, *deletions]).combine_chunks())

    def _cleaned(self, table: pa.Table) -> tuple[Any, list[pa.Table]]:
        """Clean the rows; deletions are no posts, so no rule may refuse them: they stand apart."""
        if self.table != "social_posts":
            return self.cleaner.run(table), []
        deleted = pc.fill_null(pc.equal(table["kind"], DELETED), False)
        if not pc.any(deleted).as_py():
            return self.cleaner.run(table), []
        cleaned, deletions = self.cleaner.run(table.filter(pc.invert(deleted))), table.filter(deleted)
        self.ends |= ends_of(deletions)
        return cleaned, [deletions.cast(cleaned.kept.schema)]

    def _schema(self, table: pa.Table) -> pa.Schema:
        if self.table in TABLES:
            return TABLES[self.table].schema
        return generic_schema(table.schema, with_text_key=self.text is not None)

    def _with_origin(self, table: pa.Table, rows: pa.Table) -> pa.Table:
        label = pa.repeat(pa.scalar(self.part.source, pa.string()), table.num_rows)
        origin = {"source": label}
        for name, fallback in (("file", pa.scalar(self.part.file)), ("line", pa.scalar(0, pa.int64()))):
            given = table if name in table.column_names else rows
            values = given[name] if name in given.column_names else pa.repeat(fallback, table.num_rows)
            origin[name] = pc.fill_null(values, fallback.cast(values.type))
        for name, values in origin.items():
            at = table.schema.get_field_index(name)
            table = table.append_column(name, values) if at < 0 else table.set_column(at, name, values)
        return table

    def _observe(self, table: pa.Table) -> None:
        outliers = self.cleaner.rule("outliers")
        for name, one in outliers.observe(table).items() if outliers else ():
            self.numbers[name] = merged([self.numbers.get(name, {}), one])

    def _note_rejects(self, rejected: pa.Table) -> None:
        self.rejects.append(rejected)
        tally = rejected.group_by(["file", "reason"]).aggregate([([], "count_all")])
        for each in tally.to_pylist():
            self.refused.setdefault(each["file"], Counter())[each["reason"]] += each["count_all"]

    def _keyed(self, table: pa.Table) -> pa.Table:
        """Note the keys of kept rows; return the rows with their text keys."""
        hashes, counted = identity(table, self.table)
        encoded = table["file"].combine_chunks().dictionary_encode()
        names = [self.codes.setdefault(name, len(self.codes)) for name in encoded.dictionary.to_pylist()]
        file = np.array(names, dtype=np.int32)[encoded.indices.to_numpy()]
        line = table["line"].to_numpy()
        pos = np.arange(self.kept, self.kept + len(file), dtype=np.int32)
        self.keys.append((pos, hashes[:, 0], hashes[:, 1], counted, versions(table), file, line))
        if self.text or self.table == "social_posts":
            table = self._with_text_keys(table, pos, file)
        if self.table == "web_events" and self.cleaner.across:
            self.visits.append(behaviour.keys(table, self.kept))
        self.kept += table.num_rows
        if "ts" in table.column_names and table.num_rows > table["ts"].null_count:
            self.times.append(pc.min_max(table["ts"]).as_py())
        return table

    def _with_text_keys(self, table: pa.Table, pos: NDArray[Any], file: NDArray[Any]) -> pa.Table:
        name = self.text or "text"
        if name not in table.column_names or not pa.types.is_string(table.schema.field(name).type):
            raise ConfigError(
                f"dedup.{self.table}.text: there is no text column '{name}'",
                "name one of the table's text columns",
            )
        keys = text_keys(table[name], self.dedup.min_chars)
        if self.text:
            ids = table[id_column(self.table)]
            values = [pa.array(pos), keys, ids, pa.array(file), table["line"]]
            self.texts.append(pa.table(values, names=["pos", "key", "id", "file", "line"]).filter(pc.is_valid(keys)))
        return table.set_column(table.schema.get_field_index("text_key"), "text_key", keys)

    def _id_batches(self) -> Iterator[pa.RecordBatch]:
        columns = [np.concatenate(each) for each in zip(*self.keys, strict=True)]
        return by_bucket([pa.array(c, f.type) for c, f in zip(columns, ID_KEYS, strict=True)], ID_KEYS, self.buckets)

    def _text_batches(self) -> Iterator[pa.RecordBatch]:
        texts = pa.concat_tables(self.texts).combine_chunks()
        hashes, _ = from_hex(texts["key"])
        columns = {name: texts[name].combine_chunks() for name in ("pos", "id", "file", "line")}
        columns |= {"h1": pa.array(hashes[:, 0]), "h2": pa.array(hashes[:, 1])}
        return by_bucket([columns[name] for name in TEXT_KEYS.names], TEXT_KEYS, self.buckets)


def _batches(first: pa.Table, rest: Iterator[pa.Table]) -> Iterator[pa.RecordBatch]:
    yield from first.to_batches()
    for table in rest:
        yield from table.to_batches()


def cut(part: RawPart) -> list[RawPart]:
    """Cut a part into stretches that each fit a worker's memory, whatever the size of the file it was read from."""
    with _opened(part.path) as parquet:
        sizes = [parquet.metadata.row_group(at).num_rows for at in range(parquet.num_row_groups)]
    made = stretches(sizes)
    return [replace(part, stretch=each) for each in made] if made[1:] else [part]


def _read(part: RawPart) -> Iterator[pa.Table]:
    """Yield a part's rows in stretches, at least one (which may be empty, for its schema)."""
    with _opened(part.path) as parquet:
        if not parquet.metadata.num_rows:
            yield parquet.schema_arrow.empty_table()
        wanted = range(*part.stretch) if part.stretch else range(parquet.num_row_groups)
        stored = sum(parquet.metadata.row_group(at).total_byte_size for at in wanted)
        rows = sum(parquet.metadata.row_group(at).num_rows for at in wanted)
        fitting = _BYTES * rows // max(1, stored)
        for batch in parquet.iter_batches(batch_size=max(1024, min(_ROWS, fitting)), row_groups=list(wanted)):
            yield pa.table(batch)


@contextmanager
def _opened(location: str) -> Iterator[pq.ParquetFile]:
    fs, inner = filesystem(location)
    try:
        with fs.open_input_file(inner) as source:
            yield pq.ParquetFile(source)
    except OSError:  # its text may quote the file
        raise StorageError(f"cannot read {path(location)}", "check that the landed file is there and whole") from None


def _count(values: pa.ChunkedArray) -> dict[str, int]:
    counts = pc.value_counts(values)
    return dict(zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True))
