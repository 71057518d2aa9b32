"""Telephone numbers as people write them, also fictional ones that number plans do not assign."""

from __future__ import annotations

import re
from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer
from ._checks import digits

_SEP = r"[ \u00a0\u2009\u202f.\-\u2010\u2011\u2013/]"
_EXT = r"(?:\s?(?:x|ext\.?|extension|#)\s?\d{1,6})?"
_END = r"(?![\d%])(?![.,:/-]\d)"

_SUM = re.compile(
    r"[1-9]\d{0,2}[., ]\d{3}|[1-9]\d{0,2}(?:[., ]\d{3}){1,2}[., ]000|(?:19|20)\d{2}\s?[-\u2013/]\s?(?:19|20)\d{2}"
)
"""Thousands in groups, and two years."""


@recognizer("phone")
class Phone(Recognizer):
    """Telephone numbers: international with +, and the national forms of the US, UK, Germany, France and others."""

    entity = "PHONE_NUMBER"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(rf"(?<![\w+])(?:\+|00{_SEP}?)[1-9](?:{_SEP}{{0,2}}(?:\(\d{{1,5}}\)|\d)){{6,14}}{_EXT}{_END}", 0.75),
        Pattern(
            rf"(?<![\w+.,/$€£#-])(?:1{_SEP})?(?:\(\d{{3}}\){_SEP}{{0,2}}|\d{{3}}{_SEP})\d{{3}}{_SEP}\d{{4}}{_EXT}{_END}",
            0.7,
        ),
        Pattern(rf"(?<![\w+.,/$€£#-])\(\d{{3}}\)\s?\d{{7}}{_EXT}{_END}", 0.6),
        Pattern(rf"(?<![\w+.,/$€£#-])0[1-9](?:{_SEP}\d{{2}}){{4}}{_EXT}{_END}", 0.7),
        Pattern(
            rf"(?<![\w+.,/$€£#-])\(?0\d{{2,5}}\)?(?:{_SEP}{{1,3}}\d{{2,8}}){{1,4}}{_EXT}{_END}",
            0.6,
        ),
        Pattern(rf"(?<![\w+.,/$€£#-])\(\d{{2,4}}\)\s?\d{{3,4}}{_SEP}\d{{3,4}}{_END}", 0.5),
        Pattern(r"(?<![\w+.,/$€£#-])0[1-9]\d{8,10}(?![\w%])(?![.,:/-]\d)", 0.5),
        Pattern(rf"(?<![\w+.,/$€£#-])[679]\d{{2}}(?:{_SEP}\d{{2}}){{3}}{_END}", 0.6),
        Pattern(rf"(?<![\w+.,/$€£#-])\d(?:{_SEP}?\d){{5,12}}{_EXT}{_END}", 0.2),
    )
    context = (
        "phone",
        "tel",
        "cell",
        "mobile",
        "mobil",
        "handy",
        "call",
        "fax",
        "whatsapp",
        "sms",
        "dial",
        "contact",
        "rufen",
        "anruf",
        "nummer",
        "portable",
        "appel",
        "text me",
    )
    positives = (
        "Call me at «+1 (415) 555-0132» tonight",
        "or at «555-010-4477 ext. 12», thanks",
        "my number is «(212) 555-0187».",
        "London office: «020 7946 0018»",
        "UK mobile «07700 900123» is mine",
        "or «+44 20 7946 0958»",
        "Büro «030 23125 014», bitte",
        "Mobil «0171/3920017»",
        "ruf an: «+49 (0)30 901820»",
        "au «06 39 98 12 34» svp",
        "le «+33 1 99 00 12 34»",
        "phone «4155550132»",
        "llámame al «612 34 56 78» mañana",
    )
    negatives = (
        "Order #48213 cost $1,299.00 in 2023",
        "version 2.10.345 of 2024",
        "between 1914 and 1918 about 20000000 people",
        "it took 1.234.567 steps",
        "it brings the Gema 150.000 Euro a call",
        "call for the 2003-2006 models",
        "we called 100 000 000 people",
    )

    @classmethod
    def validate(cls, value: str) -> bool | None:
        """Drop sums and spans of years, and what has too few or too many digits for a number (ITU-T E.164: at most 15)."""
        if _SUM.fullmatch(value) or set(digits(value)) == {"0"}:
            return False
        return None if 6 <= len(digits(value.lower().split("x")[0].split("#")[0])) <= 17 else False
