"""What the sources of files share: which paths they name, planning by content, splits at line ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from pydantic import Field

from ..config import SourceConfig
from .contract import Cursor, Plan, Split
from .identity import Identity, News, Probe, compare, digest
from .stored import display, find, is_regular
from .streams import HEAD, TextFile

_CHUNK = 4 * 1024 * 1024
_TEXT = "text:"  # cursor entries: the texts of compressed files, which are known only once they have been read


class FileConfig(SourceConfig):
    """What every source of files has in common."""

    path: str | list[str] = Field(
        description="file or glob, or a list of them, from the folder of weir.yaml; also s3://, gs://, az://, "
        "http(s)://, and zip or tar archives (archive.zip!/*.log: some of its files)"
    )
    split_bytes: int = Field(
        64 * 1024 * 1024, gt=0, description="plain files are read in ranges of about this many bytes"
    )
    archive_bytes: int = Field(10 * 1024**3, gt=0, description="an archive that expands to more than this is refused")


class FileSource:
    """What the sources of files share: planning by content, and splits at line ends.

    A subclass gives `schema`, `read`, `integrate` and `target`; one whose records may span lines overrides
    `resume` and `ranges`, and `extra` is carried to every split and into its key. `notes` is what the last plan
    found out about the files.
    """

    @property
    def settle_seconds(self) -> float:
        """How long a file must have been left alone before its last line counts without a line end (0: at once)."""
        return 0

    def __init__(self, label: str, config: Any, root: str) -> None:
        self.label = label
        self.config = config
        self.root = root
        self.notes: list[str] = []

    def plan(self, cursor: Cursor) -> Plan:
        """List the files that are new or have grown since `cursor`."""
        texts = [entry for name, entry in cursor.items() if name.startswith(_TEXT)]
        known = [Identity(**entry) for entry in [*cursor.get("files", []), *texts]]
        paths, skipped = find(self.config.path, self.root, self.label, bool(known), self.config.archive_bytes)
        probes = []
        for path in paths:
            file = display(path, self.root)
            if not is_regular(path):
                skipped.append((file, "not a regular file"))
            else:
                probes.append(Probe(path, file, self.settle_seconds))
        news = compare(probes, known)
        skipped += [(p.identity.file, "its last line has not ended yet") for p in probes if p.open_line and p.end]
        extras = self.extras(news, cursor)
        splits = [
            split
            for (probe, read_before), extra in zip(news.fresh, extras, strict=True)
            for split in self._splits(probe, read_before, extra)
        ]
        files = [asdict(entry) for entry in news.remembered]
        return Plan(splits, {"files": files, **self.remember()}, skipped + news.skipped, self.notes)

    def extras(self, news: News, cursor: Cursor) -> list[dict[str, str]]:
        """Return what each new file's splits carry along."""
        return [{} for _ in news.fresh]

    def remember(self) -> dict[str, Any]:
        """Return what the cursor holds besides the files."""
        return {}

    def inflated(self, text: TextFile, split: Split) -> Cursor:
        """Return what to remember of a compressed file that has been read: its text, however it may stand later."""
        if text.whole is None or not text.whole[0]:
            return {}
        size, first, last = text.whole
        return {f"{_TEXT}{split.key}": asdict(Identity(split.file, size, digest(first), digest(last)))}

    def resume(self, text: TextFile, end: int, extra: Mapping[str, str]) -> tuple[int, int]:
        """Return where to read on in a file read up to `end`, and the number of the record there.

        A last line that had no end then is read again, whole, from its beginning.
        """
        count, start, position = 0, 0, 0
        for part in text.parts(0, end, _CHUNK):
            count += part.count(text.mark)
            last = part.rfind(text.mark)
            start = position + last + 1 if last >= 0 else start
            position += len(part)
        return start, count + 1

    def ranges(self, text: TextFile, start: int, end: int, first: int) -> list[tuple[int, int, int]]:
        """Cut a plain file at line ends; return (start, end, number of the first record) of each range."""
        found = []
        while end - start > self.config.split_bytes:
            stop, lines = _cut(text, start, start + self.config.split_bytes, end)
            if stop >= end:
                break
            found.append((start, stop, first))
            start, first = stop, first + lines
        return [*found, (start, end, first)]

    def splits_of(self, text: TextFile, splits: list[Split]) -> list[Split]:
        """Return the splits of a file as they are read: the place to add what one must know of those before it."""
        return splits

    def _splits(self, probe: Probe, read_before: int, extra: dict[str, str]) -> list[Split]:
        me = probe.identity
        extra = {**extra, "begins": probe.begins}
        if not probe.plain and not read_before:
            return [self._split(me, probe.path, 0, None, 1, probe.stored, extra)]
        text = TextFile(probe.path, me.file)
        start, first = self.resume(text, read_before, extra) if read_before else (0, 1)
        ranges = self.ranges(text, start, me.size, first) if probe.plain else [(start, None, first)]
        made = [
            self._split(me, probe.path, low, high, number, (high or me.size) - low, extra)
            for low, high, number in ranges
        ]
        return self.splits_of(text, made)

    def _split(
        self,
        me: Identity,
        path: str,
        start: int,
        end: int | None,
        first: int,
        size: int,
        extra: dict[str, str],
    ) -> Split:
        named = repr((me.content, start, end, first, sorted(extra.items())))
        split = Split(self.label, digest(named.encode()), path, me.file, size, start, end, first)
        return replace(split, extra=extra)


def _cut(text: TextFile, start: int, goal: int, end: int) -> tuple[int, int]:
    """Return the first line end at or after `goal`, and how many lines lie between `start` and it."""
    lines, position = 0, start
    for part in text.parts(start, goal - 1, _CHUNK):
        lines += part.count(text.mark)
        position += len(part)
    for part in text.parts(position, end, HEAD):
        at = part.find(text.mark)
        if at >= 0:
            return position + at + 1, lines + 1
        position += len(part)
    return end, lines
