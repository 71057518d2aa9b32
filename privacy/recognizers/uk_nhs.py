"""National Health Service numbers beside a word that names them; proven ones Presidio finds anywhere."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer


@recognizer("uk_nhs")
class UkNhs(Recognizer):
    """UK National Health Service numbers beside a word that names them, also mistyped ones."""

    entity = "UK_NHS"
    patterns: ClassVar[tuple[Pattern, ...]] = (Pattern(r"(?<![\w.-])\d{3}[- .]?\d{3}[- .]?\d{4}(?![\w-])", 0.05),)
    context = ("nhs", "patient", "health service", "gp", "hospital", "surgery")
    positives = ("my NHS number is «943 476 5919».", "NHS no. «999-123-4567» on the form")
    negatives = ("it holds 4000000000 bytes",)
