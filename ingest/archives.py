"""Archives as folders of files: zip, and tar plain or compressed; read in place, never unpacked to disk.

An archive that would expand past a limit, or that holds more members than one can list, is refused before a byte of
it is parsed: a few kilobytes may claim petabytes (D. Fifield, "A better zip bomb", WOOT 2019). Links, devices and
archives inside archives are passed over and named.
"""

from __future__ import annotations

import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from ..errors import SourceError

NAMES = re.compile(r"\.(?:zip|tar|tgz|tbz2|txz|tar\.(?:gz|bz2|xz))(?=$|!/)", re.IGNORECASE)
"""How the name of an archive ends."""
MOST = 100_000
"""An archive with more members than this is refused."""
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
)


def members(file: BinaryIO, name: str, limit: int) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the regular files of an archive, sorted, and what was passed over and why.

    Raises SourceError where it is damaged, or its files come to more than `limit` bytes.
    """
    found: dict[str, None] = {}
    skipped = []
    size = count = 0
    for member, length, why in _listed(file, name):
        size, count = size + length, count + 1
        if size > limit or count > MOST:
            raise SourceError(
                f"{name} expands to more than {limit:,} bytes or {MOST:,} files",
                "unpack it yourself, or raise 'archive_bytes' if it is to be trusted",
                file=name,
                retryable=False,
            )
        if why or NAMES.search(member):
            skipped.append((member, why or "an archive inside an archive"))
        else:
            found[member] = None
    return sorted(found), skipped


def _listed(file: BinaryIO, name: str) -> Iterator[tuple[str, int, str]]:
    """Yield the name, the expanded size, and what speaks against reading each member that is no folder."""
    with _sound(name):
        if _is_zip(name):
            for entry in zipfile.ZipFile(file).infolist():
                if not entry.is_dir():
                    yield entry.filename, entry.file_size, "encrypted" if entry.flag_bits & 1 else ""
            return
        with tarfile.open(fileobj=file, mode="r:*") as archive:
            for info in archive:
                if not info.isdir():
                    yield info.name, info.size, "" if info.isfile() else "no regular file"


@contextmanager
def member(file: BinaryIO, name: str, wanted: str) -> Iterator[BinaryIO]:
    """Open one member; reading it never gives more than the size that the archive claims for it."""
    with _sound(name):
        if _is_zip(name):
            with zipfile.ZipFile(file) as archive, archive.open(wanted) as inner:
                yield cast(BinaryIO, inner)
            return
        with tarfile.open(fileobj=file, mode="r:*") as tar:
            found = tar.extractfile(wanted)
            if found is None:
                raise KeyError(wanted)
            with found as inner_file:
                yield cast(BinaryIO, inner_file)


def _is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")


@contextmanager
def _sound(name: str) -> Iterator[None]:
    try:
        yield
    except KeyError:
        raise SourceError(f"{name} changed while it was read", "run again", file=name, retryable=True) from None
    except _DAMAGE:
        raise SourceError(
            f"the archive {name} is damaged or packed in a way that cannot be read",
            "fetch it again, or pack it as zip (deflate), tar or tar.gz",
            file=name,
            retryable=False,
        ) from None
