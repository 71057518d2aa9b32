"""Avro object container files, by fastavro."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pyarrow as pa

from ...errors import MissingExtra
from ..schemas import TIMESTAMP
from ..stored import opened
from ..streams import reading
from .base import ObjectFormat, damaged, unique

_TYPES = {"int": pa.int64(), "long": pa.int64(), "float": pa.float64(), "double": pa.float64(), "boolean": pa.bool_()}
_LOGICAL = {
    "date": pa.date32(),
    "timestamp-millis": TIMESTAMP,
    "timestamp-micros": TIMESTAMP,
    "local-timestamp-millis": TIMESTAMP,
    "local-timestamp-micros": TIMESTAMP,
}


class Avro(ObjectFormat):
    """Apache Avro; nested values become JSON text."""

    name: ClassVar[str] = "avro"
    endings: ClassVar[tuple[str, ...]] = (".avro",)
    begins: ClassVar[tuple[bytes, ...]] = (b"Obj\x01",)

    def sample(self, path: str, file: str) -> Mapping[str, pa.Array]:
        """Return the columns, empty, with the types of the file's own schema."""
        with reading(file), opened(path) as handle:
            fields = self._open(handle, file).writer_schema.get("fields", [])
        kinds = (_kind(field["type"]) for field in fields)
        return {n: pa.nulls(0, kind) for n, kind in zip(unique([f["name"] for f in fields]), kinds, strict=True)}

    def objects(self, path: str, file: str) -> Iterator[Mapping[str, Any]]:
        """Yield the records."""
        with reading(file), opened(path) as handle:
            records = self._open(handle, file)
            while True:
                try:
                    record = next(records)
                except StopIteration:
                    return
                except Exception:  # the reader knows no error of its own: whatever it is, the block is damaged
                    raise damaged(file, "Avro") from None
                yield {name: _value(value) for name, value in record.items()}

    def _open(self, handle: Any, file: str) -> Any:
        try:
            import fastavro
        except ImportError:
            raise MissingExtra.of("formats", "reading Avro files") from None
        try:
            return fastavro.reader(handle)
        except Exception:
            raise damaged(file, "Avro") from None


def _kind(avro: Any) -> pa.DataType:
    """Return the column type of an Avro type; unions with null are their other part, everything else is text."""
    if isinstance(avro, list):
        others = [part for part in avro if part != "null"]
        return _kind(others[0]) if len(others) == 1 else pa.string()
    if isinstance(avro, dict):
        logical = avro.get("logicalType")
        if logical is not None:
            return _LOGICAL.get(logical, pa.string())
        return _kind(avro.get("type")) if isinstance(avro.get("type"), str) else pa.string()
    return _TYPES.get(avro, pa.string())


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _value(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_value(inner) for inner in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, dt.date | dt.datetime | dt.time):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
