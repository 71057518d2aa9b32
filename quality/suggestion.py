"""Propose a suite from a table's profile, each expectation with its reason; what does not hold is not proposed.

After the constraint suggestion of Deequ (Schelter et al., VLDB 2018).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from .profile import FORMS, Column, Profile, profile
from .validation import validate

MAX_CATEGORIES = 20
MIN_ROWS = 20
"""A value enters a proposed set only if so many rows share it: what few have says too much about them."""

Suggested = dict[str, Any]


def suggest(files: Sequence[str], name: str) -> dict[str, Any]:
    """Return a proposed suite for Parquet files, as Great Expectations writes suites; reasons stand in meta.why.

    The proposal is run on the same data first, and what fails there is left out. Raises DataError for files that
    cannot be read.
    """
    proposed = {"name": name, "expectations": list(propose(profile(files)))}
    report = validate(list(files), proposed, name=name)
    held = [e for e, check in zip(proposed["expectations"], report.results, strict=True) if check.success]
    return {"name": name, "expectations": held}


def propose(found: Profile) -> Iterator[Suggested]:
    """Yield what the profile suggests, whether it holds of every row or not."""
    yield _expect("table_row_count_to_be_between", {"min_value": 1}, "critical", "an empty table is a broken pipeline")
    columns = sorted(found.columns)
    yield _expect(
        "table_columns_to_match_set",
        {"column_set": columns, "exact_match": False},
        "critical",
        f"the {len(columns)} columns that are there now",
    )
    for column in found.columns.values():
        if column.present:
            yield from _of_column(column)


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what turns one suite into another: entries {change: added | removed | changed, ...} in stable order."""
    old, new = ({_place(e): e for e in suite["expectations"]} for suite in (before, after))
    found = []
    for place in sorted({*old, *new}):
        was, now = old.get(place), new.get(place)
        if was is None and now is not None:
            found.append({"change": "added", **_demand(now)})
        elif now is None and was is not None:
            found.append({"change": "removed", **_demand(was)})
        elif was is not None and now is not None and _demand(was) != _demand(now):
            found.append({"change": "changed", **_demand(now), "was": _demand(was)})
    return found


def _of_column(column: Column) -> Iterator[Suggested]:
    name, rows = column.name, column.rows
    if not column.nulls:
        yield _expect("column_values_to_not_be_null", {"column": name}, "critical", f"no null in {rows:,} rows")
    elif column.null_rate < 0.5:
        mostly = _below(1 - column.null_rate, rows)
        why = f"{column.null_rate:.2%} of {rows:,} rows are null"
        yield _expect("column_values_to_not_be_null", {"column": name, "mostly": mostly}, "warning", why)
    if (
        column.values is None
        and column.present >= 1000
        and not column.type.startswith(("double", "float", "timestamp"))
    ):
        yield _expect("column_values_to_be_unique", {"column": name}, "critical", f"no value twice in {rows:,} rows")
    yield from _values(column)
    yield from _range(column)
    for form, pattern in FORMS.items():
        share = column.forms[form] / column.present
        if share >= 0.99:
            why = f"{share:.2%} of the values look like {form}"
            kwargs = {"column": name, "regex": pattern, "mostly": _below(share, column.present)}
            yield _expect("column_values_to_match_regex", kwargs, "warning", why)
            break
    if column.longest and column.values is None:
        kwargs = {"column": name, "min_value": 0, "max_value": 2 * column.longest}
        why = f"the longest of {column.present:,} values has {column.longest:,} characters"
        yield _expect("column_value_lengths_to_be_between", kwargs, "warning", why)


def _values(column: Column) -> Iterator[Suggested]:
    values = column.values
    if (
        not values
        or not 1 < len(values) <= MAX_CATEGORIES
        or column.present < 50 * len(values)
        or column.type == "bool"
    ):
        return
    common = sorted(value for value, count in values.items() if count >= MIN_ROWS)
    share = sum(values[value] for value in common) / column.present
    if share < 0.95:
        return
    kwargs: dict[str, Any] = {"column": column.name, "value_set": common}
    if share < 1:
        kwargs["mostly"] = _below(share, column.present)
    why = f"{len(common)} values cover {share:.2%} of {column.present:,}"
    yield _expect("column_values_to_be_in_set", kwargs, "warning", why)


def _range(column: Column) -> Iterator[Suggested]:
    if isinstance(column.lowest, (int, float)) and column.lowest >= 0:
        why = f"none of {column.present:,} values is negative"
        yield _expect("column_values_to_be_between", {"column": column.name, "min_value": 0}, "critical", why)


def _below(share: float, rows: int) -> float:
    """Return the share less four standard errors, so that chance alone does not fail the next batch."""
    return max(0.0, math.floor((share - 4 * math.sqrt(share * (1 - share) / rows)) * 1000) / 1000)


def _expect(kind: str, kwargs: dict[str, Any], severity: str, why: str) -> Suggested:
    return {"type": f"expect_{kind}", "kwargs": kwargs, "severity": severity, "meta": {"why": why}}


def _place(expectation: dict[str, Any]) -> str:
    kwargs = expectation.get("kwargs", {})
    named = [kwargs[k] for k in ("column", "column_A", "column_B", "column_list", "row_condition") if kwargs.get(k)]
    return f"{named}{expectation['type']}" if named else expectation["type"]


def _demand(expectation: dict[str, Any]) -> dict[str, Any]:
    meta = expectation.get("meta") or {}
    return {
        "type": expectation["type"],
        "kwargs": expectation.get("kwargs", {}),
        "severity": expectation.get("severity") or meta.get("severity") or "critical",
    }
