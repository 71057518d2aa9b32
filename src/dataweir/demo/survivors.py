"""How many planted values can still be read in published files: the demonstration's own, literal judge.

It knows nothing of recognisers or policies. Every distinct string of every string column is searched for every
planted value, as it was written and as somebody would still read it: in other case, percent-encoded, with other
separators between the digits, a telephone number without its country code.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..errors import DataError
from .truth import UNSTRUCTURED, Truth

NUMERIC = frozenset({"CREDIT_CARD", "IBAN", "PHONE", "UK_NHS", "US_SSN"})
"""Kinds that are also searched without their separators."""

_SEPARATORS = b" -.()/+\t\n_"
_COUNTRY = re.compile(rb"^(?:\+|00)(?:1|33|44|49)")
_WIDTH = 8
_BATCH = 1 << 16


def survivors(files: Iterable[Path | str], truth: Truth) -> dict[str, dict[str, Any]]:
    """Search Parquet files for everything that was planted.

    Returns, for each kind in the order of names, `planted` (distinct values), `survived` (how many of them stand
    in at least one file) and `structured` (whether a pattern describes the kind). Raises DataError where a file is
    no Parquet file, or where a planted value is too short (under 8 bytes) to be searched for literally.
    """
    values = truth.values()
    plain = _Search((_lower(value), (kind, value)) for kind, of_kind in values.items() for value in of_kind)
    compact = _Search(
        (_compact(kind, value), (kind, value)) for kind in sorted(NUMERIC & set(values)) for value in values[kind]
    )
    for file in files:
        for text in _texts(Path(file)):
            text = text.lower()
            plain.find(text)
            compact.find(text.translate(None, _SEPARATORS))
            if b"%" in text:
                decoded = unquote_to_bytes(text.replace(b"+", b" ")).lower()
                plain.find(decoded)
                compact.find(decoded.translate(None, _SEPARATORS))
    found = Counter(kind for kind, _ in plain.found | compact.found)
    return {
        kind: {"planted": len(of_kind), "survived": found[kind], "structured": kind not in UNSTRUCTURED}
        for kind, of_kind in values.items()
    }


class _Search:
    """Looks for many byte strings at once: each is told by its rarest eight bytes, which are compared as one
    64-bit integer at every place of the text (Rabin and Karp's idea, exact here), then in full."""

    def __init__(self, needles: Iterable[tuple[bytes, tuple[str, str]]]) -> None:
        self.needles = list(needles)
        self.found: set[tuple[str, str]] = set()
        if any(len(needle) < _WIDTH for needle, _ in self.needles):
            raise DataError(
                f"the ground truth names a value of fewer than {_WIDTH} bytes",
                "generate the week again; so short a value cannot be told from chance",
            )
        common = Counter(window for needle, _ in self.needles for window in set(_windows(needle)))
        self.at: dict[int, list[tuple[int, int]]] = {}
        for number, (needle, _) in enumerate(self.needles):
            windows = _windows(needle)
            offset = min(range(len(windows)), key=lambda n: common[windows[n]])
            self.at.setdefault(windows[offset], []).append((number, offset))
        self.keys = np.array(sorted(self.at), dtype=np.uint64)
        self.sieve = np.zeros(1 << 20, dtype=bool)
        self.sieve[_slot(self.keys)] = True

    def find(self, text: bytes) -> None:
        """Note every needle that stands in the text, unless digits go on at its edge."""
        if len(text) < _WIDTH or not self.needles:
            return
        data = np.frombuffer(text, dtype=np.uint8)
        windows = np.lib.stride_tricks.sliding_window_view(data, _WIDTH)
        for start in range(0, len(windows), _BATCH):
            numbers = np.ascontiguousarray(windows[start : start + _BATCH]).view("<u8").ravel()
            places = np.flatnonzero(self.sieve[_slot(numbers)])
            known = np.isin(numbers[places], self.keys)
            for place in places[known].tolist():
                for number, offset in self.at[int(numbers[place])]:
                    self._confirm(text, start + place - offset, number)

    def _confirm(self, text: bytes, begin: int, number: int) -> None:
        needle, name = self.needles[number]
        if begin < 0 or name in self.found or not text.startswith(needle, begin):
            return
        before, after = text[begin - 1 : begin] if begin else b"", text[begin + len(needle) :][:1]
        if name[0] == "IP_ADDRESS" and (_goes_on(before) or _goes_on(after)):
            return
        self.found.add(name)


def _goes_on(neighbour: bytes) -> bool:
    """Whether an address beside this byte would be another, longer one: 10.1.2.3 does not stand in 10.1.2.34."""
    return neighbour != b"" and neighbour in b"0123456789abcdef"


def _windows(needle: bytes) -> list[int]:
    return [int.from_bytes(needle[n : n + _WIDTH], "little") for n in range(len(needle) - _WIDTH + 1)]


def _slot(numbers: Any) -> Any:
    return (numbers * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(44)


def _lower(value: str) -> bytes:
    return value.encode().lower()


def _compact(kind: str, value: str) -> bytes:
    number = _lower(value)
    if kind == "PHONE":
        number = _COUNTRY.sub(b"", number).lstrip(b"0")
    return number.translate(None, _SEPARATORS)


def _texts(file: Path) -> Iterable[bytes]:
    """Yield the distinct strings of each string column, row group by row group, NUL between them."""
    try:
        parquet = pq.ParquetFile(file)
        for group in range(parquet.num_row_groups):
            for column in parquet.read_row_group(group).columns:
                kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
                if pa.types.is_string(kind) or pa.types.is_large_string(kind):
                    distinct = pc.drop_null(pc.unique(column.cast(pa.large_string()))).to_pylist()
                    yield "\0".join(distinct).encode()
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError(
            f"cannot read {file} as Parquet: {type(error).__name__}", "name the published Parquet files"
        ) from None
