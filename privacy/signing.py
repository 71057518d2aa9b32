"""The project's Ed25519 key: made on first use, kept private; its public half alone verifies."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import uuid
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ..errors import ConfigError, StorageError
from ..storage import storage_error

PRIVATE = "signing.key"
PUBLIC = "signing.pub"
SIGNATURE_BYTES = 64


def signing_key(folder: str | Path) -> Ed25519PrivateKey:
    """Return the private key of the folder, made with its public half on first use.

    `signing.key` is PKCS#8 PEM, mode 0600; `signing.pub` SubjectPublicKeyInfo PEM, mode 0644. Raises
    ConfigError where others may read the key or a file holds no such key, StorageError where it cannot be
    written or `signing.pub` belongs to another key.
    """
    private, public = Path(folder) / PRIVATE, Path(folder) / PUBLIC
    try:
        if not os.path.lexists(private):
            _create(private, _private_pem(Ed25519PrivateKey.generate()), 0o600)
        key = _load_private(private)
        if not os.path.lexists(public):
            _create(public, public_pem(key.public_key()), 0o644)
        found = public.read_bytes()
    except OSError as error:
        raise storage_error(error, str(folder)) from None
    if fingerprint(load_public_key(found, str(public))) != fingerprint(key.public_key()):
        raise StorageError(
            f"{public} does not belong to {private}",
            "restore the pair from your backup, or remove signing.pub to have it written anew",
        )
    return key


def canonical(value: Any) -> bytes:
    """Return JSON in one form only, the form that is signed: sorted keys, no blanks, UTF-8, a newline at the end."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


def public_pem(key: Ed25519PublicKey) -> bytes:
    """Return the public key as PEM."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def load_public_key(source: bytes | str | Path, where: str = "the public key") -> Ed25519PublicKey:
    """Return the public key that `source` is (PEM bytes) or names (a path). Raises ConfigError."""
    try:
        content = source if isinstance(source, bytes) else Path(source).read_bytes()
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"cannot read the public key {source!r}: {type(error).__name__}", "name the publisher's signing.pub"
        ) from None
    if not isinstance(source, bytes):
        where = str(source)
    try:
        key = serialization.load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{where} is not an Ed25519 public key in PEM", "name the publisher's signing.pub")
    return key


def sign(key: Ed25519PrivateKey, data: bytes) -> bytes:
    """Return the signature of `data`: 64 bytes, the same every time."""
    return key.sign(data)


def signed_by(key: Ed25519PublicKey, signature: bytes, data: bytes) -> bool:
    """Whether `signature` over `data` was made by the private half of `key`."""
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return the name of a public key: the first 16 hexadecimal digits of SHA-256 over its DER form."""
    encoding, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(key.public_bytes(encoding, form)).hexdigest()[:16]


def _private_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _create(file: Path, content: bytes, mode: int) -> None:
    """Write a new file, whole or not at all; where another process was first, its file stands."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(part, file)
    finally:
        part.unlink(missing_ok=True)


def _load_private(file: Path) -> Ed25519PrivateKey:
    with file.open("rb") as handle:
        if stat.S_IMODE(os.fstat(handle.fileno()).st_mode) & 0o077:
            raise ConfigError(f"the key file {file} may be read by others", f"chmod 600 {file}")
        content = handle.read()
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(
            f"{file} is not an Ed25519 private key",
            "restore it from your backup; releases signed by a new key do not verify by the old signing.pub",
        )
    return key
