"""Organisations: a name with a word that makes it one."""

from __future__ import annotations

from collections.abc import Iterator

from ..contract import Match, Recognizer, recognizer
from ..gazetteers import Word, common_words, given_names, words
from ._words import COMPANY, EMPLOYED, HEADS, NOT_NAMES

_JOINTS = frozenset(
    {"of", "for", "and", "de", "du", "des", "la", "le", "für", "der", "di", "del", "della", "van", "do"}
)
_WORK = frozenset({"at", "for", "by", "bei", "chez", "en", "presso", "bij", "na", "from", "of"})
_LONGEST = 6


@recognizer("organization")
class Organization(Recognizer):
    """Names of organisations: capitalised words with a legal form or kind, joined by &, or behind a word of work."""

    entity = "ORGANIZATION"
    gate = r"(?-i:\p{Lu})"
    positives = (
        "she joined «Gradient Research LLC» in May",
        "the «University of Leeds» said",
        "bei der «Müller Maschinenbau GmbH» in Köln",
        "invoice by «Smith & Sons Ltd.» arrived",
        "he works at «Zorblax» since 2019",
        "«White, Willis and Hoffman» took the case",
    )
    negatives = (
        "the company is big",
        "a group of friends",
        "we work at night",
        "at work with pride",
        "we met Kevin, Brittany and Terri",
        "filed under Kids & Family",
    )

    @classmethod
    def search(cls, text: str, language: str) -> Iterator[Match]:
        """Yield the longest run of capitalised words that holds a word of organisations."""
        found = words(text)
        at = 0
        while at < len(found):
            if not found[at].capital:
                at += 1
                continue
            end = _run(found, at)
            start = at
            while start < end and found[start].folded in NOT_NAMES:
                start += 1
            score = _score(found, start, end, common_words(language)) if end > start else 0.0
            if score:
                dot = text[found[end - 1].end : found[end - 1].end + 1] == "." and found[end - 1].folded in COMPANY
                short = len(found[end - 1].folded) < 5
                yield Match(found[start].start, found[end - 1].end + (dot and short), score)
            at = end


def _run(found: tuple[Word, ...], at: int) -> int:
    end = at + 1
    while end < len(found) and end - at < _LONGEST:
        word = found[end]
        joint = word.folded in _JOINTS and end + 1 < len(found) and found[end + 1].capital and not word.capital
        if word.gap not in {" ", " & ", "&", ", ", "\u00a0", "-", ". "} or not (word.capital or joint):
            break
        if word.gap == ", " and not (word.folded in COMPANY or _listed(found, end)):
            break
        if word.gap == ". " and word.folded not in COMPANY:
            break
        end += 1
    while end > at + 1 and not found[end - 1].capital:
        end -= 1
    return end


def _listed(found: tuple[Word, ...], at: int) -> bool:
    """Whether a firm of partners goes on: A, B and C."""
    return at + 2 < len(found) and found[at + 1].folded in {"and", "und", "et", "y"} and found[at + 2].capital


def _score(found: tuple[Word, ...], start: int, end: int, common: frozenset[str]) -> float:
    run = found[start:end]
    if len(run) > 1:
        if run[-1].folded in COMPANY:
            return 0.75
        if run[0].folded in HEADS and len(run) > 1:
            return 0.7
        if any("&" in word.gap for word in run[1:]):
            return 0.0 if all(word.folded in common for word in run) else 0.6
        if len(run) == 4 and run[1].gap == ", " and run[2].folded in {"and", "und", "et", "y"}:
            return 0.0 if all(word.folded in given_names() for n, word in enumerate(run) if n != 2) else 0.6
    employed = start > 1 and found[start - 1].folded in _WORK and found[start - 2].folded in EMPLOYED
    return 0.5 if employed and found[start].gap.isspace() else 0.0
