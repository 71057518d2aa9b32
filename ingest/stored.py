"""Where stored files stand, and how they are opened: on disk, in an object store, behind HTTP, inside an archive.

A path is a local path, a URL (`s3://`, `gs://`, `az://`, `http(s)://`), or either with the member of an archive behind
it: `logs.zip!/2024/access.log`. Patterns may hold `*`, `?` and `**`, on disk and in object stores; HTTP has no lists.
"""

from __future__ import annotations

import glob
import io
import math
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow.fs as pafs

from .. import storage
from ..errors import ConfigError, SourceError, WeirError
from . import archives

_BUFFER = 1024 * 1024
_MEMBER = "!/"


@contextmanager
def opened(path: str) -> Iterator[BinaryIO]:
    """Open a stored file for reading anywhere in it; it is closed, and nothing of it stays, when the block is left.

    Raises OSError where it cannot be read, SourceError where a server or an archive says no.
    """
    outer, member = split_member(path)
    with _whole(outer) as file:
        if member is None:
            yield file
        else:
            with archives.member(file, outer, member) as inner:
                yield inner


def size_of(file: BinaryIO) -> int:
    """Return how long an open file is; it is at its beginning afterwards."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return size


def is_regular(path: str) -> bool:
    """Whether a path of this machine is a plain file, no pipe or device; a missing one is told when it is opened."""
    return is_url(path) or not Path(path).exists() or Path(path).is_file()


def splittable(path: str) -> bool:
    """Whether one can begin to read in the middle; to the middle of an archive's member there is no cheap way."""
    return split_member(path)[1] is None


def idle_seconds(path: str) -> float:
    """Return for how long a file has not changed; objects and archives appear whole, so theirs is for ever."""
    if is_url(path) or not splittable(path):
        return math.inf
    return time.time() - Path(path).stat().st_mtime


def is_url(path: str) -> bool:
    """Whether a path is read through a network."""
    return not storage.is_local(path)


def split_member(path: str) -> tuple[str, str | None]:
    """Return the path of the archive and of the member in it, None where it is no archive's member."""
    found = re.match(rf"(.*?{archives.NAMES.pattern}){re.escape(_MEMBER)}(.+)", path, re.DOTALL | re.IGNORECASE)
    return (found.group(1), found.groups()[-1]) if found else (path, None)


def display(path: str, root: str) -> str:
    """Return a path as the tables show it: from the project's folder, a URL without its query or its password."""
    outer, member = split_member(path)
    if is_url(outer):
        shown = re.sub(r"[?#].*", "", re.sub(r"//[^/@]*@", "//", outer))
    else:
        shown = Path(os.path.relpath(outer, root)).as_posix()
    whole = shown if member is None else f"{shown}{_MEMBER}{member}"
    return os.fsencode(whole).decode("utf-8", "backslashreplace")


def find(
    patterns: str | list[str], root: str, label: str, known: bool, limit: int
) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the paths that the patterns match, sorted, archives as their members, and what was passed over.

    `limit` is how many bytes one archive may expand to. Raises ConfigError where a pattern matches nothing, unless
    files of this source were read before (`known`): a folder that is emptied after each run is no mistake.
    """
    found: set[str] = set()
    skipped: list[tuple[str, str]] = []
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        outer, member = split_member(pattern)
        matches = _in_store(outer, label) if is_url(outer) else _on_disk(outer, root, label)
        if not matches and not known:
            shown = display(pattern, root) if is_url(pattern) else pattern
            raise ConfigError(
                f"sources.{label}.path: no file matches {shown}", "correct the path, or put the files there"
            )
        if not matches:
            skipped.append((display(pattern, root) if is_url(pattern) else pattern, "no file matches"))
        for path in matches:
            if not archives.NAMES.search(path):
                found.add(path)
                continue
            names, passed = _members(path, display(path, root), limit)
            wanted = re.compile(_translate(member)) if member else None
            found.update(f"{path}{_MEMBER}{name}" for name in names if wanted is None or wanted.match(name))
            skipped += [(display(f"{path}{_MEMBER}{name}", root), why) for name, why in passed]
    return sorted(found), skipped


def _members(path: str, file: str, limit: int) -> tuple[list[str], list[tuple[str, str]]]:
    if not is_url(path) and not Path(path).is_file():
        return [], [("", "not a regular file")]
    try:
        with _whole(path) as handle:
            return archives.members(handle, file, limit)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise SourceError(f"cannot read {file}: {reason}", "check that it may be read", retryable=False) from None


def _on_disk(pattern: str, root: str, label: str) -> list[str]:
    full = str(Path(root, Path(pattern).expanduser()))
    matches = [full] if Path(full).exists() else glob.glob(full, recursive=True)  # noqa: PTH207
    files = [os.path.abspath(m) for m in matches if not Path(m).is_dir()]  # noqa: PTH100
    if not files and matches:
        raise ConfigError(f"sources.{label}.path: {pattern} is a folder", f"name its files, such as {pattern}/*")
    return files


def _in_store(pattern: str, label: str) -> list[str]:
    if pattern.startswith(("http://", "https://")):
        return [pattern]
    scheme, _, rest = pattern.partition("://")
    fs, inner = storage.filesystem(pattern)
    plain = re.split(r"[*?\[]", inner)[0]
    try:
        info = fs.get_file_info(inner)
        if info.type == pafs.FileType.File:
            return [pattern]
        if info.type == pafs.FileType.Directory:
            shown = pattern.rstrip("/")
            raise ConfigError(f"sources.{label}.path: {shown} is a folder", f"name its files, such as {shown}/*")
        folder = plain.rpartition("/")[0] or plain
        found = fs.get_file_info(pafs.FileSelector(folder, recursive=True, allow_not_found=True))
    except OSError as error:
        raise SourceError(
            f"cannot list {scheme}://{rest}: {storage.reason(error)}",
            "check the address and the credentials in the environment",
            retryable=True,
        ) from None
    wanted = re.compile(_translate(inner))
    return [f"{scheme}://{i.path}" for i in found if i.type == pafs.FileType.File and wanted.match(i.path)]


_WILD = re.compile(r"(\*\*/)|(\*\*)|(\*)|(\?)|\[(!?)([^]]+)\]")


def _translate(pattern: str) -> str:
    """Return a glob as a regular expression: `*` stays within a folder, `**` goes through any number of them."""
    made, end = "", 0
    for found in _WILD.finditer(pattern):
        folders, all_below, any_text, one = found.groups()[:4]
        wild = (folders and "(?:[^/]+/)*") or (all_below and ".*") or (any_text and "[^/]*") or (one and "[^/]")
        if not wild:
            chosen = re.escape(found.group(6)).replace("\\-", "-")
            wild = f"[^{chosen}]" if found.group(5) else f"[{chosen}]"
        made += re.escape(pattern[end : found.start()]) + wild
        end = found.end()
    return rf"(?s:{made}{re.escape(pattern[end:])})\Z"


@contextmanager
def _whole(path: str) -> Iterator[BinaryIO]:
    if not is_url(path):
        with open(path, "rb") as local:
            yield local
        return
    fs, inner = storage.filesystem(path)
    file = display(path, "")
    with _answered(file):
        remote = fs.open_input_file(inner)
    with remote, io.BufferedReader(_Remote(remote, file), _BUFFER) as reader:
        yield reader


class _Remote(io.RawIOBase):
    """A file of a pyarrow file system whose failures say which file it was."""

    def __init__(self, file: Any, name: str) -> None:
        super().__init__()
        self._file = file
        self._name = name

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._file.seek(offset, whence)
        return int(self._file.tell())

    def tell(self) -> int:
        return int(self._file.tell())

    def readinto(self, buffer: Any) -> int:
        with _answered(self._name):
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def _answered(file: str) -> Iterator[None]:
    """Turn whatever a store or server answers into a SourceError that names the file, not the credentials."""
    try:
        yield
    except WeirError:
        raise
    except FileNotFoundError:
        raise SourceError(f"cannot read {file}: it is not there", "correct the address", retryable=False) from None
    except Exception as error:
        raise SourceError(
            f"cannot read {file}: {storage.reason(error)}",
            "check the address, the network and the credentials, then run again",
            file=file,
            retryable=True,
        ) from None
