"""CSV and TSV: a header, then a record a line (or several, inside quotes)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

import numpy as np
import pyarrow as pa

from .. import columns, delimited
from ..contract import Split
from ..streams import TextFile
from .base import SAMPLE, Batch, Format, unique


class Csv(Format):
    """Values with commas between them (RFC 4180)."""

    name: ClassVar[str] = "csv"
    endings: ClassVar[tuple[str, ...]] = (".csv",)
    delimiter: ClassVar[str] = ","

    def sample(self, path: str, file: str) -> Mapping[str, pa.Array]:
        """Return the columns of the first records."""
        text = TextFile(path, file)
        names = unique(delimited.header(text, self.delimiter))
        head = text.head(SAMPLE)[text.bom :]
        found = delimited.scan(head, self.delimiter, len(head) < SAMPLE - text.bom)
        sizes = np.diff(np.append(found.first, len(found.starts)))
        good = np.flatnonzero((sizes <= len(names)) & (found.status == 0))[1:]
        data = np.frombuffer(head, np.uint8)
        return {
            name: delimited.field(data, found, np.where(sizes[good] > place, found.first[good] + place, -1), False)
            for place, name in enumerate(names)
        }

    def read(self, split: Split, names: Iterable[str]) -> Iterator[Batch]:
        """Yield the records; those with too many or too few fields are rejects."""
        text = TextFile(split.path, split.file)
        header = unique(delimited.header(text, self.delimiter))
        for block in delimited.records(
            text,
            split.start,
            split.end,
            self.delimiter,
            len(header),
            split.first_line,
            self.options.label,
            self.options.fill,
        ):
            made = dict(zip(header, block.fields, strict=True))
            yield Batch(made, block.numbers, columns.binaries(block.raw).take, block.rejects)


class Tsv(Csv):
    """Values with tabs between them."""

    name: ClassVar[str] = "tsv"
    endings: ClassVar[tuple[str, ...]] = (".tsv", ".tab")
    delimiter: ClassVar[str] = "\t"
