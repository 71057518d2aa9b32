"""The masked rows that a reviewer looks at: such in which something was masked, of as many kinds as there are."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

ROWS = 10
EACH = 40
"""Of how many rows the places are kept, of each kind and part: some of them may be held back."""

EXCERPT = 300
"""Characters of a text that a reviewer is shown at once."""

_REPLACED = re.compile(r"<[A-Z][A-Z_]+>")


class Shown(NamedTuple):
    """A masked row, and the kind of finding that it was chosen for; none: it fills up."""

    kind: str
    row: Mapping[str, Any]


def show(table: pa.Table, places: Mapping[str, Sequence[int]], kept: np.ndarray[Any, Any]) -> tuple[Shown, ...]:
    """Return up to `ROWS` rows of a part, in turn for each kind of finding, and then its first ones.

    `places` are by kind the numbers of rows with such a finding before any was held back; `kept` those of the rows of
    `table`, ascending.
    """
    inside = {kind: np.array(some)[np.isin(some, kept)] for kind, some in sorted(places.items())}
    wanted = _in_turn({kind: np.searchsorted(kept, some).tolist() for kind, some in inside.items()})
    filling = (("", at) for at in range(table.num_rows))
    chosen: dict[int, str] = {}
    for kind, at in itertools.chain(wanted, filling):
        if len(chosen) == ROWS:
            break
        chosen.setdefault(at, kind)
    rows = table.take(pa.array(list(chosen), pa.int64())).to_pylist()
    return tuple(Shown(kind, row) for kind, row in zip(chosen.values(), rows, strict=True))


def sample_rows(shown: Sequence[Sequence[Shown]]) -> list[dict[str, Any]]:
    """Return `ROWS` of the rows that the parts showed, in turn for each kind of finding, as JSON values."""
    kinds: dict[str, list[Mapping[str, Any]]] = {}
    for kind, row in sorted(itertools.chain.from_iterable(shown), key=lambda each: each.kind):
        kinds.setdefault(kind, []).append(row)
    filling = [("", row) for row in kinds.pop("", [])]
    chosen = itertools.islice(itertools.chain(_in_turn(kinds), filling), ROWS)
    return [json.loads(json.dumps(row, default=_as_json), parse_constant=str) for _, row in chosen]


def excerpt(text: str) -> str:
    """Return a masked text, of a long one the part around its first finding."""
    if len(text) <= EXCERPT:
        return text
    found = _REPLACED.search(text)
    start = max(0, min(found.start() - EXCERPT // 3 if found else 0, len(text) - EXCERPT))
    end = start + EXCERPT
    return f"{'… ' if start else ''}{text[start:end]}{' …' if end < len(text) else ''}"


def _in_turn(kinds: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, Any]]:
    """Yield the first of each kind, then the second of each, and so on."""
    for some in itertools.zip_longest(*kinds.values(), fillvalue=None):
        yield from ((kind, one) for kind, one in zip(kinds, some, strict=True) if one is not None)


def _as_json(value: Any) -> str:
    return "<binary>" if isinstance(value, bytes) else str(value)
