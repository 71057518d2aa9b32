"""Chance that falls the same way everywhere: one seed, one named stream for each part of the week.

Everything is drawn from the frozen Mersenne twister of NumPy's RandomState (its stream is guaranteed never to
change) as 32-bit integers and turned into choices by integer arithmetic only, so neither the machine's floating
point nor the version of Python or NumPy can alter a byte. One part's draws never shift another part's.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")

_BLOCK = 1 << 15


class Weighted(Generic[T]):
    """Values with integer weights, to be drawn by `Dice.weighted`."""

    def __init__(self, pairs: Iterable[tuple[T, int]]) -> None:
        pairs = list(pairs)
        self.values: list[T] = [value for value, _ in pairs]
        self.bounds: list[int] = list(accumulate(weight for _, weight in pairs))

    @classmethod
    def long_tail(cls, values: Sequence[T], head: int = 8) -> Weighted[T]:
        """Give the value of rank r the weight 1/(r + head): a few are popular, most are rare."""
        return cls((value, 10_000_000 // (rank + head)) for rank, value in enumerate(values))


class Dice:
    """One named stream of chance."""

    def __init__(self, seed: int, stream: str) -> None:
        self._state = np.random.RandomState([seed & 0xFFFFFFFF, zlib.crc32(stream.encode())])
        self._block: list[int] = []

    def below(self, n: int) -> int:
        """Draw an integer from 0 to n - 1 (n up to 2**32)."""
        if not self._block:
            self._block = self._state.randint(0, 1 << 32, size=_BLOCK, dtype=np.uint32).tolist()
        return (self._block.pop() * n) >> 32

    def between(self, low: int, high: int) -> int:
        """Draw an integer from low to high, both included."""
        return low + self.below(high - low + 1)

    def chance(self, per_mille: int) -> bool:
        """Say yes in `per_mille` of 1,000 cases."""
        return self.below(1000) < per_mille

    def pick(self, values: Sequence[T]) -> T:
        """Draw one value, each as likely."""
        return values[self.below(len(values))]

    def weighted(self, choice: Weighted[T]) -> T:
        """Draw one value by its weight."""
        return choice.values[bisect_right(choice.bounds, self.below(choice.bounds[-1]))]

    def sample(self, values: Sequence[T], n: int) -> list[T]:
        """Draw n different places of `values`, in the order drawn."""
        pool = list(values)
        n = min(n, len(pool))
        for i in range(n):
            j = i + self.below(len(pool) - i)
            pool[i], pool[j] = pool[j], pool[i]
        return pool[:n]

    def chars(self, alphabet: str, n: int) -> str:
        """Draw n characters of an alphabet."""
        return "".join(self.pick(alphabet) for _ in range(n))

    def bytes(self, n: int) -> bytes:
        """Draw n bytes."""
        return bytes(self.below(256) for _ in range(n))
