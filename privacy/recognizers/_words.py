"""Words around names: titles, what calls somebody, what is no name, and what makes a company or a street."""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import Any

import yaml

from ..gazetteers import elided

_LISTS: dict[str, Any] = yaml.safe_load((files("dataweir.privacy") / "data" / "words.yaml").read_text("utf-8"))


def listed(name: str) -> frozenset[str]:
    """Return the words of one list."""
    return frozenset(_LISTS[name].split())


@functools.cache
def kinds() -> dict[str, str]:
    """Return the kind of value that a word in the name of a column stands for."""
    return {word: entity for entity, words in _LISTS["column_kinds"].items() for word in words.split()}


TITLES = listed("titles")
ROLES = listed("roles")
PREPOSITIONS = listed("prepositions")
PARTICLES = listed("particles")
NOT_NAMES = listed("not_names")
DWELLING = listed("dwelling")
STATES = listed("states")
LANDS = listed("lands")
PLACE_LABELS = listed("place_labels")
COMPANY = listed("company")
STREET = listed("street")
HEADS = listed("company_heads")
EMPLOYED = listed("employment")
SOURCES = listed("sources")


def _phrases(name: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Return the phrases of one list by their last word."""
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for phrase in _LISTS[name].split("|"):
        parts = tuple(word[elided(word) :] for word in phrase.split())
        found[parts[-1]] = (*found.get(parts[-1], ()), parts)
    return found


CALLED = _phrases("called")
CLOSINGS = _phrases("closings")
