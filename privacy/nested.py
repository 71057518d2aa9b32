"""Nested columns by path: taken apart into their leaves, treated one by one, and put together again.

A path is written as `weir scan` writes it: `author.name` for a part of a struct, `tags[]` for what stands in a list,
`comments[].body` for both; of a map `[key]` are its keys and `[]` its values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import ConfigError, DataError
from ..registry import nearest


class Lists(NamedTuple):
    """One level of lists: where each begins among the values below (one more than there are lists), which are null."""

    offsets: pa.Array
    absent: pa.Array


class Leaf(NamedTuple):
    """A plain column inside a column: its path, its values, the row of each (None: one a row), and the lists around."""

    path: str
    values: pa.Array
    rows: pa.Array | None = None
    lists: tuple[Lists, ...] = ()

    def wrapped(self, values: pa.Array) -> pa.Array:
        """Return values that took the place of the leaf's, in the lists around them: one a row again."""
        for level in reversed(self.lists):
            values = pa.ListArray.from_arrays(level.offsets, values, mask=level.absent)
        return values


def paths(schema: pa.Schema) -> dict[str, pa.DataType]:
    """Return the leaves of a table by path, with their types."""
    return {path: kind for field in schema for path, kind in _paths(field.name, field.type)}


def _paths(path: str, kind: pa.DataType) -> Iterator[tuple[str, pa.DataType]]:
    if pa.types.is_struct(kind):
        for field in kind:
            yield from _paths(f"{path}.{field.name}", field.type)
    elif pa.types.is_map(kind):
        yield from _paths(f"{path}[key]", kind.key_type)
        yield from _paths(f"{path}[]", kind.item_type)
    elif _is_list(kind):
        yield from _paths(f"{path}[]", kind.value_type)
    else:
        yield path, kind


def above(path: str) -> Iterator[str]:
    """Yield a path, and what it is a part of, up to the column: `a.b[].c`, `a.b[]`, `a.b`, `a`."""
    yield path
    for at in range(len(path) - 1, 0, -1):
        if path[at] == "." or (path[at] == "[" and path[at - 1] != "."):
            yield path[:at]


def leaf_name(path: str) -> str:
    """Return what a leaf is called: the last name of its path."""
    return path.partition("[key]")[0].rpartition(".")[2].replace("[]", "")


def leaves(table: pa.Table) -> Iterator[Leaf]:
    """Yield every leaf of a table's columns."""
    for name in table.column_names:
        yield from _leaves(Leaf(name, _whole(table[name])))


def _leaves(found: Leaf) -> Iterator[Leaf]:
    path, values, rows, lists = found
    kind = values.type
    if pa.types.is_struct(kind):
        for field, part in zip(kind, values.flatten(), strict=True):
            yield from _leaves(Leaf(f"{path}.{field.name}", part, rows, lists))
    elif pa.types.is_map(kind):
        pairs = values.cast(pa.list_(pa.struct([("key", kind.key_type), ("value", kind.item_type)])))
        inner, around = _inside(found, pairs)
        for name, part in zip(("[key]", "[]"), pairs.flatten().flatten(), strict=True):
            yield from _leaves(Leaf(f"{path}{name}", part, inner, around))
    elif _is_list(kind):
        plain = values.cast(pa.list_(kind.value_type))
        inner, around = _inside(found, plain)
        yield from _leaves(Leaf(f"{path}[]", plain.flatten(), inner, around))
    else:
        yield found


def _inside(found: Leaf, values: pa.ListArray) -> tuple[pa.Array, tuple[Lists, ...]]:
    """Return the rows of what stands in lists, and the lists around it."""
    lengths = pc.fill_null(pc.list_value_length(values), 0).to_numpy()
    offsets = pa.array(np.r_[0, np.cumsum(lengths)].astype(np.int32))
    rows = np.arange(len(values)) if found.rows is None else found.rows.to_numpy()
    return pa.array(np.repeat(rows, lengths)), (*found.lists, Lists(offsets, values.is_null()))


def spread(table: pa.Table) -> pa.Table:
    """Return a table with a column for every leaf, by path: a leaf in lists is a column of lists."""
    return pa.table({leaf.path: leaf.wrapped(leaf.values) for leaf in leaves(table)})


def gather(columns: Mapping[str, pa.Array], schema: pa.Schema) -> dict[str, pa.Array]:
    """Return the columns of `schema` from those leaves that there are, by path; their types may be others.

    What no leaf is left of is left out; a struct is null where all that is left of it is.
    """
    made = {field.name: _gathered(field.name, field.type, columns) for field in schema}
    return {name: values for name, values in made.items() if values is not None}


def _gathered(path: str, kind: pa.DataType, columns: Mapping[str, pa.Array]) -> pa.Array | None:
    if pa.types.is_struct(kind):
        parts = {field.name: _gathered(f"{path}.{field.name}", field.type, columns) for field in kind}
        return _struct({name: part for name, part in parts.items() if part is not None})
    if pa.types.is_map(kind):
        keys, items = (_gathered(f"{path}{part}", k, _listed(f"{path}{part}", columns)) for part, k in _map(kind))
        level = _level(path, columns)
        if level is None or (keys is None and items is None):
            return None
        if keys is None or items is None:
            return pa.ListArray.from_arrays(level.offsets, items if keys is None else keys, mask=level.absent)
        if keys.null_count:
            raise DataError(
                f"{path}[key]: a key of a map was masked to nothing", "choose hash or replace for it, or leave it out"
            )
        return pa.MapArray.from_arrays(level.offsets, keys, items, mask=level.absent)
    if _is_list(kind):
        values = _gathered(f"{path}[]", kind.value_type, _listed(f"{path}[]", columns))
        level = _level(path, columns)
        if values is None or level is None:
            return None
        return pa.ListArray.from_arrays(level.offsets, values, mask=level.absent)
    found = columns.get(path)
    return None if found is None else _whole(found)


def _map(kind: pa.MapType) -> tuple[tuple[str, pa.DataType], ...]:
    return ("[key]", kind.key_type), ("[]", kind.item_type)


def _struct(parts: dict[str, pa.Array]) -> pa.Array | None:
    if not parts:
        return None
    absent = np.logical_and.reduce([part.is_null().to_numpy(zero_copy_only=False) for part in parts.values()])
    return pa.StructArray.from_arrays(list(parts.values()), names=list(parts), mask=pa.array(absent))


def _below(path: str, columns: Mapping[str, pa.Array]) -> Iterator[str]:
    yield from (name for name in columns if name.startswith((f"{path}[", f"{path}.")) or name == path)


def _level(path: str, columns: Mapping[str, pa.Array]) -> Lists | None:
    """Return the lists of a column, as any leaf of it has them."""
    first = next((_whole(columns[name]) for name in _below(path, columns)), None)
    if first is None:
        return None
    lengths = pc.fill_null(pc.list_value_length(first), 0).to_numpy()
    return Lists(pa.array(np.r_[0, np.cumsum(lengths)].astype(np.int32)), first.is_null())


def _listed(path: str, columns: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """Return the leaves at and below a path without the lists that are furthest out."""
    return {name: _whole(columns[name]).flatten() for name in _below(path, columns)}


def of_row(table: pa.Table, path: str) -> pa.Array:
    """Return the leaf at a path, one value a row. Raises ConfigError where there is none, or it stands in a list."""
    for leaf in _leaves_below(table, path):
        if leaf.path == path:
            if leaf.lists:
                raise ConfigError(f"'{path}' stands in a list: a row has several", "name a column with one a row")
            return leaf.values
    known = list(paths(table.schema))
    raise ConfigError(f"the table has no column '{path}'{nearest(path, known)}", f"its columns: {', '.join(known)}")


def _leaves_below(table: pa.Table, path: str) -> Iterator[Leaf]:
    for name in above(path):
        if name in table.column_names:
            yield from _leaves(Leaf(name, _whole(table[name])))
            return


def columns_of(wanted: Iterable[str], schema: pa.Schema) -> list[str]:
    """Return the columns of a schema that hold one of some paths."""
    tops = {name for path in wanted for name in above(path)}
    return [name for name in schema.names if name in tops]


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _whole(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    if isinstance(column, pa.Array):
        return column
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
