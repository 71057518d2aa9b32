"""Dates with the month in letters; those in digits Presidio finds."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer
from ._dates import BARE, WRITTEN


@recognizer("date_time")
class DateTime(Recognizer):
    """Calendar dates with the month in letters, ISO 8601 times, years behind a preposition, and days of the week."""

    entity = "DATE_TIME"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(rf"(?<!\w){WRITTEN}(?!\w)", 0.6),
        Pattern(
            r"(?<![\w-])(?:19|20)\d{2}-[01]\d-[0-3]\d[T ][0-2]\d:[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?(?!\w)",
            0.8,
        ),
        Pattern(
            r"\b(?:in|of|since|during|until|till|by|from|before|after|around|circa|early|late|im\sjahr|seit|en|depuis|desde|nel|dal|sinds|em)"
            r"\s(?P<value>(?:1[89]|20)\d{2})(?![\w%€$-]|[.,:]\d|\s(?:people|units|users|times|km|miles|euros?|dollars))",
            0.4,
        ),
        Pattern(rf"(?<![\w.-])(?-i:(?!may\b|mar\b|mars\b)){BARE}(?![\w-])", 0.4),
        Pattern(
            r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day(?!\s(?-i:(?:Night|Morning|Times|Live|Mirror)\b))|(?-i:Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonntag))\b",
            0.4,
        ),
    )
    positives = (
        "we met on «March 3rd, 2021» in town",
        "am «3. März 1985» war es",
        "log of «2024-01-15 10:22:31»",
        "it was founded in «1977».",
        "see you «Thursday»",
    )
    negatives = ("on Saturday Night Live", "he may 20 times win", "we sold 2023 of them")
