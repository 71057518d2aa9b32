"""Who somebody is called beside a name that is known: the other identity columns of the same rows."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from ...catalog.erasure import data_files
from ...engine import Engine
from ...privacy.erase import batches, rows_holding
from ...privacy.subjects import Subjects

POSTS = "refined.social_posts"
ID, NAME = "author_id", "author_name"


def beside(tables: Any, engine: Engine, subjects: Subjects) -> tuple[set[str], set[str]]:
    """Return the ids and the display names of authors in whose rows either of them is one of the people's."""
    if not tables.exists(POSTS):
        return set(), set()
    found = engine.map(_beside, sorted(data_files(tables, POSTS)), subjects)
    return {i for ids, _ in found for i in ids}, {n for _, names in found for n in names}


def _beside(file: str, subjects: Subjects) -> tuple[set[str], set[str]]:
    ids: set[str] = set()
    names: set[str] = set()
    for rows in batches(file, [ID, NAME]):
        for held in rows_holding(rows, subjects).values():
            mine = rows.take(pa.array(held))
            ids |= {value for value in mine[ID].to_pylist() if value}
            names |= {value for value in mine[NAME].to_pylist() if value}
    return ids, names
