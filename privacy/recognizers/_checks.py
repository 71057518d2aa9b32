"""Checksums that several recognisers share."""

from __future__ import annotations

import re


def digits(text: str) -> str:
    """Return only the ASCII digits of a text."""
    return re.sub("[^0-9]", "", text)


def luhn(number: str) -> bool:
    """Whether a string of digits passes the Luhn test (ISO/IEC 7812-1, annex B)."""
    total = 0
    for index, character in enumerate(reversed(number)):
        value = int(character) * (1 + index % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
