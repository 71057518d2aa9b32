"""Bank accounts as IBAN, in any case and grouping."""

from __future__ import annotations

import re
from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer

_REGISTRY = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 "
    "ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 "
    "LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 "
    "QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
)
_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _REGISTRY.split()}
"""Characters of an account number by country (SWIFT IBAN registry)."""


@recognizer("iban")
class Iban(Recognizer):
    """International bank account numbers in any case and grouping, proven by ISO 13616 (modulo 97)."""

    entity = "IBAN_CODE"
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
        """Find the beginning of the country's length that proves itself: the pattern runs on into the words behind an account."""
        wanted = _LENGTHS.get(value[:2].upper(), 0)
        for end in range(len(value), 14, -1):
            if not value[end - 1].isalnum() or sum(c.isalnum() for c in value[:end]) != wanted:
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
    if len(code) != _LENGTHS.get(code[:2].upper()):
        return False
    return int("".join(str(int(c, 36)) for c in code[4:] + code[:4])) % 97 == 1
