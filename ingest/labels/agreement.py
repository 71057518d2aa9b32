"""How far people who label the same rows agree."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def krippendorff_alpha(judgements: Iterable[tuple[str, str, str]]) -> float | None:
    """Return Krippendorff's alpha for nominal labels: 1 full agreement, 0 as by chance; None where nothing compares.

    `judgements` are (row, annotator, label); rows that one person labelled do not count, and gaps may be anywhere.
    Source: Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), the coincidence matrix.
    """
    rows: dict[str, dict[str, str]] = {}
    for row, annotator, label in judgements:
        rows.setdefault(row, {})[annotator] = label
    units = [list(said.values()) for said in rows.values() if len(said) > 1]
    names = sorted({label for unit in units for label in unit})
    if not units:
        return None
    at = {name: number for number, name in enumerate(names)}
    together = np.zeros((len(names), len(names)))
    for unit in units:
        counts = np.bincount([at[label] for label in unit], minlength=len(names)).astype(float)
        together += (np.outer(counts, counts) - np.diag(counts)) / (len(unit) - 1)
    total, each = together.sum(), together.sum(axis=0)
    expected = (total**2 - (each**2).sum()) / (total - 1)
    return None if expected == 0 else float(1 - (total - np.trace(together)) / expected)
