"""Text that waits to be used once, encrypted and authenticated under a project key (Fernet)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from ..errors import ConfigError


def seal(text: str, key: bytes) -> str:
    """Return a text so that only who holds the key reads it."""
    return _cipher(key).encrypt(text.encode()).decode("ascii")


def unseal(sealed: str, keys: Iterable[bytes]) -> str:
    """Return a text that was sealed under one of the keys. Raises ConfigError where it was under none of them."""
    try:
        return MultiFernet([_cipher(key) for key in keys]).decrypt(sealed.encode("ascii")).decode()
    except InvalidToken:
        raise ConfigError(
            "what was sealed was not sealed by these keys", "put back the project's keys folder"
        ) from None


def _cipher(key: bytes) -> Fernet:
    # a key of its own: what the same key hashes elsewhere tells nothing about it
    derived = hashlib.blake2b(key=key, person=b"weir sealing", digest_size=32).digest()
    return Fernet(base64.urlsafe_b64encode(derived))
