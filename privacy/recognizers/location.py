"""Cities, regions and countries."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..contract import Match, Recognizer, recognizer
from ..gazetteers import Word, chinese, common_words, given_names, large_places, places, surnames, words
from ._words import DWELLING, LANDS, NOT_NAMES, PLACE_LABELS, PREPOSITIONS, STATES

_LONGEST = 5
_JOINTS = frozenset(
    {"of", "the", "and", "de", "do", "da", "del", "la", "le", "les", "sur", "sul", "am", "an", "der", "upon"}
)


_LEADING = frozenset({"aus", "from", "in", "uit"})
"""Behind them a large place is one in small letters too."""
_CODE = re.compile(r"(?:^|[,\n]|\d)\s*(?:[A-Z]{1,2}-)?(?:\d{5}|\d{4}-\d{3}) \Z")


@recognizer("location")
class Location(Recognizer):
    """Names of cities, regions and countries out of a gazetteer; those that are also words or surnames need a sign."""

    entity = "LOCATION"
    gate = rf"(?-i:\p{{Lu}})|[\u4e00-\u9fff]|\b(?:{'|'.join(sorted(_LEADING))}) \pL|\b(?:{'|'.join(sorted(DWELLING))}) \pL{{1,4}} \pL"
    positives = (
        "she moved to «New York» last year",
        "aus «Köln» nach «München» gefahren",
        "lives in «Reading», I think",
        "from «Rio de Janeiro» with love",
        "she was born in «Zzyzxburg» long ago",
        "we met at «Zebulon Hills» once",
        "City: «Wombleton»",
        "a trip to «South Africa»",
        "我住在«上海»很久了",
    )
    negatives = ("I am reading a book", "a nice idea", "Much Ado About Nothing", "Most of it")

    @classmethod
    def search(cls, text: str, language: str) -> Iterator[Match]:
        """Yield places, the longest name at each word."""
        if chinese(text):
            from ._chinese import locations

            yield from locations(text)
        found = words(text)
        known, common = places(), common_words(language)
        at = 0
        while at < len(found):
            size = _longest(found, at, known) if found[at].capital else _lower(found, at, common)
            size = size or (language == "de" and _genitive(found[at], common))
            score = _score(found, at, size, common) if size else 0.0
            if not score and found[at].capital and _CODE.search(found[at].gap):
                size, score = max(size, 1), 0.6
            if not score and (_dwelt(found, at, common) or _landed(found, at, common)):
                size, score = _stretch(found, at), 0.5
            if score:
                yield Match(found[at].start, found[at + size - 1].end, score)
            at += size or 1


def _lower(found: tuple[Word, ...], at: int, common: frozenset[str]) -> int:
    """Return 1 for a place in small letters, as people write in a hurry: a large one behind a preposition, or any
    where somebody lives."""
    word = found[at]
    if not at or word.gap != " " or len(word.folded) < 5 or word.folded in common:
        return 0
    if found[at - 1].folded in _LEADING and word.folded in large_places():
        return 1
    dwelt = at > 1 and found[at - 1].folded in PREPOSITIONS and _dwelling(found[at - 2])
    return int(dwelt and word.folded in places())


def _genitive(word: Word, common: frozenset[str]) -> int:
    """Return 1 for a large place in the genitive of German: Thüringens."""
    name = word.folded.removesuffix("s")
    possible = word.capital and len(name) > 4 and name != word.folded and word.folded not in common
    return int(possible and name not in common and name in large_places() and name not in surnames())


def _longest(found: tuple[Word, ...], at: int, known: frozenset[str]) -> int:
    name, size = found[at].folded, 1 if found[at].folded in known else 0
    for end in range(at + 1, min(at + _LONGEST, len(found))):
        word = found[end]
        if word.gap not in {" ", "-", ". ", "\u00a0"} or not (word.capital or word.folded in _JOINTS):
            break
        name += word.gap + word.folded
        if name in known:
            size = end + 1 - at
    return size


def _score(found: tuple[Word, ...], at: int, size: int, common: frozenset[str]) -> float:
    word = found[at]
    led = bool(at) and found[at - 1].folded in PREPOSITIONS and word.gap.isspace()
    if size > 1:
        return 0.8 if led else 0.65
    if word.folded in NOT_NAMES or len(word.folded) < 3:
        return 0.0
    ambiguous = word.folded in common
    if led:
        return 0.4 if ambiguous else 0.7
    if ambiguous or (word.upper and len(word.folded) < 5):
        return 0.0
    if word.folded in large_places():
        return 0.55
    return 0.0 if word.folded in given_names() or word.folded in surnames() else 0.45


def _landed(found: tuple[Word, ...], at: int, common: frozenset[str]) -> bool:
    """Whether a label, an ending such as Hills, or a state behind a comma makes the capitalised words a place."""
    word = found[at]
    if not word.capital or word.folded in NOT_NAMES or (word.folded in common and word.folded in {"the", "this"}):
        return False
    if at and word.gap.strip() == ":" and {found[at - 1].folded, found[max(0, at - 3)].folded} & PLACE_LABELS:
        return True
    end = at + _stretch(found, at)
    if end - at > 1 and found[end - 1].folded in LANDS and word.folded not in common:
        return True
    state = found[end] if end < len(found) else None
    return state is not None and state.gap in {", ", ","} and state.upper and state.folded in STATES and end - at < 4


def _dwelt(found: tuple[Word, ...], at: int, common: frozenset[str]) -> bool:
    """Whether somebody lives in, or goes to, what begins here: a capitalised word that is none of every day."""
    if at < 2 or not found[at].capital or not found[at].gap.isspace() or found[at].folded in NOT_NAMES:
        return False
    if found[at].folded in common:
        return False
    return found[at - 1].folded in PREPOSITIONS and _dwelling(found[at - 2])


def _dwelling(word: Word) -> bool:
    return word.folded in DWELLING


def _stretch(found: tuple[Word, ...], at: int) -> int:
    end = at + 1
    while end < len(found) and end - at < _LONGEST and found[end].gap in {" ", "-"}:
        joins = found[end].folded in _JOINTS and end + 1 < len(found) and found[end + 1].capital
        if not found[end].capital and not (joins and found[end + 1].gap in {" ", "-"}):
            break
        end += 1
    return end - at
