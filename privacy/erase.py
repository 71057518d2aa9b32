"""Which rows of a table hold a person, and a file written anew without some of its rows. Both run on workers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..storage import ParquetSink, filesystem
from .subjects import Subjects, text_of

Rows = NDArray[np.int64]
_CODED = r"%[0-9A-Fa-f]{2}|\\|&#?\w+;|@"
_BATCH = 1 << 16


def rows_holding(table: pa.Table, subjects: Subjects) -> dict[str, Rows]:
    """Return, by column, the numbers of the rows in which one of the people stands, in ascending order."""
    if not subjects:
        return {}
    found = {name: _rows(table[name].combine_chunks(), name, subjects) for name in table.column_names}
    return {name: rows for name, rows in found.items() if len(rows)}


def all_rows_holding(table: pa.Table, subjects: Subjects) -> Rows:
    """Return the numbers of the rows in which one of the people stands in any column, in ascending order."""
    return np.unique(np.concatenate([np.empty(0, np.int64), *rows_holding(table, subjects).values()]))


def _rows(values: Any, name: str, subjects: Subjects) -> Rows:
    """Return the positions in an array of any type."""
    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
    kind = values.type
    if pa.types.is_dictionary(kind):
        return np.flatnonzero(np.isin(values.indices.to_numpy(False), _rows(values.dictionary, name, subjects)))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _texts(values, subjects)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return _texts(pa.array([None if v is None else text_of(v) for v in values.to_pylist()], pa.string()), subjects)
    if pa.types.is_integer(kind) and name.lower().endswith("id"):
        return _texts(values.cast(pa.string()), subjects)
    if pa.types.is_struct(kind):
        parts = [_rows(part, kind.field(i).name, subjects) for i, part in enumerate(values.flatten())]
        return np.unique(np.concatenate([np.empty(0, np.int64), *parts]))
    if pa.types.is_map(kind):
        return _texts(pa.array([None if v is None else text_of(v) for v in values.to_pylist()], pa.string()), subjects)
    if pa.types.is_fixed_size_list(kind):
        return _rows(values.cast(pa.list_(kind.value_type)), name, subjects)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        parents = pc.list_parent_indices(values).to_numpy()
        return np.unique(parents[_rows(pc.list_flatten(values), name, subjects)]).astype(np.int64)
    return np.empty(0, np.int64)


def _texts(values: pa.Array, subjects: Subjects) -> Rows:
    """Look at each distinct text once, and closely only at those that hold the first word of a form or are encoded."""
    encoded = values.dictionary_encode()
    texts = encoded.dictionary
    ascii_only = pc.string_is_ascii(texts)
    close = pc.or_(pc.invert(ascii_only), pc.match_substring_regex(texts, _CODED)).to_numpy(False)
    plain = np.flatnonzero(~close)
    split = pc.split_pattern_regex(pc.ascii_lower(texts.take(pa.array(plain))), "[^a-z0-9]+")
    spoken = pc.list_flatten(split).dictionary_encode()
    begins = np.array([subjects.begins(word) for word in spoken.dictionary.to_pylist()], dtype=bool)
    if begins.any():
        parents = pc.list_parent_indices(split).to_numpy()
        close[plain[np.unique(parents[begins[spoken.indices.to_numpy()]])]] = True
    picked = np.flatnonzero(close)
    held = [subjects.holds(text) for text in texts.take(pa.array(picked)).to_pylist()]
    indices = encoded.indices.to_numpy(False)
    return np.flatnonzero(np.isin(indices, picked[np.array(held, dtype=bool)])).astype(np.int64)


def batches(location: str, columns: list[str] | None = None, rows: int = _BATCH) -> Iterator[pa.Table]:
    """Yield a Parquet file's rows in stretches; of `columns` those that it has."""
    fs, inner = filesystem(location)
    with fs.open_input_file(inner) as source:
        file = pq.ParquetFile(source)
        names = None if columns is None else [name for name in columns if name in file.schema_arrow.names]
        for batch in file.iter_batches(batch_size=rows, columns=names):
            yield pa.Table.from_batches([batch])


def count_holding(location: str, subjects: Subjects) -> tuple[Rows, Counter[str]]:
    """Return the numbers of a file's rows that hold one of the people, and how many do in each column."""
    counts: Counter[str] = Counter()
    found, base = [np.empty(0, np.int64)], 0
    for table in batches(location):
        held = rows_holding(table, subjects)
        counts.update({name: len(rows) for name, rows in held.items()})
        found += [rows + base for rows in held.values()]
        base += table.num_rows
    return np.unique(np.concatenate(found)), counts


def write_without(location: str, target: str, gone: Rows) -> int:
    """Write the file anew without some rows (numbers, ascending), in stretches of rows; return how many are left.

    Nothing is written where none is. What stands in the footer beside the columns does not come along.
    """
    left = base = 0
    with ParquetSink(target) as sink:
        for table in batches(location, rows=min(_BATCH, _group_rows(location))):
            keep = np.ones(table.num_rows, dtype=bool)
            first, end = np.searchsorted(gone, [base, base + table.num_rows])
            keep[gone[first:end] - base] = False
            base += table.num_rows
            kept = table.filter(pa.array(keep)).replace_schema_metadata(None)
            if kept.num_rows:
                sink.write(kept)
                left += kept.num_rows
        if left:
            sink.finish({})
    return left


def _group_rows(location: str) -> int:
    """Return the rows of a file's largest row group, so that an index of small ones keeps them small."""
    fs, inner = filesystem(location)
    with fs.open_input_file(inner) as source:
        found = pq.read_metadata(source)
    return max((found.row_group(i).num_rows for i in range(found.num_row_groups)), default=1) or 1
