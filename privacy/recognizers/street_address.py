"""Street addresses: a house number and a street word, English and German, some French and Spanish."""

from __future__ import annotations

from typing import ClassVar

from ..contract import Pattern, Recognizer, recognizer

_EN = (
    r"(?i:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|way|place|pl|terrace|square|sq|close"
    r"|crescent|cres|highway|hwy|parkway|pkwy|circle|cir|trail|trl|alley|grove|mews|gardens|loop|run|ridge|hill|park)"
)
_WORD = r"(?:\p{Lu}[\p{L}'’.-]*|\d{1,3}(?:st|nd|rd|th))"
_UNIT = r"(?:,?\s(?:(?i:apt|apartment|suite|ste|unit|flat|floor|room)\.?|#)\s?#?\w{1,6})?"
_TOWN = r"(?:,?\s\p{Lu}[\p{L}'’-]+(?:\s\p{Lu}[\p{L}'’-]+){0,2},?\s(?:[A-Z]{2}\s)?\d{5}(?:-\d{4})?|,?\s\p{Lu}{1,2}\d[\dA-Z]?\s?\d[A-Z]{2})?"


@recognizer("street_address")
class StreetAddress(Recognizer):
    """Street addresses: house number and street word (English, French, Spanish), or street and number (German, Dutch)."""

    entity = "STREET_ADDRESS"
    gate = r"\pN"
    case_sensitive = True
    patterns: ClassVar[tuple[Pattern, ...]] = (
        Pattern(
            rf"(?<![\w.,$€£#])\d{{1,5}}[A-Za-z]?\s(?:[NSEW]\.?\s)?(?:{_WORD}\s){{1,4}}{_EN}\b\.?{_UNIT}{_TOWN}",
            0.7,
        ),
        Pattern(
            r"(?<!\w)(?:\p{Lu}[\p{L}-]*(?:stra(?:ß|ss)e|str\.?|weg|platz|allee|gasse|damm|ufer|straat|laan|plein|gracht|kade)"
            r"|\p{Lu}[\p{L}-]+\s(?:[\p{L}-]+\s){0,2}(?:Stra(?:ß|ss)e|Str\.|Weg|Platz|Allee|Gasse|Damm|Ufer))"
            r"\s\d{1,4}\s?(?:[a-zA-Z](?!\w))?(?:\s?-\s?\d{1,4})?(?!\d)(?:,?\s(?:D-)?\d{5}\s\p{Lu}[\p{L}-]+)?",
            0.7,
        ),
        Pattern(
            r"(?<![\w.,$€£#])\d{1,4}(?:\s?(?:bis|ter))?,?\s(?i:rue|avenue|boulevard|impasse|chemin|quai|allée)\s"
            r"(?:(?:de|du|des|la|le|les|l'|d')\s?){0,3}\p{Lu}[\p{L}'’-]+(?:\s\p{Lu}[\p{L}'’-]+){0,3}",
            0.7,
        ),
        Pattern(
            r"(?<!\w)(?i:calle|avenida|paseo|plaza|via|piazza|corso|rua)\s(?:(?:de|del|della|la|los|las|do|da)\s){0,2}"
            r"\p{Lu}[\p{L}'’-]+(?:\s\p{Lu}[\p{L}'’-]+){0,3},?\s\d{1,4}(?!\d)",
            0.7,
        ),
        Pattern(r"(?<!\w)(?i:P\.?\s?O\.?\s?Box|Postfach)\s\d{2,8}(?!\d)", 0.7),
    )
    positives = (
        "I live at «221B Baker Street», upstairs",
        "ship to «1600 Pennsylvania Ave» today",
        "send it to «742 Evergreen Terrace, Apt 3», please",
        "ich wohne in der «Hauptstraße 12a», oben",
        "Büro: «Unter den Linden Str. 7», hinten",
        "au «12 rue de la Paix» à Paris",
        "vive en «Calle Mayor 15» desde mayo",
        "write to «P.O. Box 4471» only",
    )
    negatives = (
        "I walked 5 miles down the street",
        "we took 2 Big Steps",
        "chapter 3 Verse 7",
        "in 2023 Apple won",
    )
