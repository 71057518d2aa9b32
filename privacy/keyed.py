"""What a secret key makes of a value: codes, letters that write them down, keys for one purpose, uniform numbers."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_ALPHABET = "abcdefghijkmnpqrstuvwxyzACDEFGHJ"
_PLACES = {letter: place for place, letter in enumerate(_ALPHABET)}
LETTERS = "[a-km-np-zACDEFGHJ]"
"""A regular expression for one of the 32 letters: no digits, so that no scan takes a code for a number."""


def code(value: str, key: bytes) -> bytes:
    """Return the keyed code of a value (HMAC, RFC 2104, with SHA-256); case and surrounding blanks do not count."""
    return hmac.new(key, value.strip().casefold().encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def letters(data: bytes) -> str:
    """Write bytes down in letters, five bits a letter, the lowest bits first."""
    number = int.from_bytes(data)
    return "".join(_ALPHABET[(number >> (5 * place)) & 31] for place in range(-(-len(data) * 8 // 5)))


def unletters(text: str) -> bytes:
    """Read bytes back that `letters` wrote down. Raises ValueError for what it never writes."""
    try:
        number = sum(_PLACES[letter] << (5 * place) for place, letter in enumerate(text))
        return number.to_bytes(len(text) * 5 // 8)
    except (KeyError, OverflowError):
        raise ValueError("these letters hold no bytes") from None


def derive(key: bytes, purpose: str, size: int = 32) -> bytes:
    """Return the key for one purpose (HKDF, RFC 5869, with SHA-256): what one leaks says nothing of another."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

    return HKDFExpand(SHA256(), size, f"weir {purpose}".encode()).derive(bytes(key))


def key_id(key: bytes) -> str:
    """Return eight letters that name a key and tell nothing of it."""
    return letters(derive(key, "key id", 5))


def uniforms(values: Sequence[str], key: bytes, purpose: str) -> NDArray[np.float64]:
    """Return two keyed numbers in (0, 1) for each value, the same every time: float64 of shape (len(values), 2)."""
    secret = derive(key, purpose)
    drawn = b"".join(code(value, secret)[:16] for value in values)
    bits = np.frombuffer(drawn, dtype=">u8").reshape(-1, 2) >> np.uint64(11)
    numbers: NDArray[np.float64] = (bits.astype(np.float64) + 0.5) / 2.0**53
    return numbers
