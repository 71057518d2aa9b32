"""Lines and paragraphs that many texts repeat: menus, signatures, disclaimers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...errors import ConfigError
from ..hashing import from_hex
from .text import text_keys

_BETWEEN = {"line": "\n", "paragraph": "\n\n"}


def repeated_lines(
    texts: pa.Array | pa.ChunkedArray | Iterable[str | None],
    least: int = 3,
    unit: Literal["line", "paragraph"] = "line",
    min_chars: int = 20,
) -> pa.Table:
    """Find the lines (or paragraphs) that stand in at least `least` of the texts, exactly, by a 128-bit hash.

    Lines are the same but for case, width and white space (text.normalise); shorter ones than `min_chars` never count.
    Returns one line per input row: row (int64), units (int32, how many it has), repeated (int32, how many of these
    are repeated), repeated_share (float64, of its characters) and text (string, without the repeated units that an
    earlier text has, so that one copy of each stays: the rule of C4, Raffel et al. 2020, 2.2). Nothing is dropped:
    what to do with a text that is mostly repeats is the caller's to say. Raises ConfigError for a `least` under 2.
    """
    if least < 2 or unit not in _BETWEEN:
        raise ConfigError("a repeat is a 'line' or 'paragraph' that at least 2 texts have", "such as least=3")
    if not isinstance(texts, pa.Array | pa.ChunkedArray):
        texts = pa.array(texts, pa.string())
    whole = (texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts).cast(pa.string())
    cut = pc.split_pattern(pc.fill_null(whole, ""), _BETWEEN[unit])
    units, owner = cut.flatten(), np.asarray(pc.list_parent_indices(cut))
    number, long = _numbers(units, min_chars)
    often, first = _spread(number, owner, long, least)
    size = np.asarray(pc.utf8_length(units), dtype=np.int64)
    rows = len(whole)
    stays = ~(often & (owner > first))
    left = pa.ListArray.from_arrays(_ends(owner[stays], rows), units.filter(pa.array(stays)))
    characters = np.maximum(np.bincount(owner, size, rows), 1)
    columns: dict[str, Any] = {
        "row": np.arange(rows),
        "units": np.bincount(owner, minlength=rows).astype(np.int32),
        "repeated": np.bincount(owner, often, rows).astype(np.int32),
        "repeated_share": np.bincount(owner, size * often, rows) / characters,
        "text": pc.if_else(pc.is_null(whole), None, pc.binary_join(left, _BETWEEN[unit])),
    }
    return pa.table(columns)


def _numbers(units: pa.Array, min_chars: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Number the different units; the second array says which are long enough to count."""
    hashes, long = from_hex(text_keys(pa.chunked_array([units]), min_chars))
    _, number = np.unique(hashes, axis=0, return_inverse=True)
    return number.ravel().astype(np.int64), long


def _spread(
    number: NDArray[np.int64], owner: NDArray[np.int64], long: NDArray[np.bool_], least: int
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Say of each unit whether enough texts have it, and which text is the first."""
    order = np.lexsort((owner, number))
    n, o = number[order], owner[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (n[1:] != n[:-1]) | (o[1:] != o[:-1])
    texts = np.bincount(n, new, int(number.max(initial=-1)) + 1)
    first = np.full(len(texts), np.iinfo(np.int64).max)
    np.minimum.at(first, number, owner)
    return long & (texts[number] >= least), first[number]


def _ends(owner: NDArray[np.int64], rows: int) -> pa.Array:
    return pa.array(np.searchsorted(owner, np.arange(rows + 1)), pa.int32())
