"""k-anonymity over a policy's quasi-identifiers: counted on partitions, merged, assessed, enforced.

A group is one combination of values of the quasi-identifiers, null being a value. All rows of a group are
released or none, so what is left after suppression holds at least k rows a group.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import ConfigError

ROWS = "__rows__"
"""The column of a group table that holds the number of rows (int64)."""


@dataclass(frozen=True)
class Risk:
    """The risk of re-identification over the quasi-identifiers, under the prosecutor model.

    `applicable` is false where no quasi-identifier is named: then k says nothing about the data, and the
    figures are None. `k_found` is the size of the smallest group (None: no rows); `rows_below` and
    `share_below` (0 to 1) are the rows in groups smaller than `k_required`; `uniques` those alone in their
    group. `prosecutor_max` is 1 / k_found and `prosecutor_mean` groups / rows, the mean of 1 / size over all
    rows (El Emam 2013).
    """

    quasi_identifiers: tuple[str, ...]
    applicable: bool
    k_required: int
    k_found: int | None
    groups: int | None
    rows: int
    rows_below: int
    share_below: float
    uniques: int | None
    prosecutor_max: float | None
    prosecutor_mean: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as a JSON object."""
        return {**asdict(self), "quasi_identifiers": list(self.quasi_identifiers)}


class Suppressed(NamedTuple):
    """The rows that may be released, and the number of those held back."""

    kept: pa.Table
    suppressed: int


def group_sizes(table: pa.Table, quasi: Sequence[str]) -> pa.Table:
    """Count a partition's rows by combination of the quasi-identifiers (null is a value of its own).

    Returns one row a combination: the quasi-identifiers and `ROWS`; without quasi-identifiers one row that
    counts all. Raises ConfigError where a quasi-identifier is not a plain column of the table.
    """
    return _sorted(_keys(table, quasi).group_by(list(quasi)).aggregate([([], "count_all")]), quasi, "count_all")


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


def assess(groups: pa.Table, k: int) -> Risk:
    """Return the risk that merged group sizes show, against the k that is required."""
    quasi = tuple(name for name in groups.column_names if name != ROWS)
    sizes = groups[ROWS].to_numpy()
    rows = int(sizes.sum())
    if not quasi:
        return Risk((), False, k, None, None, rows, 0, 0.0, None, None, None)
    below = int(sizes[sizes < k].sum())
    return Risk(
        quasi_identifiers=quasi,
        applicable=True,
        k_required=k,
        k_found=int(sizes.min()) if rows else None,
        groups=len(sizes),
        rows=rows,
        rows_below=below,
        share_below=below / rows if rows else 0.0,
        uniques=int((sizes == 1).sum()),
        prosecutor_max=1.0 / int(sizes.min()) if rows else None,
        prosecutor_mean=len(sizes) / rows if rows else None,
    )


def suppress(table: pa.Table, groups: pa.Table, quasi: Sequence[str], k: int) -> Suppressed:
    """Keep a partition's rows whose combination counts k or more in the merged `groups`, in their order.

    A combination that `groups` does not know is held back, so `at_least(groups, k)` may be passed for
    `groups`. Combinations of table and groups get one numbering, and a lookup by number takes the place of a
    join, which in Arrow never matches nulls.
    """
    if not quasi or not table.num_rows:
        return Suppressed(table, 0)
    columns = [*quasi]
    both = pa.concat_tables(
        [_keys(table, columns), groups.select(columns)], promote_options="permissive"
    ).combine_chunks()
    codes = _codes(both)
    sizes = np.zeros(int(codes.max()) + 1, dtype=np.int64)
    sizes[codes[table.num_rows :]] = groups[ROWS].to_numpy()
    kept = table.filter(pa.array(sizes[codes[: table.num_rows]] >= k))
    return Suppressed(kept, table.num_rows - kept.num_rows)


def _keys(table: pa.Table, quasi: Sequence[str]) -> pa.Table:
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


def _codes(keys: pa.Table) -> np.ndarray[Any, np.dtype[np.int64]]:
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
