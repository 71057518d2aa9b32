"""Names of people: gazetteers of given names and surnames, with the words and the shape around them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..contract import Match, Recognizer, recognizer
from ..gazetteers import (
    Word,
    chinese,
    common_words,
    everyday_words,
    foreign_words,
    given_names,
    large_places,
    places,
    surnames,
    words,
)
from ._words import CALLED, CLOSINGS, COMPANY, NOT_NAMES, PARTICLES, PREPOSITIONS, ROLES, SOURCES, STREET, TITLES

_LONGEST = 5
_HEADLINE = 4
_WHERE = frozenset({"in", "near", "nach", "à", "em"})
_VOCATIVE = re.compile(r",\s(?:please|your|you|can|could|would|will|do|did|have|are|thank|we|I|kindly)\b")
_NAMELIKE = re.compile(
    r"(?:[^\W\d_]{2}(?:ova|eva|ov|ev|ska|ski|sky|skaya|ić|vić|sson|dóttir|nen|escu|shvili|adze|idze|yan|oğlu|oglu|enko"
    r"|czyk|wicz|ová|poulos|akis|etti|elli|ucci|uzzi|ø?gaard|ström|qvist|quist|berger|huber|mayer|meier|maier|schmidt"
    r"|eiro|eira|ez|ães|ault|eau|oux|stra|sma|mans|dijk|veld))$"
)
"""How surnames end, in the languages where they do."""


@recognizer("person")
class Person(Recognizer):
    """Names of people: a known given name or surname beside another name, a title, an initial or a word of calling."""

    entity = "PERSON"
    gate = (
        r"(?-i:\p{Lu})|[\u4e00-\u9fff]"
        rf"|(?<!\pL)(?:{'|'.join(map(re.escape, sorted({*CALLED, *CLOSINGS, *ROLES})))})\PL{{1,6}}\pL"
    )
    positives = (
        "Yesterday «Jane Doe» wrote to us",
        "ask Mr. «Featherstonehaugh» about it",
        "My name is «Xochitl Quimby-Zork», hello",
        "signed «J. R. Hartley», London",
        "Dear «Thomas», thank you",
        "das hat Frau «Müller» gesagt",
        "Je m'appelle «Aurélie Dubois» et",
        "«Ludwig van Beethoven» was deaf",
        "invoice for «MARIA GONZÁLEZ»",
        "Name: «Okonkwo, Emeka»",
        "我叫«王小明»，住在那里",
        "Instructor: «Adaeze», room 4",
        "«Ottilie», please confirm",
        "my name is «abdul rahman» and i live here",
        '"name": "«omar»💫",',
        '"screen_name": "«brian»318"',
        "Hi «Mark», see you",
        "seen by Dr «Khan».",
    )
    negatives = (
        "The Will of the people is strong",
        "We will meet in May or June",
        "Thank You Very Much",
        "Der Haushalt ist gut",
        "Paris is in France",
        "through the Strait of Hormuz",
        "Hola, Qué tal",
    )

    @classmethod
    def search(cls, text: str, language: str) -> Iterator[Match]:
        """Yield names; where nouns (German) or whole texts are in capitals, a capital letter says less."""
        if chinese(text):
            from ._chinese import people

            yield from people(text)
        found = words(text)
        strict = language == "de" or _loud(found)
        at = 0
        while at < len(found):
            end, score = _name(text, found, at, language, strict)
            if score:
                yield Match(found[at].start, found[end - 1].end, score)
                at = end
            else:
                at += 1


def _loud(found: tuple[Word, ...]) -> bool:
    """Whether capitals say little: more than half of the words are in capitals, or a headline gives one to most."""
    if sum(word.upper for word in found) > len(found) / 2:
        return True
    inner = [word for word in found if word.gap == " " and len(word.folded) > 1]
    return len(inner) > _HEADLINE and sum(word.capital for word in inner) > 0.7 * len(inner)


def _name(text: str, found: tuple[Word, ...], at: int, language: str, strict: bool) -> tuple[int, float]:
    """Return where a name that begins at a word ends, and how sure it is; 0 where none begins."""
    word = found[at]
    initial = len(word.folded) == 1
    if not word.capital and _called(found, at):
        return _lower(found, at, language)
    if not word.capital or ((word.folded in NOT_NAMES or word.folded in foreign_words()) and not initial):
        return at, 0.0
    common, everyday = common_words(language), everyday_words(language)
    if _no_name(text, word):
        return at, 0.0
    end = _run(found, at, everyday)
    if found[end - 1].folded in COMPANY or found[end - 1].folded in STREET:
        return at, 0.0
    parts = [w for n, w in enumerate(found[at:end]) if not n or w.folded not in PARTICLES]
    last = parts[-1].folded
    plain = word.folded not in common
    before = found[at - 1] if at and _joined(word.gap) else None
    if before is not None and before.folded in TITLES and not initial:
        return (end, 0.85) if plain or len(parts) > 1 or _given(last) or _surname(last) else (at, 0.0)
    called = _called(found, at)
    if (
        before is not None
        and before.folded in _WHERE
        and not called
        and not (len(parts) > 1 and plain and _given(word.folded))
    ):
        return at, 0.0
    if (
        len(parts) == 1
        and called
        and end < len(found)
        and found[end].gap == ", "
        and found[end].capital
        and _given(found[end].folded)
    ):
        return _run(found, end, everyday), 0.8
    if len(parts) == 1:
        abbreviated = text[word.end : word.end + 1] == "." and text[word.end + 1 : word.end + 3].strip()[:1].isdigit()
        return (end, _single(text, word, before, called, plain, strict)) if not abbreviated else (at, 0.0)
    known = (_surname(last) or _given(last)) and last not in common
    if initial:
        several = len(parts) > 2 and len(parts[1].folded) == 1 and last not in common
        return (end, 0.7 if "." in found[at + 1].gap and (known or several) and len(last) > 2 else 0.0)
    if called and plain:
        return end, 0.8
    if before is not None and before.folded in ROLES and plain and not strict and last not in common:
        return end, 0.5
    given = _given(word.folded)
    if " ".join(w.folded for w in found[at:end]) in places():
        return at, 0.0
    if given and known:
        return end, 0.85 if plain else 0.6
    alone = language == "de" and len(parts) == end - at and _rare(last, language)  # no genitive: Tod der Klägerin
    if given and plain and last not in everyday and (not strict or alone):
        return end, 0.6
    if plain and _surname(word.folded) and known and (not strict or _given(last)):
        return end, 0.5
    if plain and known and _NAMELIKE.search(last) and not strict:
        return end, 0.5
    return at, 0.0


def _lower(found: tuple[Word, ...], at: int, language: str) -> tuple[int, float]:
    """Return the end of a known name in small letters that a word of calling leads to, as people write in a hurry."""
    common = common_words(language)
    first = found[at].folded
    if len(first) < 3 or first not in given_names() or first in common or first in NOT_NAMES:
        return at, 0.0
    end = at + 1
    if end < len(found) and found[end].gap == " " and found[end].folded not in common:
        end += found[end].folded in surnames() or found[end].folded in given_names()
    return end, 0.5


def _no_name(text: str, word: Word) -> bool:
    """Whether a word says what somebody is (patient), or begins with an abbreviation (MAC-adres)."""
    first, dash, _ = text[word.start : word.end].partition("-")
    said = word.folded in TITLES or word.folded in ROLES
    return (said and not _given(word.folded)) or (dash != "" and len(first) > 1 and first.isupper() and not word.upper)


def _rare(name: str, language: str) -> bool:
    """Whether a word is long and none that is frequent: where nouns have capitals, a surname that no list knows."""
    return len(name) > 3 and name not in common_words(language) and name not in places()


def _single(text: str, word: Word, before: Word | None, called: bool, plain: bool, strict: bool) -> float:
    name = word.folded
    if not called and not _given(name) and text.startswith(" of ", word.end):
        return 0.0  # the Strait of Hormuz
    if len(name) > 1 and called and (plain or _given(name)):
        return 0.75
    if len(name) < 2 or not plain:
        return 0.0
    if _addressed(text, word) and not strict and not word.upper:
        return 0.5
    placed = name in (large_places() if _surname(name) else places())
    if before is not None and before.folded in SOURCES and not placed and len(name) > 3:
        return 0.5 if not strict or _surname(name) or _given(name) else 0.0
    led = before is not None and before.folded in PREPOSITIONS
    if strict or (word.upper and len(name) < 5) or name in large_places():
        return 0.0
    if name in places() and led:
        return 0.0
    if _given(name) and len(name) > 2:
        return 0.5
    middle = before is not None and before.folded not in PREPOSITIONS and not before.capital
    return 0.4 if middle and len(name) > 3 and _surname(name) else 0.0


def _addressed(text: str, word: Word) -> bool:
    """Whether a sentence begins by calling somebody: Ottilie, please come."""
    begins = not text[: word.start].rstrip() or text[: word.start].rstrip()[-1] in ".!?>"
    return begins and len(word.folded) > 2 and _VOCATIVE.match(text, word.end) is not None


def _run(found: tuple[Word, ...], at: int, common: frozenset[str]) -> int:
    """Return the end of the run of capitalised words and particles that a name may take."""
    end = at + 1
    while end < len(found) and end - at < _LONGEST:
        word = found[end]
        if not _links(word.gap, found[end - 1]):
            break
        follows = _follows(found, end)
        if word.folded in PARTICLES:
            if not follows and not word.capital:
                break
        elif not word.capital:
            break
        elif len(word.folded) == 1:
            if not follows:
                break
        elif word.folded in NOT_NAMES or (word.folded in common and word.folded not in surnames()):
            break
        end += 1
    while end > at + 1 and found[end - 1].folded in PARTICLES and not found[end - 1].capital:
        end -= 1
    return end


def _follows(found: tuple[Word, ...], at: int) -> bool:
    """Whether a capitalised word stands behind a word, at most one particle between: van der Heijden."""
    for step in (at + 1, at + 2):
        if step >= len(found) or not _links(found[step].gap, found[step - 1]):
            return False
        if found[step].capital:
            return True
        if found[step].folded not in PARTICLES:
            return False
    return False


def _joined(gap: str) -> bool:
    return gap != "" and gap.strip(" \u00a0.") == "" and len(gap) < 4


def _links(gap: str, last: Word) -> bool:
    """Whether two words stand close enough for one name: a space; after an initial also a full stop."""
    if gap in {" ", "\u00a0", "  "}:
        return True
    return last.end - last.start == 1 and gap in {". ", ".", ".-"}


def _called(found: tuple[Word, ...], at: int) -> bool:
    """Whether the words before say that a name follows."""
    if not at or len(found[at].gap) > 6:
        return False
    last, gap = found[at - 1].folded, found[at].gap
    if last in ROLES and gap.strip() in {":", "："}:
        return True
    phrases = CLOSINGS.get(last, ()) if set(gap) & set(",\n!.") else ()
    if gap.strip("\n"):
        phrases += CALLED.get(last, ())
    return any(len(p) <= at and tuple(w.folded for w in found[at - len(p) : at]) == p for p in phrases)


def _given(name: str) -> bool:
    known = given_names()
    return name in known or ("-" in name and any(part in known for part in name.split("-")))


def _surname(name: str) -> bool:
    known = surnames()
    if name in known or ("-" in name and any(part in known for part in name.split("-"))):
        return True
    return len(name) > 5 and _NAMELIKE.search(name) is not None
