"""Fields of nested columns by dotted path: `payload.user.id` is the field `id` of `user` of the column `payload`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ...errors import DataError


def resolvable(frame: pd.DataFrame, path: str) -> bool:
    """Whether a name that is no column may be a field of one; mappings tell only when they are looked into."""
    root, _, rest = path.partition(".")
    if not rest or root not in frame.columns:
        return False
    dtype = frame[root].dtype
    if not isinstance(dtype, pd.ArrowDtype):
        return bool(pd.api.types.is_object_dtype(dtype))
    return _type_at(dtype.pyarrow_dtype, rest.split(".")) is not None


def paths_of(frame: pd.DataFrame, names: Iterable[str]) -> list[str]:
    """Return the names that are fields of nested columns, not columns."""
    return sorted({name for name in names if name not in frame.columns and "." in str(name)})


_PATH = re.compile(r"(?P<quote>[\"'])(?:\\.|(?!(?P=quote)).)*(?P=quote)|`[^`]*`|\b[^\W\d]\w*(?:\.[^\W\d]\w*)+(?![\w(])")
"""A text, a quoted name or a dotted path in a query."""


def quoted(query: str, frame: pd.DataFrame) -> str:
    """Return a query of pandas with the fields of nested columns quoted, so that each is read as one name."""

    def quote(found: re.Match[str]) -> str:
        text = found[0]
        return f"`{text}`" if text[0] not in "`'\"" and resolvable(frame, text) else text

    return _PATH.sub(quote, query)


def paths_in(query: str) -> list[str]:
    """Return the quoted names in a query that hold a dot."""
    return [found[0].strip("`") for found in _PATH.finditer(query) if found[0][0] == "`" and "." in found[0]]


def with_fields(frame: pd.DataFrame, paths: Sequence[str]) -> pd.DataFrame:
    """Return the frame with one more column for each dotted path. Raises DataError for what is no nested column."""
    if not paths:
        return frame
    return frame.assign(**{path: _field(frame, path) for path in paths})


def leaves(frame: pd.DataFrame) -> list[tuple[str, Any]]:
    """Return (dotted path, dtype) of every field of the frame's Arrow structs."""
    found: list[tuple[str, Any]] = []
    for name in frame.columns:
        dtype = frame[name].dtype
        if isinstance(dtype, pd.ArrowDtype):
            found += _leaves(str(name), dtype.pyarrow_dtype)
    return found


def _field(frame: pd.DataFrame, path: str) -> pd.Series:
    root, *rest = path.split(".")
    column = frame[root]
    try:
        values = pa.array(column, from_pandas=True)
        if not len(values) or pa.types.is_null(values.type):
            return pd.Series([None] * len(column), index=column.index, dtype=object)
        for name in rest:
            if not pa.types.is_struct(values.type):
                raise DataError(f"'{path}' is no field: '{name}' is asked of {values.type}")
            known = {values.type.field(i).name for i in range(values.type.num_fields)}
            values = pc.struct_field(values, name) if name in known else pa.nulls(len(column))
            if name not in known:
                break
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        # Records of different shapes have no Arrow type; they are looked into one by one.
        return column.map(lambda record: _look(record, rest)).astype(object)
    found = values.to_pandas()
    found.index = column.index
    return found


def _look(record: Any, names: list[str]) -> Any:
    for name in names:
        record = record.get(name) if isinstance(record, dict) else None
    return record


def _type_at(kind: pa.DataType, names: list[str]) -> pa.DataType | None:
    for name in names:
        if not pa.types.is_struct(kind) or kind.get_field_index(name) < 0:
            return None
        kind = kind.field(name).type
    return kind


def _leaves(path: str, kind: pa.DataType) -> list[tuple[str, Any]]:
    if not pa.types.is_struct(kind):
        return []
    found: list[tuple[str, Any]] = []
    for i in range(kind.num_fields):
        field = kind.field(i)
        inner = f"{path}.{field.name}"
        likeness = field_likeness(field.type)
        found += [(inner, likeness), *_leaves(inner, field.type)]
    return found


def field_likeness(kind: pa.DataType) -> Any:
    """Return the dtype that a field's values have once they are a column."""
    return pa.array([], kind).to_pandas().dtype
