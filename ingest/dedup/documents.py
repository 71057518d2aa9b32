"""The texts of a batch on their way to the near search: sketched part by part, in files that are mapped, not read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ...storage import filesystem, is_local, join, path
from ..hashing import from_hex, row_hashes, to_hex
from ..parts import Decided, Prepared, text_column
from .crossover import Gpu, sketch_all
from .decide import Verdicts, near_verdicts, text_verdicts, verdicts
from .embed import embed
from .exact import GONE, POST_ID, id_column
from .minhash import sketch
from .scheme import Scheme, Semantic
from .sets import sorted_sets
from .shingles import Shingles
from .staging import read_all, write_batches
from .text import text_keys

DOCUMENTS = pa.schema(
    {
        "pos": pa.int32(),
        "doc": pa.int64(),
        "id": pa.string(),
        "ts": pa.int64(),
        "length": pa.int32(),
        "source": pa.string(),
        "file": pa.string(),
        "line": pa.int64(),
        "text": pa.int64(),
        "shingles": pa.large_binary(),
    }
)
"""One text each. `doc` is the first half of the row's 128-bit identity, `shingles` its sorted set of uint32 (or
its vector), `text` the first half of its text key."""

KEYS = pa.schema({"key": pa.int64()})
"""One batch a band, whole texts the last one; one line a text, in the order of DOCUMENTS."""

LATEST = np.iinfo(np.int64).max
"""The time of a row without one."""

_COLUMNS = ("source", "file", "line")


class Sketched(NamedTuple):
    """The texts of one part (or of one committed file: then `part` is empty) and where their sketches lie."""

    part: str
    name: str
    documents: str
    keys: str
    rows: int
    gone: tuple[int, ...] = ()
    """The docs whose committed rows go: of posts that were deleted, or are there in a later version."""

    @property
    def committed(self) -> bool:
        """Whether the rows are in the table already."""
        return not self.part


def sketch_part(
    item: Prepared | str,
    table: str,
    dedup: Any,
    scheme: Scheme | Semantic,
    decided: Sequence[Decided],
    staging: str,
    gpu: Gpu,
) -> Sketched:
    """Sketch the rows of one part that the rounds before kept, or the rows of one committed data file of the table.

    Short texts, those without a text key, are left out: they are never duplicates of each other. A text without words
    (of pictures, say) is compared as a whole.
    """
    column = text_column(table, dedup) or "text"
    if isinstance(item, Prepared):
        part, name = item.part.name, item.part.name
        outcome, rows, pos, identity = survivors(item, decided)
        gone = outcome.ids[outcome.replaces | (outcome.why == GONE), 0].view(np.int64)
    else:
        part, name, gone = "", item.rsplit("/", 1)[-1].removesuffix(".parquet"), np.empty(0, np.int64)
        rows, pos, identity = committed(item, table, column, dedup.min_chars)
    stem = join(staging, f"{table}-{scheme.method}-{name}")
    keys = from_hex(rows["text_key"])[0][:, 0].copy()
    bands, shingles = _sketch(rows[column], keys, scheme, gpu)
    columns = {
        "pos": pa.array(pos),
        "doc": pa.array(identity),
        "id": rows[id_column(table)],
        "ts": _times(rows),
        "length": pc.utf8_length(rows[column]).cast(pa.int32()),
        **{each: rows[each] for each in _COLUMNS},
        "text": pa.array(keys.view(np.int64)),
        "shingles": shingles,
    }
    found = pa.table([columns[each] for each in DOCUMENTS.names], schema=DOCUMENTS)
    write_batches(found.combine_chunks().to_batches() or [_empty(DOCUMENTS)], DOCUMENTS, f"{stem}.arrow", None)
    batches = [pa.record_batch([pa.array(band.view(np.int64))], schema=KEYS) for band in bands]
    write_batches(batches, KEYS, f"{stem}-keys.arrow", None)
    return Sketched(part, name, f"{stem}.arrow", f"{stem}-keys.arrow", found.num_rows, tuple(gone.tolist()))


def _sketch(
    texts: pa.ChunkedArray, keys: NDArray[np.uint64], scheme: Scheme | Semantic, gpu: Gpu
) -> tuple[list[NDArray[np.uint64]], pa.Array]:
    """Return the keys of each band, and what is compared: sets of shingles, or vectors."""
    if isinstance(scheme, Semantic):
        made = embed(texts.to_pylist(), scheme.model, scheme.max_tokens)
        offsets = np.arange(len(made) + 1, dtype=np.int64) * (4 * made.shape[1])
        return [], pa.Array.from_buffers(pa.large_binary(), len(made), [None, *map(pa.py_buffer, (offsets, made))])
    sketched = sketch_all(texts, scheme.shingle, scheme.banding, gpu) if len(texts) else _nothing(scheme)
    wordless = sketched.shingles.counts == 0
    bands = np.where(wordless, keys, sketched.keys)
    return [*bands, keys], _sets(sketched.shingles, wordless, keys)


def in_order(sketched: Sequence[Sketched]) -> list[Sketched]:
    """Return the parts in the order in which their texts are numbered: committed ones first."""
    return sorted(sketched, key=lambda each: (not each.committed, each.name))


def documents(sketched: Sketched) -> pa.Table:
    """Return the texts of one part (DOCUMENTS), mapped where the staging is a local folder."""
    return _open(sketched.documents).read_all()


def band_keys(sketched: Sequence[Sketched], band: int) -> NDArray[np.int64]:
    """Return the keys of one band of all texts, part after part."""
    parts = [_open(each.keys).get_batch(band)["key"].to_numpy() for each in sketched]
    return np.concatenate([np.empty(0, dtype=np.int64), *parts])


def _open(location: str) -> pa.ipc.RecordBatchFileReader:
    if is_local(location):
        return pa.ipc.open_file(pa.memory_map(path(location)))
    fs, inner = filesystem(location)
    with fs.open_input_file(inner) as source:
        return pa.ipc.open_file(pa.py_buffer(source.read()))


def survivors(
    part: Prepared, decided: Sequence[Decided]
) -> tuple[Verdicts, pa.Table, NDArray[np.int32], NDArray[np.int64]]:
    """Return the first round's outcome, the rows of one part that all rounds up to now keep and that have a text key,
    where they stand, and their docs.
    """
    outcome = verdicts(part, decided)
    rows = read_all(part.candidates)
    keep = ~outcome.dropped & pc.is_valid(rows["text_key"]).to_numpy()
    for each in (text_verdicts, near_verdicts):
        keep[each(part, decided)["pos"].to_numpy()] = False
    pos = np.flatnonzero(keep).astype(np.int32)
    rows = rows.take(pa.array(pos))
    column = id_column(part.table)
    given = rows[column]
    if given.null_count:
        given = pc.coalesce(given, pa.chunked_array([to_hex(outcome.ids[pos])]))
        rows = rows.set_column(rows.schema.get_field_index(column), column, given)
    return outcome, rows, pos, outcome.ids[pos, 0].view(np.int64)


def committed(
    location: str, table: str, column: str, min_chars: int
) -> tuple[pa.Table, NDArray[np.int32], NDArray[np.int64]]:
    """Return the same of one committed data file of the table."""
    fs, inner = filesystem(location)
    names = pq.read_schema(inner, filesystem=fs).names
    own = id_column(table)
    extra = POST_ID if table == "social_posts" else []
    wanted = [each for each in dict.fromkeys([own, *extra, column, "text_key", "ts", *_COLUMNS]) if each in names]
    rows = pq.read_table(inner, columns=wanted, filesystem=fs)
    if "text_key" not in names:
        rows = rows.append_column("text_key", text_keys(rows[column], min_chars))
    rows = rows.filter(pc.is_valid(rows["text_key"]))
    hashes, given_by_us = from_hex(rows[own])
    if extra:
        hashes[~given_by_us] = row_hashes(rows, POST_ID)[~given_by_us]
    return rows, np.arange(rows.num_rows, dtype=np.int32), hashes[:, 0].copy().view(np.int64)


def _nothing(scheme: Scheme) -> Any:
    return sketch(pa.array([], pa.string()), scheme.shingle, scheme.banding)


def _times(rows: pa.Table) -> Any:
    if "ts" not in rows.column_names:
        return pa.array(np.full(rows.num_rows, LATEST))
    return pc.fill_null(rows["ts"].cast(pa.int64()), LATEST)


def _sets(shingles: Shingles, wordless: NDArray[np.bool_], keys: NDArray[np.uint64]) -> pa.Array:
    """Return each text's shingles as a sorted set, its bytes in one binary value; without words its key is the one."""
    hashes, starts, counts = sorted_sets(shingles)
    hashes = np.insert(hashes, starts[:-1][wordless], keys[wordless].astype(np.uint32))
    offsets = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(4 * (counts + wordless), out=offsets[1:])
    return pa.Array.from_buffers(pa.large_binary(), len(counts), [None, pa.py_buffer(offsets), pa.py_buffer(hashes)])


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.record_batch([pa.array([], field.type) for field in schema], schema=schema)


def each_row(sketched: Sequence[Sketched]) -> Iterator[tuple[Sketched, int, int]]:
    """Yield each part with the numbers of its first text and of the one after its last."""
    first = 0
    for each in sketched:
        yield each, first, first + each.rows
        first += each.rows
