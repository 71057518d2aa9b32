"""The sieve before detection: which recognisers can match in a text, told for all of them in one pass.

Every text is looked at in its skeleton and every pattern in its relaxed form (privacy/skeleton.py), so that nothing is
held back that can match. Hyperscan runs the patterns together; where it is not installed, Arrow's RE2 asks recogniser
by recogniser, a column at a time. Source: Wang et al., Hyperscan: A Fast Multi-pattern Regex Matcher for Modern CPUs,
NSDI 2019.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from .skeleton import odd, relaxed, skeleton

_TOGETHER = 4
"""Recognisers in one database: all in one take five times as long to compile, each in its own five times to run."""


class Gate(NamedTuple):
    """Patterns of the `regex` package (and whether they ignore case) of which one matches in every text that a
    recogniser finds something in; without any, the recogniser sees every text."""

    patterns: tuple[tuple[str, bool], ...]


class Sieve:
    """The gates of some recognisers; `use` tells which of the two engines it runs on."""

    def __init__(self, gates: Sequence[Gate], use: str | None = None) -> None:
        """`use` is "hyperscan" or "re2"; by default what is installed."""
        self.use = use or ("hyperscan" if importlib.util.find_spec("hyperscan") else "re2")
        self._all = list(range(len(gates)))
        self._always = {number for number, gate in enumerate(gates) if not gate.patterns}
        self._patterns = {
            number: [relaxed(*pattern) for pattern in gate.patterns]
            for number, gate in enumerate(gates)
            if gate.patterns
        }
        self._databases = _compiled(self._patterns) if self.use == "hyperscan" else []

    def suspects(self, texts: pa.Array) -> Iterator[list[int]]:
        """Yield for each text, in order, the numbers of the gates that it passes, ascending; none for null."""
        return self._by_text(texts) if self.use == "hyperscan" else self._by_column(texts)

    def _by_text(self, texts: pa.Array) -> Iterator[list[int]]:
        passed: set[int] = set()

        def note(number: int, start: int, end: int, flags: int, context: object) -> None:
            passed.add(number)

        for text in texts.to_pylist():
            if text is None:
                yield []
            elif odd(text):
                yield self._all
            else:
                passed.clear()
                passed.update(self._always)
                if text:
                    seen = skeleton(text).encode()
                    for database in self._databases:
                        database.scan(seen, match_event_handler=note)
                yield sorted(passed)

    def _by_column(self, texts: pa.Array) -> Iterator[list[int]]:
        plain = texts.to_pylist()
        seen = pa.array([None if text is None else skeleton(text) for text in plain], pa.string())
        columns = {
            number: pc.match_substring_regex(seen, "|".join(patterns)).to_numpy(zero_copy_only=False)
            for number, patterns in self._patterns.items()
        }
        for row, text in enumerate(plain):
            if text is None:
                yield []
            elif odd(text):
                yield self._all
            else:
                yield [number for number in self._all if number in self._always or columns[number][row]]


def _compiled(patterns: dict[int, list[str]]) -> list[Any]:
    """Compile the patterns, those of a few recognisers together, into Hyperscan databases."""
    import hyperscan as hs

    flags = hs.HS_FLAG_PREFILTER | hs.HS_FLAG_SINGLEMATCH | hs.HS_FLAG_ALLOWEMPTY
    numbers = sorted(patterns, key=lambda number: sum(map(len, patterns[number])))
    made = []
    for at in range(0, len(numbers), _TOGETHER):
        pairs = [(number, pattern) for number in numbers[at : at + _TOGETHER] for pattern in patterns[number]]
        database = hs.Database()
        database.compile(
            expressions=[pattern.encode() for _, pattern in pairs],
            ids=[number for number, _ in pairs],
            flags=[flags] * len(pairs),
        )
        made.append(database)
    return made
