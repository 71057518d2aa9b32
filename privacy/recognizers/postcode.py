"""Postal codes."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer

_STATES = "A[LKZRAEP]|C[AOT]|D[EC]|FL|GA|GU|HI|I[DLNA]|K[SY]|LA|M[EDAINSOTP]|N[EVHJMYCD]|O[HKR]|P[ARW]|RI|S[CD]|T[NX]|UT|V[TAI]|W[AVIY]"
_WORD = r"(?:zip(?:\s?code)?|post(?:al)?\s?code|postleitzahl|plz|code\spostal|c\.?p\.?|código\spostal|cap|cep)"


@recognizer("postcode")
class Postcode(Recognizer):
    """Postal codes: behind their word, behind a US state, in the British, Canadian and Dutch shape, before a town."""

    entity = "POSTCODE"
    case_sensitive = True
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(
            rf"(?i:\b{_WORD})(?:\s(?i:is|ist|est|es))?\s?[:#]?\s?(?P<value>[A-Z]{{0,2}}-?\d[\dA-Z]{{2,5}}(?:[ -][\dA-Z]{{2,4}})?)(?!\w)",
            0.8,
        ),
        Pattern(r"(?:邮编|邮政编码)[是为:：\s]{0,3}(?P<value>\d{6})(?!\d)", 0.8),
        Pattern(rf"(?<![\w])(?:{_STATES}),?\s+(?P<value>\d{{5}}(?:-\d{{4}})?)(?![\w-])", 0.7),
        Pattern(
            r"(?<![\w-])(?:GIR ?0AA|[A-PR-UWYZ](?:\d[\dA-HJKPSTUW]?|[A-HK-Y]\d[\dABEHMNPRVWXY]?) \d[ABD-HJLNP-UW-Z]{2})(?![\w-])",
            0.6,
        ),
        Pattern(r"(?<![\w-])[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] \d[ABCEGHJ-NPRSTV-Z]\d(?![\w-])", 0.6),
        Pattern(r"(?<![\w-])[1-9]\d{3} ?(?!SA|SD|SS)[A-Z]{2}(?=,?\s\p{Lu}\p{Ll})", 0.6),
        Pattern(r"(?<![\w-])(?:D|A|CH|F|I|E|L|B|NL)-\d{4,5}(?=\s\p{Lu})", 0.7),
        Pattern(r"(?<![\w-])\d{5}-\d{3}(?![\w-])", 0.5),
        Pattern(r"(?<=,\s)\d{5}(?=\s\p{Lu}\p{Ll}{2})", 0.5),
        Pattern(r"(?m:^)\s{0,4}(?P<value>\d{5}|\d{4} ?[A-Z]{2}|\d{4}-\d{3})(?=\s\p{Lu}\p{Ll}{2}[\p{L} -]*$)", 0.5),
        Pattern(r"(?<=\n\s*(?:\p{Lu}[\p{L}' -]*\n?[\s,]*){1,2}\s)(?P<value>\d{4,5}(?:-\d{4})?)(?=\s*$)", 0.4),
    )
    positives = (
        "ZIP: «90210»",
        "Beverly Hills, CA «90210» it is",
        "London «SW1A 1AA», UK",
        "Ottawa «K1A 0B1»",
        "PLZ «10115» Berlin",
        "CEP «01310-100» em",
        "Dam 1, «1012 JS» Amsterdam",
        "邮编«310012»，",
    )
    negatives = ("room 12345 is free", "we sold 90210 units", "in the year 2023")
