"""Dates with the month in letters; those in digits Presidio finds."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer
from ._dates import WRITTEN


@recognizer("date_time")
class DateTime(Recognizer):
    """Calendar dates of day, month in letters and year; and ISO 8601 times with a space or T."""

    entity = "DATE_TIME"
    gate = r"\pN"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(rf"(?<!\w){WRITTEN}(?!\w)", 0.6),
        Pattern(
            r"(?<![\w-])(?:19|20)\d{2}-[01]\d-[0-3]\d[T ][0-2]\d:[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?(?!\w)",
            0.8,
        ),
    )
    positives = (
        "we met on «March 3rd, 2021» in town",
        "am «3. März 1985» war es",
        "log of «2024-01-15 10:22:31»",
    )
    negatives = ("he may 20 times win", "in 2023 we sold 12")
