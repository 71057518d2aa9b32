"""Rows that stood in the table and go, because a better one of their cluster came, or two clusters became one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...storage import join, write_parquet
from ..schemas import DUPLICATES, NEAR_DOCS
from .sets import similarities
from .shingles import Shingles
from .staging import read_all

WITHDRAWN = pa.schema([*NEAR_DOCS, pa.field("method", pa.string()), pa.field("similarity", pa.float64())])
"""The row of the index as it is from now on (without shingles where it is not in the index yet), how it was found
to repeat the one that is kept, and how similar the two are."""


def withdrawn(
    stored: pa.Table,
    standing: NDArray[np.int64],
    kept: NDArray[np.int64],
    columns: pa.Table,
    shingles: Shingles,
    method: str,
) -> pa.Table:
    """Return the rows that go (WITHDRAWN).

    `columns` are those of all texts that share a key (id, doc, text ...), the stored ones first; `kept` says which is
    kept for each, `standing` numbers those that are in the table.
    """
    goes = standing[kept[standing] != standing]
    old, new = columns.take(pa.array(goes)), columns.take(pa.array(kept[goes]))
    known = pc.if_else(pa.array(goes < stored.num_rows), pa.array(goes), pa.scalar(None, pa.int64()))
    made = {name: stored[name].take(known) for name in ("table", "scheme", "shingles", "links")}
    made |= {name: old[name] for name in ("doc", "id", "ts", "length", "source", "file", "line", "text")}
    made |= {"kept_doc": new["doc"], "kept_id": new["id"]}
    made["method"] = pc.if_else(pc.equal(old["text"], new["text"]), "text", method)
    made["similarity"] = pa.array(similarities(shingles, goes, kept[goes], True, method == "semantic"))
    return pa.table([made[name] for name in WITHDRAWN.names], schema=WITHDRAWN)


def withdraw(location: str, table: str, out: str, batch: str, method: str = "near") -> list[tuple[str, str]]:
    """Write what withdrawn rows leave: their lines in duplicates, and their new rows in the index.

    Returns (Iceberg table, file) of each. The index goes by a text's later row, which says what is kept in its place.
    """
    rows = read_all(location)
    made = []
    if rows.num_rows:
        lines = rows.select([name for name in DUPLICATES.names if name != "table"])
        lines = lines.add_column(0, "table", pa.repeat(pa.scalar(table), rows.num_rows)).cast(DUPLICATES)
        made.append(_write("duplicates", lines, out, f"{batch}-{table}-{method}-withdrawn"))
    indexed = rows.filter(pc.is_valid(rows["shingles"]))
    if indexed.num_rows:
        made.append(
            _write(
                "near_docs", indexed.select(NEAR_DOCS.names).sort_by("doc"), out, f"{batch}-{table}-{method}-withdrawn"
            )
        )
    return made


def _write(name: str, rows: pa.Table, out: str, stem: str) -> tuple[str, str]:
    location = join(out, "refined", name, "data", f"{stem}.parquet")
    write_parquet(rows, location)
    return f"refined.{name}", location
