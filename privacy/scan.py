"""What the columns of a table are: which of them tell who somebody is, and in what role.

A column is looked at by its leaves: of nested and list columns each part by its path (`tags[]`, `author.name`). Counts
of several files add up; the role is told from all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .detect import find_distinct
from .identities import COLUMNS as NAMING
from .recognizers._words import listed
from .residual import leaves

Role = Literal["identifier", "quasi-identifier", "sensitive", "free text", "safe"]

SENSITIVE = frozenset({"NRP", "MEDICAL_RECORD", "DE_HEALTH_INSURANCE", "UK_NHS", "API_KEY"})
QUASI = frozenset({"AGE", "DATE_OF_BIRTH", "POSTCODE", "LOCATION", "GPS", "TITLE", "ORGANIZATION", "DATE_TIME"})
"""Kinds that single people out only together; every other kind points at one person or account."""

_NAMES: dict[Role, frozenset[str]] = {
    "sensitive": listed("sensitive_columns"),
    "quasi-identifier": listed("quasi_columns"),
    "identifier": listed("identifier_columns") | frozenset(NAMING),
}
_WHOLE, _MOSTLY, _WORDS = 0.8, 0.5, 4.0
"""What a finding covers of a value to be the value; the share of values that settles a role; words that make a text."""
_RARE = 0.01
_Z = 1.96


@dataclass
class Column:
    """What was counted of a leaf column: values that are not null, their words, and by entity the values with one."""

    path: str
    type: str
    values: int = 0
    words: int = 0
    whole: Counter[str] = field(default_factory=Counter)
    part: Counter[str] = field(default_factory=Counter)

    def add(self, other: Column) -> None:
        """Add what was counted of the same column elsewhere."""
        self.values += other.values
        self.words += other.words
        self.whole.update(other.whole)
        self.part.update(other.part)


@dataclass(frozen=True)
class Tag:
    """What a column is: its entity (the most frequent; None: none found), how sure that is, its role, and the counts.

    `confidence` (0 to 1) is the lower end of Wilson's 95 % interval for the share of values that hold the entity, or
    for a safe column of those that hold none. `found` says by entity how many of the values hold one.
    """

    path: str
    type: str
    role: Role
    entity: str | None
    confidence: float
    values: int
    found: Mapping[str, int]


def scan_table(table: pa.Table, language: str = "en", ner: str | None = None) -> list[Column]:
    """Count what stands in every leaf of a table's columns; each distinct text is looked at once."""
    return [
        _scan(path, values, language, ner)
        for name in table.column_names
        for chunk in [table[name].combine_chunks()]
        for path, values in leaves(name, chunk)
    ]


def merge(parts: Iterable[Iterable[Column]]) -> list[Column]:
    """Add up what was counted of several pieces of a table."""
    known: dict[str, Column] = {}
    for columns in parts:
        for column in columns:
            known.setdefault(column.path, Column(column.path, column.type)).add(column)
    return list(known.values())


def tag(column: Column) -> Tag:
    """Tell the role of a column from its counts, and where those tell nothing from its name."""
    found = column.whole + column.part
    entity = max(found, key=lambda kind: (found[kind], kind), default=None)
    share = found[entity] / column.values if entity and column.values else 0.0
    role: Role = "safe"
    whole = max(column.whole, key=lambda kind: (column.whole[kind], kind), default=None)
    long = column.values > 0 and column.words / column.values >= _WORDS
    name = column.path.rpartition(".")[2].removesuffix("[]").lower()
    named = next((kind for kind, names in _NAMES.items() if name in names), None)
    if whole and not long and column.whole[whole] >= _MOSTLY * column.values:
        entity = whole
        share = column.whole[whole] / column.values
        role = _role_of(whole)
    elif named:
        role = named
    elif long:
        role = "free text"
    elif found.total() > _RARE * column.values:
        role = "free text" if entity is None or _role_of(entity) == "identifier" else _role_of(entity)
    sure = _wilson(share if role != "safe" else 1 - share, column.values)
    return Tag(column.path, column.type, role, entity, round(sure, 3), column.values, dict(sorted(found.items())))


def _role_of(entity: str) -> Role:
    return "sensitive" if entity in SENSITIVE else "quasi-identifier" if entity in QUASI else "identifier"


def _wilson(share: float, count: int) -> float:
    if not count:
        return 0.0
    middle = share + _Z**2 / (2 * count)
    spread = _Z * float(np.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2)))
    return max(0.0, (middle - spread) / (1 + _Z**2 / count))


def _scan(path: str, values: pa.Array, language: str, ner: str | None) -> Column:
    column = Column(path, str(values.type))
    held = values.drop_null()
    column.values = len(held)
    texts = _as_text(held)
    if texts is None or not len(held):
        return column
    distinct = texts.value_counts()
    different, times = distinct.field("values"), distinct.field("counts").to_pylist()
    words = pc.add(pc.count_substring_regex(different, r"\s+"), 1)
    column.words = int(pc.sum(pc.multiply(pc.cast(words, pa.int64()), distinct.field("counts"))).as_py())
    for index, findings in find_distinct(different, language, ner).items():
        size = len(different[index].as_py().strip())
        for entity in {finding.entity for finding in findings}:
            covered = any(f.entity == entity and f.end - f.start >= _WHOLE * size for f in findings)
            (column.whole if covered else column.part)[entity] += times[index]
    return column


def _as_text(values: pa.Array) -> pa.Array | None:
    kind = values.type
    if pa.types.is_string(kind):
        return values
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_integer(kind):
        return values.cast(pa.string())
    return None


def in_order(columns: Iterable[Column]) -> Iterator[Tag]:
    """Yield the tags, those that matter most first."""
    order = ("identifier", "sensitive", "quasi-identifier", "free text", "safe")
    yield from sorted(map(tag, columns), key=lambda found: (order.index(found.role), -found.confidence, found.path))
