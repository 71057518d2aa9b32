"""Known identities: the people that a table names in its own columns, found again in its free text.

All names and their common variants become one automaton (Aho and Corasick, Efficient String Matching, CACM 18, 1975),
so that the cost follows the text, whatever the number of names.
"""

from __future__ import annotations

import functools
import operator
import re
import unicodedata
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from .analyzer import LANGUAGES, Finding
from .gazetteers import chinese, common_words, dictionary_words, foreign_words, places
from .nested import columns_of, leaf_name, leaves, paths
from .recognizers._words import listed
from .subjects import MENTION

COLUMNS = (
    "author_id",
    "author_name",
    "user",
    "customer",
    "author",
    "username",
    "user_name",
    "screen_name",
    "display_name",
    "nickname",
    "handle",
    "full_name",
    "customer_name",
    "first_name",
    "last_name",
    "email",
    "mail",
)
"""Columns that name people, or parts of nested ones. A first and a last name are read together."""

_FULL = {"first_name", "last_name"}

WORD, ACCOUNT, PERSON = range(3)
"""What a form of a name is: a common word that is a handle, any other handle, or the name of a person."""

_SCORE = 0.9
_SHORTEST = 4
_LONGEST = 5
_BETWEEN = frozenset("-_.,·'’‐‑–\u00a0\u3000\t\n+")
_WORD = re.compile(r"\w")
_MAIL = re.compile(r"([^@\s]+)@[\w.-]+\.\w+")
_PRODUCTS = listed("products")
_NOBODY = frozenset({"anonymous", "admin", "deleted", "guest", "none", "null", "unknown", "user", "root", "test"})


def naming(schema: pa.Schema) -> list[str]:
    """Return the columns of a table that name people, or hold a part that does."""
    return columns_of((path for path in paths(schema) if leaf_name(path) in COLUMNS), schema)


def names_in(table: pa.Table) -> pa.Array:
    """Return the distinct values of a table's identity columns, and of such parts of nested ones, as strings."""
    held: dict[str, dict[str, pa.Array]] = {}
    for leaf in leaves(table.select(naming(table.schema))):
        name = leaf_name(leaf.path)
        if name in COLUMNS and pa.types.is_string(leaf.values.type):
            held.setdefault(leaf.path.rpartition(".")[0], {})[name] = leaf.values
    values = []
    for together in held.values():
        if set(together) >= _FULL:
            values.append(pc.binary_join_element_wise(*(together.pop(part) for part in sorted(_FULL)), " "))
        values += together.values()
    return pc.unique(pa.chunked_array(values, pa.string())).drop_null()


class Identities:
    """The people of a data set, with the forms in which others write their names."""

    def __init__(self, names: Iterable[str]) -> None:
        known: dict[str, int] = {}
        for name in names:
            for variant, kind in variants(name):
                known[variant] = max(known.get(variant, WORD), kind)
        self._automaton = None
        if known:
            from ahocorasick_rs import AhoCorasick, Implementation

            self._automaton = AhoCorasick(known, implementation=Implementation.ContiguousNFA, store_patterns=False)
        self._kinds = bytes(known.values())

    def __bool__(self) -> bool:
        return self._automaton is not None

    def find(self, text: str) -> list[Finding]:
        """Return where known people stand in a text, in order, the longest name at each place."""
        if self._automaton is None:
            return []
        found: list[Finding] = []
        folded, places = _squeezed(fold(text))
        matches = self._automaton.find_matches_as_indexes(folded, overlapping=True)
        for index, first, last in sorted(matches, key=lambda match: (match[1], -match[2])):
            start, end = (first, last) if places is None else (places[first], places[last - 1] + 1)
            kind = self._kinds[index]
            if (found and start < found[-1].end) or not _whole(text, start, end):
                continue
            if kind == WORD and not _meant(text, start, end):
                continue
            found.append(Finding(start, end, "PERSON" if kind == PERSON else "USERNAME", _SCORE))
        return found


def _squeezed(text: str) -> tuple[str, list[int] | None]:
    """Return a text with one space where there are several, and where its characters stood; None: where they stand."""
    if "  " not in text:
        return text, None
    places = [at for at, character in enumerate(text) if character != " " or text[at - 1 : at] != " "]
    return "".join(text[at] for at in places), places


def fold(text: str) -> str:
    """Return a text without case, diacritics, and the signs that join names; as long as it was."""
    return text.translate(_folded)


def variants(name: str) -> Iterator[tuple[str, int]]:
    """Yield the forms in which a name is looked for, folded, and what they name: PERSON, ACCOUNT or WORD.

    First name and last name in either order, with initials, in one word; a handle with or without its sign; of an
    e-mail address what stands before the @. A handle that is a common word, a word of the dictionary, a product or a
    place is one (WORD) only where it is said to be: @apple, u/apple, or the whole of a text.
    """
    for form, kind in _forms(name):
        words = form.split()
        if len(words) == 1:
            yield form, WORD if form in _ordinary() or form in dictionary_words() or form in _PRODUCTS else kind
        elif not _phrase(words):
            yield form, kind


def _forms(name: str) -> Iterator[tuple[str, int]]:
    mail = _MAIL.fullmatch(name.strip())
    plain = mail[1] if mail else name.strip().removeprefix("/").removeprefix("u/").lstrip("@＠")
    words = fold(plain).split()
    whole = " ".join(words)
    if not 0 < len(words) <= _LONGEST or words[0] in _NOBODY or (len(words) > 1 and _phrase(words)):
        return
    if len(whole.replace(" ", "")) < _SHORTEST and not (chinese(whole) and len(whole) > 1):
        return
    person = len(words) > 1 and not any(character.isdigit() for character in whole)
    yield whole, PERSON if person else ACCOUNT
    if len(words) > 1:
        yield "".join(words), ACCOUNT
    if not person:
        return
    first, last = words[0], words[-1]
    yield f"{last} {first}", PERSON
    if len(words) > 2:
        yield f"{first} {last}", PERSON
        yield f"{last} {' '.join(words[:-1])}", PERSON
    if len(last) >= _SHORTEST and last not in _ordinary():
        yield f"{first[0]} {last}", PERSON
        yield f"{first[0]}{last}", ACCOUNT


def _phrase(words: list[str]) -> bool:
    """Whether several words are no name but a phrase: common words all, or such as stand behind an article."""
    common = [word in _ordinary() for word in words]
    told = [word in dictionary_words() for word in words]
    return all(common) or (any(common) and words[0] in _articles() and all(map(operator.or_, common, told)))


def _meant(text: str, start: int, end: int) -> bool:
    """Whether a common word is a handle where it stands: marked as one, or all that there is."""
    return MENTION.search(text, max(0, start - 16), start) is not None or text.strip() == text[start:end]


class _Folded(dict[int, str]):
    """Code point → one character without case and diacritics, made as characters come."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        base = " " if character in _BETWEEN else unicodedata.normalize("NFKD", character)[0].casefold()
        self[code] = folded = base[0] if base else character
        return folded


_folded = _Folded()


@functools.cache
def _ordinary() -> frozenset[str]:
    words = places().union(*(common_words(language) for language in LANGUAGES))
    return frozenset(fold(word) for word in words)


@functools.cache
def _articles() -> frozenset[str]:
    return frozenset(fold(word) for word in foreign_words()) | frozenset("aeo")


def _whole(text: str, start: int, end: int) -> bool:
    """Whether a match does not begin or end inside a word; Chinese writes no gaps between words."""
    begins = start == 0 or not _WORD.match(text[start - 1]) or chinese(text[start])
    return begins and (end == len(text) or not _WORD.match(text[end]) or chinese(text[end - 1]))
