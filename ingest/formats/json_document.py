"""One JSON document: a list of objects, as many exports are written; held in memory, up to 256 MiB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import ClassVar

import numpy as np
import pyarrow as pa

from .. import columns
from ..contract import Split
from ..documents import Found, json_records
from ..jsonlines import column
from ..streams import TextFile
from .base import Batch, Format, unique

_BATCH = 16_384
_SAMPLED = 1000


class JsonDocument(Format):
    """A JSON list of objects; what is no object is a reject, and so is all that follows damage."""

    name: ClassVar[str] = "json"
    endings: ClassVar[tuple[str, ...]] = ()
    begins: ClassVar[tuple[bytes, ...]] = (b"[",)

    def sample(self, path: str, file: str) -> Mapping[str, pa.Array]:
        """Return the columns of the first objects."""
        split = Split(self.options.label, "", path, file, 0)
        found = json_records(TextFile(path, file), split)
        objects = [_named(each.value) for each in islice(found, _SAMPLED) if isinstance(each.value, dict)]
        names = dict.fromkeys(name for o in objects for name in o)
        return {name: column([o.get(name) for o in objects]) for name in names}

    def read(self, split: Split, names: Iterable[str]) -> Iterator[Batch]:
        """Yield the objects' values as text."""
        wanted, found = list(names), json_records(TextFile(split.path, split.file), split)
        while part := list(islice(found, _BATCH)):
            good = [each for each in part if isinstance(each.value, dict)]
            objects = [_named(each.value) for each in good]
            made = {name: column([o.get(name) for o in objects]) for name in wanted}
            numbers = np.array([each.number for each in good], np.int64)
            yield Batch(made, numbers, _raw(good).take, self._refused(part, split.file))

    def _refused(self, part: list[Found], file: str) -> pa.Table:
        bad = [each for each in part if not isinstance(each.value, dict)]
        words = [each.reason or "json" for each in bad]
        numbers = np.array([each.number for each in bad], np.int64)
        return columns.rejects(self.options.label, file, numbers, words, np.arange(len(bad)), _raw(bad))


def _named(value: Mapping[str, object]) -> dict[str, object]:
    return dict(zip(unique(list(value)), value.values(), strict=True))


def _raw(found: list[Found]) -> pa.Array:
    raws = (each.raw if isinstance(each.raw, bytes) else each.raw.encode("utf-8", "backslashreplace") for each in found)
    return pa.array(list(raws), pa.binary())
