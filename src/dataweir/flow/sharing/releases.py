"""Which exports hold somebody: candidates in the house, and releases that have left it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ...catalog.records import Candidate
from ...engine import Engine
from ...privacy.erase import all_rows_holding, batches
from ...privacy.nested import leaves
from ...privacy.subjects import Subjects
from ...storage import delete_tree, is_local, join, list_files


@dataclass(frozen=True)
class Holding:
    """An export that holds somebody: in how many rows plainly, and in how many by pseudonym.

    `possible` says that neither was found, but that the table held rows of the person when it was exported.
    """

    id: str
    name: str
    state: str
    published_path: str | None
    published_at: str | None
    plain: int
    pseudonym: int
    possible: bool


def holding(
    candidates: list[Candidate], engine: Engine, subjects: Subjects, pseudonyms: list[str], tables: set[str]
) -> list[Holding]:
    """Look through the files of every export; `tables` are those that hold the person."""
    found = []
    for candidate in candidates:
        files = [f for f in _files(candidate) if f.endswith(".parquet")]
        counted = engine.map(_count, files, subjects, pseudonyms)
        plain, hidden = (sum(each[i] for each in counted) for i in (0, 1))
        possible = not plain and not hidden and candidate.table in tables and candidate.state == "published"
        if plain or hidden or possible:
            at = candidate.published_at.isoformat() if candidate.published_at else None
            found.append(
                Holding(
                    candidate.id, candidate.name, candidate.state, candidate.published_path, at, plain, hidden, possible
                )
            )
    return found


def _files(candidate: Candidate) -> list[str]:
    """Return the files of the candidate, or of the bundle that was made of it."""
    files = list_files(join(candidate.path, "data"))
    return files or (list_files(join(candidate.published_path, "data")) if candidate.published_path else [])


def _count(file: str, subjects: Subjects, pseudonyms: list[str]) -> tuple[int, int]:
    plain = hidden = 0
    wanted = pa.array(pseudonyms, pa.string())
    for rows in batches(file):
        plain += len(all_rows_holding(rows, subjects))
        mask = pa.repeat(pa.scalar(False), rows.num_rows)
        for leaf in leaves(rows) if len(wanted) else ():
            if pa.types.is_string(leaf.values.type):
                split = pc.split_pattern_regex(leaf.values, "[^A-Za-z]+")
                hit = pc.list_parent_indices(split).filter(pc.is_in(pc.list_flatten(split), wanted))
                hit = hit if leaf.rows is None else leaf.rows.take(hit)
                mask = pc.or_(mask, pc.is_in(pa.array(range(rows.num_rows)), hit.cast(pa.int64())))
        hidden += pc.sum(mask).as_py() or 0
    return plain, hidden


def drop(store: Any, held: list[Holding], warehouse: str) -> int:
    """Delete the candidates that hold somebody, and the data of releases in the warehouse that hold somebody plainly.

    Of such a release manifest, signature and card stay: they say what was released, and hold no row. Return how many
    folders went.
    """
    gone = 0
    for each in held:
        if each.possible:
            continue
        store.drop_sample(each.id)
        if each.state != "published":
            store.set_candidate_state(each.id, "erased")
        elif each.plain and each.published_path and is_local(each.published_path):
            if Path(each.published_path).is_relative_to(warehouse):
                delete_tree(join(each.published_path, "data"))
                delete_tree(join(each.published_path, "sequences"))
                gone += 1
        delete_tree(store.candidate(each.id).path)  # last, for it is where a second look finds the person
        gone += 1
    return gone


def drop_unfinished(store: Any, warehouse: str) -> None:
    """Delete what killed exports left: folders that no candidate names, with the names that were looked for."""
    root = join(warehouse, "exports")
    known = {candidate.path for candidate in store.candidates()}
    inner = (file.removeprefix(root + "/").split("/") for file in list_files(root))
    for folder in {join(root, *parts[:2]) for parts in inner if len(parts) > 2} - known:
        delete_tree(folder)
