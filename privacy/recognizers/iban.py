"""Bank accounts as IBAN, in any case and grouping."""

from __future__ import annotations

import re
from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer

_LENGTHS = {
    "AT": 20, "BE": 16, "CH": 21, "CZ": 24, "DE": 22, "DK": 18, "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GR": 27,
    "HU": 28, "IE": 22, "IT": 27, "LU": 20, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "SE": 24, "TR": 26,
}  # fmt: skip
"""Characters of an account number by country (SWIFT IBAN registry); others are taken as long as they prove."""


@recognizer("iban")
class Iban(Recognizer):
    """International bank account numbers in any case and grouping, proven by ISO 13616 (modulo 97)."""

    entity = "IBAN_CODE"
    gate = r"[a-z]{2}[^\pL\pN]{0,2}\pN"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(r"(?<![a-z0-9])[a-z]{2}[ -]?[0-9]{2}(?:[ \u00a0.\-]?[a-z0-9]){11,30}", 0.5),
    )
    positives = (
        "IBAN «DE89 3704 0044 0532 0130 00» bitte",
        "to «gb42nawi04454264788619» please",
        "at «NL91-ABNA-0417-1643-00»",
        "sur «FR1420041010050500013M02606» demain",
        "to «GB29 NWBK 6016 1331 9268 19» my account",
    )
    negatives = ("DE89 3704 0044 0532 0130 01 is wrong", "in 12 months and 30 days and 20 hours")

    @classmethod
    def narrow(cls, value: str) -> tuple[int, int]:
        """Find the beginning of the country's length, or the longest, that proves itself: the pattern runs on into the words behind an account."""
        wanted = _LENGTHS.get(value[:2].upper())
        for end in range(len(value), 14, -1):
            if not value[end - 1].isalnum() or (wanted and sum(c.isalnum() for c in value[:end]) != wanted):
                continue
            if _proven(value[:end]):
                return 0, end
        return 0, len(value)

    @classmethod
    def validate(cls, value: str) -> bool | None:
        """Prove the check digits."""
        return _proven(value)


def _proven(value: str) -> bool:
    code = re.sub("[^a-z0-9]", "", value.lower())
    if not 15 <= len(code) <= 34:
        return False
    return int("".join(str(int(c, 36)) for c in code[4:] + code[:4])) % 97 == 1
