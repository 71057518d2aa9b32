"""The gate: a failed critical expectation stops the batch, and its failing rows go to the rejects by reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import DataError
from ..storage import filesystem
from .report import Report, RowRule

REJECTS = pa.schema(
    [
        pa.field("source", pa.string()),
        pa.field("file", pa.string()),
        pa.field("line", pa.int64()),
        pa.field("stage", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("raw", pa.binary()),
    ]
)
"""The shape of rejects, the same as every step's; `raw` is the row as JSON."""


@dataclass(frozen=True)
class Verdict:
    """Whether a batch may be committed; failed checks by their labels (`expectation:column`)."""

    passed: bool
    failed_critical: list[str]
    warnings: list[str]


def gate(report: Report) -> Verdict:
    """Judge a report: every critical check must hold (one that could not be computed does not)."""
    failed = [check for check in report.results if not check.success]
    critical = [check.label for check in failed if check.severity == "critical"]
    return Verdict(not critical, critical, [c.label for c in failed if c.severity == "warning"])


def failing_rows(files: Sequence[str], report: Report) -> pa.Table:
    """Return the rows (REJECTS) of Parquet files that fail a critical row-level check of the report.

    The same as concatenating `rejects_of` over the files, which a cluster may do in parallel.
    """
    parts = [rejects_of(file, report.row_rules) for file in files]
    return pa.concat_tables(parts) if parts else REJECTS.empty_table()


def rejects_of(file: str, rules: Sequence[RowRule]) -> pa.Table:
    """Return the failing rows (REJECTS) of one Parquet file: each once, its reasons joined by commas.

    `rules` are a report's `row_rules`. A reason reads `quality:<expectation>:<column>`. Rows that do not say
    where they came from are named by this file and their number in it. Raises DataError where a rule that
    worked on the whole table does not work on the file.
    """
    from .execution.partition import Failed, failing
    from .frames import to_pandas

    if not rules:
        return REJECTS.empty_table()
    fs, inner = filesystem(file)
    with fs.open_input_file(inner) as source:
        table = pq.read_table(source)
    wanted = [rule.condition.columns for rule in rules]
    known = [c for w in wanted if w is not None for c in w]
    columns = table.column_names if None in wanted else sorted(set(known))
    reasons: dict[int, list[str]] = {}
    found = failing(to_pandas(table.select(columns)), [rule.condition for rule in rules])
    for rule, positions in zip(rules, found, strict=True):
        if isinstance(positions, Failed):
            raise DataError(f"{file}: {rule.label} cannot be applied ({positions.kind})", "check the file")
        for position in positions.tolist():
            reasons.setdefault(position, []).append(f"quality:{rule.label}")
    rows = sorted(reasons)
    return _rejects(table.take(pa.array(rows, pa.int64())), file, np.array(rows, dtype=np.int64), reasons)


def _rejects(failed: pa.Table, file: str, rows: Any, reasons: dict[int, list[str]]) -> pa.Table:
    def column(name: str, otherwise: pa.Array) -> Any:
        present = name in failed.column_names and failed[name].null_count == 0
        return failed[name].cast(REJECTS.field(name).type) if present else otherwise

    count = failed.num_rows
    here = {"file", "line"} <= set(failed.column_names) and not (failed["file"].null_count or failed["line"].null_count)
    place = {
        "file": failed["file"].cast(pa.string()) if here else pa.array([file] * count, pa.string()),
        "line": failed["line"].cast(pa.int64()) if here else pa.array(rows + 1, pa.int64()),
    }
    return pa.table(
        {
            "source": column("source", pa.nulls(count, pa.string())),
            **place,
            "stage": pa.array(["quality"] * count, pa.string()),
            "reason": pa.array([",".join(sorted(set(reasons[r]))) for r in rows.tolist()], pa.string()),
            "raw": pa.array(_as_json(failed), pa.binary()),
        },
        schema=REJECTS,
    )


def _as_json(table: pa.Table) -> list[bytes]:
    """Return each row as a JSON object; integers exact, instants as ISO 8601."""
    if not table.num_rows:
        return []
    from .frames import to_pandas

    text = to_pandas(table).to_json(
        orient="records",
        lines=True,
        date_format="iso",
        date_unit="us",
        force_ascii=False,
        double_precision=15,
    )
    return [line.encode("utf-8", "surrogatepass") for line in str(text).rstrip("\n").split("\n")]
