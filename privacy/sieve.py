"""The sieve before detection: which recognisers can match in a text, told for all of them in one pass.

Hyperscan runs every expression at once in its prefilter mode, which may let a text through in vain and never holds one
back. It sees ASCII texts alone, as bytes: compiling the expressions over all of Unicode takes minutes. The other texts,
and all where Hyperscan is not installed, Arrow's RE2 asks expression by expression, a column at a time. Source: Wang et
al., Hyperscan: A Fast Multi-pattern Regex Matcher for Modern CPUs, NSDI 2019.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

EVERYTHING = ""
"""The expression of a recogniser that must see every text."""


class Gate(NamedTuple):
    """What every text that a recogniser matches must match: RE2 syntax, and what Hyperscan may read instead."""

    re2: str
    patterns: tuple[str, ...] = ()


class Sieve:
    """The gates of some recognisers; `use` tells which of the two engines it runs on."""

    def __init__(self, gates: Sequence[Gate], use: str | None = None) -> None:
        """`use` is "hyperscan" or "re2"; by default what is installed."""
        self.use = use or ("hyperscan" if importlib.util.find_spec("hyperscan") else "re2")
        self._gates = list(gates)
        self._always = [number for number, gate in enumerate(gates) if gate.re2 == EVERYTHING]
        self._database: Any = None
        if self.use == "hyperscan":
            self._database, blind = _database(self._gates)
            self._always = sorted({*self._always, *blind})

    def suspects(self, texts: pa.Array) -> Iterator[list[int]]:
        """Yield for each text, in order, the numbers of the gates that it passes, ascending; none for null."""
        simple = pc.string_is_ascii(texts).fill_null(True)
        others = self._by_column(texts if self._database is None else texts.filter(pc.invert(simple)))
        if self._database is None:
            yield from others
            return
        passed: set[int] = set()

        def note(number: int, start: int, end: int, flags: int, context: object) -> None:
            passed.add(number)

        for text, ascii_only in zip(texts.to_pylist(), simple.to_pylist(), strict=True):
            if not ascii_only:
                yield next(others)
                continue
            passed.clear()
            if text is not None:
                passed.update(self._always)
                if text:
                    self._database.scan(text.encode(), match_event_handler=note)
            yield sorted(passed)

    def _by_column(self, texts: pa.Array) -> Iterator[list[int]]:
        columns = [
            pc.match_substring_regex(texts, f"(?i){gate.re2}").fill_null(False).to_numpy(zero_copy_only=False)
            for gate in self._gates
        ]
        for row in range(len(texts)):
            yield [number for number, column in enumerate(columns) if column[row]]


def _database(gates: Sequence[Gate]) -> tuple[Any, list[int]]:
    """Compile the gates; return the database and the gates that Hyperscan cannot read, which let every text through."""
    import hyperscan as hs

    flags = hs.HS_FLAG_PREFILTER | hs.HS_FLAG_SINGLEMATCH | hs.HS_FLAG_ALLOWEMPTY
    flags |= hs.HS_FLAG_CASELESS | hs.HS_FLAG_DOTALL | hs.HS_FLAG_MULTILINE
    blind, expressions, numbers = [], [], []
    for number, gate in enumerate(gates):
        if gate.re2 == EVERYTHING:
            continue
        for choice in (gate.patterns, (gate.re2,)):
            if choice and all(_readable(hs, expression, flags) for expression in choice):
                expressions += [expression.encode() for expression in choice]
                numbers += [number] * len(choice)
                break
        else:
            blind.append(number)
    database = hs.Database()
    database.compile(expressions=expressions, ids=numbers, flags=[flags] * len(numbers))
    return database, blind


def _readable(hs: Any, expression: str, flags: int) -> bool:
    try:
        hs.Database().compile(expressions=[expression.encode()], ids=[0], flags=[flags])
    except hs.error:
        return False
    return True
