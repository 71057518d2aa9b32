"""Weir: raw data in, share-ready data out, and a measure of what made it hard.

    project = dataweir.open("weir.yaml")       # .plan() .run() .table(name) .sql(query) .score() .export(name)

The names below are the whole public door; each imports what it needs when it is first used. Data is Arrow.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .catalog.score import barrier, bottleneck
    from .door import Project
    from .errors import WeirError
    from .ingest.dedup.near import near_duplicates
    from .ingest.read import read_weblog
    from .privacy.detect import detect
    from .privacy.mask import mask
    from .privacy.sequences.load import sequences
    from .privacy.verify import verify
    from .quality.validation import validate

# Arrow reads Parquet into buffers that its own engine then finds badly aligned, and says so line after line.
os.environ.setdefault("ACERO_ALIGNMENT_HANDLING", "reallocate")

_HOMES = {
    "Project": ".door",
    "WeirError": ".errors",
    "barrier": ".catalog.score",
    "bottleneck": ".catalog.score",
    "detect": ".privacy.detect",
    "mask": ".privacy.mask",
    "near_duplicates": ".ingest.dedup.near",
    "read_weblog": ".ingest.read",
    "sequences": ".privacy.sequences.load",
    "validate": ".quality.validation",
    "verify": ".privacy.verify",
}

__all__ = [
    "Project",
    "WeirError",
    "barrier",
    "bottleneck",
    "detect",
    "mask",
    "near_duplicates",
    "open",
    "read_weblog",
    "sequences",
    "validate",
    "verify",
]


def open(path: str = ".") -> Project:
    """Open the project of a folder or a weir.yaml. Raises ConfigError (a WeirError) with cause and cure."""
    from .door import Project

    return Project.open(path)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module 'dataweir' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
