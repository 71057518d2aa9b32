"""Times that cannot be."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from ...config import Strict
from ..cleaning import flag, reject
from ..contract import StepResult, no_rejects, rule

FUTURE = "future_time"


class SaneTimeOptions(Strict):
    """Which times are believed."""

    earliest: int = Field(1990, ge=1, le=9999, description="first year that is believed")
    latest: int = Field(2099, ge=1, le=9998, description="last year that is believed")
    ahead_hours: float | None = Field(
        24, ge=0, description="hours after the row was read from which a time is marked future_time; null: never"
    )


@rule("sane_time")
class SaneTime:
    """Web events without a time, or with one outside 1990 to 2099, are rejected (`time_range`).

    An event is nothing without its time, and web_events is partitioned by its day. A post is worth reading
    without its time: in social_posts a time out of range becomes null, and the row stays. A time in range that lay a
    day ahead when the row was read is marked in `flags` (`future_time`): zones alone make fourteen hours at most.
    """

    order = 60
    tables = ("web_events", "social_posts")
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {"web_events": ("ts",), "social_posts": ("ts", "edited_at")}
    Options = SaneTimeOptions

    def __init__(self, table: str, options: Any) -> None:
        self.table = table
        self.first = datetime.datetime(options.earliest, 1, 1, tzinfo=datetime.UTC)
        self.end = datetime.datetime(options.latest + 1, 1, 1, tzinfo=datetime.UTC)
        self.ahead = None if options.ahead_hours is None else datetime.timedelta(hours=options.ahead_hours)
        self.read_at: datetime.datetime | None = None

    def apply(self, table: pa.Table) -> StepResult:
        """Reject events out of range; empty times of posts out of range; mark those of the future."""
        names = self.columns[self.table]
        outside = {name: self._outside(table[name]) for name in names}
        done = StepResult(table, no_rejects())
        if self.table == "web_events":
            done = reject(table, pc.fill_null(outside["ts"], True), "time_range")
        else:
            for name, mask in outside.items():
                done = _emptied(done, name, mask)
        if self.ahead is None or self.read_at is None:
            return done
        future = [_after(done.kept[name], self.read_at + self.ahead) for name in names]
        kept, marked = flag(done.kept, pc.or_kleene(*future) if future[1:] else future[0], FUTURE)
        return StepResult(kept, done.rejected, done.changed + marked)

    def _outside(self, times: pa.ChunkedArray) -> pa.ChunkedArray:
        return pc.or_(pc.less(times, pa.scalar(self.first, times.type)), _after(times, self.end))


def _after(times: pa.ChunkedArray, end: datetime.datetime) -> pa.ChunkedArray:
    return pc.greater_equal(times, pa.scalar(end, times.type))


def _emptied(done: StepResult, name: str, mask: pa.ChunkedArray) -> StepResult:
    count = pc.sum(mask).as_py() or 0
    if not count:
        return done
    table = done.kept
    at = table.schema.get_field_index(name)
    field = table.schema.field(at)
    emptied = pc.if_else(pc.fill_null(mask, False), pa.scalar(None, field.type), table.column(at))
    return StepResult(table.set_column(at, field, emptied), done.rejected, done.changed + int(count))
