"""Parsed lines as rows: one schema for every format, what has no column of its own in `extra`."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .. import columns
from ..columns import Slices
from ..schemas import TIMESTAMP
from ..times import NO_ZONE
from .fields import ABSENT
from .program import Parsed
from .requests import split_queries, split_requests

SCHEMA = pa.schema(
    {
        "host": pa.string(),
        "remote_host": pa.string(),
        "forwarded_for": pa.string(),
        "ident": pa.string(),
        "user": pa.string(),
        "ts": TIMESTAMP,
        "tz_minutes": pa.int32(),
        "request": pa.string(),
        "method": pa.string(),
        "scheme": pa.string(),
        "path": pa.string(),
        "query": pa.string(),
        "protocol": pa.string(),
        "status": pa.int32(),
        "bytes": pa.int64(),
        "duration_us": pa.int64(),
        "referer": pa.string(),
        "user_agent": pa.string(),
        "extra": pa.map_(pa.string(), pa.string()),
        "file": pa.string(),
        "line": pa.int64(),
    }
)
"""The rows of every format. `request` is the request line as received, where the format holds one; `duration_us` the
time taken in microseconds; `tz_minutes` null where the line names no zone; `user_agent` empty where none was sent and
null where none is logged; `extra` what else the format holds."""

_DASH = 45
_TEXTS = frozenset(field.name for field in SCHEMA if pa.types.is_string(field.type) and field.name != "file")
_OWN = frozenset(SCHEMA.names) | {"target"}


def to_table(
    parsed: Parsed, numbers: np.ndarray, file: str, block: np.ndarray, valid: bool, timezone: str = "UTC"
) -> pa.Table:
    """Return kept lines as a table of SCHEMA.

    `numbers` are their line numbers; `valid` says that `block`, the text they lie in, is UTF-8. A time without a
    zone is taken in `timezone` (the earlier one, where a clock was set back).
    """
    count = len(numbers)
    made = {}
    for name, each in _columns(parsed.fields).items():
        texts = [_text(values, block, valid) for values in each]
        made[name] = pc.coalesce(*texts) if len(texts) > 1 else texts[0]
    for name in ("status", "bytes", "duration_us"):
        if name in parsed.numbers:
            values = parsed.numbers[name]
            made[name] = columns.integers(values, values == ABSENT, SCHEMA.field(name).type)
    if "json" in parsed.fields and "user_agent" in made:
        made["user_agent"] = pc.fill_null(made["user_agent"], "")
    zones = parsed.zones["ts"]
    unzoned = zones == NO_ZONE
    made["ts"] = columns.integers(parsed.numbers["ts"], None, TIMESTAMP)
    if timezone != "UTC" and unzoned.any():
        local = pc.assume_timezone(
            made["ts"].cast(pa.timestamp("us")), timezone, ambiguous="earliest", nonexistent="latest"
        ).cast(TIMESTAMP)
        made["ts"] = pc.if_else(pa.array(unzoned), local, made["ts"])
    made["tz_minutes"] = columns.integers(zones, unzoned, pa.int32())
    made["extra"] = _extra(parsed, block, valid, count)
    made["file"] = columns.constant(file, count)
    made["line"] = pa.array(numbers, pa.int64())
    return pa.table([made.get(f.name, pa.nulls(count, f.type)) for f in SCHEMA], schema=SCHEMA)


def _columns(fields: dict[str, Slices]) -> dict[str, list[Slices]]:
    """Return where the text columns come from: a field of their own, a part of the target or of the request line."""
    made: dict[str, list[Slices]] = {}
    for name, values in fields.items():
        if name in _TEXTS:
            dash = values.equal(_DASH)
            if name == "user_agent":
                made[name] = [Slices(values.data, values.starts, np.where(dash, values.starts, values.ends))]
            elif name == "request":
                made[name] = [values]
            else:  # what a server has no value for is a dash, in JSON nothing between the quotes
                made[name] = [values.without(dash | (values.starts == values.ends) if "json" in fields else dash)]
    parts: dict[str, Slices] = {}
    if "target" in fields:
        target = fields["target"]
        parts["path"], parts["query"] = split_queries(target.without(target.equal(_DASH)))
    for name, values in parts.items():
        made.setdefault(name, []).append(values)
    if "request" in fields:
        for name, values in split_requests(fields["request"])._asdict().items():
            made.setdefault(name, []).append(values)
    return made


def _text(values: Slices, block: np.ndarray, valid: bool) -> pa.StringArray:
    return columns.strings(values, valid and values.data is block)


def _extra(parsed: Parsed, block: np.ndarray, valid: bool, count: int) -> pa.Array:
    """Return what has no column as a map a row, without what is absent."""
    names = [name for name in parsed.fields if name not in _OWN]
    if not names:
        return pa.nulls(count, SCHEMA.field("extra").type)
    values = [parsed.fields[name] for name in names]
    there = np.stack([(v.starts >= 0) & ~v.equal(_DASH) for v in values], axis=1)
    rows, which = np.nonzero(there)
    texts = pa.concat_arrays([_text(v, block, valid) for v in values])
    offsets = np.zeros(count + 1, np.int32)
    np.cumsum(there.sum(axis=1), out=offsets[1:])
    keys = pa.array(names, pa.string()).take(pa.array(which))
    return pa.MapArray.from_arrays(pa.array(offsets), keys, texts.take(pa.array(which * count + rows)))
