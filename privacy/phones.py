"""Where Presidio's phone recogniser, which asks the phone library once a region, can find something at all.

The library looks at one candidate after another, and judges each by its own characters, the one before it and up to
three behind it. The same candidates come again and again (version numbers, times, prices), so each is judged once a
process, and only by the regions that have numbers so short.
"""

from __future__ import annotations

import functools
from typing import Any

from phonenumbers import PhoneMetadata, PhoneNumberMatcher, phonenumbermatcher, phonenumberutil

_ANY, _ALL = 99, 100
_REMEMBERED = 1 << 16


class Phones:
    """The candidates of some regions at a leniency, as the phone library numbers it."""

    def __init__(self, regions: tuple[str, ...], leniency: int) -> None:
        self._regions = {region: _shortest(region) for region in regions}
        self._leniency = leniency
        self._judged = functools.lru_cache(_REMEMBERED)(self._judge)

    def possible(self, text: str) -> bool:
        """Whether one of the regions would find a number in the text."""
        at = 0
        while match := phonenumbermatcher._PATTERN.search(text, at):
            start, candidate = match.start(), match[0]
            second = phonenumberutil._SECOND_NUMBER_START_PATTERN.search(candidate)
            if second:
                candidate = candidate[: second.start()]
            at = start + len(candidate)
            if self._judged(candidate, text[max(0, start - 1) : start], text[at : at + 3]):
                return True
        return False

    def _judge(self, candidate: str, before: str, behind: str) -> bool:
        text = before + candidate + behind
        digits = [int(character) for character in candidate if character.isdecimal()]
        # Behind a plus or the zeros of a call abroad, the number tells its country itself.
        abroad = "+" in candidate or "\uff0b" in candidate
        enough = _ALL if abroad or not digits else _ANY if digits[0] == 0 else len(digits)
        matchers: list[Any] = [
            PhoneNumberMatcher(text, region, self._leniency)
            for region, shortest in self._regions.items()
            if enough >= shortest
        ]
        return any(matcher._extract_match(candidate, len(before)) is not None for matcher in matchers)


def _shortest(region: str) -> int:
    """Return how many digits a number of a region has at least; a code that is no region reads none without a plus."""
    metadata = PhoneMetadata.metadata_for_region(region)
    return min(metadata.general_desc.possible_length, default=_ALL) if metadata else _ALL
