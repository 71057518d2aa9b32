"""`format: auto`: which named formats read a sample of lines, how sure that is, and when it is no longer a finding."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...errors import ConfigError
from ..columns import Slices, lines
from .reader import NAMES, Reader

ENOUGH = 0.5
"""A file of which less than this share of the sampled lines can be read is refused."""
_WORTH = 0.02  # a further format must read at least this share of the sample


class Recognised(NamedTuple):
    """Formats in the order they are tried, how many of the sampled lines they read, and how many were sampled."""

    formats: tuple[str, ...]
    read: int
    lines: int

    @property
    def confidence(self) -> float:
        """The share of the sampled lines that is read."""
        return self.read / self.lines


def recognise(sample: bytes, mark: bytes, whole: bool, where: str) -> Recognised:
    """Find the formats of a sample of a file; `whole` says that it is the file to its end.

    A format is taken for the lines that it alone reads best; where lines of another format are mixed in, both are
    named. Raises ConfigError where two formats read the same lines, and where none reads half of the sample.
    """
    text = sample if whole or mark not in sample else sample[: sample.rfind(mark) + 1]
    found = lines(np.frombuffer(text, np.uint8), mark[0])
    read = {name: _read(name, found) for name in NAMES}
    records = np.ones(len(found.starts), np.bool_)
    left = found.ends > found.starts
    chosen: list[str] = []
    while True:
        counts = {name: int((mask & left).sum()) for name, mask in read.items()}
        best = max(counts, key=lambda name: counts[name])
        if counts[best] <= max(0, _WORTH * len(left)) if chosen else counts[best] == 0:
            break
        same = [n for n in read if n != best and counts[n] == counts[best] and (read[n] & read[best] & left).any()]
        if same:
            raise ConfigError(
                f"{where}: {' and '.join(sorted([best, *same]))} read its lines equally well",
                f"say which it is, such as format: {best}",
            )
        chosen.append(best)
        left &= ~read[best]
    if chosen:
        records = _records(chosen, found)
    total = int(records.sum())
    got = int((np.any([read[name] for name in chosen], axis=0) & records).sum()) if chosen else 0
    if not total or got < ENOUGH * total:
        share = f"; the nearest, {chosen[0]}, reads {got} of {total} lines" if chosen else ""
        raise ConfigError(
            f"{where}: no access-log format is recognised{share}",
            "write the server's LogFormat or log_format string as format, or leave the file out of path",
        )
    return Recognised(tuple(chosen), got, total)


def _read(name: str, found: Slices) -> npt.NDArray[np.bool_]:
    """Return which lines a format reads."""
    mask = np.zeros(len(found.starts), np.bool_)
    for part in Reader([NAMES[name]]).read(found):
        for kept in part.kept:
            mask[kept.rows] = True
    return mask


def _records(names: list[str], found: Slices) -> npt.NDArray[np.bool_]:
    """Return which lines are records: not the directives of these formats."""
    mask = np.zeros(len(found.starts), np.bool_)
    for part in Reader([NAMES[name] for name in names]).read(found):
        mask[part.refused] = True
        for kept in part.kept:
            mask[kept.rows] = True
    return mask
