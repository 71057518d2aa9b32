"""What the columns of a table are: which of them tell who somebody is, and in what role.

A column is looked at by its leaves: of nested and list columns each part by its path (`tags[]`, `author.name`). Counts
of several files add up; the role is told from all of them: by what the values are, by the name of the column, and by
their form. Where all values have one form, what a pattern finds in a few of them is chance: one hash in ten passes a
check digit.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .detect import find_distinct
from .naming import Role, is_key, is_measure, is_time, named, role_of
from .residual import leaves
from .shapes import different, forms, least, smallest

_WHOLE, _MOSTLY, _WORDS = 0.8, 0.5, 4.0
"""What a finding covers of a value to be the value; the share of values that settles a role; words that make a text."""
_RARE, _CHANCE = 0.01, 0.3
"""The share of values with a finding that makes a column free text; what share in columns of one form is no chance."""
_FORMED, _NUMBERS, _DIGITS = 0.8, 0.95, 7
"""The share of values that is the column's form; that makes it numbers; how many digits, always as many, are a key."""
_BY_NAME = 0.5
_KEY = re.compile(r'"(\w+)"\s*:')
_Z = 1.96


@dataclass
class Column:
    """What was counted of a leaf column: values that are not null, their words, and by entity the values with one.

    `forms` counts the values by form, `telling` the JSON with a key that tells of somebody; `hashes` are the least of
    the values' hashes.
    """

    path: str
    type: str
    values: int = 0
    words: int = 0
    telling: int = 0
    whole: Counter[str] = field(default_factory=Counter)
    part: Counter[str] = field(default_factory=Counter)
    forms: Counter[str] = field(default_factory=Counter)
    hashes: frozenset[int] = frozenset()

    def add(self, other: Column) -> None:
        """Add what was counted of the same column elsewhere."""
        self.values += other.values
        self.words += other.words
        self.telling += other.telling
        self.whole.update(other.whole)
        self.part.update(other.part)
        self.forms.update(other.forms)
        self.hashes = smallest(self.hashes | other.hashes)

    def formed(self, *kinds: str) -> tuple[str, int]:
        """Return the most frequent form of some kinds, and how many values have it."""
        fitting = [(count, form) for form, count in self.forms.items() if form.split()[0] in kinds]
        count, form = max(fitting, default=(0, ""))
        return form, count

    def share(self, *kinds: str) -> float:
        """Return the share of values whose form is of one of some kinds."""
        return sum(n for form, n in self.forms.items() if form.split()[0] in kinds) / max(1, self.values)


@dataclass(frozen=True)
class Tag:
    """What a column is: its entity (None: none is told), how sure that is, its role, and the counts.

    `confidence` (0 to 1) is the lower end of Wilson's 95 % interval for the share of values that show it: those that
    hold the entity, have the form of the key, or, of a safe column, hold nothing. A column's name alone counts 0.5.
    `found` says by entity how many of the values hold one.
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
    """Tell the role of a column: from what its values are, then its name, then their form."""
    found = column.whole + column.part
    if _uniform(column):
        found = Counter({entity: n for entity, n in found.items() if n >= _CHANCE * column.values})
    role, entity, share, least_sure = _told(column, found)
    sure = max(_wilson(share, column.values), least_sure if column.values else 0.0)
    return Tag(column.path, column.type, role, entity, round(sure, 3), column.values, dict(sorted(found.items())))


def _told(column: Column, found: Counter[str]) -> tuple[Role, str | None, float, float]:
    """Return role, entity, the share of values that show it, and how sure it is at least."""
    count = max(1, column.values)
    most = _most(found)
    whole = _most(column.whole & found)
    long = column.words / count >= _WORDS and column.share("json") < _MOSTLY
    name = named(column.path)
    if name and column.type == "bool" and name.role == "identifier":
        name = None
    if whole and column.share("json") < _MOSTLY and column.whole[whole] >= _MOSTLY * count:
        return role_of(whole), whole, found[whole] / count, 0.0
    if column.type.startswith(("date", "timestamp", "time")):
        born = name is not None and name.entity == "DATE_OF_BIRTH"
        return "quasi-identifier", "DATE_OF_BIRTH" if born else "DATE_TIME", 1.0, 0.0
    if name:
        shown = name.entity or (most if most and name.role in ("free text", role_of(most)) else None)
        return name.role, shown, found[shown or ""] / count, _BY_NAME
    if key := _key(column):
        if is_time(column.path) and column.share("number") >= _FORMED:
            return "quasi-identifier", "DATE_TIME", key, 0.0
        return "identifier", None, key, 0.0
    if long:
        return "free text", most, max(column.share("text"), found[most or ""] / count), 0.0
    if column.telling > _RARE * count or (column.share("json") >= _MOSTLY and found.total() > _RARE * count):
        return "free text", most, max(column.telling, found[most or ""]) / count, 0.0
    if most and found.total() > _RARE * count:
        role = role_of(most)
        return "free text" if role == "identifier" else role, most, found[most] / count, 0.0
    if _distinct(column) and column.share("number", "json") < _FORMED and _is_text(column):
        return "quasi-identifier", most, different(column.hashes) / count, 0.0
    return "safe", most, 1 - found[most or ""] / count, 0.0


def _most(found: Counter[str]) -> str | None:
    return max(found, key=lambda kind: (found[kind], kind), default=None)


def _uniform(column: Column) -> bool:
    """Whether the values have one form that a machine gave them."""
    if not column.values:
        return False
    token = column.formed("random", "token")[1] / column.values
    return max(column.share("random"), token) >= _FORMED or column.share("number") >= _NUMBERS


def _key(column: Column) -> float:
    """Return the share of values that have the form of a key, 0 where it is none.

    Random tokens are keys of a row or of a person, also where they come again; other tokens and numbers of many digits
    are where all are as long and most are different.
    """
    if _several(column) and column.share("random") >= _FORMED:
        return column.share("random")
    form, count = column.formed("random", "token", *(() if is_measure(column.path) else ("number",)))
    if not _distinct(column) or not form:
        return 0.0
    kind, size = form.split()
    formed = count / column.values
    if formed >= _FORMED and (kind != "number" or int(size) >= _DIGITS):
        return formed
    return 1.0 if is_key(column.path) else 0.0


def _distinct(column: Column) -> bool:
    return _several(column) and different(column.hashes) >= _MOSTLY * column.values


def _several(column: Column) -> bool:
    """Whether values differ: one value in all rows tells none of them apart; a single row may be anybody's."""
    return len(column.hashes) > 1 or column.values == 1


def _is_text(column: Column) -> bool:
    return any(kind in column.type for kind in ("string", "binary"))


def _wilson(share: float, count: int) -> float:
    if not count:
        return 0.0
    share = min(1.0, share)
    middle = share + _Z**2 / (2 * count)
    spread = _Z * float(np.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2)))
    return max(0.0, (middle - spread) / (1 + _Z**2 / count))


def _scan(path: str, values: pa.Array, language: str, ner: str | None) -> Column:
    column = Column(path, str(values.type))
    held = values.drop_null()
    column.values = len(held)
    texts = _as_text(held)
    if texts is None or not len(texts):
        return column
    distinct = texts.value_counts()
    unlike, counts = distinct.field("values"), distinct.field("counts")
    times = counts.to_pylist()
    words = pc.add(pc.count_substring_regex(unlike, r"\s+"), 1)
    column.words = int(pc.sum(pc.multiply(pc.cast(words, pa.int64()), counts)).as_py())
    column.forms = forms(unlike, counts)
    column.hashes = least(unlike)
    if column.forms["json"]:
        column.telling = sum(n for text, n in zip(unlike.to_pylist(), times, strict=True) if _tells(text))
    for index, findings in find_distinct(unlike, language, ner).items():
        size = len(unlike[index].as_py().strip())
        for entity in {finding.entity for finding in findings}:
            covered = any(f.entity == entity and f.end - f.start >= _WHOLE * size for f in findings)
            (column.whole if covered else column.part)[entity] += times[index]
    return column


def _tells(text: str) -> bool:
    """Whether JSON has a key that is called as what tells who somebody is."""
    return text.lstrip()[:1] in ("{", "[") and any(named(key) for key in _KEY.findall(text))


def _as_text(values: pa.Array) -> pa.Array | None:
    """Return values as strings: bytes too, and of fractions those that are whole numbers; None where they are none."""
    kind, types = values.type, pa.types
    if types.is_string(kind):
        return values
    if types.is_large_string(kind) or types.is_string_view(kind) or types.is_integer(kind):
        return values.cast(pa.string())
    if types.is_floating(kind) or types.is_decimal(kind):
        numbers = values.cast(pa.float64())
        whole = pc.and_(pc.equal(pc.floor(numbers), numbers), pc.less(pc.abs(numbers), 1e15))
        return numbers.filter(whole).cast(pa.int64()).cast(pa.string())
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return pa.array([_readable(value) for value in values.to_pylist()], pa.string())
    return None


def _readable(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()


def in_order(columns: Iterable[Column]) -> Iterator[Tag]:
    """Yield the tags, those that matter most first."""
    order = ("identifier", "sensitive", "quasi-identifier", "free text", "safe")
    yield from sorted(map(tag, columns), key=lambda found: (order.index(found.role), -found.confidence, found.path))
