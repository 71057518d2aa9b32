"""The project's secret keys: made on first use, rotated on demand, readable by the owner alone, never printed."""

from __future__ import annotations

import os
import secrets
import stat
import uuid
from pathlib import Path

from ..errors import ConfigError
from ..storage import storage_error
from .keyed import key_id

_BYTES = 32


def secret_key(folder: str | Path, name: str = "pseudonym") -> bytes:
    """Return the key `name` of the folder: 32 bytes, made from the system's randomness on first use.

    The file holds 64 hexadecimal digits, mode 0600, in a folder of mode 0700. Raises ConfigError where others may
    read the file or it holds no key, StorageError where it cannot be written.
    """
    file = Path(folder) / f"{name}.key"
    try:
        if not os.path.lexists(file):
            _create(file)
        return _read(file)
    except OSError as error:
        raise storage_error(error, str(file)) from None


def known_keys(folder: str | Path, name: str = "pseudonym") -> dict[str, bytes]:
    """Return every key that ever was the key `name` of the folder, by its id; the one in use comes first."""
    files = [Path(folder) / f"{name}.key", *sorted(Path(folder).glob(f"{name}-????????.key"))]
    try:
        keys = [_read(file) for file in files if os.path.lexists(file)]
    except OSError as error:
        raise storage_error(error, str(folder)) from None
    return {key_id(key): key for key in keys}


def rotate(folder: str | Path, name: str = "pseudonym") -> tuple[str, str]:
    """Put a new key in the place of the key `name`; return the ids of the old one, which is kept, and the new one.

    Killed in between, the old key is still in use, or the new one already is: none is ever lost.
    """
    old = secret_key(folder, name)
    file = Path(folder) / f"{name}.key"
    try:
        kept = file.with_name(f"{name}-{key_id(old)}.key")
        if not os.path.lexists(kept):
            os.link(file, kept)
        part = _new(file)
        new = _read(part)
        part.replace(file)
    except OSError as error:
        raise storage_error(error, str(file)) from None
    return key_id(old), key_id(new)


def _create(file: Path) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = _new(file)
    try:
        os.link(part, file)  # fails where another process was first: its key stands
    except FileExistsError:
        pass
    finally:
        part.unlink(missing_ok=True)


def _new(file: Path) -> Path:
    """Write a new key beside a file, and return where."""
    part = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as handle:
        handle.write(secrets.token_hex(_BYTES) + "\n")
        handle.flush()
        os.fsync(handle.fileno())
    return part


def _read(file: Path) -> bytes:
    with file.open("rb") as handle:
        mode = os.fstat(handle.fileno()).st_mode
        if stat.S_IMODE(mode) & 0o077:
            raise ConfigError(f"the key file {file} may be read by others", f"chmod 600 {file}")
        content = handle.read(_BYTES * 2 + 2)
    try:
        key = bytes.fromhex(content.decode("ascii"))
    except (UnicodeDecodeError, ValueError):
        key = b""
    if len(key) != _BYTES:
        raise ConfigError(
            f"the key file {file} does not hold 64 hexadecimal digits",
            "restore it from your backup; a new key would make other pseudonyms",
        )
    return key
