"""The tiers of detection: how names are found in free text, and what each was measured to find.

`none` goes by known people, word lists and context; `small` adds the model that comes with Weir (privacy/ner.py); any
other word names a model of the user's.
"""

from __future__ import annotations

import functools
import json
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

Tier = Literal["none", "small", "model"]
RANK: dict[str, int] = {"none": 0, "small": 1, "model": 2}


def tier_of(ner: str | None) -> Tier:
    """Return the tier that a setting `ner` asks for."""
    if ner is None or ner == "none":
        return "none"
    return "small" if ner == "small" else "model"


@functools.cache
def measured() -> dict[str, dict[str, dict[str, Any]]]:
    """Return tier → corpus → figures, as `benchmarks.privacy.accuracy --record` measured them."""
    found: dict[str, Any] = json.loads((files(__package__) / "data" / "detection_figures.json").read_text("utf-8"))
    return found


def statement(ner: str | None, language: str) -> dict[str, Any]:
    """Return what an export says of its detection: the tier that ran, and its recall on marked texts of the language.

    Of a model of the user's nothing is measured here; what the tier below it finds, it finds too.
    """
    tier = tier_of(ner)
    below = "none" if tier == "model" else tier
    known = measured().get(below, {})
    return {
        "tier": tier,
        "model": Path(ner).name if ner and tier == "model" else None,
        "language": language,
        "measured_tier": below,
        "recall": {name: figures["found"] for name, figures in known.items() if figures["language"] == language},
    }
