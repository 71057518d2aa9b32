"""What a format promises: a sample of its columns, and its records as columns in batches."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ...errors import SourceError
from ..contract import Split, no_rejects
from ..jsonlines import column

SAMPLE = 1 << 20
"""How much of a file is looked at for its columns and their types, in bytes."""
_SAMPLE_RECORDS = 1000
_BATCH = 16_384
RESERVED = ("file", "line", "source")


class Options(NamedTuple):
    """What weir.yaml says of how the files are written."""

    label: str
    fill: bool = False
    sheet: str | None = None
    record: str | None = None
    limit: int = 10 * 1024**3


class Batch(NamedTuple):
    """Some records: their columns by safe name, their numbers, what was refused, and the records as received.

    Columns are strings where the format knows no types. `raw` takes places in the batch and returns binaries.
    """

    columns: dict[str, pa.Array]
    numbers: npt.NDArray[np.int64]
    raw: Callable[[pa.Array], pa.Array]
    rejects: pa.Table


class Format(ABC):
    """One way to write records into a file. `begins` are the first bytes of such a file, where they are telling."""

    name: ClassVar[str]
    endings: ClassVar[tuple[str, ...]]
    begins: ClassVar[tuple[bytes, ...]] = ()

    def __init__(self, options: Options) -> None:
        self.options = options

    @abstractmethod
    def sample(self, path: str, file: str) -> Mapping[str, pa.Array]:
        """Return the columns of a file's beginning; an empty typed array where the file itself tells the type."""

    def count(self, path: str, file: str) -> int | None:
        """Return how many records the file itself says it holds; None where it does not say."""
        return None

    @abstractmethod
    def read(self, split: Split, names: Iterable[str]) -> Iterator[Batch]:
        """Yield the records of a split; `names` are the columns that are wanted."""


class ObjectFormat(Format):
    """Base of the formats whose reader gives one record after the other: a name and a value for each field."""

    @abstractmethod
    def objects(self, path: str, file: str) -> Iterator[Mapping[str, Any]]:
        """Yield the records of a file. Raises SourceError where it is damaged."""

    def sample(self, path: str, file: str) -> Mapping[str, pa.Array]:
        """Return the columns of the first records."""
        found = [_safe_keys(o) for o in islice(self.objects(path, file), _SAMPLE_RECORDS)]
        names = dict.fromkeys(name for o in found for name in o)
        return {name: column([o.get(name) for o in found]) for name in names}

    def read(self, split: Split, names: Iterable[str]) -> Iterator[Batch]:
        """Yield the records as columns of text; the record as received is given as JSON."""
        wanted, number, records = list(names), 1, self.objects(split.path, split.file)
        while found := [_safe_keys(o) for o in islice(records, _BATCH)]:
            columns = {name: column([o.get(name) for o in found]) for name in wanted}
            numbers = np.arange(number, number + len(found), dtype=np.int64)
            number += len(found)
            yield Batch(columns, numbers, _as_json(found), no_rejects())


def _as_json(records: list[dict[str, Any]]) -> Callable[[pa.Array], pa.Array]:
    def raw(places: pa.Array) -> pa.Array:
        lines = [json.dumps(records[i], ensure_ascii=False, default=str) for i in places.to_pylist()]
        return pa.array([line.encode("utf-8", "backslashreplace") for line in lines], pa.binary())

    return raw


def _safe_keys(record: Mapping[str, Any]) -> dict[str, Any]:
    return dict(zip(unique(list(record)), record.values(), strict=True))


def damaged(file: str, kind: str) -> SourceError:
    """Return the error for a file that cannot be read as what it seems to be."""
    return SourceError(
        f"{file} is no whole {kind} file",
        "fetch it again, or move it out of the source's path; nothing of it was taken",
        file=file,
        retryable=False,
    )


def safe(name: str) -> str:
    """Return a column name that every engine takes: lower-case letters, digits and underscores."""
    made = re.sub(r"\W+", "_", name.strip().lower(), flags=re.ASCII).strip("_") or "column"
    made = f"c_{made}" if made[0].isdigit() else made
    return f"{made}_" if made in RESERVED else made


def unique(names: list[str]) -> list[str]:
    """Return safe names, a repeated one with a number behind it."""
    made: dict[str, None] = {}
    for name in map(safe, names):
        tries = (name if n == 1 else f"{name}_{n}" for n in range(1, len(names) + 1))
        made[next(t for t in tries if t not in made)] = None
    return list(made)
