"""Format-preserving encryption: FF1 of NIST SP 800-38G, over numerals of a radix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

SMALLEST_DOMAIN = 1_000_000
"""A text must have at least this many possible values (SP 800-38G Rev. 1): of fewer, all could be tried."""

_ROUNDS = 10


class FF1:
    """The cipher under one key (16, 24 or 32 bytes) and one radix (2 to 65,536). Numerals are ints below the radix."""

    def __init__(self, key: bytes, radix: int, tweak: bytes = b"") -> None:
        from cryptography.hazmat.primitives.ciphers import Cipher
        from cryptography.hazmat.primitives.ciphers.algorithms import AES
        from cryptography.hazmat.primitives.ciphers.modes import ECB

        self.radix = radix
        self.tweak = tweak
        self._aes: Any = Cipher(AES(key), ECB()).encryptor()  # noqa: S305 - a building block: one block at a time

    def encrypt(self, numerals: Sequence[int]) -> list[int]:
        """Return as many numerals. Raises ValueError where so few have less than SMALLEST_DOMAIN values."""
        return self._walk(numerals, forward=True)

    def decrypt(self, numerals: Sequence[int]) -> list[int]:
        """Return what `encrypt` was given."""
        return self._walk(numerals, forward=False)

    def _walk(self, numerals: Sequence[int], forward: bool) -> list[int]:
        n = len(numerals)
        if self.radix**n < SMALLEST_DOMAIN:
            raise ValueError(f"{n} numerals of radix {self.radix} have too few values to be encrypted")
        u, v = n // 2, n - n // 2
        a, b = _number(numerals[:u], self.radix), _number(numerals[u:], self.radix)
        moduli = (self.radix**u, self.radix**v)
        size = ((self.radix**v - 1).bit_length() + 7) // 8
        wide = 4 * -(-size // 4) + 4
        head = bytes([1, 2, 1, *self.radix.to_bytes(3), _ROUNDS, u % 256, *n.to_bytes(4), *len(self.tweak).to_bytes(4)])
        padded = self.tweak + bytes(-(len(self.tweak) + size + 1) % 16)
        for round_ in range(_ROUNDS) if forward else reversed(range(_ROUNDS)):
            known = b if forward else a
            mac = self._mac(head + padded + bytes([round_]) + known.to_bytes(size))
            y = int.from_bytes(b"".join(self._stretch(mac, wide))[:wide])
            modulus = moduli[round_ % 2]
            a, b = (b, (a + y) % modulus) if forward else ((b - y) % modulus, a)
        return [*_numerals(a, self.radix, u), *_numerals(b, self.radix, v)]

    def _mac(self, data: bytes) -> bytes:
        block = bytes(16)
        for at in range(0, len(data), 16):
            block = self._block(bytes(x ^ y for x, y in zip(block, data[at : at + 16], strict=True)))
        return block

    def _stretch(self, block: bytes, wide: int) -> Iterator[bytes]:
        yield block
        for number in range(1, -(-wide // 16)):
            yield self._block((int.from_bytes(block) ^ number).to_bytes(16))

    def _block(self, data: bytes) -> bytes:
        done: bytes = self._aes.update(data)
        return done


def _number(numerals: Sequence[int], radix: int) -> int:
    number = 0
    for numeral in numerals:
        number = number * radix + numeral
    return number


def _numerals(number: int, radix: int, length: int) -> list[int]:
    made = []
    for _ in range(length):
        number, numeral = divmod(number, radix)
        made.append(numeral)
    return made[::-1]
