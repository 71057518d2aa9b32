"""The connector for files of records: CSV, TSV, JSON lines, Parquet."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import Field

from .. import columns
from ..columns import constant
from ..contract import Cursor, Pulled, Split, no_rejects, source
from ..files import FileConfig, FileSource
from ..identity import News
from ..schemas import TABLES, TIMESTAMP
from ..streams import TextFile

Format = Literal["csv", "tsv", "jsonl", "parquet"]
Kind = Literal["string", "int", "float", "bool", "timestamp", "date"]
_DELIMITERS = {"csv": ",", "tsv": "\t"}
_ENDINGS: dict[str, Format] = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
    ".parquet": "parquet",
}  # fmt: skip
_OWN = ("file", "line", "source")
_SAMPLE = 1 << 20


class FilesConfig(FileConfig):
    """Where the files are, what they hold, and which integrated table they belong to."""

    format: Literal["auto", "csv", "tsv", "jsonl", "parquet"] = Field("auto", description="auto: by name and content")
    types: dict[str, Kind] = Field(
        default_factory=dict,
        alias="schema",
        description="column: string, int, float, bool, timestamp or date; others are inferred from a sample",
    )
    into: Literal["web_events", "social_posts"] | None = Field(
        None, description="the integrated table; without it the source has a table of its own"
    )
    columns: dict[str, str] = Field(default_factory=dict, description="column of the table: column of the file")
    short_rows: Literal["reject", "fill"] = Field(
        "reject", description="CSV rows with fewer fields than the header: rejects, or filled with nulls"
    )
    constants: dict[str, str | int | float | bool] = Field(
        default_factory=dict, description="column of the table: the value it has everywhere"
    )


@source("files")
class Files(FileSource):
    """CSV, TSV, JSON lines and Parquet files, plain or compressed, with a schema given or inferred.

    A row whose value does not fit its column's type is a reject `type:<column>`, one with too many or too few fields
    a reject `columns`. Of JSON lines the whole text stands in the column `record`.
    """

    name: ClassVar[str] = "files"
    Config: ClassVar[type[FileConfig]] = FilesConfig
    sample: ClassVar[str] = "files.csv"
    sample_config: ClassVar[Mapping[str, Any]] = {
        "type": "files",
        "path": "files.csv",
        "into": "social_posts",
        "columns": {"post_id": "id", "ts": "at", "text": "body"},
        "constants": {"platform": "support", "kind": "post"},
    }

    def __init__(self, label: str, config: Any, root: str) -> None:
        super().__init__(label, config, root)
        self._columns: dict[str, str] | None = None
        _check_mapping(label, config)

    @property
    def target(self) -> str:
        """The integrated table, or the source's own."""
        return self.config.into or self.label

    @property
    def schema(self) -> pa.Schema:
        """The columns of the files, known once planned, with file and line."""
        from ..convert import TYPES

        fields = [pa.field(name, TYPES[kind]) for name, kind in (self._columns or {}).items()]
        return pa.schema([*fields, pa.field("file", pa.string()), pa.field("line", pa.int64())])

    def extras(self, news: News, cursor: Cursor) -> list[dict[str, str]]:
        """Agree on one schema for all files, earlier ones included, and send it with every split."""
        self._columns = dict(cursor.get("columns", {}))
        samples = [(probe, self._format(probe.path)) for probe, _ in news.fresh]
        texts: dict[str, list[pa.Array]] = {}
        for probe, kind in samples:
            for name, values in self._sampled(probe.path, probe.identity.file, kind):
                texts.setdefault(name, []).append(values)
        for name, parts in texts.items():
            if name not in self._columns:
                self._columns[name] = self._kind(name, parts)
        if samples:
            self._check_columns()
        agreed = json.dumps(self._columns)
        return [{"format": kind, "columns": agreed} for _, kind in samples]

    def _check_columns(self) -> None:
        """Refuse a mapping from a column that no file has. Raises ConfigError."""
        from ...errors import ConfigError
        from ...registry import nearest

        known = list(self._columns or {})
        for name, column in self.config.columns.items():
            if safe(column) not in known:
                raise ConfigError(
                    f"sources.{self.label}.columns.{name}: no file has a column '{column}'{nearest(column, known)}",
                    f"columns of the files: {', '.join(known)}",
                )

    def remember(self) -> dict[str, Any]:
        """Keep the schema, so that later runs agree with it."""
        return {"columns": self._columns}

    def resume(self, text: TextFile, end: int, extra: Mapping[str, str]) -> tuple[int, int]:
        """Find the last record that was whole when the file was read up to `end`."""
        from .. import delimited

        if extra["format"] not in _DELIMITERS:
            return super().resume(text, end, extra)
        return delimited.resume(text, end, _DELIMITERS[extra["format"]])

    def ranges(self, text: TextFile, start: int, end: int, first: int) -> list[tuple[int, int, int]]:
        """Read CSV in one piece, for a line end may stand inside a field; JSON lines in ranges."""
        if self._format(text.path) == "jsonl":
            return super().ranges(text, start, end, first)
        return [(start, end, first)]

    def read(self, split: Split) -> Iterator[Pulled]:
        """Yield the rows and rejects of the split."""
        self._columns = json.loads(split.extra["columns"])
        kind = split.extra["format"]
        if kind == "parquet":
            yield from self._read_parquet(split)
        elif kind == "jsonl":
            yield from self._read_json(split)
        else:
            yield from self._read_delimited(split, _DELIMITERS[kind])

    def integrate(self, rows: pa.Table) -> pa.Table:
        """Map rows by `columns` and `constants`; a source of its own keeps its columns."""
        rows = rows.combine_chunks()
        label = constant(self.label, rows.num_rows)
        if self.config.into is None:
            return rows.append_column("source", label)
        schema = TABLES[self.config.into].schema
        made: dict[str, Any] = {
            name: rows[column] for name, column in self._mapped().items() if column in rows.column_names
        }
        made |= {name: pa.repeat(pa.scalar(value), rows.num_rows) for name, value in self.config.constants.items()}
        if self.config.into == "web_events" and "path" in made and "query" not in made:
            made |= _targets(made)
        made |= {"source": label, "file": rows["file"], "line": rows["line"]}
        return pa.table({name: made[name].cast(schema.field(name).type) for name in schema.names if name in made})

    def _mapped(self) -> dict[str, str]:
        """Return column of the table → column of the file, as the file's columns are called here."""
        return {name: safe(column) for name, column in self.config.columns.items()}

    def _format(self, path: str) -> Format:
        if self.config.format != "auto":
            chosen: Format = self.config.format
            return chosen
        bare = re.sub(r"\.(gz|zst|bz2|xz)$", "", path.lower())
        for ending, kind in _ENDINGS.items():
            if bare.endswith(ending):
                return kind
        with open(path, "rb") as handle:
            if handle.read(4) == b"PAR1":
                return "parquet"
        head = TextFile(path, path).head(_SAMPLE).lstrip(b"\xef\xbb\xbf \r\n\t")
        if head.startswith(b"{"):
            return "jsonl"
        first = head.partition(b"\n")[0]
        return "tsv" if first.count(b"\t") > first.count(b",") else "csv"

    def _kind(self, name: str, parts: list[pa.Array]) -> str:
        """Return the type of a column: as given, as its target needs, as its Parquet file has it, or as a sample."""
        from ..convert import infer

        for given, kind in self.config.types.items():
            if safe(given) == name:
                return kind
        if self.config.into is not None:
            needed = [t for t, column in self._mapped().items() if column == name]
            return _needed(TABLES[self.config.into].schema.field(needed[0]).type) if needed else "string"
        typed = [part.type for part in parts if not pa.types.is_string(part.type)]
        if typed:
            return _needed(typed[0])
        return infer(pa.concat_arrays(parts))

    def _sampled(self, path: str, file: str, kind: Format) -> Iterator[tuple[str, pa.Array]]:
        """Yield the columns of a file's beginning."""
        from .. import delimited, jsonlines

        if kind == "parquet":
            yield from ((safe(f.name), pa.nulls(0, f.type)) for f in pq.read_schema(path))
            return
        text = TextFile(path, file)
        if kind == "jsonl":
            lines = text.head(_SAMPLE)[text.bom :].split(text.mark)
            objects = [o for line in lines[:-1] or lines if isinstance(o := jsonlines.parse(line), dict)]
            yield "record", pa.array([], pa.string())
            for name in dict.fromkeys(key for o in objects for key in o):
                yield safe(name), pa.array([jsonlines.text_of(o.get(name)) for o in objects], pa.string())
            return
        delimiter = _DELIMITERS[kind]
        names = unique(delimited.header(text, delimiter))
        head = text.head(_SAMPLE)[text.bom :]
        found = delimited.scan(head, delimiter, len(head) < _SAMPLE - text.bom)
        sizes = np.diff(np.append(found.first, len(found.starts)))
        good = np.flatnonzero((sizes <= len(names)) & (found.status == 0))[1:]
        data = np.frombuffer(head, np.uint8)
        for place, name in enumerate(names):
            yield (
                name,
                delimited.field(data, found, np.where(sizes[good] > place, found.first[good] + place, -1), False),
            )

    def _read_delimited(self, split: Split, delimiter: str) -> Iterator[Pulled]:
        from .. import delimited

        text = TextFile(split.path, split.file)
        names = unique(delimited.header(text, delimiter))
        fill = self.config.short_rows == "fill"
        found = delimited.records(
            text, split.start, split.end, delimiter, len(names), split.first_line, self.label, fill
        )
        for block in found:
            made = dict(zip(names, block.fields, strict=True))
            typed = self._typed(made, block.numbers, split.file, columns.binaries(block.raw))
            yield Pulled(typed.rows, pa.concat_tables([block.rejects, typed.rejects]))

    def _read_json(self, split: Split) -> Iterator[Pulled]:
        from .. import jsonlines

        text = TextFile(split.path, split.file)
        for block in jsonlines.objects(text, split.start, split.end, split.first_line, self.label):
            named = [{safe(key): value for key, value in o.items()} for o in block.objects]
            made = {
                name: pa.array([jsonlines.text_of(o.get(name)) for o in named], pa.string())
                for name in (self._columns or {})
                if name != "record"
            }
            typed = self._typed({**made, "record": block.text}, block.numbers, split.file, block.text.cast(pa.binary()))
            yield Pulled(typed.rows, pa.concat_tables([block.rejects, typed.rejects]))

    def _read_parquet(self, split: Split) -> Iterator[Pulled]:
        number = 1
        for batch in pq.ParquetFile(split.path).iter_batches(batch_size=65_536):
            numbers = np.arange(number, number + batch.num_rows, dtype=np.int64)
            number += batch.num_rows
            table = pa.Table.from_batches([batch]).rename_columns([safe(name) for name in batch.schema.names])
            made = {name: _plain(table[name].combine_chunks()) for name in table.column_names}
            raw = pa.array([json.dumps(row, default=str).encode() for row in batch.to_pylist()], pa.binary())
            yield self._typed(made, numbers, split.file, raw)

    def _typed(self, made: dict[str, pa.Array], numbers: Any, file: str, raw: pa.Array) -> Pulled:
        """Give the columns their types; rows with a value that does not fit are rejects."""
        from ..convert import convert

        wrong = np.zeros(len(numbers), np.uint16)
        reasons, typed = [""], {}
        for field in self.schema:
            if field.name in ("file", "line") and field.name not in made:
                continue
            values = made.get(field.name, pa.nulls(len(numbers), pa.string()))
            if pa.types.is_string(values.type):
                typed[field.name], bad = convert(values, field.type)
                reasons.append(f"type:{field.name}")
                wrong = np.where((wrong == 0) & bad, np.uint16(len(reasons) - 1), wrong)
            else:
                typed[field.name] = values.cast(field.type)
        typed |= {"file": constant(file, len(numbers)), "line": pa.array(numbers, pa.int64())}
        rows = pa.table([typed[name] for name in self.schema.names], schema=self.schema)
        if not wrong.any():
            return Pulled(rows, no_rejects())
        places = np.flatnonzero(wrong)
        kept = raw.take(pa.array(places))
        refused = columns.rejects(self.label, file, numbers[places], reasons, wrong[places], kept)
        return Pulled(rows.filter(pa.array(wrong == 0)), refused)


def safe(name: str) -> str:
    """Return a column name that every engine takes: lower-case letters, digits and underscores."""
    made = re.sub(r"\W+", "_", name.strip().lower(), flags=re.ASCII).strip("_") or "column"
    made = f"c_{made}" if made[0].isdigit() else made
    return f"{made}_" if made in _OWN else made


def unique(names: list[str]) -> list[str]:
    """Return safe names, a repeated one with a number behind it."""
    made: list[str] = []
    for name in map(safe, names):
        tries = (name if n == 1 else f"{name}_{n}" for n in range(1, len(names) + 1))
        made.append(next(t for t in tries if t not in made))
    return made


def _check_mapping(label: str, config: FilesConfig) -> None:
    """Refuse target columns that the integrated table does not have. Raises ConfigError."""
    from ...errors import ConfigError
    from ...registry import nearest

    if config.into is None:
        if config.columns or config.constants:
            raise ConfigError(
                f"sources.{label}: columns and constants need 'into'", "add into: social_posts or web_events"
            )
        return
    known = [name for name in TABLES[config.into].schema.names if name not in _OWN]
    for name in (*config.columns, *config.constants):
        if name not in known:
            raise ConfigError(
                f"sources.{label}: {config.into} has no column '{name}'{nearest(name, known)}",
                f"columns: {', '.join(known)}",
            )


def _needed(kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind):
        return "timestamp"
    if pa.types.is_date(kind):
        return "date"
    if pa.types.is_boolean(kind):
        return "bool"
    if pa.types.is_integer(kind):
        return "int"
    return "float" if pa.types.is_floating(kind) else "string"


def _plain(values: pa.Array) -> pa.Array:
    """Return a Parquet column in one of the types that tables here have; nested values as JSON text."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _plain(values.dictionary_decode())
    if pa.types.is_timestamp(kind):
        zoned = values if kind.tz else pc.assume_timezone(values, "UTC")
        return zoned.cast(TIMESTAMP, safe=False)
    if _needed(kind) != "string":
        return values
    if pa.types.is_large_string(kind) or pa.types.is_string(kind):
        return values.cast(pa.string())
    texts = [None if v is None else v if isinstance(v, str) else json.dumps(v, default=str) for v in values.to_pylist()]
    return pa.array(texts, pa.string())


def _targets(made: dict[str, Any]) -> dict[str, Any]:
    from ..urls import split_targets

    path, method = made["path"], made.get("method")
    whole = [c.combine_chunks() if isinstance(c, pa.ChunkedArray) else c for c in (path, method) if c is not None]
    target = split_targets(*whole)
    return {"path": target.path, "query": target.query}
