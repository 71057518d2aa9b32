"""Words around names: titles, what calls somebody, what is no name, and what makes a company or a street."""

from __future__ import annotations

from importlib.resources import files

import yaml

_LISTS: dict[str, str] = yaml.safe_load((files("dataweir.privacy") / "data" / "words.yaml").read_text("utf-8"))


def listed(name: str) -> frozenset[str]:
    """Return the words of one list."""
    return frozenset(_LISTS[name].split())


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

CALLED: dict[str, tuple[tuple[str, ...], ...]] = {}
"""Phrases before a name, by their last word."""

for _phrase in _LISTS["called"].split("|"):
    _parts = tuple(_phrase.split())
    CALLED[_parts[-1]] = (*CALLED.get(_parts[-1], ()), _parts)
