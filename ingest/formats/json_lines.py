"""JSON lines: an object a line; the whole line stands in the column `record`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

import pyarrow as pa

from .. import jsonlines
from ..contract import Split
from ..streams import TextFile
from .base import SAMPLE, Batch, Format, safe


class JsonLines(Format):
    """One JSON object a line."""

    name: ClassVar[str] = "jsonl"
    endings: ClassVar[tuple[str, ...]] = (".jsonl", ".ndjson")
    begins: ClassVar[tuple[bytes, ...]] = (b"{",)

    def sample(self, path: str, file: str) -> Mapping[str, pa.Array]:
        """Return the columns of the first objects."""
        text = TextFile(path, file)
        lines = text.head(SAMPLE)[text.bom :].split(text.mark)
        objects = [o for line in lines[:-1] or lines if isinstance(o := jsonlines.parse(line), dict)]
        made = {"record": pa.array([], pa.string())}
        for name in dict.fromkeys(key for o in objects for key in o):
            made[safe(name)] = jsonlines.column([o.get(name) for o in objects])
        return made

    def read(self, split: Split, names: Iterable[str]) -> Iterator[Batch]:
        """Yield the objects' values as text; lines that are no object are rejects."""
        wanted = [name for name in names if name != "record"]
        text = TextFile(split.path, split.file)
        for block in jsonlines.objects(text, split.start, split.end, split.first_line, self.options.label):
            named = [{safe(key): value for key, value in o.items()} for o in block.objects]
            made = {name: jsonlines.column([o.get(name) for o in named]) for name in wanted}
            raw = block.text.cast(pa.binary())
            yield Batch({**made, "record": block.text}, block.numbers, raw.take, block.rejects)
