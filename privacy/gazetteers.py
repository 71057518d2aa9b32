"""Word lists and words: what the recognisers of names, places and organisations look up.

The lists stand in privacy/data (sources and licences in its README) and are read once a process.
"""

from __future__ import annotations

import functools
import gzip
import re
from importlib.resources import files
from typing import NamedTuple

_WORD = re.compile(r"[^\W\d_]+(?:['’‑-][^\W\d_]+)*")
_ELIDED = re.compile(r"(?:[cdjlmnst]|qu|un|all|dall|dell|nell|sull|quell)['’](?=[^\W\d_]{2})")
_POSSESSIVE = frozenset({"'s", "'S", "’s", "’S"})
_LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pt", "zh")
_HAN = re.compile("[\u4e00-\u9fff]")


class Word(NamedTuple):
    """One word of a text: offsets in characters, the word casefolded, whether it is capitalised, the gap before it."""

    start: int
    end: int
    folded: str
    capital: bool
    upper: bool
    gap: str


@functools.lru_cache(maxsize=32)
def words(text: str) -> tuple[Word, ...]:
    """Return the words of a text; a possessive 's and an elided word before a name (d'Angers) belong to none.

    The last texts are kept: several recognisers ask.
    """
    found: list[Word] = []
    last = 0
    for match in _WORD.finditer(text):
        start, end = match.span()
        word = match[0]
        if word[-2:] in _POSSESSIVE:
            end, word = end - 2, word[:-2]
        gap = text[last:start]
        if skipped := elided(word):
            start, word = start + skipped, word[skipped:]
        folded = word.casefold()
        found.append(
            Word(
                start,
                end,
                folded if word.isascii() else folded.replace("’", "'"),
                word[0].isupper(),
                len(word) > 1 and word.isupper(),
                gap,
            )
        )
        last = end
    return tuple(found)


def elided(word: str) -> int:
    """Return how many characters of a word are another, elided one: 2 of d'Angers, 0 of D'Angelo."""
    found = _ELIDED.match(word)
    return found.end() if found else 0


def chinese(text: str) -> bool:
    """Whether a text holds a Chinese character."""
    return not text.isascii() and _HAN.search(text) is not None


@functools.cache
def given_names() -> frozenset[str]:
    """Return given names of many countries, casefolded."""
    return _read("given_names")


@functools.cache
def surnames() -> frozenset[str]:
    """Return surnames of many countries, casefolded."""
    return _read("surnames")


@functools.cache
def places() -> frozenset[str]:
    """Return names of cities, states and countries in the languages of detection, casefolded."""
    return _read("places")


@functools.cache
def large_places() -> frozenset[str]:
    """Return those places that are countries, states or cities of 300,000 people and more."""
    return _read("large_places")


@functools.cache
def everyday_words(language: str) -> frozenset[str]:
    """Return the words of every text of a language, casefolded: as names they need more than a capital letter."""
    return _marked(f"{language}:")


@functools.cache
def common_words(language: str) -> frozenset[str]:
    """Return everyday and frequent words of a language, casefolded: alone they are no names."""
    return everyday_words(language) | _marked(f"{language}+:")


@functools.cache
def dictionary_words() -> frozenset[str]:
    """Return words of the English dictionary that are no given names, but are used as handles: apple, black."""
    return _read("dictionary_words")


@functools.cache
def foreign_words() -> frozenset[str]:
    """Return the everyday words of all languages that name nobody and no place: texts mix languages."""
    spoken = frozenset().union(*(everyday_words(language) for language in _LANGUAGES))
    return spoken - given_names() - surnames() - places()


def _marked(mark: str) -> frozenset[str]:
    return frozenset(line.removeprefix(mark) for line in _read("common_words") if line.startswith(mark))


def _read(name: str) -> frozenset[str]:
    raw = (files(__package__) / "data" / f"{name}.txt.gz").read_bytes()
    return frozenset(gzip.decompress(raw).decode().splitlines())
