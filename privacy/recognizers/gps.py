"""Geographic coordinates."""

from __future__ import annotations

import re
from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer

_D = r"[-+]?(?:180(?:\.0+)?|(?:1[0-7]\d|\d?\d)\.\d{3,15})"


@recognizer("gps")
class Gps(Recognizer):
    """Pairs of coordinates: decimal degrees with three decimals or more, or degrees, minutes and seconds."""

    entity = "GPS"
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(
            rf"(?<![^\W\u4e00-\u9fff])(?<!\.)(?:geo:)?{_D}\s?°?\s?[NS]?\s{{0,2}}[,;/ ]\s{{0,2}}{_D}(?:\s?°)?(?:\s?[EWO](?!\w))?(?![\w.]\d)(?!\d)",
            0.6,
        ),
        Pattern(
            r"\d{1,3}\s?[°º]\s?\d{1,2}(?:[.,]\d+)?\s?['′’]\s?(?:\d{1,2}(?:[.,]\d+)?\s?(?:\"|″|”|''))?\s?[NSEWO]"
            r"(?:[\s,;/]{1,3}\d{1,3}\s?[°º]\s?\d{1,2}(?:[.,]\d+)?\s?['′’]\s?(?:\d{1,2}(?:[.,]\d+)?\s?(?:\"|″|”|''))?\s?[NSEWO])?",
            0.8,
        ),
    )
    positives = (
        "dropped a pin at «48.858370, 2.294481» ok",
        "we are at «-33.8567844 151.2152967»",
        "位置«30.2741,120.1551»",
        "meet: «51°30'26\"N 0°7'39\"W» at six",
    )
    negatives = ("from 1.5 to 2.5 litres", "pi is 3.14159", "it is 30° N of here")

    @classmethod
    def validate(cls, value: str) -> bool | None:
        """Drop pairs whose latitude leaves the globe."""
        first = re.search(r"[\d.]+", value)
        return None if first and float(first.group().rstrip(".")) <= 90 else False
