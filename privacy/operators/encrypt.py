"""Encrypt values so that holders of the key can read them again."""

from __future__ import annotations

import os
import re
from typing import Any, ClassVar

import pyarrow as pa
from pydantic import Field

from ...config import Strict
from ..contract import Context, Operator, operator, per_distinct, texts_of
from ..keyed import LETTERS, derive, key_id, letters, unletters

TOKEN = re.compile(rf"enc\.({LETTERS}{{8}})\.({LETTERS}+)")
"""What the operator writes: the id of the key, then nonce, ciphertext and tag in letters."""

_NONCE = 12


class EncryptOptions(Strict):
    """What equal values give away."""

    deterministic: bool = Field(
        True, description="equal values give equal tokens, so that tables join; false: nobody sees which are equal"
    )


@operator("encrypt")
class Encrypt(Operator):
    """Encrypt values so that `weir unmask` can read them again under the same key (AES-256-GCM-SIV, RFC 8452).

    The token names its key, so that it can be read after the key was rotated. Deterministic by default: then equality
    and frequency of values can be seen, and nothing else. A changed token is refused, never read as something else.
    """

    Options = EncryptOptions
    spans = True
    keyed = True
    example: ClassVar[dict[str, Any]] = {"deterministic": True}

    def column(self, values: pa.Array, options: Any, context: Context) -> pa.Array:
        """Return the tokens of a column, as strings."""
        context.counts["encrypt"] += len(values) - values.null_count
        texts = texts_of(values, context)
        seal = sealer(context.key, options.deterministic)
        if options.deterministic:
            return per_distinct(texts, seal)[0]
        return pa.array([None if text is None else seal(text) for text in texts.to_pylist()], pa.string())

    def span(self, text: str, entity: str, options: Any, context: Context) -> str:
        """Return the token of a finding, with its kind before it."""
        return f"<{entity}:{sealer(context.key, options.deterministic)(text)}>"

    def reveal(self, values: pa.Array, options: Any, context: Context) -> pa.Array:
        """Return the values that the tokens of this key hold; other texts come back as they are."""
        return per_distinct(texts_of(values, context), lambda text: opened(text, {key_id(context.key): context.key}))[0]


def sealer(key: bytes, deterministic: bool) -> Any:
    """Return the function that turns a text into its token under a key."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

    cipher, name = AESGCMSIV(derive(key, "encrypt")), key_id(key)

    def seal(text: str) -> str:
        # A nonce may repeat: GCM-SIV then shows that two texts are equal, and no more.
        nonce = bytes(_NONCE) if deterministic else os.urandom(_NONCE)
        sealed = cipher.encrypt(nonce, text.encode("utf-8", "surrogatepass"), name.encode())
        return f"enc.{name}.{letters(nonce + sealed)}"

    return seal


def opened(text: str, keys: dict[str, bytes]) -> str:
    """Return a text with every token of the `keys` (by id) replaced by what it holds; others stay.

    Raises ValueError where a token was changed.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

    def read(match: re.Match[str]) -> str:
        name, key = match[1], keys.get(match[1])
        if key is None:
            return match[0]
        try:
            data = unletters(match[2])
            plain = AESGCMSIV(derive(key, "encrypt")).decrypt(data[:_NONCE], data[_NONCE:], name.encode())
        except (ValueError, InvalidTag):
            raise ValueError("a token was changed since it was written") from None
        return plain.decode("utf-8", "surrogatepass")

    return TOKEN.sub(read, text)
