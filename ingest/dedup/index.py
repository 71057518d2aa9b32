"""The stored index of near duplicates: what earlier batches left, looked up and added to, never read as a whole.

`near_bands` holds (band, key, doc) of every text, partitioned by band, a file's rows sorted by key; `near_docs`
holds one row a text with its shingle set, sorted by doc. A batch reads those row groups whose range of keys (or
docs) its own fall in. Rows are addressed by id (near_docs) and by doc (near_bands), so that they can be erased.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ...storage import filesystem, join, write_parquet
from ..parts import Decided
from ..schemas import NEAR_BANDS, NEAR_DOCS
from .documents import Sketched, band_keys, documents
from .scheme import Scheme, Semantic
from .staging import read_batch

GROUP = 1 << 15
"""Rows of a row group, at most: what is read at least for one key."""

HASHES = ("key", "doc")
"""Columns of hashes."""

_GROUP_BYTES = 16 << 20

_ENDS = ("min", "max")


class Stored(NamedTuple):
    """The committed files of the index: those of each band by its number, and those of the texts."""

    bands: dict[int, list[str]]
    docs: list[str]


class Hits(NamedTuple):
    """Stored texts that share a key of one band with the batch."""

    keys: NDArray[np.int64]
    docs: NDArray[np.int64]


def look_up_keys(files: Sequence[str], table: str, scheme: str, keys: NDArray[np.int64]) -> Hits:
    """Return the stored texts that have one of `keys` (sorted, each once) in files of one band."""
    found = [Hits(np.empty(0, np.int64), np.empty(0, np.int64))]
    for rows in _groups(files, "key", keys, ["key", "doc"], table, scheme):
        found.append(Hits(rows["key"].to_numpy(), rows["doc"].to_numpy()))
    return Hits(np.concatenate([f.keys for f in found]), np.concatenate([f.docs for f in found]))


def look_up_docs(stored: Stored, table: str, scheme: Scheme | Semantic, docs: NDArray[np.int64]) -> pa.Table:
    """Return the stored texts (NEAR_DOCS) called `docs` (sorted, each once), sorted by doc, each once."""
    found = list(_groups(stored.docs, "doc", docs, NEAR_DOCS.names, table, scheme.name))
    rows = pa.concat_tables([NEAR_DOCS.empty_table(), *found])
    doc = rows["doc"].to_numpy()
    order = np.lexsort((rows["kept_doc"].to_numpy() == doc, doc))
    rows, doc = rows.take(pa.array(order)), doc[order]
    first = np.ones(len(doc), dtype=bool)
    first[1:] = doc[1:] != doc[:-1]
    return rows.filter(pa.array(first)).combine_chunks()


def stretches_of_docs(file: str, table: str, scheme: str) -> Iterator[pa.Table]:
    """Yield the row groups of one file of texts (doc and shingles), if it is of that table and scheme."""
    fs, inner = filesystem(file)
    with fs.open_input_file(inner) as source:
        parquet = pq.ParquetFile(source)
        for number in range(parquet.num_row_groups):
            rows = parquet.read_row_group(number, columns=["table", "scheme", "doc", "shingles"])
            if rows.num_rows and (rows["table"][0].as_py(), rows["scheme"][0].as_py()) == (table, scheme):
                yield rows


def index_band(
    band: int,
    table: str,
    scheme: Scheme | Semantic,
    sketched: Sequence[Sketched],
    settled: Decided,
    out: str,
    batch: str,
) -> tuple[str, str] | None:
    """Write the batch's keys of one band; return (Iceberg table, file), None where there are no new texts."""
    keys, docs = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for each in sketched:
        fresh = _fresh(each, settled)
        keys.append(band_keys([each], band)[fresh])
        docs.append(documents(each)["doc"].to_numpy()[fresh])
    return _write_band(band, table, scheme, np.concatenate(keys), np.concatenate(docs), out, batch)


def _write_band(
    band: int,
    table: str,
    scheme: Scheme | Semantic,
    keys: NDArray[np.int64],
    docs: NDArray[np.int64],
    out: str,
    batch: str,
) -> tuple[str, str] | None:
    if not len(keys):
        return None
    order = np.argsort(keys)
    count = len(keys)
    columns = {
        "table": pa.repeat(pa.scalar(table), count),
        "scheme": pa.repeat(pa.scalar(scheme.name), count),
        "band": pa.array(np.full(count, band, dtype=np.int32)),
        "key": pa.array(keys[order]),
        "doc": pa.array(docs[order]),
    }
    return _write("near_bands", pa.table(columns, schema=NEAR_BANDS), out, f"{batch}-{table}-{band:03d}")


def index_docs(
    sketched: Sketched, table: str, scheme: Scheme | Semantic, settled: Decided, out: str, batch: str
) -> tuple[str, str] | None:
    """Write one part's texts with what became of them; return (Iceberg table, file), None where there are none."""
    fresh = pa.array(_fresh(sketched, settled))
    rows, verdicts = documents(sketched).filter(fresh), _verdicts(sketched, settled).filter(fresh)
    if not rows.num_rows:
        return None
    columns = {
        "table": pa.repeat(pa.scalar(table), rows.num_rows),
        "scheme": pa.repeat(pa.scalar(scheme.name), rows.num_rows),
        **{name: rows[name] for name in ("doc", "id", "ts", "length", "source", "file", "line", "text")},
        "shingles": rows["shingles"].cast(pa.binary()),
        **{name: verdicts[name] for name in ("kept_doc", "kept_id", "links")},
    }
    made = pa.table([columns[name] for name in NEAR_DOCS.names], schema=NEAR_DOCS).sort_by("doc")
    return _write("near_docs", made, out, f"{batch}-{table}-{scheme.method}-{sketched.name}")


def _verdicts(sketched: Sketched, settled: Decided) -> pa.RecordBatch:
    return read_batch(settled.path, settled.parts.index(sketched.name))


def _fresh(sketched: Sketched, settled: Decided) -> NDArray[np.bool_]:
    """Say which texts are not in the index already."""
    fresh: NDArray[np.bool_] = ~_verdicts(sketched, settled)["known"].to_numpy(zero_copy_only=False)
    return fresh


def _write(name: str, rows: pa.Table, out: str, stem: str) -> tuple[str, str]:
    location = join(out, "refined", name, "data", f"{stem}.parquet")
    write_parquet(
        rows, location, row_group_size=group_rows(rows), hashes=[each for each in HASHES if each in rows.column_names]
    )
    return f"refined.{name}", location


def group_rows(rows: pa.Table) -> int:
    """Return how many rows a row group of such rows has."""
    fitting = _GROUP_BYTES * rows.num_rows // max(1, rows.nbytes)
    return min(GROUP, max(1 << 10, fitting))


def _groups(
    files: Sequence[str], column: str, wanted: NDArray[np.int64], names: list[str], table: str, scheme: str
) -> Iterator[pa.Table]:
    """Yield the rows whose `column` is among `wanted` (sorted), of that table and scheme, from all files."""
    if not len(wanted):
        return
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda file: _of_file(file, column, wanted, names, table, scheme), files):
            yield from found


def _of_file(
    file: str, column: str, wanted: NDArray[np.int64], names: list[str], table: str, scheme: str
) -> list[pa.Table]:
    fs, inner = filesystem(file)
    found = []
    with fs.open_input_file(inner) as source:
        parquet = pq.ParquetFile(source)
        place = {name: at for at, name in enumerate(parquet.schema_arrow.names) if name in (column, "table", "scheme")}
        for number in range(parquet.num_row_groups):
            group = parquet.metadata.row_group(number)
            least, most = ({n: getattr(group.column(at).statistics, end) for n, at in place.items()} for end in _ENDS)
            if not all(least[name] <= value <= most[name] for name, value in (("table", table), ("scheme", scheme))):
                continue
            first, end = np.searchsorted(wanted, [least[column], most[column]])
            if first == end and (end == len(wanted) or wanted[end] != most[column]):
                continue
            # A file is of one table and scheme (_write_band, index_docs), so its statistics say all about these two.
            values = parquet.read_row_group(number, columns=[column])[column].to_numpy()
            at = np.minimum(np.searchsorted(wanted, values), len(wanted) - 1)
            hit = np.flatnonzero(wanted[at] == values)
            if len(hit):
                found.append(parquet.read_row_group(number, columns=names).select(names).take(pa.array(hit)))
    return found
