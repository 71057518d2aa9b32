"""The gate: a failed critical expectation stops the batch, and its failing rows go to the rejects by reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import DataError
from ..storage import filesystem
from .execution import sequence
from .execution.partition import Failed, Partition, failing
from .frames import to_pandas
from .report import Report, RowRule

Run = Callable[..., list[Any]]

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


def failing_rows(files: Sequence[str], rules: Sequence[RowRule], run: Run) -> list[pa.Table]:
    """Return the rows (REJECTS) of each Parquet file that fail a row-level check, in the order of the files.

    `rules` are a report's critical `row_rules`; `run(function, items, *arguments)` calls the function on each item, in
    parallel if it can. Order is judged across files: a first row may fail by the last row of the file before. Raises
    DataError where a rule that worked on the whole table does not work on a file.
    """
    if not any(sequence.is_ordered(rule.condition) for rule in rules):
        return run(rejects_of, [(file, rules) for file in files])
    lasts = run(_lasts, files, rules)
    known: list[pd.DataFrame | None] = [None] * len(rules)
    placed = []
    for file, last in zip(files, lasts, strict=True):
        placed.append((file, [_placed(rule, before) for rule, before in zip(rules, known, strict=True)]))
        known = [now if now is not None else before for now, before in zip(last, known, strict=True)]
    return run(rejects_of, placed)


def examples(files: Sequence[str], rules: Sequence[RowRule], run: Run, most: int) -> dict[str, pa.Table]:
    """Return up to `most` whole rows that fail each rule, by its label; order is judged within a file here.

    They are as they stand in the table: mask them before anybody sees them.
    """
    found = run(_examples, files, rules, most)
    return {
        rule.label: pa.concat_tables(each).slice(0, most) for rule, *each in zip(rules, *found, strict=True) if each
    }


def _examples(file: str, rules: Sequence[RowRule], most: int) -> list[pa.Table]:
    table = _read(file, [None])
    found = failing(to_pandas(table), [rule.condition for rule in rules])
    return [table.slice(0, 0) if isinstance(rows, Failed) else table.take(pa.array(rows[:most])) for rows in found]


def _placed(rule: RowRule, before: pd.DataFrame | None) -> RowRule:
    return rule if before is None else replace(rule, condition=replace(rule.condition, before=before))


def _lasts(file: str, rules: Sequence[RowRule]) -> list[pd.DataFrame | None]:
    """Return the last value of a file for each rule that judges order."""
    wanted = [rule.condition if sequence.is_ordered(rule.condition) else None for rule in rules]
    table = _read(file, [condition.columns for condition in wanted if condition is not None])
    partition = Partition.of(to_pandas(table))
    return [None if c is None else sequence.last(partition, c.domain) for c in wanted]


def _read(file: str, wanted: Sequence[Sequence[str] | None]) -> pa.Table:
    columns = None if None in wanted else sorted({c for names in wanted for c in names or ()})
    fs, inner = filesystem(file)
    with fs.open_input_file(inner) as source:
        return pq.read_table(source, columns=columns)


def rejects_of(judged: tuple[str, Sequence[RowRule]]) -> pa.Table:
    """Return the failing rows (REJECTS) of one Parquet file: each once, its reasons joined by commas.

    A reason reads `quality:<expectation>:<column>`. Rows that do not say where they came from are named by this file
    and their number in it. Raises DataError where a rule does not work on the file.
    """
    file, rules = judged
    if not rules:
        return REJECTS.empty_table()
    table = _read(file, [None])
    wanted = [rule.condition.columns for rule in rules]
    columns = table.column_names if None in wanted else sorted({c for names in wanted for c in names or ()})
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
    text = to_pandas(table).to_json(
        orient="records",
        lines=True,
        date_format="iso",
        date_unit="us",
        force_ascii=False,
        double_precision=15,
    )
    return [line.encode("utf-8", "surrogatepass") for line in str(text).rstrip("\n").split("\n")]
