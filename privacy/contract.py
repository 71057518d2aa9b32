"""What a recogniser and a masking operator promise, and the two registries they join.

A **recogniser** is one file in privacy/recognizers: what it looks for (patterns with scores, context words,
optionally a checksum), a cheap gate that every match must pass, and examples. Examples write the expected finding
between « and »; the conformance suite runs them. A **masking operator** is one file in privacy/operators: it turns
a whole column, and where it makes sense one finding inside a text, into something that may leave the house.
"""

from __future__ import annotations

import functools
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import pyarrow as pa

from ..config import Strict
from ..errors import ConfigError
from ..registry import Registry

recognizer: Registry[type[Recognizer]] = Registry("recognizer", "dataweir.privacy.recognizers")
operator: Registry[type[Operator]] = Registry("operator", "dataweir.privacy.operators")

THRESHOLD = 0.35
"""Findings below this score are not reported: a weak pattern needs one of its context words beside it."""

PRESIDIO_ENTITIES = (
    "CREDIT_CARD",
    "CRYPTO",
    "DATE_TIME",
    "DE_HEALTH_INSURANCE",
    "DE_ID_CARD",
    "DE_PASSPORT",
    "DE_SOCIAL_SECURITY",
    "DE_TAX_ID",
    "EMAIL_ADDRESS",
    "ES_NIE",
    "ES_NIF",
    "ES_PASSPORT",
    "IBAN_CODE",
    "IT_DRIVER_LICENSE",
    "IT_FISCAL_CODE",
    "IT_IDENTITY_CARD",
    "IT_PASSPORT",
    "IT_VAT_CODE",
    "LOCATION",
    "MAC_ADDRESS",
    "NRP",
    "ORGANIZATION",
    "PERSON",
    "PHONE_NUMBER",
    "UK_NHS",
    "UK_NINO",
    "US_BANK_NUMBER",
    "US_DRIVER_LICENSE",
    "US_ITIN",
    "US_PASSPORT",
    "US_SSN",
    "UUID",
)
"""What Presidio's own recognisers report here; named, so that a policy is checked without loading Presidio.
PERSON also stands for known display names; a `ner` model adds to PERSON, LOCATION, NRP and ORGANIZATION."""

_MARK = re.compile("[«»]")


class Pattern(NamedTuple):
    """A regular expression and the score of its matches; a group called `value` narrows the finding to itself."""

    regex: str
    score: float


class Match(NamedTuple):
    """What a recogniser found: offsets in characters, and how sure it is before context words are looked at."""

    start: int
    end: int
    score: float


@functools.cache
def _compiled(patterns: tuple[Pattern, ...], case_sensitive: bool) -> list[tuple[Any, float]]:
    import regex

    flags = regex.MULTILINE | (0 if case_sensitive else regex.IGNORECASE)
    return [(regex.compile(pattern.regex, flags), pattern.score) for pattern in patterns]


class Recognizer:
    """One kind of personal data in text. The first line of the docstring describes it."""

    name: ClassVar[str]
    entity: ClassVar[str]
    patterns: ClassVar[tuple[Pattern, ...]] = ()
    gate: ClassVar[str] = ""
    """Where `search` is overridden: a pattern that matches, whatever the case, where it finds something."""
    context: ClassVar[tuple[str, ...]] = ()
    """Words that, among the five before a match, raise its score by 0.35."""
    languages: ClassVar[tuple[str, ...]] = ()
    """Languages it serves; empty: all."""
    case_sensitive: ClassVar[bool] = False
    positives: ClassVar[tuple[str, ...]] = ()
    negatives: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def search(cls, text: str, language: str) -> Iterator[Match]:
        """Yield the matches in a text. A recogniser that looks words up instead of matching patterns overrides this."""
        for pattern, score in _compiled(cls.patterns, cls.case_sensitive):
            group = "value" if "value" in pattern.groupindex else 0
            position = 0
            while match := pattern.search(text, position, timeout=60):
                start, end = (match.start(group) + offset for offset in cls.narrow(match[group]))
                verdict = cls.validate(text[start:end])
                position = max(match.end() if verdict is False else end, match.start() + 1)
                if verdict is not False:
                    yield Match(start, end, 1.0 if verdict else score)

    @classmethod
    def sieve(cls) -> tuple[tuple[str, bool], ...]:
        """Return patterns, with whether they ignore case: one matches every text in which `search` finds something."""
        if cls.gate:
            return ((cls.gate, True),)
        return tuple((pattern.regex, not cls.case_sensitive) for pattern in cls.patterns)

    @classmethod
    def validate(cls, value: str) -> bool | None:
        """Judge one match: True makes it certain (score 1), False drops it, None leaves its score."""
        return None

    @classmethod
    def narrow(cls, value: str) -> tuple[int, int]:
        """Return the part of a match that is the finding, before it is judged: where a checksum tells the end."""
        return 0, len(value)


def marked(example: str) -> tuple[str, list[tuple[int, int]]]:
    """Return an example without its « » marks, and the spans they enclosed (offsets in characters)."""
    text = _MARK.sub("", example)
    ends = [mark.start() - before for before, mark in enumerate(_MARK.finditer(example))]
    return text, list(zip(ends[::2], ends[1::2], strict=True))


@dataclass
class Context:
    """What an operator may know while it works: the key, where it is, and how findings of each kind are treated."""

    key: bytes = field(repr=False)
    column: str = ""
    language: str = "en"
    ner: str | None = None
    span_operator: Callable[[str], tuple[Operator, Strict]] | None = None
    """Entity → the operator (and options) that the policy gives it."""
    identities: Any = None
    """Known identities of the data set (`identities.Identities`) to be found inside free text."""
    beside: Callable[[str], pa.Array] | None = None
    """Column → its values in the same rows, before masking."""
    subject: str | None = None
    """The column that says whose row it is."""
    hierarchies: Mapping[str, Any] = field(default_factory=dict)
    """Name → `hierarchy.Hierarchy` that the policy brings along."""
    counts: Counter[str] = field(default_factory=Counter)
    """How many values or findings were treated, by entity or operator; the operator adds to it."""
    places: dict[str, list[int]] = field(default_factory=dict)
    """By entity, where the first values with such a finding stand in the column; the operator adds to it."""


class Operator(ABC):
    """One way to make a value safe. The first line of the docstring describes it. Without state: one instance does."""

    name: ClassVar[str]
    Options: ClassVar[type[Strict]]
    spans: ClassVar[bool] = False
    """Whether `span` works, so that a policy may name the operator for an entity."""
    keyed: ClassVar[bool] = False
    """Whether the result depends on the key, so that nobody without it can compute it from a guess."""
    example: ClassVar[Mapping[str, Any]] = {}
    """Options that the conformance suite uses."""

    def keeps(self, options: Any) -> bool:
        """Whether values come through as they are with these options: a policy is then read as if it said keep."""
        return False

    @abstractmethod
    def column(self, values: pa.Array, options: Any, context: Context) -> pa.Array | None:
        """Treat a whole column: as many values come back, nulls stay null; None drops the column."""

    def span(self, text: str, entity: str, options: Any, context: Context) -> str:
        """Treat one finding of a text and return what stands in its place."""
        raise ConfigError(
            f"the operator '{self.name}' works on whole columns, not on findings inside text",
            "name another operator for the entity, such as replace or hash",
        )

    def reveal(self, values: pa.Array, options: Any, context: Context) -> pa.Array | None:
        """Return what a treated column held, for holders of the key (`context.key`); None: it cannot be told."""
        return None


class NoOptions(Strict):
    """The options of an operator that has none."""


def entities() -> list[str]:
    """Return every entity that detection can report, sorted."""
    return sorted({*PRESIDIO_ENTITIES, *(plug.entity for plug in recognizer.all().values())})


def texts_of(values: pa.Array, context: Context) -> pa.Array:
    """Return a column as plain strings; ConfigError where it is nested."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        values = values.dictionary_decode()
        kind = values.type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise ConfigError(
            f"column '{context.column}' is {kind}: masking works on plain columns",
            "drop the column in the policy",
        )
    return values if pa.types.is_string(kind) else values.cast(pa.string())


def of_subject(values: pa.Array, by: str | None, context: Context) -> pa.Array:
    """Return the texts of the column that a row's secret hangs on: `by`, by default the policy's subject.

    Raises ConfigError where neither is named or the table lacks it.
    """
    column = by or context.subject
    if column is None or context.beside is None:
        raise ConfigError(
            f"column '{context.column}': nothing says whose row it is",
            "name the column of the person in the policy: 'subject: author_id', or as 'by' of the operator",
        )
    return texts_of(context.beside(column), context)


def per_distinct(values: pa.Array, change: Callable[[str], str | None]) -> tuple[pa.Array, pa.Array]:
    """Apply `change` once to each distinct string; return the new column and, row by row, whether it became null.

    Nulls stay null and do not count as changed to null.
    """
    encoded = values.dictionary_encode()
    changed = pa.array([change(value) for value in encoded.dictionary.to_pylist()], pa.string())
    result = changed.take(encoded.indices)
    lost = pa.compute.and_(values.is_valid(), result.is_null())
    return result, lost
