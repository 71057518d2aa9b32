"""What is done to any list of records before it is written: bad ones strewn in, old ones repeated, time of day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

from .dice import Dice, Weighted

T = TypeVar("T")

WEEK = datetime(2026, 10, 5, tzinfo=UTC)
"""The week begins here (a Monday, midnight UTC) and lasts seven days; all times count in seconds from it."""
EPOCH = int(WEEK.timestamp())
DAY = 86_400

_DAYS = Weighted(enumerate((15, 14, 13, 14, 16, 14, 14)))
_HOURS = Weighted(enumerate((3, 2, 1, 1, 2, 4, 8, 13, 17, 19, 20, 22, 21, 18, 18, 18, 20, 24, 28, 30, 27, 20, 12, 6)))


def moment(dice: Dice) -> int:
    """Draw a second of the week by the rhythm of days and hours."""
    return dice.weighted(_DAYS) * DAY + dice.weighted(_HOURS) * 3600 + dice.below(3600)


def scaled(count: int, scale: float, least: int = 1) -> int:
    """Return a count at another scale, never fewer than `least`."""
    return max(least, round(count * scale))


def scatter(dice: Dice, records: Sequence[T], strays: Sequence[T], margin: int = 0) -> list[T]:
    """Insert strays at random places, none among the first and last `margin` records."""
    inside = max(1, len(records) - 2 * margin)
    places = sorted(margin + dice.below(inside) for _ in strays)
    mixed: list[T] = []
    start = 0
    for place, stray in zip(places, strays, strict=True):
        mixed.extend(records[start:place])
        mixed.append(stray)
        start = place
    mixed.extend(records[start:])
    return mixed
