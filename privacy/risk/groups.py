"""Groups of rows alike in the quasi-identifiers: counted on partitions, shuffled into buckets, merged, released.

A group is one combination of values of the quasi-identifiers, null being a value. All rows of a group are
released or none, so what is left after suppression holds at least k rows a group. A bucket holds the groups whose
hash falls into it, whole: what is held at once is a partition and a bucket, never all groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ...errors import ConfigError
from ...storage import filesystem, storage_error

ROWS = "__rows__"
"""The column of a group table that holds the number of rows (int64)."""

NUMBER = "__number__"
"""In a table of released groups: the column of their numbers (uint64), sorted."""

LABEL = "__label__"
"""In a table of released groups: the prefix of columns that say what a quasi-identifier becomes."""


class Suppressed(NamedTuple):
    """The rows that may be released, and the number of those held back."""

    kept: pa.Table
    suppressed: int


def group_sizes(table: pa.Table, quasi: Sequence[str]) -> pa.Table:
    """Count a partition's rows by combination of the quasi-identifiers (null is a value of its own).

    Returns one row a combination: the quasi-identifiers and `ROWS`; without quasi-identifiers one row that
    counts all. Raises ConfigError where a quasi-identifier is not a plain column of the table.
    """
    return _sorted(keys_of(table, quasi).group_by(list(quasi)).aggregate([([], "count_all")]), quasi, "count_all")


def merge(partials: Iterable[pa.Table]) -> pa.Table:
    """Add up partial group sizes; any partitioning of the same rows gives the same table."""
    parts = list(partials)
    if not parts:
        raise ConfigError("there are no group sizes to merge", "count at least one partition, even an empty one")
    quasi = [name for name in parts[0].column_names if name != ROWS]
    together = pa.concat_tables(parts, promote_options="permissive")
    return _sorted(together.group_by(quasi).aggregate([(ROWS, "sum")]), quasi, f"{ROWS}_sum")


def at_least(groups: pa.Table, k: int) -> pa.Table:
    """Return the groups of k rows or more: all that a worker needs in order to suppress the others."""
    return groups.filter(pc.greater_equal(groups[ROWS], k))


def number_of(table: pa.Table, quasi: Sequence[str]) -> NDArray[np.uint64]:
    """Return a 64-bit number of each row's combination, the same in every process and for every partition.

    Two combinations of the same number would be taken for one: among a million, once in forty million tables.
    """
    from pandas.util import hash_array

    mixed = np.zeros(table.num_rows, dtype=np.uint64)
    for column in keys_of(table, quasi).columns:
        encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
        values = encoded.dictionary
        if not (pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type)):
            values = values.cast(pa.string()).fill_null("\0")
        hashed = hash_array(np.array(values.to_pylist(), dtype=object))
        mixed = (mixed ^ hashed[encoded.indices.to_numpy()]) * np.uint64(1_099_511_628_211)
        mixed ^= mixed >> np.uint64(29)
    return mixed


def bucket_of(table: pa.Table, quasi: Sequence[str], buckets: int) -> NDArray[np.int64]:
    """Return the bucket of each row's group, int64 from 0 up."""
    if buckets == 1 or not quasi:
        return np.zeros(table.num_rows, dtype=np.int64)
    return (number_of(table, quasi) % np.uint64(buckets)).astype(np.int64)


def write_buckets(groups: pa.Table, quasi: Sequence[str], buckets: int, location: str) -> None:
    """Write a table of groups as one Parquet file with a row group a bucket."""
    at = bucket_of(groups, quasi, buckets)
    fs, inner = filesystem(location)
    try:
        with fs.open_output_stream(inner) as handle, pq.ParquetWriter(handle, groups.schema) as writer:
            for bucket in range(buckets):
                # An empty table makes an empty row group, so that a bucket's number is its row group's.
                held = groups.filter(pa.array(at == bucket))
                writer.write_table(held, row_group_size=max(1, held.num_rows))
    except OSError as error:
        raise storage_error(error, location) from None


def read_bucket(locations: Iterable[str], bucket: int) -> pa.Table:
    """Return one bucket of the groups that several partitions wrote, merged."""
    parts = []
    for location in locations:
        fs, inner = filesystem(location)
        with fs.open_input_file(inner) as handle:
            parts.append(pq.ParquetFile(handle).read_row_group(bucket))
    return merge(parts)


def numbered(groups: pa.Table, quasi: Sequence[str]) -> pa.Table:
    """Return released groups in the form that is looked up in: sorted by number, labels and numbers alone."""
    number = number_of(groups, quasi)
    order = np.argsort(number)
    labels = {name: groups[name].take(pa.array(order)) for name in groups.column_names if name.startswith(LABEL)}
    return pa.table({NUMBER: pa.array(number[order]), **labels})


def release(table: pa.Table, groups: pa.Table, quasi: Sequence[str]) -> Suppressed:
    """Keep a partition's rows whose combination stands in the released `groups`, in their order.

    Where `groups` has a column `LABEL` + name, the quasi-identifier becomes what stands there. A lookup by number
    (`numbered`) takes the place of a join, which in Arrow never matches nulls.
    """
    if not quasi:
        return Suppressed(table, 0)
    known = groups if NUMBER in groups.column_names else numbered(groups, quasi)
    numbers, mine = known[NUMBER].to_numpy(), number_of(table, quasi)
    found = np.searchsorted(numbers, mine)
    there = np.zeros(len(mine), dtype=bool)
    inside = found < len(numbers)
    there[inside] = numbers[found[inside]] == mine[inside]
    kept = table.filter(pa.array(there))
    chosen = pa.array(found[there])
    for name in quasi:
        if LABEL + name in known.column_names:
            labels = known[LABEL + name].combine_chunks().take(chosen)
            kept = kept.set_column(kept.column_names.index(name), name, labels)
    return Suppressed(kept, table.num_rows - kept.num_rows)


def keys_of(table: pa.Table, quasi: Sequence[str]) -> pa.Table:
    """Return the quasi-identifiers as columns whose equal values are equal in bits too."""
    columns = []
    for name in quasi:
        if name not in table.column_names:
            raise ConfigError(
                f"the quasi-identifier '{name}' is not in the masked table",
                "take it out of quasi_identifiers, or do not drop the column",
            )
        column = table[name]
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_nested(column.type):
            raise ConfigError(
                f"the quasi-identifier '{name}' is nested; groups are counted over plain columns",
                "drop or mask the column, or name a plain one",
            )
        if pa.types.is_floating(column.type):
            # Arrow groups by bits: without this -0.0 and 0.0 would be two groups, as would two kinds of NaN.
            column = pc.add(column.cast(pa.float64()), 0.0)
            column = pc.if_else(pc.is_nan(column), float("nan"), column)
        columns.append(column)
    # A table without columns has no rows: with no quasi-identifier any column carries the number of rows.
    return pa.table(columns, names=list(quasi)) if quasi else table


def codes_of(keys: pa.Table) -> NDArray[np.int64]:
    """Number the distinct rows: equal rows get equal numbers below the number of rows."""
    code = np.zeros(keys.num_rows, dtype=np.int64)
    for column in keys.columns:
        encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
        width = max(1, len(encoded.dictionary))
        # Renumbered after every column, so that the product stays below rows * rows and int64 holds it.
        mixed = pa.array(code * width + encoded.indices.to_numpy()).dictionary_encode()
        code = mixed.indices.to_numpy().astype(np.int64)
    return code


def _sorted(groups: pa.Table, quasi: Sequence[str], count: str) -> pa.Table:
    counts = groups[count].cast(pa.int64())
    columns = pa.table([*(groups[name] for name in quasi), counts], names=[*quasi, ROWS])
    return columns.sort_by([(name, "ascending") for name in quasi]) if quasi else columns
