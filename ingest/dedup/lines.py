"""Lines and paragraphs that many texts repeat: menus, signatures, disclaimers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...errors import ConfigError
from .units import BETWEEN, Unit, Units


def repeated_lines(
    texts: pa.Array | pa.ChunkedArray | Iterable[str | None],
    least: int = 3,
    unit: Unit = "line",
    min_chars: int = 20,
) -> pa.Table:
    """Find the lines (or paragraphs) that stand in at least `least` of the texts, exactly, by a 128-bit hash.

    Lines are the same but for case, width and white space (text.normalise); shorter ones than `min_chars` never count.
    Returns one line per input row: row (int64), units (int32, how many it has), repeated (int32, how many of these
    are repeated), repeated_share (float64, of its characters) and text (string, without the repeated units that an
    earlier text has, so that one copy of each stays: the rule of C4, Raffel et al. 2020, 2.2). Nothing is dropped:
    what to do with a text that is mostly repeats is the caller's to say. Raises ConfigError for a `least` under 2.
    """
    if least < 2 or unit not in BETWEEN:
        raise ConfigError("a repeat is a 'line' or 'paragraph' that at least 2 texts have", "such as least=3")
    if not isinstance(texts, pa.Array | pa.ChunkedArray):
        texts = pa.array(texts, pa.string())
    whole = (texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts).cast(pa.string())
    units = Units.of(whole, unit)
    number, long = _numbers(units, min_chars)
    often, first = _spread(number, units.owner, long, least)
    size = np.asarray(pc.utf8_length(units.values), dtype=np.int64)
    rows, owner = len(whole), units.owner
    characters = np.maximum(np.bincount(owner, size, rows), 1)
    columns: dict[str, Any] = {
        "row": np.arange(rows),
        "units": np.bincount(owner, minlength=rows).astype(np.int32),
        "repeated": np.bincount(owner, often, rows).astype(np.int32),
        "repeated_share": np.bincount(owner, size * often, rows) / characters,
        "text": pc.if_else(pc.is_null(whole), None, units.joined(~(often & (owner > first)), unit)),
    }
    return pa.table(columns)


def _numbers(units: Units, min_chars: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Number the different units; the second array says which are long enough to count."""
    hashes, long = units.keys(min_chars)
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
