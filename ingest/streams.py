"""Stored files as blocks of whole lines: plain or compressed, in bounded memory, damage refused in one line.

Compression is told by the first bytes, never by the name. Compressed files are inflated a few kilobytes at a
time; concatenated members (rotated gzip, parallel zstd) are read through, and a file that ends in the middle of
its data is an error, not a short file.
"""

from __future__ import annotations

import bz2
import lzma
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import zstandard

from ..errors import SourceError
from .stored import opened

HEAD = 64 * 1024
"""How much of a file is looked at to know what it is."""
BLOCK = 8 * 1024 * 1024
"""How much text is parsed at once."""
LONGEST = 64 * 1024 * 1024
"""A record longer than this is no record."""
_INPUT = 8 * 1024  # small, so that what one step inflates to stays small too
_BOM = b"\xef\xbb\xbf"


def _zstd() -> Any:
    return zstandard.ZstdDecompressor(max_window_size=2**31).decompressobj()


_DECODERS: dict[str, Callable[[], Any]] = {
    "gzip": lambda: zlib.decompressobj(wbits=31),
    "zstd": _zstd,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lzma.LZMADecompressor,
}
_DAMAGE = (zlib.error, lzma.LZMAError, zstandard.ZstdError, OSError, EOFError)


def codec(head: bytes) -> str | None:
    """Return gzip, zstd, bzip2, xz, or None for a file that begins with `head`."""
    if head[:2] == b"\x1f\x8b":
        return "gzip"
    if head[:4] == b"\x28\xb5\x2f\xfd" or (head[1:4] == b"\x2a\x4d\x18" and head[0] & 0xF0 == 0x50):
        return "zstd"
    if head[:3] == b"BZh":
        return "bzip2"
    if head[:6] == b"\xfd7zXZ\x00":
        return "xz"
    return None


def line_end(head: bytes) -> bytes:
    """Return the byte that ends a line in a text that begins with `head`."""
    return b"\r" if b"\r" in head and b"\n" not in head else b"\n"


@contextmanager
def reading(file: str) -> Iterator[None]:
    """Turn an operating-system error inside the block into a SourceError that names `file`."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise SourceError(
            f"cannot read {file}: {reason}",
            "check that the file is there and may be read",
            file=file,
            retryable=False,
        ) from None


def inflate(stored: Iterable[bytes], name: str, file: str) -> Iterator[bytes]:
    """Yield the decompressed pieces of `stored` (compressed by codec `name`).

    Raises SourceError, naming the byte of the stored file, where the data is damaged or ends too early.
    """
    decoder, position, fresh = _DECODERS[name](), 0, True
    for data in stored:
        while data:
            if fresh and not (data := data.lstrip(b"\0")):
                break  # members may be padded with zeros
            try:
                piece = decoder.decompress(data)
            except _DAMAGE:
                raise _damaged(f"the {name} data of {file} is damaged near byte {position}", file) from None
            fresh = False
            if piece:
                yield piece
            if not decoder.eof:
                break
            data = decoder.unused_data
            decoder, fresh = _DECODERS[name](), True
        position += _INPUT
    if not fresh:
        raise _damaged(f"{file} ends in the middle of its {name} data", file)


def _damaged(cause: str, file: str) -> SourceError:
    return SourceError(
        cause,
        "fetch the file again, or move it out of the source's path; nothing of it was taken",
        file=file,
        retryable=False,
    )


class TextFile:
    """One stored file of lines or records: its compression, line end and byte order mark.

    `mark` is the byte that ends a line: LF (a CR before it belongs to the end) or, in a file whose first 64 KiB
    hold a CR and no LF, CR. `whole` is known of a compressed text once it has been read to its end: its length, its
    first and its last 64 KiB. Raises SourceError for UTF-16, which no line format here is written in.
    """

    def __init__(self, path: str, file: str) -> None:
        self.path = path
        self.file = file
        with reading(file), opened(path) as handle:
            self.codec = codec(handle.read(8))
        head = self.head(HEAD)
        if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise SourceError(f"{file} is UTF-16", "convert it: iconv -f UTF-16 -t UTF-8", file=file, retryable=False)
        self.whole: tuple[int, bytes, bytes] | None = None
        self.bom = len(_BOM) if head.startswith(_BOM) else 0
        self.mark = line_end(head)

    def head(self, size: int) -> bytes:
        """Return the first `size` bytes of the text."""
        parts, length = [], 0
        for part in self.parts(0, None, _INPUT):
            parts.append(part)
            length += len(part)
            if length >= size:
                break
        return b"".join(parts)[:size]

    def parts(self, start: int, end: int | None, size: int) -> Iterator[bytes]:
        """Yield the text between two of its bytes, in pieces; a compressed file is inflated from its beginning."""
        if self.codec is None:
            yield from self._stored(start, end, size)
            return
        position, first, last = 0, b"", b""
        for piece in inflate(self._stored(0, None, _INPUT), self.codec, self.file):
            first += piece[: HEAD - len(first)]
            last = piece[-HEAD:] if len(piece) >= HEAD else (last + piece)[-HEAD:]
            low, high = max(0, start - position), len(piece) if end is None else end - position
            position += len(piece)
            if low < min(high, len(piece)):
                yield piece[low:high]
            if high < len(piece):
                return
        self.whole = position, first, last

    def blocks(self, start: int = 0, end: int | None = None, size: int = BLOCK) -> Iterator[bytes]:
        """Yield blocks of whole lines of at most `size` bytes, or one longer line; the last may lack its line end."""
        held, length, wanted = [], 0, size
        for part in self._text(start, end, max(size, BLOCK)):  # a store far away is not asked for every block
            held.append(part)
            length += len(part)
            if length < wanted:
                continue
            joined, at = b"".join(held), 0
            while length - at >= size:
                cut = joined.rfind(self.mark, at, at + size) + 1 or joined.find(self.mark, at + size) + 1
                if not cut:
                    break
                yield joined[at:cut]
                at = cut
            if length - at > LONGEST:
                raise SourceError(
                    f"{self.file} holds a line longer than {LONGEST >> 20} MiB",
                    "check that it is a text file of lines",
                    file=self.file,
                    retryable=False,
                )
            held, length = [joined[at:]], length - at
            wanted = max(size, 2 * length)  # a long line is not scanned again for every piece
        rest = b"".join(held)
        if rest:
            yield rest

    def _text(self, start: int, end: int | None, size: int) -> Iterator[bytes]:
        skip = self.bom if start == 0 else 0
        for part in self.parts(start, end, size):
            if skip < len(part):
                yield part[skip:]
            skip = max(0, skip - len(part))

    def _stored(self, start: int, end: int | None, size: int) -> Iterator[bytes]:
        with reading(self.file), opened(self.path) as handle:
            handle.seek(start)
            left = end - start if end is not None else None
            while left is None or left > 0:
                data = handle.read(size if left is None else min(size, left))
                if not data:
                    break
                left = left - len(data) if left is not None else None
                yield data
        if left:
            raise SourceError(
                f"{self.file} became shorter while it was read",
                "run again once nothing rewrites it",
                file=self.file,
                retryable=True,
            )
