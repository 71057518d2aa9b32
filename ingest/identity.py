"""Which files are new: a file is known by its content, so a rotated, renamed, copied or compressed one is read once.

The identity of a file is its length, a hash of its first 64 KiB and a hash of the 64 KiB before its end. A file
has **grown** from a known one where both hashes hold at the known length: the same beginning alone proves nothing
(two servers may log the same first lines). A compressed file is compared by its text, and inflated for that only
where the text begins like a known one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from ..errors import SourceError
from .stored import idle_seconds, opened, size_of, splittable
from .streams import HEAD, TextFile, codec, line_end, reading

_BINARY = (b"PAR1", b"Obj\x01", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How files begin that are replaced as a whole, never appended to: Parquet, Avro, Excel."""


@dataclass(frozen=True)
class Identity:
    """What a file was when it was read. `file` is its path from the project's folder."""

    file: str
    size: int
    head: str
    tail: str

    @property
    def content(self) -> tuple[int, str, str]:
        """The identity without the name."""
        return self.size, self.head, self.tail


class Probe:
    """A look at one stored file: its first bytes and its identity at any length.

    With `settle`, a last line without its end counts only once the file has not changed for so many seconds: until
    then somebody may still be writing it. `end` is the length that counts, `open_line` says that more is there,
    `stored` is the size on disk, and `begins` what the first bytes are known by.
    """

    def __init__(self, path: str, file: str, settle: float = 0) -> None:
        self.path = path
        with reading(file), opened(path) as handle:
            self.end = self.stored = size_of(handle)
            self._head = handle.read(HEAD)
            self.plain = splittable(path) and codec(self._head) is None and not self._head.startswith(_BINARY)
            if self.plain and idle_seconds(path) < settle:
                self.end = _last_line_end(handle, self.stored, line_end(self._head))
        self.open_line = self.end < self.stored
        self._heads: dict[int, str] = {}
        self._tails: dict[int, str] = {}
        with reading(file):
            self.identity = Identity(file, self.end, self._head_hash(self.end), self._tail_hash(self.end))
        self.begins = f"{min(self.end, HEAD)}:{self.identity.head}"

    def begins_as(self, begins: str) -> bool:
        """Whether the stored file begins as another look at it said (its `begins`)."""
        size, _, head = begins.partition(":")
        return digest(self._head[: int(size)]) == head

    def grew_from(self, known: Identity) -> bool:
        """Whether the file begins with the whole of a known, shorter one."""
        if not 0 < known.size < self.end or self._head_hash(known.size) != known.head:
            return False
        with reading(self.identity.file):
            return self._tail_hash(known.size) == known.tail

    def inflated(self, known: Iterable[Identity]) -> bool:
        """Take a compressed file by its text from now on, where that begins like a known one; return whether it does.

        The text that cannot be read is nobody's: reading it will say what is wrong.
        """
        stored = self._head
        try:
            text = TextFile(self.path, self.identity.file)
            self._head = text.head(HEAD)
            self._heads.clear()
            sizes = sorted({k.size for k in known if k.size and self._head_hash(k.size) == k.head})
            if sizes:
                self._heads.clear()
                self.end, self._tails = _tails(text, sizes)
                self.identity = Identity(self.identity.file, self.end, self._head_hash(self.end), self._tails[self.end])
                return True
        except SourceError:
            pass
        self._head = stored
        self._heads.clear()
        return False

    def _head_hash(self, size: int) -> str:
        length = min(size, HEAD)
        if length not in self._heads:
            self._heads[length] = digest(self._head[:length])
        return self._heads[length]

    def _tail_hash(self, size: int) -> str:
        if self._tails:
            return self._tails.get(size, "")
        with opened(self.path) as handle:
            handle.seek(max(0, size - HEAD))
            return digest(handle.read(min(size, HEAD)))


class News(NamedTuple):
    """What is new: probes to read with the length already known (0: all new), what to remember, what to pass over."""

    fresh: list[tuple[Probe, int]]
    remembered: list[Identity]
    skipped: list[tuple[str, str]]


def digest(data: bytes) -> str:
    """Return the 128-bit BLAKE2b hash of bytes in hexadecimal."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def check_unchanged(path: str, file: str, begins: str) -> None:
    """Raise SourceError where another file stands at `path` by now: a log that was rotated while it was read."""
    if not Probe(path, file).begins_as(begins):
        raise SourceError(
            f"{file} was replaced while it was read",
            "run again: nothing of it was taken",
            file=file,
            retryable=True,
        )


def compare(probes: list[Probe], known: list[Identity]) -> News:
    """Tell which files are new, which have grown, and which were read before under any name."""
    contents = {entry.content: entry.file for entry in reversed(known)}
    held = {p.identity.content for p in probes if p.identity.content in contents}
    remembered = dict.fromkeys(known)
    fresh: list[tuple[Probe, int]] = []
    skipped: list[tuple[str, str]] = []
    pending: list[Probe] = []
    for probe in probes:
        me = probe.identity
        if not me.size:
            skipped.append((me.file, "its first line has not ended yet" if probe.open_line else "empty"))
        elif me.content in contents:
            same = me in remembered
            why = "unchanged since it was read" if same else f"same content as {contents[me.content]}"
            skipped.append((me.file, why))
            remembered[me] = None
        else:
            pending.append(probe)
    own = {entry.file for entry in known}
    pending.sort(key=lambda p: (not p.plain, p.identity.file not in own))  # a file's own past comes first
    for probe in pending:
        stored = probe.identity
        texted = not probe.plain and probe.inflated(remembered)
        me = probe.identity
        if me.content in contents:
            skipped.append((me.file, f"same content as {contents[me.content]}"))
        else:
            past = _past(probe, list(remembered), held) if probe.plain or texted else None
            if past is not None and probe.plain:
                remembered.pop(past)
            fresh.append((probe, past.size if past is not None else 0))
            contents[me.content] = me.file
            held.add(me.content)
        remembered[me] = remembered[stored] = None
    fresh.sort(key=lambda item: item[0].identity.file)
    return News(fresh, list(remembered), skipped)


def _past(probe: Probe, known: list[Identity], held: set[tuple[int, str, str]]) -> Identity | None:
    """Return the longest known content that the file has grown from.

    Content that still stands whole under another name was copied, not renamed: it has not grown into this file.
    """
    own = [k for k in known if k.file == probe.identity.file and probe.grew_from(k)]
    moved = [k for k in known if k.content not in held and probe.grew_from(k)] if not own else []
    return max(own or moved, key=lambda k: k.size, default=None)


def _tails(text: TextFile, sizes: list[int]) -> tuple[int, dict[int, str]]:
    """Return the length of a text, and the tail hashes at some lengths (those it has) and at its end."""
    found: dict[int, str] = {}
    kept, position = b"", 0
    for part in text.parts(0, None, HEAD):
        joined, begin = kept + part, position - len(kept)
        position += len(part)
        for size in sizes:
            if position - len(part) < size <= position:
                found[size] = digest(joined[max(0, size - begin - HEAD) : size - begin])
        kept = joined[-HEAD:]
    found[position] = digest(kept)
    return position, found


def _last_line_end(handle: BinaryIO, size: int, mark: bytes) -> int:
    """Return the place behind the last `mark`, 0 where there is none."""
    end = size
    while end > 0:
        start = max(0, end - HEAD)
        handle.seek(start)
        at = handle.read(end - start).rfind(mark)
        if at >= 0:
            return start + at + 1
        end = start
    return 0
