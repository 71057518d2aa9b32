"""Finding a person who is to be forgotten, by keyed hashes alone: what is kept of a name cannot be read back.

Names, handles and addresses are compared as sequences of words: case, diacritics and what stands between the words do
not count, and a sequence is found only where it stands alone. `jane.doe@example.org`, `Jane.Doe%40Example.org` and
`JANE.DOE@EXAMPLE.ORG` are the words jane, doe, example, org; `jane.doering@example.org` is somebody else.
"""

from __future__ import annotations

import functools
import hashlib
import html
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from .gazetteers import common_words, given_names, surnames

LONGEST = 12
"""Words that a name or address may have."""

_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt")
_KNOWN_WORDS = 1 << 20

_NO_SPACES = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"  # scripts without blanks: each sign is a word
_WORD = re.compile(rf"[{_NO_SPACES}]|[^\W_{_NO_SPACES}]+")
_EMAIL = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_JOINS = "._@+-"
MENTION = re.compile(r"(?:@|~|\bu/|\busers?[/=:]|\b(?:login|handle|name|author|user_?name)=)$", re.IGNORECASE)
"""What stands before a name that is said to be one."""
_ESCAPE = re.compile(r'\\u([0-9a-fA-F]{4})|\\[nrtbf"/\\]')
_UNSEEN = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"  # stand between words, or to break one in two
_HIDING = re.compile(f"[{_UNSEEN}]")
_GAP = r"\s{0,3}"  # no more: a long stretch of blanks would be gone through from each of them
_AT = re.compile(rf"{_GAP}[\[({{<]{_GAP}at{_GAP}[\])}}>]{_GAP}|(?<=\w)\sat\s(?=\w+(?:\.|\sdot\s)\w)", re.IGNORECASE)
_DOT = re.compile(rf"{_GAP}[\[({{<]{_GAP}dot{_GAP}[\])}}>]{_GAP}|(?<=\w)\sdot\s(?=\w)", re.IGNORECASE)
_ENCODED = re.compile(rf"%[0-9a-fA-F]{{2}}|\\|&#?\w+;|\+|[{_UNSEEN}]|\b(?:at|dot)\b", re.IGNORECASE)
_NAMED = re.compile(r"\"?([^<>\"]+)\"?\s*<([^<>\s]+@[^<>\s]+)>")
_CALLED = re.compile(r"(?:(?:mailto|acct|xmpp):|/?u/|@)+", re.IGNORECASE)
_SPECIAL = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "æ": "ae", "Æ": "Ae"}
    | {"œ": "oe", "Œ": "Oe", "ı": "i", "þ": "th", "ð": "d"})  # fmt: skip
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "ß": "ss"})
_MAIL = "@"
_GMAIL = ("gmail.com", "googlemail.com")


class Form(NamedTuple):
    """One way a person is written: its words, and whether they count `anywhere` or only as a whole value or mention."""

    words: tuple[str, ...]
    anywhere: bool


class Found(NamedTuple):
    """Where a person stands in a text: offsets in characters of the reading, which may be the text decoded."""

    start: int
    end: int
    decoded: bool


def flat(text: str) -> str:
    """Return a text without diacritics and with plain letters; case stays."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_SPECIAL)


def words(text: str) -> tuple[str, ...]:
    """Return the words of a name or address, in lower case and without diacritics."""
    return tuple(_WORD.findall(flat(text).casefold()))


def forms(value: str, derived: bool = False) -> set[Form]:
    """Return the forms of a name, handle, address or id.

    One word that is a common word or a common name counts as a whole value or a mention (`@anna`) only; where it is
    `derived` from the person's rows, not at all.
    """
    if both := _NAMED.fullmatch(value.strip()):
        return forms(both[1], derived) | forms(both[2], derived)
    called = _CALLED.match(value.strip())
    value = value.strip()[called.end() :] if called else value
    found = {Form(spelt, _distinctive(spelt)) for spelt in _spellings(value)}
    if address := _address(value):
        found |= {Form((_MAIL, *words(address)), True)}
        local = {
            Form(spelt, True) for spelt in _spellings(value.rpartition("@")[0].partition("+")[0]) if _distinctive(spelt)
        }
        found |= local
    elif len(name := words(value)) == 2 and all(word.isalpha() for word in name):
        found |= {Form(spelt[::-1], True) for spelt in _spellings(value)}
    return {form for form in found if 0 < len(form.words) <= LONGEST and (form.anywhere or not derived)}


def _spellings(value: str) -> set[tuple[str, ...]]:
    german = unicodedata.normalize("NFC", value).casefold().translate(_GERMAN)
    return {words(value), words(german)} - {()}


def _address(text: str) -> str | None:
    """Return an e-mail address in its one spelling: no tag, and of Gmail no dots; None for anything else."""
    text = text.strip().casefold()
    if not _EMAIL.fullmatch(text):
        return None
    local, _, domain = text.rpartition("@")
    local = local.partition("+")[0]
    return f"{local.replace('.', '') if domain in _GMAIL else local}@{domain}"


def _distinctive(name: tuple[str, ...]) -> bool:
    if len(name) > 1:
        return True
    (word,) = name
    if word.isdigit():
        return len(word) >= 6
    return len(word) >= 4 and not (word in given_names() or word in surnames() or _common(word))


def _common(word: str) -> bool:
    return any(word in common_words(language) for language in _LANGUAGES)


@dataclass(frozen=True)
class Subjects:
    """The people to be found: `codes` maps the keyed hash of a form to (its number of words, whether it counts
    anywhere); `firsts` are the keyed hashes of the forms' first words."""

    key: bytes = field(repr=False)
    codes: Mapping[str, tuple[int, bool]]
    firsts: frozenset[str]

    @classmethod
    def of(cls, values: Iterable[Form], key: bytes) -> Subjects:
        """Hash the forms under the key."""
        codes: dict[str, tuple[int, bool]] = {}
        firsts = set()
        for form in values:
            code = hashed(" ".join(form.words), key)
            codes[code] = (len(form.words), form.anywhere or codes.get(code, (0, False))[1])
            if form.words[0] != _MAIL:
                firsts.add(hashed(form.words[0], key))
        return cls(key, codes, frozenset(firsts))

    def __bool__(self) -> bool:
        return bool(self.codes)

    def __reduce__(self) -> tuple[Any, ...]:
        return Subjects, (self.key, self.codes, self.firsts)  # without the words that were looked up

    def begins(self, word: str) -> bool:
        """Whether a form begins with this word (in lower case, without diacritics)."""
        known = self._words.get(word)
        if known is None:
            if len(self._words) > _KNOWN_WORDS:
                self._words.clear()
            known = self._words[word] = hashed(word, self.key) in self.firsts
        return known

    def holds(self, text: str) -> bool:
        """Whether one of the people stands in a text, plainly or encoded (URL, JSON, HTML)."""
        return next(self.find(text), None) is not None

    def find(self, text: str) -> Iterator[Found]:
        """Yield where the people stand in a text, and then where they do in what it decodes to."""
        yield from (Found(start, end, False) for start, end in self._spans(text))
        if _ENCODED.search(text):
            yield from (Found(start, end, True) for start, end in self._spans(decoded(text)))

    def redact(self, text: str, mark: str = "[erased]") -> str:
        """Return the text with a mark in the place of each person; one that is encoded takes the whole text with it."""
        found = list(self.find(text))
        if any(each.decoded for each in found) or (found and len(flat(text)) != len(text)):
            return mark
        kept, last = [], 0
        for start, end in _merged((each.start, each.end) for each in found):
            kept += [text[last:start], mark]
            last = end
        return "".join([*kept, text[last:]])

    @functools.cached_property
    def _words(self) -> dict[str, bool]:
        return {}

    @functools.cached_property
    def _lengths(self) -> list[int]:
        return sorted({length for length, _ in self.codes.values()}, reverse=True)

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        plain = flat(text)
        spans = [(m.start(), m.end(), m.group().casefold()) for m in _WORD.finditer(plain)]
        ends = -1
        for at, (start, _, word) in enumerate(spans):
            if start < ends or not self.begins(word):
                continue
            for length in self._lengths:
                if at + length > len(spans):
                    continue
                end = spans[at + length - 1][1]
                code = hashed(" ".join(w for _, _, w in spans[at : at + length]), self.key)
                known = self.codes.get(code)
                if known and known[0] == length and _stands(plain, start, end, known[1]):
                    ends = end
                    yield start, end
                    break
        if "@" in plain:
            for match in _EMAIL.finditer(plain):
                address = _address(match.group().strip(".'-"))
                if address and hashed(" ".join((_MAIL, *words(address))), self.key) in self.codes:
                    yield match.span()


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans in their order, those that overlap in one."""
    made: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if made and start < made[-1][1]:
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((start, end))
    return made


def hashed(text: str, key: bytes) -> str:
    """Return the keyed hash of a text: 32 hex digits of BLAKE2b (RFC 7693) under the key."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, key=key).hexdigest()


def decoded(text: str) -> str:
    """Return what a text says once URL, JSON and HTML encodings are taken off, and signs that are not seen.

    `name [at] example [dot] org` is read as the address that it says.
    """
    for _ in range(2):  # what is encoded twice is not rare in logs
        text = unquote_plus(text, errors="replace")
    text = _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else " ", text)
    return _DOT.sub(".", _AT.sub("@", _HIDING.sub("", html.unescape(text))))


def _stands(text: str, start: int, end: int, anywhere: bool) -> bool:
    """Whether what stands there is no part of a longer name; one that does not count anywhere needs to be marked."""
    after = text[end : end + 2]
    if len(after) == 2 and after[0] in _JOINS and after[1].isalnum() and not (after[0] == "." and after[1].isupper()):
        return False
    mention = MENTION.search(text, max(0, start - 16), start)
    before = text[max(0, start - 2) : start]
    if mention and not (mention.group() == "@" and before[0].isalnum() and len(before) == 2):
        return True
    if len(before) == 2 and before[1] in _JOINS and before[0].isalnum():
        sentence = before[1] == "." and text[start].isupper() and not before[0].isupper()
        return anywhere and sentence
    whole = not text[:start].strip().strip("@") and not text[end:].strip()
    return anywhere or whole or (text.count(":") == 1 and text[:start].endswith(":") and end == len(text))


def masked(value: str) -> str:
    """Return a name or address to be shown: the first sign of each word, and how many follow."""
    return re.sub(r"(\w)(\w*)", lambda m: m[1] + "*" * min(len(m[2]), 6), value)


def dumped(subjects: Subjects) -> dict[str, Any]:
    """Return the hashes as JSON values, for the catalogue."""
    return {"codes": {c: list(v) for c, v in sorted(subjects.codes.items())}, "firsts": sorted(subjects.firsts)}


def loaded(records: Iterable[Mapping[str, Any]], key: bytes) -> Subjects:
    """Return all that was dumped, in one."""
    codes: dict[str, tuple[int, bool]] = {}
    firsts: set[str] = set()
    for each in records:
        codes |= {code: (int(length), bool(anywhere)) for code, (length, anywhere) in each["codes"].items()}
        firsts |= set(each["firsts"])
    return Subjects(key, codes, frozenset(firsts))


def text_of(value: Any) -> str:
    """Return a value of any type as text."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else json.dumps(value, default=text_of, ensure_ascii=False)
