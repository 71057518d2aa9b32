"""US social security numbers as written, whether ever issued or not."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer


@recognizer("us_ssn")
class UsSsn(Recognizer):
    """US social security numbers by their form; never-issued areas count too, for people mistype and invent."""

    entity = "US_SSN"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(r"(?<![\w-])\d{3}([-\u2010-\u2013 ])\d{2}\1\d{4}(?![\w-]|\.\d)", 0.6),
        Pattern(r"(?<![\w.-])\d{3}\.\d{2}\.\d{4}(?![\w-]|\.\d)", 0.4),
        Pattern(r"(?<![\w.,-])\d{9}(?![\w-]|[.,]\d)", 0.05),
    )
    context = ("social", "security", "ssn", "ssns", "tax", "itin")
    positives = (
        "SSN: «078-05-1120», do not share",
        "my social is «123 45 6789»",
        "it says «900-12-3456» here",
        "social security «219099999» on file",
    )
    negatives = ("build 123-456-789", "the ISBN is 978-3-16-148410-0")
