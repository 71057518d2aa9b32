"""A table that two targets of a run add to is reported once."""

from __future__ import annotations

import pyarrow as pa
import pytest

pytest.importorskip("great_expectations")

from dataweir.flow.gate import Judged, summaries
from dataweir.quality.gate import gate
from dataweir.quality.validation import validate

SUITE = {
    "name": "s",
    "expectations": [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "x"}},
        {
            "type": "expect_column_values_to_be_between",
            "kwargs": {"column": "x", "min_value": 0},
            "severity": "warning",
        },
        {"type": "expect_column_to_exist", "kwargs": {"column": "x"}},
    ],
}


def judged(table: str, values: list[int | None]) -> Judged:
    report = validate(pa.table({"x": pa.array(values, pa.int64())}), SUITE, name=table)
    verdict = gate(report)
    return Judged(table, report, verdict.passed, verdict.failed_critical, verdict.warnings)


def test_a_table_of_two_batches_is_reported_once() -> None:
    found = summaries([judged("refined.a", [1, 2]), judged("refined.b", [1]), judged("refined.a", [None, -3])])
    assert found == [
        {
            "table": "refined.a",
            "total": 3,
            "passed": 1,
            "failed": ["expect_column_values_to_not_be_null:x"],
            "warnings": ["expect_column_values_to_be_between:x"],
        },
        {"table": "refined.b", "total": 3, "passed": 3, "failed": [], "warnings": []},
    ]
