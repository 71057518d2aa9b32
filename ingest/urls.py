"""Request targets in their parts, for whole columns."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

_ABSOLUTE = r"^(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*)://(?P<host>[^/?#]*)(?P<path>[^?]*)"


class Target(NamedTuple):
    """Columns of strings: scheme and host of absolute URLs (null elsewhere), the path, the query after `?`."""

    scheme: pa.Array
    host: pa.Array
    path: pa.Array
    query: pa.Array


def split_targets(targets: pa.Array, methods: pa.Array | None = None) -> Target:
    """Split request targets (RFC 9112, section 3.2), which may be paths, absolute URLs, or CONNECT's `host:port`."""
    cut = pc.find_substring(targets, "?")
    if (pc.max(cut).as_py() or -1) >= 0:
        parts = pc.split_pattern(targets, "?", max_splits=1)
        path = pc.list_element(parts, 0)
        asked = pc.greater_equal(cut, 0)
        pair = pc.if_else(asked, parts, pa.scalar(["", ""], pa.list_(pa.string())))
        query = pc.if_else(asked, pc.list_element(pair, 1), pa.scalar(None, pa.string()))
    else:
        path, query = targets, pa.nulls(len(targets), pa.string())
    absolute = pc.fill_null(pc.match_substring_regex(path, _ABSOLUTE), False)
    none = pa.scalar(None, pa.string())
    if pc.any(absolute).as_py():
        found = pc.extract_regex(path, _ABSOLUTE)
        scheme, host = (pc.if_else(absolute, pc.struct_field(found, part), none) for part in ("scheme", "host"))
        path = pc.if_else(absolute, pc.struct_field(found, "path"), path)
        path = pc.if_else(pc.and_(absolute, pc.equal(path, "")), "/", path)
    else:
        scheme = host = pa.nulls(len(path), pa.string())
    if methods is not None:
        connect = pc.fill_null(pc.equal(methods, "CONNECT"), False)
        host = pc.if_else(connect, path, host)
        path = pc.if_else(connect, none, path)
    return Target(scheme, host, path, query)
