"""Files in the warehouse, local or in an object store, by one path syntax.

A location is an absolute path (`/data/wh`) or a URL that pyarrow's file systems know (`s3://bucket/wh`).
Nothing half-written is ever visible under its final name.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from .errors import StorageError


def join(root: str, *parts: str) -> str:
    """Join path parts below a location."""
    return "/".join([root.rstrip("/"), *(p.strip("/") for p in parts)])


def is_local(location: str) -> bool:
    """Whether the location is on a file system of this machine."""
    return "://" not in location or location.startswith("file://")


def uri(location: str) -> str:
    """Return the location as the URL that Iceberg records (`file:///...` for local paths)."""
    return location if "://" in location else f"file://{location}"


def path(location: str) -> str:
    """Return a local location as a plain path; object-store locations come back unchanged."""
    return location.removeprefix("file://") if is_local(location) else location


@functools.lru_cache(maxsize=32)
def _filesystem(scheme_and_host: str) -> Any:
    return pafs.FileSystem.from_uri(scheme_and_host)[0]


def filesystem(location: str) -> tuple[pafs.FileSystem, str]:
    """Return the file system of a location and the path inside it."""
    if is_local(location):
        return pafs.LocalFileSystem(), path(location)
    scheme, _, rest = location.partition("://")
    return _filesystem(f"{scheme}://{rest.split('/', 1)[0]}"), rest


def exists(location: str) -> bool:
    """Whether a file or folder stands there."""
    fs, inner = filesystem(location)
    return bool(fs.get_file_info(inner).type != pafs.FileType.NotFound)


def list_files(location: str) -> list[str]:
    """Return every file below a location, sorted; an absent folder holds none."""
    fs, inner = filesystem(location)
    infos = fs.get_file_info(pafs.FileSelector(inner, recursive=True, allow_not_found=True))
    prefix = "" if is_local(location) else location.partition("://")[0] + "://"
    return sorted(prefix + i.path for i in infos if i.type == pafs.FileType.File)


def delete_files(locations: Iterable[str]) -> None:
    """Delete files; those already gone are passed over."""
    for location in locations:
        fs, inner = filesystem(location)
        try:
            fs.delete_file(inner)
        except FileNotFoundError:
            continue


def delete_tree(location: str) -> None:
    """Delete a folder and all below it; an absent one is no error."""
    fs, inner = filesystem(location)
    if fs.get_file_info(inner).type == pafs.FileType.Directory:
        fs.delete_dir(inner)


def write_parquet(table: pa.Table, location: str, metadata: dict[str, str] | None = None) -> int:
    """Write one Parquet file (zstd, statistics on), visible only when whole; return its size in bytes.

    Raises StorageError where the disk is full or may not be written.
    """
    if metadata:
        known = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
        table = table.replace_schema_metadata({**known, **metadata})
    fs, inner = filesystem(location)
    local = is_local(location)
    target = f"{inner}.{uuid.uuid4().hex}.tmp" if local else inner
    try:
        if local:
            Path(inner).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, target, filesystem=fs, compression="zstd", write_statistics=True)
        size = int(fs.get_file_info(target).size)
        if local:
            os.replace(target, inner)
        return size
    except OSError as error:
        if local:
            Path(target).unlink(missing_ok=True)
        raise storage_error(error, location) from None


def storage_error(error: OSError, location: str) -> StorageError:
    """Turn an operating-system error into one line of cause and one of cure."""
    if error.errno == errno.ENOSPC or "No space left" in str(error):
        return StorageError(
            f"the disk is full: {path(location)}",
            "free some space, then run again; nothing that was committed is lost",
            location=path(location),
        )
    reason = os.strerror(error.errno) if error.errno else type(error).__name__
    return StorageError(f"cannot write {path(location)}: {reason}", "check the path and its permissions")


class ParquetSink:
    """A Parquet file (zstd, statistics on) written batch by batch, visible under its name only once finished.

    A context manager: what was not finished when it is left is deleted. Raises StorageError where the disk is full
    or may not be written; errors of whoever makes the batches pass through as they are.
    """

    def __init__(self, location: str) -> None:
        self.location = location
        self._fs, self._inner = filesystem(location)
        self._local = is_local(location)
        self._target = f"{self._inner}.{uuid.uuid4().hex}.tmp" if self._local else self._inner
        self._stream: Any = None
        self._writer: pq.ParquetWriter | None = None

    def write(self, table: pa.Table) -> None:
        """Append a table as a row group; the first one sets the schema."""
        try:
            if self._writer is None:
                if self._local:
                    Path(self._inner).parent.mkdir(parents=True, exist_ok=True)
                self._stream = self._fs.open_output_stream(self._target)
                self._writer = pq.ParquetWriter(self._stream, table.schema, compression="zstd", write_statistics=True)
            self._writer.write_table(table)
        except OSError as error:
            raise storage_error(error, self.location) from None

    def finish(self, metadata: dict[str, str]) -> None:
        """Write the footer with `metadata` and make the file visible; at least one table was written."""
        writer, self._writer = self._writer, None
        if writer is None:
            raise StorageError(f"nothing was written to {path(self.location)}", "report this as a mistake in Weir")
        try:
            writer.add_key_value_metadata(metadata)
            writer.close()
            self._stream.close()
            if self._local:
                os.replace(self._target, self._inner)
        except OSError as error:
            raise storage_error(error, self.location) from None
        self._stream = None

    def __enter__(self) -> ParquetSink:
        return self

    def __exit__(self, *_: object) -> None:
        """Delete what was begun and not finished."""
        stream, self._stream, self._writer = self._stream, None, None
        if stream is None:
            return
        with contextlib.suppress(OSError, pa.ArrowException):  # the error under way is the one that counts
            stream.close()
        with contextlib.suppress(FileNotFoundError, OSError):
            self._fs.delete_file(self._target)
