"""Payment card numbers: every scheme, every grouping."""

from __future__ import annotations

import re
from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer
from ._checks import digits, luhn


@recognizer("credit_card")
class CreditCard(Recognizer):
    """Payment cards of 12 to 19 digits in any grouping, proven by the Luhn test (ISO/IEC 7812)."""

    entity = "CREDIT_CARD"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(r"(?<![\d.,])[0-9](?:[ \u00a0._/\-\u2013]{0,2}[0-9]){11,30}(?!\d)", 0.5),
    )
    positives = (
        "Paid with «4111 1111 1111 1111» yesterday",
        "card «5555-5555-5555-4444»",
        "amex «3782 822463 10005» declined",
        "the new one is «2223003122003222»",
        "maestro «6759649826438453»",
        "«4012 8888 8888 1881» 12/26 123",
    )
    negatives = ("tracking 4111 1111 1111 1112", "epoch 1700000000123", "0000 0000 0000 0000")

    @classmethod
    def narrow(cls, value: str) -> tuple[int, int]:
        """Find the longest run of whole groups that proves itself: an expiry date or a code may stand beside it."""
        groups = [match.span() for match in re.finditer("[0-9]+", value)]
        runs = [(start, end) for start, _ in groups for _, end in groups if end > start]
        proven = [(start, end) for start, end in runs if _proven(value[start:end])]
        return max(proven, key=lambda run: run[1] - run[0], default=(0, len(value)))

    @classmethod
    def validate(cls, value: str) -> bool | None:
        """Prove the number: an issuer's first digit, a length in use, and the Luhn test."""
        return _proven(value)


def _proven(value: str) -> bool:
    number = digits(value)
    if not 12 <= len(number) <= 19 or len(set(number)) == 1:
        return False
    if len(number) == 15:  # a device's serial number has fifteen digits and a Luhn digit too
        issued = number[:2] in ("34", "37") or number[:4] in ("1800", "2014", "2131", "2149")
    else:
        issued = (
            number[0] in "3456"
            or number[:4] == "0604"
            or number[:2] == "81"
            or (number[0] == "2" and len(number) == 16)
        )
    return issued and luhn(number)
