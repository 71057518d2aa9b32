"""One person behind several names: who is who across sources, by keyed hash and never by the name itself.

weir.yaml says which columns name a person and how: as a login or handle, as an e-mail address, or as a key of your
own. Names that stand in the same row of the mapping file are the same person.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ..config import IdentityConfig
from ..errors import ConfigError
from ..registry import nearest
from .schemas import TABLES

_GMAIL = ("gmail.com", "googlemail.com")
_NOBODY = frozenset({"", "-", "[deleted]", "[removed]", "anonymous", "null", "none"})


def normalise(kind: str, value: str) -> str | None:
    """Return the one spelling of a name, with its kind before it; None where it names nobody.

    - email: in lower case, the domain as IDNA, without a `+tag`; Gmail's dots do not count
    - handle: in lower case, without the leading `@`
    - key: trimmed, else as it stands
    """
    value = value.strip()
    if value.casefold() in _NOBODY:
        return None
    if kind == "key":
        return f"key:{value}"
    value = value.casefold()
    if kind == "handle":
        value = value.lstrip("@")
        return f"handle:{value}" if value else None
    local, at, domain = value.rpartition("@")
    local = local.partition("+")[0]
    if not at or not local or not domain:
        return None
    try:
        domain = domain.rstrip(".").encode("idna").decode("ascii")
    except UnicodeError:
        return None
    if domain in _GMAIL:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"email:{local}@{domain}" if local else None


@dataclass(frozen=True)
class Identify:
    """Gives the rows of a table their person: 32 hex digits of HMAC-SHA-256 under the project's key.

    `known` maps the keyed hash of a name to the keyed hash of the name that stands for its person, so that no name
    travels with the work.
    """

    columns: Mapping[str, tuple[tuple[str, str], ...]]
    key: bytes = field(repr=False)
    known: Mapping[str, str] = field(repr=False, default_factory=dict)

    @classmethod
    def of(cls, config: IdentityConfig, key: bytes, root: Path) -> Identify:
        """Read the mapping file. Raises ConfigError for a wrong table, column or file."""
        columns = {}
        for table, named in config.columns.items():
            if table not in ("web_events", "social_posts"):
                raise ConfigError(f"identity.columns: '{table}' has no user events", "use web_events or social_posts")
            for column in named:
                names = TABLES[table].schema.names
                if column not in names:
                    raise ConfigError(
                        f"identity.columns.{table}: there is no column '{column}'{nearest(column, names)}",
                        f"columns: {', '.join(names)}",
                    )
            columns[table] = tuple(named.items())
        plain = cls(columns, key)
        return cls(columns, key, plain._mapping(root / config.mapping) if config.mapping else {})

    def persons(self, table: pa.Table, name: str) -> pa.ChunkedArray:
        """Return the person of each row, null where none of the configured columns names one.

        The first column that names somebody counts. Each distinct value is hashed once.
        """
        found = pa.chunked_array([pa.nulls(table.num_rows, pa.string())])
        for column, kind in self.columns.get(name, ()):
            encoded = table[column].cast(pa.string()).combine_chunks().dictionary_encode()
            people = pa.array([self.person(kind, value) for value in encoded.dictionary.to_pylist()], pa.string())
            found = pc.coalesce(found, pa.chunked_array([people.take(encoded.indices)]))
        return found

    def person(self, kind: str, value: str) -> str | None:
        """Return the person that a name of some kind stands for; None where it names nobody."""
        name = normalise(kind, value)
        if name is None:
            return None
        code = self._code(name)
        return self.known.get(code, code)

    def _code(self, name: str) -> str:
        return hmac.new(self.key, name.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]

    def _mapping(self, file: Path) -> dict[str, str]:
        """Read the mapping: a CSV whose header names kinds (email, handle, key); each row is one person's names.

        Rows that share a name are joined; the smallest code stands for a person, whatever the order of the rows.
        """
        stands: dict[str, str] = {}

        def find(code: str) -> str:
            while stands.setdefault(code, code) != code:
                stands[code] = code = stands[stands[code]]
            return code

        for row in _rows(file):
            codes = [self._code(name) for kind, value in row if value and (name := normalise(kind, value))]
            for code in codes[1:]:
                low, high = sorted((find(codes[0]), find(code)))
                stands[high] = low
        return {code: find(code) for code in sorted(stands)}


def names_beside(file: Path, wanted: Callable[[str], bool]) -> set[str]:
    """Return all names of the people of a mapping file one of whose names is wanted."""
    return {name for row in _rows(file) if any(wanted(v) for _, v in row) for _, name in row if name.strip()}


def _rows(file: Path) -> list[list[tuple[str, str]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            found = list(csv.reader(handle))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"identity.mapping: cannot read {file} ({type(error).__name__})", "check the file") from None
    header = [name.strip().rstrip("0123456789") for name in (found[0] if found else [])]
    wrong = [name for name in header if name not in ("email", "handle", "key")]
    if wrong or not header:
        raise ConfigError(
            f"identity.mapping: the header of {file.name} names no kind of name",
            "write the kinds as its first line, such as: email,handle,handle2",
        )
    return [list(zip(header, row, strict=False)) for row in found[1:]]
