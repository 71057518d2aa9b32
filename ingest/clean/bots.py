"""Machines among the visitors."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from ...config import Strict
from ...errors import ConfigError
from ..contract import StepResult, no_rejects, rule


class BotsOptions(Strict):
    """What counts as a machine beside the kept list."""

    also: list[str] = Field(default_factory=list, description="more patterns (RE2, without regard to case)")
    never: list[str] = Field(default_factory=list, description="patterns of agents that are people all the same")
    robots_txt: bool = Field(True, description="whoever asks for /robots.txt is a machine")
    max_pages_per_minute: int | None = Field(300, ge=1, description="more pages within a minute: a machine; null: off")
    lone_pages: int | None = Field(
        None,  # off: to the log of an API, every app that uses it looks like this
        ge=1,
        description="as many pages in a day without a picture, style, script or referer: a machine; null: off",
    )


@rule("bots")
class Bots:
    """Web events of crawlers, monitors, scanners and programs get `is_bot`: by a kept list of agents, by behaviour.

    An agent that was sent empty (or as a hyphen) counts as a machine. Where the log has no agent (null)
    nothing is known, and `is_bot` is null. The list is ingest/data/bots.txt; each distinct agent is matched
    once. Behaviour is judged for each visitor and day (UTC) once all parts are known (ingest/visits): robots.txt,
    pages a minute, pages without anything that belongs to a page.
    """

    order = 40
    tables = ("web_events",)
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {"web_events": ("user_agent", "is_bot")}
    Options = BotsOptions
    across = True

    def __init__(self, table: str, options: Any) -> None:
        self.table = table
        self.options: BotsOptions = options
        self.pattern = _joined([*patterns(), *options.also])
        self.never = _joined(options.never) if options.never else None
        for key in ("also", "never"):
            _compile(getattr(options, key), key)

    def apply(self, table: pa.Table) -> StepResult:
        """Fill `is_bot`; no row is rejected."""
        at = table.schema.get_field_index("is_bot")
        flags = self.listed(table["user_agent"])
        changed = pc.sum(flags).as_py() or 0
        return StepResult(table.set_column(at, table.schema.field(at), flags), no_rejects(), int(changed))

    def listed(self, agents: pa.ChunkedArray) -> pa.ChunkedArray:
        """Return whether each agent is a machine by the list; null where it is."""
        return pa.chunked_array([self._machines(chunk) for chunk in agents.chunks], pa.bool_())

    def _machines(self, agents: pa.Array) -> pa.Array:
        encoded = pc.dictionary_encode(agents)
        names = encoded.dictionary
        machine = pc.or_(
            pc.match_substring_regex(names, self.pattern),
            pc.is_in(pc.utf8_trim_whitespace(names), pa.array(["", "-"])),
        )
        if self.never is not None:
            machine = pc.and_(machine, pc.invert(pc.match_substring_regex(names, self.never)))
        return machine.take(encoded.indices)


@functools.cache
def patterns() -> tuple[str, ...]:
    """Return the patterns of the kept list."""
    text = (files(__package__.rpartition(".")[0]) / "data" / "bots.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return tuple(re.split(r"\s{2,}", line, maxsplit=1)[0] for line in lines)


def _joined(each: list[str]) -> str:
    return "(?i)" + "|".join(f"(?:{pattern})" for pattern in each)


def _compile(each: list[str], key: str) -> None:
    for number, pattern in enumerate(each):
        try:
            pc.match_substring_regex(pa.array([""]), pattern)
        except pa.ArrowInvalid:
            raise ConfigError(
                f"clean.bots.{key}[{number}] is not a regular expression", "write it as RE2 syntax"
            ) from None
