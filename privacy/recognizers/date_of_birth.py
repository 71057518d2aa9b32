"""Dates of birth: a date beside a word of birth."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer
from ._dates import BARE, NUMERIC, WRITTEN

_BORN = (
    r"(?:\bborn\b|\bbirth(?:day|date)?\b|\bb-?day\b|\bd\.?o\.?b\b\.?|date of birth|\bgeb(?:oren|\.)|geburts(?:tag|datum)"
    r"|\bnée?\b|naissance|\bnacid[oa]|\bnac(?:í|ió)\s|\bnacimiento|\bnacque|\bnat[oa]\b|\bnascita|\bnascid[oa]|\bnascimento"
    r"|geboorte|\bgeboren\b|出生|生日)"
)
_ANY = rf"(?<![\w.-])(?:{WRITTEN}|{NUMERIC}|{BARE})(?![\w-])"


@recognizer("date_of_birth")
class DateOfBirth(Recognizer):
    """Dates of birth: a date up to 40 characters behind a word of birth, or just before one."""

    entity = "DATE_OF_BIRTH"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(rf"{_BORN}[^\n]{{0,40}}?(?P<value>{_ANY})", 0.85),
        Pattern(rf"(?P<value>{_ANY})(?=[^\w\n]{{1,3}}(?:\w+[^\w\n]{{1,2}}){{0,3}}?{_BORN})", 0.7),
        Pattern(
            r"(?:\bd\.?o\.?b\b\.?|date of birth|geburtsdatum)\W{1,4}(?P<value>[0-3]\d[01]\d(?:19|20)?\d{2})(?!\w)",
            0.7,
        ),
    )
    positives = (
        "I was born on «March 3, 1985» in Leeds",
        "DOB: «12/03/1990», blood type A",
        "date of birth «1979-11-30».",
        "Ich bin am «3.5.1981» geboren",
        "geboren am «14. Juli 1992» in Köln",
        "née le «3 mai 1977» à Lyon",
        "her birthday is «4th of July 1988», by the way",
    )
    negatives = (
        "we were born in the USA",
        "the birth rate fell by 12 percent",
        "meeting on 12/03/2024 at ten",
    )
