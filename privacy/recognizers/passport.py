"""Passport and identity-card numbers beside the word."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer


@recognizer("passport")
class Passport(Recognizer):
    """Passport and identity-card numbers of any country, behind the word that names them."""

    entity = "PASSPORT"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(
            r"(?:pass?a?port[eo]?|reisepass|passeport|paspoort|(?:personal)?ausweis|id(?:entity)?[ -]card|\bcni\b|carta\sd['’]identità"
            r"|carte\s(?:nationale\s)?d['’]identité|identiteitskaart|cédula\sde\sidentidad)"
            r"[\s\S]{0,40}?(?<![\w-])(?P<value>(?=[a-z]{0,4}\d)[a-z0-9]{6,12})(?![\w-])",
            0.7,
        ),
    )
    positives = (
        "my passport number is «533380006», renewed",
        "Passport No: «X12345678»",
        "Reisepass «C01X00T47» verloren",
        "passeport n° «14AB12345» perdu",
        "passport «AB1234567».",
        "paspoort «NPRB4C8F3», nieuw",
        "CNI «880692310285» perdue",
    )
    negatives = ("I need a passport photo by May", "the passport office opens at 9")

    @classmethod
    def validate(cls, value: str) -> bool | None:
        """Drop what is too short, holds too few digits, or is a year."""
        digits = sum(c.isdigit() for c in value)
        enough = digits >= 4 or (digits >= 2 and len(value) > 7 and value.isupper())
        return None if enough and 6 <= sum(c.isalnum() for c in value) <= 12 else False
