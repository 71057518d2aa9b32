"""What is different from the last release: rows, columns, what was masked, policy; and some rows that are new."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow.dataset as ds

from ..storage import filesystem

_SAMPLE = 5


def difference(
    now: Mapping[str, Any], files: Sequence[str], release: str, before: Mapping[str, Any], former: Sequence[str]
) -> dict[str, Any]:
    """Compare the evidence and the data files (Parquet) of a candidate with those of the release called `release`.

    Rows are compared over the columns that both have, duplicates counted: `new`, `gone` and `same` are null where the
    former files are no longer there.
    """
    schema, old = now["schema"], before["schema"]
    shared = [name for name in schema if old.get(name) == schema[name]]
    found: dict[str, Any] = {
        "release": release,
        "rows": [before["rows_out"], now["rows_out"]],
        "new": None,
        "gone": None,
        "same": None,
        "columns_added": sorted(set(schema) - set(old)),
        "columns_removed": sorted(set(old) - set(schema)),
        "columns_changed": sorted(n for n in set(schema) & set(old) if schema[n] != old[n]),
        "policy_changed": before["policy"]["hash"] != now["policy"]["hash"],
        "k": [before["risk"]["after"].get("k_found"), now["risk"]["after"].get("k_found")],
        "masked": _masked(before["masked"], now["masked"]),
        "sample": [],
    }
    if former and files and shared:
        new, sample = _only(files, former, shared)
        gone, _ = _only(former, files, shared)
        found |= {"new": new, "gone": gone, "same": now["rows_out"] - new, "sample": sample}
    return found


def _masked(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, dict[str, list[int]]]:
    """Return, by column and entity, the counts that changed: before and now."""
    changed: dict[str, dict[str, list[int]]] = {}
    for column in sorted({*before, *now}):
        old, new = before.get(column, {}), now.get(column, {})
        counts = {e: [old.get(e, 0), new.get(e, 0)] for e in sorted({*old, *new}) if old.get(e, 0) != new.get(e, 0)}
        if counts:
            changed[column] = counts
    return changed


def _only(files: Sequence[str], others: Sequence[str], columns: Sequence[str]) -> tuple[int, list[dict[str, Any]]]:
    """Return how many rows stand in `files` and not in `others`, and the first of them; DuckDB spills what is large."""
    import duckdb

    names = ", ".join('"' + name.replace('"', '""') + '"' for name in columns)
    connection = duckdb.connect(config={"threads": 2})
    try:
        for label, locations in (("here", files), ("there", others)):
            fs, _ = filesystem(locations[0])
            connection.register(label, ds.dataset([filesystem(f)[1] for f in locations], filesystem=fs))
        query = f"SELECT {names} FROM here EXCEPT ALL SELECT {names} FROM there"  # noqa: S608  # quoted column names
        connection.execute(f"CREATE TEMP TABLE only_here AS {query}")
        [(count,)] = connection.execute("SELECT count(*) FROM only_here").fetchall()
        rows = connection.sql(f"SELECT * FROM only_here ORDER BY ALL LIMIT {_SAMPLE}").to_arrow_table()  # noqa: S608
    finally:
        connection.close()
    return int(count), json.loads(json.dumps(rows.to_pylist(), default=str))
