"""Reclean: a table derived anew from its raw rows by the rules of today, in the place of what was made of them.

All of it is one batch that sees an empty table, and one commit that takes the old rows away and brings the new ones:
killed before it, or held by a gate, the table stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..catalog.records import SplitRecord
from ..errors import ConfigError
from ..ingest.dedup.exact import ENDED, GONE, WHY
from ..ingest.landing import ERASED
from ..ingest.refine import FileCount, RawPart
from ..registry import nearest
from ..storage import filesystem
from .project import Project

_OF_TABLE = ("near_bands", "near_docs", "repeats", "cuts", "sketches")
"""Refined tables whose column `table` says what their rows belong to."""

_DUPLICATES, _REJECTS = "refined.duplicates", "raw.rejects"
_REMEMBERED = (WHY[GONE], ENDED)
"""Methods of duplicates that keep posts and accounts out which were taken back: they may stand nowhere else."""


class Anew:
    """The tables as the first batch of `target` sees them: what was derived from its raw rows is not there."""

    all: Any
    """The tables as they are."""

    def __init__(self, tables: Any, target: str) -> None:
        self.all = tables
        self._hidden = {f"refined.{name}" for name in (target, "user_events", *_OF_TABLE)}

    def exists(self, name: str) -> bool:
        """Say whether the table is there, and not hidden."""
        return name not in self._hidden and bool(self.all.exists(name))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.all, name)


def check_reclean(project: Project, store: Any, tables: Any, target: str) -> None:
    """Refuse a table that is not there, or whose raw rows are not all there. Raises ConfigError."""
    targets = {label: source.target for label, source in project.sources().items()}
    if target not in targets.values():
        known = sorted(set(targets.values()))
        raise ConfigError(f"no source feeds a table '{target}'{nearest(target, known)}", f"tables: {', '.join(known)}")
    if not tables.exists(f"refined.{target}"):
        raise ConfigError(f"there is no table refined.{target} yet", "run without --reclean")
    labels = [label for label, into in targets.items() if into == target]
    sources = set(tables.read(f"refined.{target}", ["source"])["source"].unique().to_pylist())
    if former := sorted(sources - set(labels)):
        raise ConfigError(
            f"refined.{target} has rows of the source '{former[0]}', which weir.yaml does not name any more",
            "name it again, or clean anew by a new warehouse",
        )
    past = [each for each in store.erasures() if each.kind == "retain"]
    for label in labels:
        if any(f"raw.{label}" in each.counts.get("rows", {}) for each in past):
            raise ConfigError(
                f"raw rows of the source '{label}' were erased when their time was over (retain): what was made of "
                "them would be lost",
                "clean anew by a new warehouse, from the files",
            )


def raw_parts(tables: Any, labels: Sequence[str]) -> list[tuple[RawPart, int]]:
    """Return the current raw files of sources as parts, with the rows of each: what was erased is not in them."""
    made = []
    for label in labels:
        for location, _, rows in sorted(tables.sizes(f"raw.{label}") if tables.exists(f"raw.{label}") else []):
            file, line = _begins(location)
            made.append((RawPart(location, label, location.rpartition("/")[2], file, line), rows))
    return made


def _begins(location: str) -> tuple[str, int]:
    """Return the source file and the line of the first row of a raw file."""
    fs, inner = filesystem(location)
    with fs.open_input_file(inner) as source:
        first = next(pq.ParquetFile(source).iter_batches(batch_size=1, columns=["file", "line"]), None)
    return (str(first["file"][0]), int(first["line"][0].as_py())) if first else ("", 1)


def clearing(tables: Any, target: str, labels: Sequence[str], adds: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the Iceberg row filters that take away what former rules made of the raw rows of these sources.

    `adds` are the files that come in its place: what is remembered of posts that were taken back goes only where they
    say it again.
    """
    own = f"source in ({', '.join(_quoted(label) for label in sorted(labels))})"
    found = {f"refined.{target}": own, "refined.user_events": own}
    found |= {f"refined.{name}": f"table == '{target}'" for name in _OF_TABLE}
    found[_REJECTS] = f"(stage == 'clean' and {own})"
    forgotten = " and ".join(f"method != '{method}'" for method in _REMEMBERED)
    found[_DUPLICATES] = f"(table == '{target}' and {forgotten})"
    if again := _said_again(adds.get(_DUPLICATES, ())):
        ids = ", ".join(_quoted(ident) for ident in again)
        found[_DUPLICATES] += f" or (table == '{target}' and id in ({ids}))"
    return {name: each for name, each in found.items() if tables.exists(name) and tables.files(name, each)}


def _said_again(files: Sequence[str]) -> list[str]:
    said: set[str] = set()
    for location in files:
        fs, inner = filesystem(location)
        rows = pq.read_table(inner, columns=["id", "method"], filesystem=fs)
        mine = pc.is_in(rows["method"], value_set=pa.array(_REMEMBERED))
        said |= set(rows["id"].filter(mine).drop_null().to_pylist())
    return sorted(said)


def without_erased(splits: Sequence[SplitRecord], counts: Mapping[tuple[str, str], FileCount]) -> list[SplitRecord]:
    """Return the splits with their rows as they are now; those that were erased or taken back since count as such."""
    gone: dict[tuple[str, str], int] = {}
    for split in splits:
        place = split.source, split.file
        gone[place] = gone.get(place, 0) + split.rows
    for place, count in counts.items():
        gone[place] = gone.get(place, 0) - count.rows
    made = []
    for split in splits:
        less = max(0, min(split.rows, gone[split.source, split.file]))
        gone[split.source, split.file] -= less
        rejected = split.rejected | ({ERASED: split.rejected.get(ERASED, 0) + less} if less else {})
        made.append(replace(split, rows=split.rows - less, rejected=rejected))
    return made


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
