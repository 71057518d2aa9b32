"""Texts that have parts: addresses of pages, query strings, user agents, JSON; taken apart, and put together again.

A part is either structure, which stays, or a value, which is searched on its own, decoded, and written back encoded.
Sources: RFC 3986 for addresses, the WHATWG URL standard for query strings, RFC 9110 for user agents, RFC 8259 for JSON.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple
from urllib.parse import quote, unquote, unquote_plus

Kind = Literal["text", "url", "query", "user_agent", "json"]
KINDS = ("text", "url", "query", "user_agent", "json")
HIDDEN = "*"


class Part(NamedTuple):
    """A piece of a text: as it stands, its value decoded (None: structure), and how a value is written back.

    `otherwise` is what stands there where nothing is found in the value: the piece itself, or HIDDEN where the place
    alone tells that it is somebody's; structure that is written shorter has it too.
    """

    raw: str
    value: str | None = None
    encode: Callable[[str], str] = str
    otherwise: str = ""


_PLAIN = re.compile(r"[A-Za-z]{1,12}|\d{1,4}|v?\d{1,3}(?:\.\d{1,3}){0,2}")
_SHOWN = frozenset(
    """
    page p per_page size limit offset start count order sort dir direction lang hl locale language format output
    view tab mode type kind category cat color colour currency utm_source utm_medium utm_campaign v version
    """.split()  # noqa: SIM905 - thirty lines otherwise
)
"""Parameters that say how a page is shown, not who looks at it: short plain values of theirs stay."""

_PEOPLE = frozenset(
    """
    user users profile profiles account accounts member members author authors people person customer customers
    order orders session sessions token invite reset unsubscribe
    """.split()  # noqa: SIM905 - thirty lines otherwise
)
"""Segments of a path after which somebody's name or number follows."""

_TELLING = re.compile(
    r".*@.*"  # an e-mail address or a handle
    r"|~.+"  # somebody's home
    r"|(?=.*\d)[\w%.=-]{20,}"  # a token
    r"|(?=(?:.*\d){5})[\d().+ -]{6,}"  # a telephone number, a customer number
    r"|(?:[0-9a-f]{4,}-){2,}[0-9a-f]+|[0-9a-f]{16,}",
    re.IGNORECASE | re.DOTALL,
)
_SCHEME = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//")
_AGENT = re.compile(r"(\s+|[();,/])")
_VERSION = re.compile(r"(?<![A-Za-z\d])(\d+)(?:[._]\d+)+")
_SERIAL = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9._-]{10,}|\d{6,}|.*@.*|\+?https?:.*", re.IGNORECASE)
_QUOTED = re.compile(r'("(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)', re.DOTALL)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def parts_of(text: str, kind: Kind) -> list[Part]:
    """Take a text apart; the `raw` of all parts, one after the other, is the text. JSON is known by its brackets."""
    if kind == "json" or (kind == "text" and text[:1] in ("{", "[") and text[-1:] in ("}", "]")):
        found = _json(text)
        if found is not None:
            return found
    taker = {"query": _query, "url": _url, "user_agent": _user_agent}.get(kind)
    return [_searched(text, text)] if taker is None else list(taker(text))


def _searched(raw: str, value: str, encode: Callable[[str], str] = str) -> Part:
    return Part(raw, value, encode, raw)


def _hidden(raw: str, value: str, encode: Callable[[str], str] = str) -> Part:
    return Part(raw, value, encode, encode(HIDDEN))


_in_query = functools.partial(quote, safe="<>:*/,")
_in_path = functools.partial(quote, safe="<>:*!$&'()+,;=@~|[]")


def _query(text: str) -> Iterator[Part]:
    for piece in re.split("([&;])", text):
        name, equals, value = piece.partition("=")
        if piece in ("", "&", ";"):
            yield Part(piece)
        elif not equals:
            yield _hidden(piece, unquote_plus(piece), _in_query)
        else:
            decoded = unquote_plus(value)
            yield _searched(name, unquote_plus(name), _in_query)
            yield Part(equals)
            shown = unquote_plus(name).casefold() in _SHOWN and _PLAIN.fullmatch(decoded)
            yield (_searched if shown or not value else _hidden)(value, decoded, _in_query)


def _url(text: str) -> Iterator[Part]:
    address, mark, fragment = text.partition("#")
    path, asked, query = address.partition("?")
    if scheme := _SCHEME.match(path):
        yield Part(scheme[0])
        authority, slash, path = path[scheme.end() :].partition("/")
        user, at, host = authority.rpartition("@")
        if at:
            # Nothing stands in for a name and password: a placeholder before @ would look like another.
            yield Part(user + at, unquote(user), lambda _: "")
        yield _searched(host, host)
        path = slash + path
    yield from _path(path)
    yield Part(asked)
    if asked:
        yield from _query(query)
    yield Part(mark)
    if fragment:
        yield _hidden(fragment, unquote(fragment), _in_query)


def _path(path: str) -> Iterator[Part]:
    before = ""
    for segment in re.split("(/)", path):
        if segment in ("", "/"):
            yield Part(segment)
            continue
        value = unquote(segment)
        telling = _TELLING.fullmatch(value) or (before in _PEOPLE and value.casefold() not in _PEOPLE)
        yield (_hidden if telling else _searched)(segment, value, _in_path)
        before = value.casefold()


def _user_agent(text: str) -> Iterator[Part]:
    """Keep what names the browser and the system, each version by its first number: a whole one singles out."""
    for piece in _AGENT.split(text):
        if _SERIAL.fullmatch(piece):
            yield _hidden(piece, piece)
        elif _AGENT.fullmatch(piece) or not piece:
            yield Part(piece)
        else:
            # Not searched: names of products are names of people too.
            yield Part(piece, otherwise=_VERSION.sub(r"\1", piece))


def _json(text: str) -> list[Part] | None:
    """Take JSON apart into its strings and numbers; None where it is none."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return None
    found = []
    for number, piece in enumerate(_QUOTED.split(text)):
        if number % 2 == 0:
            found.append(Part(piece))
        elif piece.startswith('"'):
            found.append(_searched(piece, json.loads(piece), _as_json))
        else:
            found.append(_searched(piece, piece, _as_number))
    return found


def _as_json(made: str) -> str:
    return json.dumps(made, ensure_ascii=False)


def _as_number(made: str) -> str:
    """Write what took a number's place: a number, or a string that says what stood there."""
    return made if _NUMBER.fullmatch(made) else _as_json(made)
