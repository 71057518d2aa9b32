"""Numbers by which those who prescribe are registered in the US (DEA)."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer
from ._checks import digits


@recognizer("medical_license")
class MedicalLicense(Recognizer):
    """DEA registration numbers beside a word that names them: one code of this form in ten passes the check digit."""

    entity = "MEDICAL_LICENSE"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(r"(?<![\w-])[abcdefghjklmprstux][a-z9]\d{7}(?![\w-])", 0.3),
        Pattern(
            r"\bDEA(?:\s(?:number|no\.?|registration))?[\s:#]{1,3}(?:is\s)?(?P<value>[a-z][a-z9]\d{7})(?![\w-])", 0.8
        ),
    )
    context = (
        "dea",
        "license",
        "licence",
        "licensed",
        "prescriber",
        "prescription",
        "physician",
        "doctor",
        "registration",
        "pharmacy",
    )
    positives = ("DEA number «AB1234563» on it", "the physician, license «BG9876547», signed", "DEA# «FA1234563».")
    negatives = ("use my referral code AB1234563 now", "hash 9f8ab1234563d4", "the doctor ordered AB1234567")

    @classmethod
    def validate(cls, value: str) -> bool | None:
        """Drop what fails the check digit: the odd digits, and twice the even ones, add up to it."""
        number = [int(digit) for digit in digits(value[2:])]
        return None if (sum(number[0:5:2]) + 2 * sum(number[1:6:2])) % 10 == number[6] else False
