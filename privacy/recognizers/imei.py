"""Serial numbers of mobile devices."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer
from ._checks import digits, luhn


@recognizer("imei")
class Imei(Recognizer):
    """Mobile device identities (IMEI, 3GPP TS 23.003): 15 digits proven by the Luhn test, beside a word or grouped."""

    entity = "IMEI"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(r"(?<![\w.-])\d{2}[- ]\d{6}[- ]\d{6}[- ]\d(?![\w-])", 0.6),
        Pattern(r"(?<![a-z])imei\W{0,3}(?:is|ist|est|es|è|é|是)?\W{0,3}(?P<value>\d{15})(?!\d)", 0.8),
        Pattern(r"(?<![\w.,-])(?:01|35|86|99)\d{13}(?![\w-])", 0.4),
        Pattern(r"(?<![\w.,-])\d{15}(?![\w-])", 0.3),
    )
    context = ("imei", "device", "phone", "handset", "serial", "handy")
    positives = (
        "IMEI «490154203237518» was blocked",
        "手机IMEI«863190402525955»，",
        "it shows «49-015420-323751-8» on the box",
    )
    negatives = ("IMEI 490154203237519 is wrong", "about 490154203237518 atoms")

    @classmethod
    def validate(cls, value: str) -> bool | None:
        """Drop numbers that fail the Luhn test; the rest keep their score, for card numbers pass it too."""
        return None if luhn(digits(value)) else False
