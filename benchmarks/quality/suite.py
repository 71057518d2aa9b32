"""The suite of 25 expectations that every engine of the benchmark runs."""

from __future__ import annotations

from typing import Any

from great_expectations import expectations as gxe

FIRST, LAST = "2000-01-01", "2100-01-01"


def expectations() -> list[Any]:
    """Return 25 expectations, as a team writes them for web events: keys, nulls, ranges, sets, forms, statistics."""
    return [
        gxe.ExpectTableRowCountToBeBetween(min_value=1),
        gxe.ExpectTableColumnCountToEqual(value=15),
        gxe.ExpectColumnValuesToNotBeNull(column="event_id"),
        gxe.ExpectColumnValuesToBeUnique(column="event_id"),
        gxe.ExpectColumnValueLengthsToEqual(column="event_id", value=16),
        gxe.ExpectColumnValuesToNotBeNull(column="ts"),
        gxe.ExpectColumnValuesToNotBeNull(column="client_ip", mostly=0.99),
        gxe.ExpectColumnValuesToMatchRegex(column="client_ip", regex=r"^\d{1,3}(\.\d{1,3}){3}$"),
        gxe.ExpectColumnUniqueValueCountToBeBetween(column="client_ip", min_value=2),
        gxe.ExpectColumnValuesToBeInSet(column="method", value_set=["GET", "POST", "HEAD", "PUT", "OPTIONS"]),
        gxe.ExpectColumnValuesToMatchRegex(column="method", regex=r"^[A-Z]{3,8}$"),
        gxe.ExpectColumnDistinctValuesToBeInSet(
            column="host", value_set=["www.example.com", "api.example.com", "static.example.com"]
        ),
        gxe.ExpectColumnValuesToMatchRegex(column="path", regex=r"^/"),
        gxe.ExpectColumnValueLengthsToBeBetween(column="path", min_value=1, max_value=2048),
        gxe.ExpectColumnValuesToBeBetween(column="status", min_value=100, max_value=599),
        gxe.ExpectColumnValuesToBeInSet(column="status", value_set=[200, 301, 304, 404, 500]),
        gxe.ExpectColumnValuesToBeBetween(column="bytes", min_value=0, mostly=0.97),
        gxe.ExpectColumnMeanToBeBetween(column="bytes", min_value=1, max_value=1_000_000),
        gxe.ExpectColumnMedianToBeBetween(column="bytes", min_value=1, max_value=100_000),
        gxe.ExpectColumnStdevToBeBetween(column="duration_us", min_value=1, max_value=1_000_000),
        gxe.ExpectColumnMaxToBeBetween(column="duration_us", max_value=100_000_000),
        gxe.ExpectColumnValuesToNotMatchRegex(column="user_agent", regex=r"(?i)sqlmap|nikto"),
        gxe.ExpectColumnValuesToBeBetween(column="line", min_value=1),
        gxe.ExpectColumnProportionOfUniqueValuesToBeBetween(column="source", max_value=0.5),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["file", "line"]),
    ]
