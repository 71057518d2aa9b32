"""Files in the warehouse, local or in an object store, by one path syntax.

A location is an absolute path (`/data/wh`) or a URL: `s3://bucket/wh`, `gs://bucket/wh`, `az://container/wh`, and
`http(s)://` to read from.
Nothing half-written is ever visible under its final name.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from .errors import ConfigError, MissingExtra, StorageError

_S3 = ("s3", "s3a")
_AZURE = ("az", "abfs", "abfss")
_GOOGLE = ("gs", "gcs")
_WEB = ("http", "https")


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


def filesystem(location: str) -> tuple[pafs.FileSystem, str]:
    """Return the file system of a location and the path inside it.

    Object stores take their credentials from the environment, as their own tools do: `AWS_*` (`AWS_ENDPOINT_URL` for
    a store that speaks S3), `GOOGLE_APPLICATION_CREDENTIALS` (`STORAGE_EMULATOR_HOST` for an emulator),
    `AZURE_STORAGE_ACCOUNT_NAME` and `..._KEY` (`AZURE_STORAGE_AUTHORITY` for another store). Raises
    ConfigError for a scheme that is not known, MissingExtra where it needs an extra.
    """
    if is_local(location):
        return pafs.LocalFileSystem(), path(location)
    scheme, _, rest = location.partition("://")
    host = rest.split("/", 1)[0]
    if scheme in _WEB:
        return _remote(scheme, "", ()), location
    if scheme in _S3:
        return _remote("s3", host, tuple(s3_options().items())), rest
    if scheme in _AZURE:
        return _remote("az", "", tuple(_azure_options().items())), rest
    if scheme in _GOOGLE:
        return _remote("gs", "", tuple(_google_options().items())), rest
    return _remote(scheme, host, ()), rest


def s3_options() -> dict[str, str]:
    """Return endpoint and region of S3 as the environment names them; what it does not name is left out."""
    found = {
        "endpoint_override": os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"),
        "region": os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"),
    }
    return {name: value for name, value in found.items() if value}


def iceberg_properties(location: str) -> dict[str, str]:
    """Return the properties that make pyiceberg open `location` as `filesystem` does."""
    if not location.startswith(tuple(f"{scheme}://" for scheme in _S3)):
        return {}
    options = s3_options()
    found = {"s3.region": options.get("region", filesystem(location)[0].region)}
    if "endpoint_override" in options:
        found |= {"s3.endpoint": options["endpoint_override"], "s3.force-virtual-addressing": "false"}
    return found


def _azure_options() -> dict[str, str]:
    names = {"account_name": "AZURE_STORAGE_ACCOUNT_NAME", "account_key": "AZURE_STORAGE_ACCOUNT_KEY"}
    names |= {"sas_token": "AZURE_STORAGE_SAS_TOKEN", "blob_storage_authority": "AZURE_STORAGE_AUTHORITY"}
    found = {option: os.environ[name] for option, name in names.items() if name in os.environ}
    if "account_name" not in found:
        raise ConfigError("az:// needs the storage account's name", "export AZURE_STORAGE_ACCOUNT_NAME=...")
    if authority := found.get("blob_storage_authority"):
        scheme = os.environ.get("AZURE_STORAGE_SCHEME", "https")
        found |= {"dfs_storage_authority": authority, "blob_storage_scheme": scheme, "dfs_storage_scheme": scheme}
    return found


def _google_options() -> dict[str, Any]:
    """Return how Google's storage is reached: as its own tools reach it, or at the emulator they know."""
    scheme, _, host = os.environ.get("STORAGE_EMULATOR_HOST", "").rpartition("://")
    patient: dict[str, Any] = {"retry_time_limit": timedelta(minutes=1)}  # its own limit is a quarter of an hour
    return {**patient, "anonymous": True, "endpoint_override": host, "scheme": scheme or "http"} if host else patient


@functools.lru_cache(maxsize=32)
def _remote(scheme: str, host: str, options: tuple[tuple[str, Any], ...]) -> Any:
    given: dict[str, Any] = dict(options)
    if scheme == "s3":
        if not given:  # a bucket of AWS itself, whose region nobody has named
            with contextlib.suppress(OSError):
                given["region"] = pafs.resolve_s3_region(host)
        return pafs.S3FileSystem(**given)
    if scheme == "az":
        return pafs.AzureFileSystem(**given)
    if scheme == "gs":
        return pafs.GcsFileSystem(**given)
    if scheme in _WEB:
        try:
            import fsspec

            return pafs.PyFileSystem(pafs.FSSpecHandler(fsspec.filesystem(scheme)))
        except ImportError:
            raise MissingExtra.of("http", f"{scheme}://") from None
    try:
        return pafs.FileSystem.from_uri(f"{scheme}://{host}")[0]
    except (ValueError, pa.ArrowInvalid):
        raise ConfigError(
            f"{scheme}:// is no storage that is known", "use s3://, gs://, az://, http(s):// or a path"
        ) from None


def exists(location: str) -> bool:
    """Whether a file or folder stands there."""
    fs, inner = filesystem(location)
    return bool(fs.get_file_info(inner).type != pafs.FileType.NotFound)


def modified(location: str) -> datetime | None:
    """Return when a file was last written (UTC); None where it is not there or its store does not say."""
    fs, inner = filesystem(location)
    written = fs.get_file_info(inner).mtime
    return None if written is None else written.astimezone(UTC)


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


def write_parquet(
    table: pa.Table,
    location: str,
    metadata: dict[str, str] | None = None,
    row_group_size: int | None = None,
    hashes: Sequence[str] = (),
) -> int:
    """Write one Parquet file (zstd, statistics on), visible only when whole; return its size in bytes.

    `hashes` names integer columns of hashes: no dictionary and no compression makes them smaller.
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
        pq.write_table(table, target, row_group_size, filesystem=fs, **_parquet(table.schema, hashes=hashes))
        size = int(fs.get_file_info(target).size)
        if local:
            os.replace(target, inner)
        return size
    except OSError as error:
        if local:
            Path(target).unlink(missing_ok=True)
        raise storage_error(error, location) from None


def _parquet(schema: pa.Schema, texts: bool = True, hashes: Sequence[str] = ()) -> dict[str, Any]:
    """Return how Parquet files are written: zstd, statistics, and by their differences what rises row by row.

    Times and line numbers have no value twice: a dictionary of them costs time and space. `texts` says whether texts
    have statistics too.
    """
    rising = [f.name for f in schema if pa.types.is_timestamp(f.type) or (f.name == "line" and f.type == pa.int64())]
    repeated = [path for f in schema if f.name not in (*rising, *hashes) for path in _leaves(f)]
    encoding = dict.fromkeys([*rising, *hashes], "DELTA_BINARY_PACKED")
    packed = dict.fromkeys([*rising, *repeated], "zstd") | dict.fromkeys(hashes, "none")
    return {
        "compression": packed if hashes else "zstd",
        "write_statistics": texts or [f.name for f in schema if pa.types.is_primitive(f.type)],
        "use_dictionary": repeated or False,
        "column_encoding": encoding or None,
    }


def _leaves(field: pa.Field) -> Iterator[str]:
    """Yield the paths under which Parquet keeps a field's values."""
    kind = field.type
    if pa.types.is_map(kind):
        inner = [kind.key_field.with_name("key_value.key"), kind.item_field.with_name("key_value.value")]
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        inner = [kind.value_field.with_name("list.element")]
    elif pa.types.is_struct(kind):
        inner = [kind.field(i) for i in range(kind.num_fields)]
    else:
        yield field.name
        return
    for each in inner:
        yield from (f"{field.name}.{path}" for path in _leaves(each))


def storage_error(error: OSError, location: str) -> StorageError:
    """Turn an operating-system error into one line of cause and one of cure."""
    if error.errno == errno.ENOSPC or "No space left" in str(error):
        return StorageError(
            f"the disk is full: {path(location)}",
            "free some space, then run again; nothing that was committed is lost",
            location=path(location),
        )
    why = os.strerror(error.errno) if error.errno else reason(error)
    return StorageError(f"cannot write {path(location)}: {why}", "check the path and its permissions")


def reason(error: BaseException) -> str:
    """Return what an object store or a server answered, without the address it was asked at."""
    status = getattr(error, "status", None)
    if isinstance(status, int):
        return f"the server answered {status}"
    found = re.search(r"AWS Error ([A-Z_]+)|(Could not resolve host|Connection refused)", str(error))
    return next(group for group in found.groups() if group) if found else type(error).__name__


class ParquetSink:
    """A Parquet file (zstd, statistics on) written batch by batch, visible under its name only once finished.

    Without `text_statistics` the least and the greatest text of a column are not looked for, which takes a sixth of
    the time and names somebody in the footer. `hashes`: see write_parquet.

    A context manager: what was not finished when it is left is deleted. Raises StorageError where the disk is full
    or may not be written; errors of whoever makes the batches pass through as they are.
    """

    def __init__(self, location: str, text_statistics: bool = True, hashes: Sequence[str] = ()) -> None:
        self.location = location
        self._texts, self._hashes = text_statistics, hashes
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
                how = _parquet(table.schema, self._texts, self._hashes)
                self._writer = pq.ParquetWriter(self._stream, table.schema, **how)
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
