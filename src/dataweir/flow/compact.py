"""Keeping the stored indexes of duplicates in few files, after a run has committed."""

from __future__ import annotations

from typing import Any

from ..catalog import erasure as iceberg
from ..engine import Engine
from ..ingest.dedup.compact import Merge, Sized, merge, merges, tiers
from ..output import Output
from .near import BANDS, DOCS
from .repeats import INDEX

SORTED = {BANDS: "key", DOCS: "doc", INDEX: "key"}
"""The index tables, and what each of their files is sorted by."""


def compact(tables: Any, engine: Engine, run: str, output: Output) -> int:
    """Merge the files of the indexes where there are many; return how many went. Call it under the project lock.

    New files take the place of old ones in one transaction a table: killed before it, the new ones are swept by the
    next run. The past of an index serves nobody, so former snapshots go, and their files.
    """
    gone = 0
    for name, column in SORTED.items():
        while work := _due(tables, engine, name, column):
            with output.progress(f"compact {name}", len(work)) as advance:
                made = engine.map(merge, work, advance=advance)
            changed: dict[str, str | None] = {}
            for each, target in zip(work, made, strict=True):
                changed |= dict.fromkeys(each.files) | {each.files[0]: target}
            iceberg.replace_files(tables, name, changed, f"compact-{run}")
            iceberg.expire(tables, name, (snapshot.snapshot_id for snapshot in tables.snapshots(name)))
            iceberg.sweep(tables, name)
            gone += len(changed)
    return gone


def _due(tables: Any, engine: Engine, name: str, column: str) -> list[Merge]:
    """Return what is to be merged of a table's files as they are now."""
    some = tiers(Sized(*each) for each in tables.sizes(name)) if tables.exists(name) else []
    return [each for made in engine.map(merges, some, column) for each in made]
