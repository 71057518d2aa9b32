"""Lines and paragraphs of texts: cut apart, named by a hash, put together again without some of them."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..hashing import Hashes, from_hex
from .text import text_keys

Unit = Literal["line", "paragraph"]
BETWEEN: dict[str, str] = {"line": "\n", "paragraph": "\n\n"}


class Units(NamedTuple):
    """The units of texts, text after text: unit i is of text `owner[i]`, whose units begin at `first[owner[i]]`."""

    values: pa.Array
    owner: NDArray[np.int64]
    first: NDArray[np.int64]

    @classmethod
    def of(cls, texts: pa.Array, unit: str) -> Units:
        """Cut texts apart; a null has one empty unit."""
        cut = pc.split_pattern(pc.fill_null(texts, ""), BETWEEN[unit])
        owner = np.asarray(pc.list_parent_indices(cut), dtype=np.int64)
        return cls(cut.flatten(), owner, np.searchsorted(owner, np.arange(len(texts))))

    def keys(self, min_chars: int) -> tuple[Hashes, NDArray[np.bool_]]:
        """Return the hash of each unit but for case, width and white space, and which are long enough to have one."""
        return from_hex(text_keys(pa.chunked_array([self.values], pa.string()), min_chars))

    def joined(self, stays: NDArray[np.bool_], unit: str) -> Any:
        """Return the texts without the units that do not stay."""
        ends = np.searchsorted(self.owner[stays], np.arange(len(self.first) + 1))
        left = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), self.values.filter(pa.array(stays)))
        return pc.binary_join(left, BETWEEN[unit])
