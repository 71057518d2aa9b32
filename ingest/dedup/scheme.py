"""What near duplicates of one table are: shingle, threshold, banding, and which of them is kept."""

from __future__ import annotations

from typing import Any, NamedTuple

from ...config import DedupConfig
from .banding import Banding, banding
from .shingles import Shingle

VERSION = 2
"""Of the integers in the index: of shingle hashes, permutations and keys."""


class Scheme(NamedTuple):
    """How texts are compared, and the rule by which one of a cluster is kept."""

    shingle: Shingle
    threshold: float
    banding: Banding
    keep: str
    priority: tuple[str, ...]

    @property
    def bands(self) -> int:
        """How many bands the index has: those of the signature, and one of whole texts, for texts that are equal."""
        return self.banding.bands + 1

    @property
    def name(self) -> str:
        """What the index is kept under: rows of another name were made differently and say nothing here."""
        return f"{VERSION} {self.shingle} {self.threshold:g} {self.banding.bands}x{self.banding.rows}"

    def as_dict(self) -> dict[str, Any]:
        """Return the scheme as JSON, with the S-curve of its banding."""
        return {
            "shingle": str(self.shingle),
            "threshold": self.threshold,
            "bands": self.banding.bands,
            "rows": self.banding.rows,
            "recall_at_threshold": round(self.banding.probability(self.threshold), 4),
            "curve": self.banding.curve(),
            "keep": self.keep,
            "priority": list(self.priority),
        }


def scheme(dedup: DedupConfig) -> Scheme | None:
    """Return the scheme that a table's configuration asks for; None where it asks for none. Raises ConfigError."""
    if dedup.threshold is None:
        return None
    return Scheme(
        Shingle.parse(dedup.shingle),
        dedup.threshold,
        banding(dedup.threshold, dedup.recall),
        dedup.keep,
        tuple(dedup.priority),
    )
