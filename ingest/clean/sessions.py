"""Visits cut into sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pyarrow as pa
from pydantic import Field

from ...config import Strict
from ..contract import StepResult, no_rejects, rule


class SessionsOptions(Strict):
    """When a session ends."""

    minutes: float = Field(30, gt=0, le=1440, description="a longer pause between two requests begins a new session")


@rule("sessions")
class Sessions:
    """Requests of one visitor (address, agent, login) with no pause over 30 minutes share a `session_id`.

    The id is that of the event that begins the session. Sessions are put together once all parts of a batch are known
    (ingest/visits), across files, days and runs: a late event that joins two sessions renames the later one.
    """

    order = 80
    tables = ("web_events",)
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {"web_events": ("ts", "client_ip", "user", "session_id")}
    Options = SessionsOptions
    across = True

    def __init__(self, table: str, options: Any) -> None:
        self.table = table
        self.gap = int(options.minutes * 60_000_000)

    def apply(self, table: pa.Table) -> StepResult:
        """Leave the table as it is: a part of a visit says nothing yet."""
        return StepResult(table, no_rejects())
