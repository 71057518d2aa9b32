"""Pull: land every new split on the workers, then commit rows, rejects, splits and cursors at once."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

from ..catalog.commit import Commit, commit
from ..catalog.records import SplitRecord
from ..engine import Engine
from ..errors import SourceError
from ..ingest.contract import REJECTS, Split
from ..ingest.landing import Landed, land
from ..output import Output
from ..privacy.erase import all_rows_holding
from ..privacy.subjects import Subjects
from .plan import RunPlan
from .project import Project
from .sharing.erasing import erased_people

REJECTS_TABLE = "raw.rejects"
REJECTS_PARTITION = ("stage", "identity")


@dataclass(frozen=True)
class Pulled:
    """What was landed and committed, and the sources that could not be read."""

    landed: list[Landed] = field(default_factory=list)
    failed: dict[str, SourceError] = field(default_factory=dict)


def pull(project: Project, plan: RunPlan, store: Any, tables: Any, engine: Engine, run: str, output: Output) -> Pulled:
    """Land the plan's splits and commit them; a source that fails leaves the others untouched."""
    items = [(plan.connectors[label], split) for label, made in plan.sources.items() for split in made.splits]
    with output.progress("pull", len(items)) as advance:
        where = project.warehouse, project.config.hash(), erased_people(project, store)
        results = engine.map(_land, items, *where, weights=[split.size for _, split in items], advance=advance)
    failed = {split.source: r for (_, split), r in zip(items, results, strict=True) if isinstance(r, SourceError)}
    landed = [r for r in results if isinstance(r, Landed) and r.source not in failed]
    reached = {label: dict(made.cursor) for label, made in plan.sources.items() if label not in failed}
    for part in landed:
        reached[part.source] |= part.cursor
    cursors = {label: cursor for label, cursor in reached.items() if cursor != store.cursor(label)}
    if not landed and not cursors:
        return Pulled(failed=failed)
    adds: dict[str, list[str]] = {}
    for part in landed:
        if part.rows_path:
            adds.setdefault(f"raw.{part.source}", []).append(part.rows_path)
        if part.rejects_path:
            adds.setdefault(REJECTS_TABLE, []).append(part.rejects_path)
    for name in adds:
        if name == REJECTS_TABLE:
            tables.ensure(name, REJECTS, REJECTS_PARTITION)
        else:
            tables.ensure(name, plan.connectors[name.removeprefix("raw.")].schema, None)
    commit(store, tables, run, Commit("pull", adds, {}, _records(plan, landed, run), cursors))
    return Pulled(landed, failed)


def _land(item: tuple[Any, Split], location: str, config_hash: str, erased: Subjects) -> Landed | SourceError:
    source, split = item
    refuse = functools.partial(all_rows_holding, subjects=erased) if erased else None
    try:
        return land(source, split, location, config_hash, refuse)
    except SourceError as error:
        return error


def _records(plan: RunPlan, landed: list[Landed], run: str) -> list[SplitRecord]:
    """Return the landed splits as the catalogue keeps them."""
    lines = {(s.source, s.key): s.first_line for made in plan.sources.values() for s in made.splits}
    return [
        SplitRecord(
            source=part.source,
            key=part.key,
            file=part.file,
            state="pulled",
            first_line=lines[part.source, part.key],
            records=part.records,
            rows=part.rows,
            rejected=part.rejected,
            bytes=part.bytes_in,
            seconds=part.seconds,
            rows_path=part.rows_path,
            rejects_path=part.rejects_path,
            run_pulled=run,
        )
        for part in landed
    ]
