"""Partial states as data: JSON for their shape, Arrow for what they hold. Reading them runs no code of theirs."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ...errors import DataError
from .ranks import Sketch

SCHEMA = pa.schema([("name", pa.string()), ("shape", pa.string()), ("parts", pa.list_(pa.large_binary()))])
"""One row a state."""


def encode(states: dict[str, Any]) -> pa.Table:
    """Return states by name as a table (SCHEMA). Raises TypeError for a state of a kind that is not known."""
    rows = []
    for name, state in states.items():
        parts: list[bytes] = []
        rows.append({"name": name, "shape": json.dumps(_encode(state, parts)), "parts": parts})
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def decode(table: pa.Table) -> dict[str, Any]:
    """Return the states by name. Raises DataError for a shape that is not known."""
    return {row["name"]: _decode(json.loads(row["shape"]), row["parts"]) for row in table.to_pylist()}


def _encode(value: Any, parts: list[bytes]) -> Any:
    if isinstance(value, np.generic) and not isinstance(value, (np.datetime64, np.timedelta64)):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return {"is": "plain", "value": value}
    if isinstance(value, Sketch):
        return {"is": "sketch", "items": [_encode(item, parts) for item in value]}
    if isinstance(value, (list, tuple, set)):
        return {"is": type(value).__name__, "items": [_encode(item, parts) for item in value]}
    if isinstance(value, np.ndarray):
        return {"is": "array", "dtype": str(value.dtype), "part": _put(pa.table({"": pa.array(value)}), parts)}
    if isinstance(value, pd.DataFrame):
        return {"is": "frame", "part": _put(pa.Table.from_pandas(value), parts)}
    if isinstance(value, pd.Series):
        named = pa.Table.from_pandas(value.to_frame("values"))
        return {"is": "series", "name": value.name, "part": _put(named, parts)}
    try:
        return {"is": "scalar", "part": _put(pa.table({"": pa.array([value])}), parts)}
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        raise TypeError(f"a state of kind {type(value).__name__} cannot be kept") from None


def _decode(shape: Any, parts: list[bytes]) -> Any:
    kind = shape["is"]
    if kind == "plain":
        return shape["value"]
    if kind == "sketch":
        return Sketch(*(_decode(item, parts) for item in shape["items"]))
    if kind in ("list", "tuple", "set"):
        items = [_decode(item, parts) for item in shape["items"]]
        return {"list": list, "tuple": tuple, "set": set}[kind](items)
    table: Any = pa.ipc.open_stream(parts[shape["part"]]).read_all() if "part" in shape else None
    if kind == "array":
        return table[""].to_numpy().astype(shape["dtype"])
    if kind == "frame":
        return table.to_pandas()
    if kind == "series":
        return table.to_pandas()["values"].rename(shape["name"])
    if kind == "scalar":
        return table[""].to_pandas().iloc[0]
    raise DataError(f"a state of kind '{kind}' is not known", "remove the states; the next run makes them anew")


def _put(table: pa.Table, parts: list[bytes]) -> int:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    parts.append(sink.getvalue().to_pybytes())
    return len(parts) - 1
