"""Boilerplate of a batch on the engine: name its lines, count them with the stored ones, say which are cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..config import DedupConfig
from ..engine import Engine
from ..errors import ConfigError
from ..ingest.dedup.repeats import Cuts, Divided, count, divide, in_order, key_ranges, scheme_name
from ..ingest.parts import Decided, Prepared, text_column
from ..output import Output
from .project import Project

INDEX = "refined.repeats"


class Repeated(NamedTuple):
    """What is cut from the batch's rows, and what the index gains and loses, by Iceberg table."""

    cuts: Cuts | None
    adds: dict[str, list[str]]
    deletes: dict[str, str]


class RepeatsRound:
    """Repeated lines of one table, if its configuration asks for them (`dedup: {TABLE: {repeats: ...}}`)."""

    def __init__(
        self, project: Project, tables: Any, engine: Engine, target: str, dedup: DedupConfig, staging: str
    ) -> None:
        self.project, self.tables, self.engine = project, tables, engine
        self.target, self.dedup, self.staging = target, dedup, staging

    def go(
        self,
        prepared: Sequence[Prepared],
        decided: Sequence[Decided],
        withdrawn: Sequence[int],
        batch: str,
        output: Output,
    ) -> Repeated:
        """Count the lines of the rows that all rounds keep; `withdrawn` are docs whose rows go with this batch.

        Rows that are in the table, but not in the index, are counted first; they stay as they are.
        """
        wanted = self.dedup.repeats
        if wanted is None or not prepared:
            return Repeated(None, {}, {})
        column = text_column(self.target, self.dedup) or ""
        name = scheme_name(wanted)
        items = [*self._not_indexed(name), *prepared]
        with output.progress(f"lines of {self.target}", len(items)) as advance:
            known = self.target, self.dedup, wanted, list(decided), self.staging
            divided = in_order(self.engine.map(divide, items, *known, advance=advance))
        gone = _gone(divided, withdrawn)
        there = self.tables.exists(INDEX)
        stored = self.tables.files(INDEX) if there else []
        counted = self.engine.map(
            count,
            key_ranges(divided),
            self.target,
            wanted,
            divided,
            stored,
            gone,
            self.staging,
            self.project.warehouse,
            batch,
        )
        added = [each.added for each in counted if each.added]
        deletes = (
            {INDEX: f"table == '{self.target}' and doc in ({', '.join(map(str, gone))})"} if gone and there else {}
        )
        return Repeated(Cuts(column, wanted.unit, tuple(counted)), {INDEX: added} if added else {}, deletes)

    def _not_indexed(self, name: str) -> list[str]:
        table = f"refined.{self.target}"
        if not self.tables.exists(table):
            return []
        mine = f"table == '{self.target}' and scheme == '{name}'"
        if self.tables.exists(INDEX) and self.tables.read(INDEX, ["doc"], mine, limit=1).num_rows:
            return []
        return list(self.tables.files(table))


def check_repeats(target: str, dedup: DedupConfig) -> None:
    """Refuse repeats of a table without a text. Raises ConfigError."""
    if dedup.repeats is not None and text_column(target, dedup) is None:
        raise ConfigError(f"dedup.{target}.repeats: no column is cut", f"name it as dedup.{target}.text")


def _gone(divided: Sequence[Divided], withdrawn: Sequence[int]) -> list[int]:
    return sorted({*withdrawn, *(doc for each in divided for doc in each.gone)})
