"""Forms of address and academic titles."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer

_TITLE = (
    r"Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Madam|Rev|Herrn?|Frau|Dipl\.-Ing|Monsieur|Madame|Mademoiselle|Mme|Mlle"
    r"|Señora?|Señorita|Sra?|Srta|Doña|Signora?|Signorina|Sig|Dott|Dott\.ssa|Avv|Meneer|Mevrouw|Dhr|Mevr|Senhora?|Doutora?"
)


@recognizer("title")
class Title(Recognizer):
    """Forms of address before a capitalised name: Mr., Frau Dr., Mme, Sra., Dott., Dhr."""

    entity = "TITLE"
    case_sensitive = True
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(rf"(?<![\w.])(?:{_TITLE})\b\.?(?=\s\p{{Lu}})", 0.7),
        Pattern(rf"(?<![\w.])(?<=(?:{_TITLE})\.?\s)(?:Dr|Prof)\b\.?(?=\s\p{{Lu}})", 0.7),
    )
    positives = ("«Mr.» Brown is here", "sehr geehrte «Frau» Meier", "«Dott.» Rossi", "la «Sra.» Pérez")
    negatives = ("the doctor is in", "Miss it or not", "a frau")
