"""The form of values, whatever they mean: random tokens, tokens, numbers, JSON, texts; and how many are different."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_FORMS = (
    ("json", r"^\s*[\[{](?s:.*)[\]}]\s*$"),
    ("text", r"\S\s+\S+\s+\S+\s+\S"),
    ("random", r"^[\w=+:-][\w=+:/-]{15,}$"),
    ("token", r"^[\w=+:-]{8,}$"),
    ("number", r"^[ \d.,:/()+-]*\d[ \d.,:/()+-]*$"),
)
_BROKEN = r"\d[A-Za-z]"
"""A letter behind a digit: so are hashes and keys written, names of files and versions are not."""
_LEAST = 256
_SPACE = 2.0**64


def forms(values: pa.Array, times: pa.Array) -> Counter[str]:
    """Count different texts, each so often as it stands in the column, by form: `random 32`, `number 7`, `text`.

    A token has letters and digits, a random one sixteen characters and a letter behind a digit; a number is written in
    digits and signs, and counted by its digits.
    """
    found: Counter[str] = Counter()
    left = pa.array(np.ones(len(values), bool))
    mixed = pc.and_(pc.match_substring_regex(values, r"\d"), pc.match_substring_regex(values, "[A-Za-z]"))
    broken = pc.match_substring_regex(values, _BROKEN)
    sizes = {
        "random": pc.utf8_length(values),
        "token": pc.utf8_length(values),
        "number": pc.count_substring_regex(values, r"\d"),
    }
    for form, pattern in _FORMS:
        fits = pc.and_(left, pc.match_substring_regex(values, pattern))
        if form in ("random", "token"):
            fits = pc.and_(fits, broken if form == "random" else mixed)
        left = pc.and_not(left, fits)
        if form in sizes:
            counted = pa.table({"size": sizes[form].filter(fits), "times": times.filter(fits)})
            counted = counted.group_by("size").aggregate([("times", "sum")]).to_pydict()
            found.update({f"{form} {n}": t for n, t in zip(counted["size"], counted["times_sum"], strict=True)})
        else:
            found[form] += pc.sum(times.filter(fits)).as_py() or 0
    return +found


def least(values: pa.Array) -> frozenset[int]:
    """Return the smallest 256 hashes of different texts: what `different` estimates from, and what adds up.

    Source: Bar-Yossef et al., Counting Distinct Elements in a Data Stream, RANDOM 2002.
    """
    from pandas.util import hash_array

    hashes = hash_array(np.array(values.to_pylist(), dtype=object), categorize=False)
    return smallest(np.unique(hashes)[:_LEAST].tolist())


def smallest(hashes: Iterable[int]) -> frozenset[int]:
    """Return the smallest of some hashes."""
    return frozenset(sorted(hashes)[:_LEAST])


def different(hashes: frozenset[int]) -> float:
    """Return about how many different texts there are: exact below 256, else to 6 %."""
    return len(hashes) if len(hashes) < _LEAST else (_LEAST - 1) / (max(hashes) / _SPACE)
