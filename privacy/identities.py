"""Known identities: the people that a table names in its own columns, found again in its free text."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from .analyzer import Finding

COLUMNS = ("author_id", "author_name", "user", "customer")
_WORD = re.compile(r"\w+(?:[.'_-]\w+)*")
_SHORTEST = 4
_LONGEST = 4
_COMMON = frozenset({"anonymous", "admin", "deleted", "guest", "none", "null", "unknown", "user", "root", "test"})


def names_in(table: pa.Table) -> pa.Array:
    """Return the distinct values of a table's identity columns, as strings."""
    held = [c for c in COLUMNS if c in table.column_names and pa.types.is_string(table.schema.field(c).type)]
    values = [chunk for column in held for chunk in table[column].chunks]
    return pc.unique(pa.chunked_array(values, pa.string())).drop_null()


class Identities:
    """Names of up to four words, looked up word by word: the cost follows the text, not the number of names."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names: dict[tuple[str, ...], str] = {}
        for name in names:
            words = tuple(word.casefold() for word in _WORD.findall(name))
            if 0 < len(words) <= _LONGEST and len("".join(words)) >= _SHORTEST and words[0] not in _COMMON:
                self._names[words] = "PERSON" if len(words) > 1 else "USERNAME"
        self._first = {words[0] for words in self._names}

    def __bool__(self) -> bool:
        return bool(self._names)

    def find(self, text: str) -> list[Finding]:
        """Return where known people stand in a text, whatever the case."""
        if not self._names:
            return []
        spans = [(match.start(), match.end(), match.group().casefold()) for match in _WORD.finditer(text)]
        found = []
        for at, (start, _, word) in enumerate(spans):
            if word not in self._first:
                continue
            for length in range(min(_LONGEST, len(spans) - at), 0, -1):
                entity = self._names.get(tuple(w for _, _, w in spans[at : at + length]))
                if entity:
                    found.append(Finding(start, spans[at + length - 1][1], entity, 0.9))
                    break
        return found
