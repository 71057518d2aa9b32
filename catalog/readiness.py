"""Data-readiness bands beside the barrier's number: C can be had, B can be trusted, A fits a purpose.

Source: N. D. Lawrence, Data Readiness Levels, arXiv:1705.02245 (2017). A band is reached when everything it asks
for is known to hold; `wanting` says what the next one lacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Band = Literal["-", "C", "B", "A"]
_BANDS: tuple[tuple[Band, tuple[tuple[str, str], ...]], ...] = (
    ("C", (("loaded", "rows that were read into a table"),)),
    (
        "B",
        (
            ("licensed", "a licence written down for every source"),
            ("checked", "expectations that were run on it"),
            ("passed", "no failed expectation"),
        ),
    ),
    ("A", (("purpose", "an export approved for a stated purpose"),)),
)


@dataclass(frozen=True)
class Readiness:
    """The band that is reached, '-' for none, and what the next one asks for that is not there."""

    band: Band
    wanting: list[str]


def readiness(facts: Mapping[str, bool]) -> Readiness:
    """Return the band of facts by name: loaded, licensed, checked, passed, purpose; one not told does not hold."""
    reached: Band = "-"
    for band, wanted in _BANDS:
        lacking = [what for name, what in wanted if not facts.get(name, False)]
        if lacking:
            return Readiness(reached, lacking)
        reached = band
    return Readiness(reached, [])
