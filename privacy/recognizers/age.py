"""Ages of people."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer

_N = r"(?P<value>1[01]\d|[1-9]?\d)"
_YEARS = (
    r"(?:-|\s|\s?-\s?)?(?:years?(?:\s|-)old|yrs?\.?(?:\s|-)old|y/?o\b|year-old|years?\sof\sage|jahre\salt|jährige[rnsm]?\b"
    r"|jahre\sjung|ans\b|años|anni\b|jaar\b|anos\b|岁)"
)


@recognizer("age")
class Age(Recognizer):
    """Ages: a number up to 119 with the word for years of life, behind `aged` or `age:`, or after `turned`, `when I was`."""

    entity = "AGE"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(rf"(?<![\w.,/$€£-]){_N}{_YEARS}", 0.7),
        Pattern(
            rf"\b(?:aged?|alter|âge|âgée?\sde|edad|età|leeftijd|idade|年龄)(?:\sof|\sis|\sde)?\s?[:=]?\s?{_N}(?![\w%/]|[.,:]\d)",
            0.6,
        ),
        Pattern(
            rf"\b(?:I['’]ll\sturn|will\sturn|just\sturned|turn(?:s|ed|ing)|(?:he|she|I|they)(?:\s(?:was|were|is|am)|['’]s|['’]m)(?:\s(?:only|just|about))?"
            rf"|(?:er|sie|ich)\s(?:war|ist|bin|wird|wurde))\s{_N}(?=\s*(?:$|[.,;!?)]|\band\b|\bwhen\b|\bund\b))",
            0.5,
        ),
        Pattern(
            r"\b(?P<value>\d{1,2})\s?/\s?[mf]\b(?!/)|\b(?P<value>(?:[1-9]\d)[mf])(?=\s(?:here|from|in|looking)\b)", 0.5
        ),
        Pattern(
            r"\b(?P<value>(?:eighteen|nineteen|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?))[- ]year[s]?[- ]old",
            0.6,
        ),
    )
    positives = (
        "a «34» year old man",
        "she is «27» years old",
        "ich bin «42» Jahre alt",
        "elle a «19» ans",
        "tiene «53» años",
        "Age: «61»",
        "he just turned «30».",
        "died aged «88» at home",
    )
    negatives = ("page 34 of it", "it took 3 years", "turned 180 degrees", "in the stone age 3000 years back")
