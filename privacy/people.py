"""Whether two names are one person's, so that nobody becomes somebody else by spelling or by another account."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from .subjects import flat

_ALIKE = str.maketrans(
    "аеорсухівѕјԁɡӏкαεορυνικօոսհАВЕЅІЈКМНОРСТХУΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxibsjdglkaeopuvikonuhABESIJKMHOPCTXYABEZHIKMNOPTYX",
)
"""Letters of Cyrillic, Greek and Armenian that look like Latin ones, the commonest (Unicode TR 39)."""


def same_person(one: str, other: str) -> bool:
    """Whether two names are spellings of one; a name without a letter or digit is nobody's.

    Case, blanks, punctuation, diacritics, the order of words and letters that look alike do not count; of an e-mail
    address the part before the @ and before a +tag is compared with plain names too, of DOMAIN\\name the name.
    """
    return bool(_spellings(one) & _spellings(other))


def names_of(name: str, people: Mapping[str, Sequence[str]]) -> set[str]:
    """Return all names of whoever is called so: this one, and those that `people` (a name: others) puts beside it."""
    found = {name}
    groups = [{first, *others} for first, others in people.items()]
    for _ in groups:  # a name may be linked to one that is linked to another
        found = found.union(*(group for group in groups if _any_same(group, found)))
    return found


def one_person(one: str, other: str, people: Mapping[str, Sequence[str]]) -> bool:
    """Whether two names are one person's, by their spelling or because `people` says so."""
    return _any_same(names_of(one, people), {other})


def _any_same(some: set[str], others: set[str]) -> bool:
    return any(same_person(one, other) for one in some for other in others)


def _spellings(name: str) -> set[str]:
    alike = flat(unicodedata.normalize("NFKD", name)).translate(_ALIKE).casefold().translate(_ALIKE)
    plain = alike.rpartition("\\")[2]
    local = plain.partition("@")[0].partition("+")[0] if "@" in plain.strip("@") else plain
    ordered = "".join(sorted(re.findall(r"[^\W_]+", local)))
    return {"".join(c for c in text if c.isalnum()) for text in (plain, local, ordered)} - {""}
