"""Words around names: titles, what calls somebody, what is no name, and what makes a company or a street."""

from __future__ import annotations

from importlib.resources import files

import yaml

_LISTS: dict[str, str] = yaml.safe_load((files("dataweir.privacy") / "data" / "words.yaml").read_text("utf-8"))


def _words(name: str) -> frozenset[str]:
    return frozenset(_LISTS[name].split())


TITLES = _words("titles")
ROLES = _words("roles")
PREPOSITIONS = _words("prepositions")
PARTICLES = _words("particles")
NOT_NAMES = _words("not_names")
DWELLING = _words("dwelling")
STATES = _words("states")
LANDS = _words("lands")
PLACE_LABELS = _words("place_labels")
COMPANY = _words("company")
STREET = _words("street")
HEADS = _words("company_heads")
EMPLOYED = _words("employment")

CALLED: dict[str, tuple[tuple[str, ...], ...]] = {}
"""Phrases before a name, by their last word."""

for _phrase in _LISTS["called"].split("|"):
    _parts = tuple(_phrase.split())
    CALLED[_parts[-1]] = (*CALLED.get(_parts[-1], ()), _parts)
