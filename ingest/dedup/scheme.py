"""What near duplicates of one table are: shingle, threshold, banding, and which of them is kept."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

from ...config import DedupConfig
from ...errors import ConfigError
from .banding import Banding, banding
from .shingles import Shingle

VERSION = 2
"""Of the integers in the index: of shingle hashes, permutations and keys."""

MEANING = f"{VERSION} semantic"
"""What the names of the schemes by meaning begin with."""


class Scheme(NamedTuple):
    """How texts are compared, and the rule by which one of a cluster is kept."""

    shingle: Shingle
    threshold: float
    banding: Banding
    keep: str
    priority: tuple[str, ...]

    @property
    def method(self) -> str:
        """What `duplicates` calls it."""
        return "near"

    @property
    def compared(self) -> int:
        """How many bands propose pairs whose similarity counts."""
        return self.banding.bands

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


class Semantic(NamedTuple):
    """How texts are compared by meaning; otherwise as Scheme."""

    model: str
    """The model's file."""
    digest: str
    threshold: float
    max_tokens: int
    keep: str
    priority: tuple[str, ...]

    @property
    def method(self) -> str:
        """What `duplicates` calls it."""
        return "semantic"

    @property
    def compared(self) -> int:
        """How many bands propose pairs: one, of texts that hang together."""
        return 1

    @property
    def bands(self) -> int:
        """The same."""
        return 1

    @property
    def name(self) -> str:
        """What the index is kept under."""
        return f"{MEANING} {self.digest} {self.max_tokens} {self.threshold:g}"

    def as_dict(self) -> dict[str, Any]:
        """Return the scheme as JSON."""
        return {"model": self.digest, "threshold": self.threshold, "recall_at_threshold": 1.0, "keep": self.keep}


def semantic_scheme(dedup: DedupConfig, root: str) -> Semantic | None:
    """Return how texts of one meaning are found, None where they are not looked for. Raises ConfigError."""
    wanted = dedup.semantic
    if wanted is None:
        return None
    path = Path(root) / wanted.model
    if not path.is_file():
        raise ConfigError(f"there is no model {path}", "dedup.TABLE.semantic.model counts from the folder of weir.yaml")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    return Semantic(str(path), digest, wanted.threshold, wanted.max_tokens, dedup.keep, tuple(dedup.priority))


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
