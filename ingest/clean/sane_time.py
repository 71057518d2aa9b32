"""Times that cannot be."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from ...config import Strict
from ..cleaning import reject
from ..contract import StepResult, no_rejects, rule


class SaneTimeOptions(Strict):
    """Which years are believed."""

    earliest: int = Field(1990, ge=1, le=9999, description="first year that is believed")
    latest: int = Field(2099, ge=1, le=9998, description="last year that is believed")


@rule("sane_time")
class SaneTime:
    """Web events without a time, or with one outside 1990 to 2099, are rejected (`time_range`).

    An event is nothing without its time, and web_events is partitioned by its day. A post is worth reading
    without its time: in social_posts a time out of range becomes null, and the row stays.
    """

    order = 60
    tables = ("web_events", "social_posts")
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {"web_events": ("ts",), "social_posts": ("ts",)}
    Options = SaneTimeOptions

    def __init__(self, table: str, options: Any) -> None:
        self.table = table
        self.first = datetime.datetime(options.earliest, 1, 1, tzinfo=datetime.UTC)
        self.end = datetime.datetime(options.latest + 1, 1, 1, tzinfo=datetime.UTC)

    def apply(self, table: pa.Table) -> StepResult:
        """Reject events out of range; empty the time of posts out of range."""
        at = table.schema.get_field_index("ts")
        field, ts = table.schema.field(at), table.column(at)
        low, high = (pa.scalar(bound, field.type) for bound in (self.first, self.end))
        outside = pc.or_(pc.less(ts, low), pc.greater_equal(ts, high))
        if self.table == "web_events":
            return reject(table, pc.fill_null(outside, True), "time_range")
        count = pc.sum(outside).as_py() or 0
        if not count:
            return StepResult(table, no_rejects())
        emptied = pc.if_else(pc.fill_null(outside, False), pa.scalar(None, field.type), ts)
        return StepResult(table.set_column(at, field, emptied), no_rejects(), int(count))
