"""What the name of a column says it holds: of which kind, and in what role."""

from __future__ import annotations

import functools
import re
from typing import Literal, NamedTuple

from .identities import COLUMNS
from .nested import leaf_name
from .recognizers._words import kinds, listed

Role = Literal["identifier", "quasi-identifier", "sensitive", "free text", "safe"]

SENSITIVE = frozenset({"NRP", "MEDICAL_RECORD", "DE_HEALTH_INSURANCE", "UK_NHS", "API_KEY"})
QUASI = frozenset({"AGE", "DATE_OF_BIRTH", "POSTCODE", "LOCATION", "GPS", "TITLE", "ORGANIZATION", "DATE_TIME"})
"""Kinds that single people out only together; every other kind points at one person or account."""

IDENTIFIERS = {
    "author_id": "says who wrote it",
    "author_name": "says who wrote it",
    "user": "says who asked",
    "customer": "says who it is",
    "actor": "says who did it",
    "email": "says who it is",
    "client_ip": "is somebody's address",
    "session_id": "joins all that one person did",
    "post_id": "finds the post, and so its author, on the platform",
    "reply_to": "finds the post that was answered, and so who wrote in the thread, on the platform",
    "thread_id": "finds the thread, and so who wrote in it, on the platform",
    "url": "finds the page, and so its author, on the platform",
}
"""Columns of the integrated tables that tell who somebody is, and how."""

_WORD = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![^\W\d_A-Z])|\d+")
_KEYS = listed("key_words")
_OWNERS = listed("owner_words")
_TIMES = listed("time_words")
_MEASURES = listed("measure_words")
_ROLES: dict[Role, frozenset[str]] = {
    "sensitive": listed("sensitive_columns"),
    "quasi-identifier": listed("quasi_columns"),
    "identifier": listed("identifier_columns") | frozenset(COLUMNS) | frozenset(IDENTIFIERS),
    "free text": listed("text_columns"),
}


class Named(NamedTuple):
    """What a name says: the role, and the kind of value where one is named."""

    role: Role
    entity: str | None


def role_of(entity: str) -> Role:
    """Return the role of a column whose values are of one kind."""
    return "sensitive" if entity in SENSITIVE else "quasi-identifier" if entity in QUASI else "identifier"


@functools.cache
def named(path: str) -> Named | None:
    """Return what the name of a column (of a nested one the path) says of it; None where it says nothing.

    Names are read by their words (`customerPhone`, `customer_phone`): a kind (`phone`), or a key (`id`, `no`, `hash`)
    of somebody or of what belongs to one (`user`, `order`). A number that is counted or measured (`phones_total`) is
    neither.
    """
    leaf = leaf_name(path)
    words = _words(path)
    name = "_".join(words)
    entity = next((kinds()[word] for word in (name, *words) if word in kinds()), None)
    for role, names in _ROLES.items():
        if leaf.casefold() in names or name in names:
            return Named(role, entity)
    if not _MEASURES.isdisjoint(words):
        return None
    if entity:
        return Named(role_of(entity), entity)
    above = {word.casefold() for word in _WORD.findall(path)}
    if not _KEYS.isdisjoint(words) and not _OWNERS.isdisjoint(above):
        return Named("identifier", None)
    telling = (role for role, names in _ROLES.items() if role != "free text" and not names.isdisjoint(words))
    return next((Named(role, None) for role in telling), None)


def is_key(path: str) -> bool:
    """Whether a column is called a key of its rows: `id`, `post_id`, `rowKey`."""
    return _words(path)[-1:] in (["id"], ["ids"], ["key"], ["uid"], ["uuid"], ["guid"])


def is_measure(path: str) -> bool:
    """Whether a column is called something counted or measured: `bytes`, `phones_total`."""
    return not _MEASURES.isdisjoint(_words(path))


def is_time(path: str) -> bool:
    """Whether a column is called a point in time: `time_us`, `createdAt`."""
    return not _TIMES.isdisjoint(_words(path))


def _words(path: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(leaf_name(path))]
