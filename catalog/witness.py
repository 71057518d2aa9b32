"""The head of the audit trail as it was last seen, beside the keys: the trail cannot be cut back behind it.

Who can write to the database can remove its newest entries, or write all of them anew with hashes that fit. Who holds
the keys folder can do so unseen; the two are kept apart for that reason.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

FILE = "audit.head"
_LINE = 86
"""Bytes of the file: the entry's number in twenty digits, a blank, the head in 64 hexadecimal digits, a newline."""


def keep(folder: Path, seq: int, head: str) -> None:
    """Write down the head after an entry; an older one changes nothing. A folder that cannot be written is no error."""
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _parsed(os.pread(descriptor, _LINE, 0))[0] < seq:
                os.pwrite(descriptor, f"{seq:020d} {head}\n".encode(), 0)
        finally:
            os.close(descriptor)


def kept(folder: Path) -> str:
    """Return the head that was written down; empty: none was."""
    try:
        return _parsed((folder / FILE).read_bytes())[1]
    except OSError:
        return ""


def _parsed(line: bytes) -> tuple[int, str]:
    number, _, head = line.decode("ascii", "replace").strip().partition(" ")
    return (int(number), head) if number.isdigit() else (0, "")
