"""Files between workers: Arrow IPC, one record batch for each bucket (or part), read one batch at a time."""

from __future__ import annotations

import contextlib
import itertools
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from ...storage import filesystem, is_local, storage_error

ID_KEYS = pa.schema(
    {
        "pos": pa.int32(),
        "h1": pa.uint64(),
        "h2": pa.uint64(),
        "counted": pa.bool_(),
        "version": pa.int64(),
        "file": pa.int32(),
        "line": pa.int64(),
    }
)
"""`pos` is the row in the part's candidates, `file` its code in Prepared.files; `version`: see exact.versions."""

TEXT_KEYS = pa.schema(
    {
        "pos": pa.int32(),
        "h1": pa.uint64(),
        "h2": pa.uint64(),
        "id": pa.string(),
        "file": pa.int32(),
        "line": pa.int64(),
    }
)
"""`id` is null where the row gets its id in the first round."""

ID_VERDICTS = pa.schema(
    {"pos": pa.int32(), "h1": pa.uint64(), "h2": pa.uint64(), "why": pa.int8(), "replaces": pa.bool_()}
)
"""One line a row: the final id, why it is dropped (exact.WHY; 0: kept), and whether a committed row goes for it."""

TEXT_VERDICTS = pa.schema({"pos": pa.int32(), "kept_id": pa.string()})
"""One line a dropped row: whose text it repeats."""

NEAR_VERDICTS = pa.schema(
    {
        "pos": pa.int32(),
        "known": pa.bool_(),
        "dropped": pa.bool_(),
        "kept_id": pa.string(),
        "kept_doc": pa.int64(),
        "method": pa.string(),
        "similarity": pa.float64(),
        "links": pa.list_(pa.string()),
    }
)
"""One line a text, in the order of its part's documents. `known` is in the index already, or
need not be; `links` are the verified pairs that tie the text to its cluster."""


def write_batches(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, location: str, compression: str | None = "lz4"
) -> None:
    """Write one IPC file, visible only when whole; one without compression can be mapped. Raises StorageError."""
    fs, inner = filesystem(location)
    target = f"{inner}.{uuid.uuid4().hex}.tmp" if is_local(location) else inner
    options = pa.ipc.IpcWriteOptions(compression=compression)
    try:
        if is_local(location):
            Path(inner).parent.mkdir(parents=True, exist_ok=True)
        with fs.open_output_stream(target) as sink, pa.ipc.new_file(sink, schema, options=options) as writer:
            for batch in batches:
                writer.write_batch(batch)
        if is_local(location):
            Path(target).replace(inner)
    except OSError as error:
        raise storage_error(error, location) from None
    finally:
        if is_local(location):
            with contextlib.suppress(OSError):
                Path(target).unlink()


def by_bucket(columns: list[pa.Array], schema: pa.Schema, buckets: int) -> Iterator[pa.RecordBatch]:
    """Yield one batch a bucket: the rows whose first hash half says so, in their order."""
    batch = pa.record_batch(columns, schema=schema)
    bucket = (batch["h1"].to_numpy() % np.uint64(buckets)).astype(np.int32)
    order = np.argsort(bucket, kind="stable") if buckets > 1 else np.arange(len(bucket))
    ends = np.searchsorted(bucket[order], np.arange(buckets + 1))
    for first, end in itertools.pairwise(ends):
        yield batch.take(pa.array(order[first:end])) if buckets > 1 else batch


def read_batch(location: str, number: int) -> pa.RecordBatch:
    """Read one record batch of an IPC file."""
    fs, inner = filesystem(location)
    with fs.open_input_file(inner) as source:
        return pa.ipc.open_file(source).get_batch(number)


def read_all(location: str) -> pa.Table:
    """Read every record batch of an IPC file."""
    fs, inner = filesystem(location)
    with fs.open_input_file(inner) as source:
        return pa.ipc.open_file(source).read_all()
