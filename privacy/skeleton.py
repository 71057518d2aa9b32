"""Texts and patterns reduced to ASCII, so that one fast engine can tell where a pattern cannot match.

In the skeleton of a text every character beyond ASCII stands as one of its class: a capital, another letter, a Han
character, a digit, another sign of words, a space, any other sign. `relaxed` rewrites a pattern of the `regex` package
to one that matches the skeleton of every text in which the pattern matches, and some others: what engines of finite
automata cannot read (looking around, referring back) is left out or loosened, long repetitions are cut. Hyperscan and
RE2 both read what comes out.
"""

from __future__ import annotations

import functools
import re

import regex

CAPITAL, LETTER, HAN, DIGIT, SIGN_OF_WORDS, SPACE, SIGN = "X", "x", "q", "7", "_", " ", "\x7f"

_STANDING = {  # class: what stands for characters of it, and of those what stands for nothing else
    r"\w": ("Xxq7_", "Xxq7_"),
    r"\W": (" \x7f", " \x7f"),
    r"\d": ("7", "7"),
    r"\D": ("Xxq_ \x7f", "Xxq_ \x7f"),
    r"\s": (" ", " "),
    r"\S": ("Xxq7_\x7f", "Xxq7_\x7f"),
    r"\p{L}": ("Xxq", "Xxq"),
    r"\p{N}": ("7_\x7f", "7"),
    r"\p{Lu}": ("X", ""),
    r"\p{Ll}": ("x", ""),
    r"\p{Han}": ("q_\x7f", ""),
}
_ALL = frozenset("Xxq7_ \x7f")
_CONTROL = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a", "0": "\0"}
_ODD = regex.compile("[\u0130\u0131\u017f\u212a]")
_LEAST, _MOST = 16, 8
"""Repetitions are asked for at most so often, and not counted beyond."""
_WIDE = 30_000


def odd(text: str) -> bool:
    """Whether a text holds one of the four characters that are ASCII letters when case is ignored (ſ, İ, ı, K)."""
    return not text.isascii() and _ODD.search(text) is not None


def skeleton(text: str) -> str:
    """Return the text in ASCII, one character for one."""
    return text if text.isascii() else text.translate(_standing)


def relaxed(pattern: str, ignore_case: bool) -> str:
    """Return a pattern in the common dialect of RE2 and Hyperscan that matches wherever `pattern` does.

    Raises ValueError for a construct that it does not know.
    """
    rewriter = _Rewriter(pattern, ignore_case)
    made = rewriter.alternatives()
    if rewriter.at != len(pattern):
        raise ValueError(f"the pattern ends early at {rewriter.at}")
    return f"(?s{'i' if rewriter.ignore_case else ''}:{made})"


_HEAD = re.compile(
    r"\((?:\?(?:(?P<around><?[=!])|P=(?P<back>\w+)\)|P?<(?P<name>\w+)>|(?P<flags>[a-z-]+)(?P<scope>[:)])|[:>|]))?"
)
_REPEATED = re.compile(r"(?:[*+?]|\{(?P<least>\d*)(?P<more>,(?P<most>\d*))?\})")


class _Standing(dict[int, str]):
    """Code point → what stands for it, made as characters come."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = found = next((stand for test, stand in _tests() if test.match(character)), SIGN)
        return found


_standing = _Standing({code: chr(code) for code in range(128)})


@functools.cache
def _tests() -> list[tuple[regex.Pattern[str], str]]:
    kinds = {
        r"\d": DIGIT,
        r"\s": SPACE,
        r"[\p{Lu}\p{Lt}]": CAPITAL,
        r"(?=\p{Han})\p{L}": HAN,
        r"\p{L}": LETTER,
        r"\w": SIGN_OF_WORDS,
    }
    return [(regex.compile(kind), stand) for kind, stand in kinds.items()]


@functools.cache
def _members(escape: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return what a class escape may match in a skeleton, and what it is sure to match whatever stood there."""
    test = regex.compile(escape)
    plain = frozenset(chr(code) for code in range(128) if test.match(chr(code)))
    may, sure = _STANDING.get(escape, ("".join(_ALL), ""))
    return plain | frozenset(may), (plain - _ALL) | (plain & frozenset(sure))


def _cases(character: str) -> set[str]:
    return {c for c in (character, character.lower(), character.upper()) if len(c) == 1}


def _written(members: frozenset[str]) -> str:
    """Return a class that holds these ASCII characters."""
    return "[" + "".join(f"\\x{ord(c):02x}" for c in sorted(members)) + "]" if members else r"[^\x00-\xff]"


class _Rewriter:
    def __init__(self, pattern: str, ignore_case: bool) -> None:
        self.pattern = pattern
        self.ignore_case = ignore_case
        self.at = 0
        self.depth = 0
        self.groups: dict[str, str] = {}

    def alternatives(self) -> str:
        """Rewrite up to the closing bracket or the end."""
        made: list[str] = []
        while self.at < len(self.pattern) and self.pattern[self.at] != ")":
            if self.pattern[self.at] == "|":
                self.at += 1
                made.append("|")
                continue
            made.append(self._repeated(self._atom()))
        return "".join(made)

    def _atom(self) -> str:
        character = self.pattern[self.at]
        if character == "(":
            return self._group()
        if character == "[":
            return self._class()
        self.at += 1
        if character in "^$":
            return ""
        if character == ".":
            return "."
        if character == "\\":
            return self._escape()
        return self._literal(character)

    def _literal(self, character: str) -> str:
        if character.isascii():
            return re.escape(character) if not character.isalnum() else character
        stands = {_standing[ord(c)] for c in (_cases(character) if self.ignore_case else {character})}
        return _written(frozenset(stands))

    def _escape(self) -> str:
        escape = self._named()
        if escape in (r"\A", r"\Z", r"\z", r"\B", r"\G"):
            return ""
        if escape == r"\b":
            return escape
        if escape[1:].isdigit():
            return self.groups.get(escape[1:], ".*")
        if len(escape) == 1:
            return self._literal(escape)
        return _written(_members(escape)[0])

    def _named(self) -> str:
        """Read what stands behind a backslash: one plain character, or the escape in full."""
        character = self.pattern[self.at]
        self.at += 1
        if character in "pP":
            end = self.pattern.index("}", self.at) + 1 if self.pattern[self.at] == "{" else self.at + 1
            name = self.pattern[self.at : end].strip("{}")
            self.at = end
            return f"\\{character}{{{name}}}"
        if character in "ux":
            size = 4 if character == "u" else 2
            self.at += size
            return chr(int(self.pattern[self.at - size : self.at], 16))
        if character in _CONTROL and not (character == "0" and self.pattern[self.at : self.at + 1].isdigit()):
            return _CONTROL[character]
        return f"\\{character}" if character.isalnum() else character

    def _class(self) -> str:
        self.at += 1
        negative = self.pattern[self.at] == "^"
        self.at += negative
        may: set[str] = set()
        sure: set[str] = set()
        begin = self.at
        while self.pattern[self.at] != "]" or self.at == begin:
            first = self._member()
            if len(first) > 1:
                members, certain = _members(first)
                may |= members
                sure |= certain
                continue
            last = first
            if self.pattern[self.at] == "-" and self.pattern[self.at + 1] != "]":
                self.at += 1
                last = self._member()
            for c in self._between(first, last):
                may.add(_standing[ord(c)])
                if c.isascii() and c not in _ALL:
                    sure.add(c)
        self.at += 1
        if negative:
            return _written(frozenset(map(chr, range(128))) - frozenset(sure))
        return _written(frozenset(may))

    def _member(self) -> str:
        character = self.pattern[self.at]
        self.at += 1
        if character == "[":
            raise ValueError("a class inside a class")
        return self._named() if character == "\\" else character

    def _between(self, first: str, last: str) -> set[str]:
        if ord(last) - ord(first) > _WIDE:
            codes: set[str] = {chr(c) for c in range(ord(first), min(128, ord(last) + 1))}
            # One of each kind stands for all that lie between.
            return codes | {"É", "é", "中", "٣", "\u0301", "\u00a0", "…"}
        characters = {chr(code) for code in range(ord(first), ord(last) + 1)}
        if self.ignore_case and len(characters) < 200:
            characters |= {c for character in characters for c in _cases(character)}
        return characters

    def _group(self) -> str:
        head = _HEAD.match(self.pattern, self.at)
        if head is None:
            raise ValueError(f"an unknown group at {self.at}")
        first = self.depth == 0 and self.pattern[max(0, self.at - 1) : self.at] in ("", "|")
        self.at = head.end()
        if head["back"]:
            return self.groups.get(head["back"], ".*")
        before = self.ignore_case
        on, _, off = (head["flags"] or "").partition("-")
        if "i" in on or "i" in off:
            self.ignore_case = "i" in on
        if head["scope"] == ")":
            return ""
        name = head["name"] or ("" if head[0] != "(" else str(len(self.groups) + 1))
        if name:
            self.groups[name] = ".*"
        self.depth += 1
        inner = self.alternatives()
        self.depth -= 1
        self.at += 1
        changed, self.ignore_case = self.ignore_case != before, before
        if head["around"]:
            # At the edge of the pattern, what must stand beside a match can be read as a part of it.
            last = self.depth == 0 and self.pattern[self.at : self.at + 1] in ("", "|")
            return f"(?:{inner})" if head["around"] == ("<=" if first else "=") and (first or last) else ""
        made = f"(?{'-i' if before else 'i'}:{inner})" if changed else f"(?:{inner})"
        if name:
            self.groups[name] = made
        return made

    def _repeated(self, atom: str) -> str:
        """Read the repetition behind an atom; an atom that was left out takes it along."""
        found = _REPEATED.match(self.pattern, self.at)
        if found is None:
            return atom
        self.at = found.end()
        while self.pattern[self.at : self.at + 1] in ("?", "+") and self.at < len(self.pattern):
            self.at += 1
        if not atom:
            return ""
        if found["least"] is None:
            return atom + found[0]
        least = int(found["least"] or 0)
        most = (int(found["most"]) if found["most"] else None) if found["more"] else least
        low = min(least, _LEAST)
        if most is None or most > max(_MOST, low) or low < least:
            return f"{atom}{{{low},}}"
        return f"{atom}{{{low}}}" if low == most else f"{atom}{{{low},{most}}}"
