"""Where Presidio's phone recogniser, which asks the phone library once a region, can find something at all.

The library looks at one candidate after another, and judges each by its own characters, the one before it and up to
three behind it. The same candidates come again and again (version numbers, times, prices), so each is judged once a
process.
"""

from __future__ import annotations

import functools
from typing import Any

from phonenumbers import PhoneNumberMatcher, phonenumbermatcher, phonenumberutil

_REMEMBERED = 1 << 16


class Phones:
    """The candidates of some regions at a leniency, as the phone library numbers it."""

    def __init__(self, regions: tuple[str, ...], leniency: int) -> None:
        self._regions = regions
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
        matchers: list[Any] = [PhoneNumberMatcher(text, region, self._leniency) for region in self._regions]
        return any(matcher._extract_match(candidate, len(before)) is not None for matcher in matchers)
