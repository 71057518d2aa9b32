"""Propose a suite from a table's profile, each expectation with its reason; what does not hold is not proposed.

After the constraint suggestion of Deequ (Schelter et al., VLDB 2018).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .profile import FORMS, PROVENANCE, Column, Profile, profile
from .validation import validate

MAX_CATEGORIES = 20
MIN_ROWS = 20
"""A value enters a proposed set only if so many rows share it: what few have says too much about them."""
STRICTER = {"expect_table_columns_to_match_set": "expect_table_columns_to_match_ordered_list"}

Suggested = dict[str, Any]


@dataclass(frozen=True)
class Proposal:
    """A suite to review: that in force and what is `added` to it; `broken` are those in force that fail today."""

    suite: dict[str, Any]
    added: tuple[Suggested, ...]
    broken: tuple[Suggested, ...]


def suggest(files: Sequence[str], name: str, in_force: Sequence[Suggested] = ()) -> Proposal:
    """Propose a suite for Parquet files, as Great Expectations writes suites; reasons stand in meta.why.

    What is in force was reviewed and stays as it is; a column's expectation of the same type is not proposed again.
    All is run on the same data first, and of what is new that which fails there is left out. Raises DataError for
    files that cannot be read.
    """
    taken = {_place(e) for e in in_force}
    types = {e["type"] for e in in_force}
    found = propose(profile(files))
    new = [e for e in found if _place(e) not in taken and STRICTER.get(e["type"]) not in types]
    everything = [*in_force, *new]
    report = validate(list(files), {"name": name, "expectations": everything}, name=name)
    success = [check.success for check in report.results]
    broken = tuple(e for e, good in zip(in_force, success, strict=False) if not good)
    added = [e for e, good in zip(new, success[len(in_force) :], strict=True) if good]
    unique = {e["kwargs"]["column"] for e in added if e["type"] == "expect_column_values_to_be_unique"}
    for entry in added:
        if entry["type"] == "expect_column_values_to_not_be_null" and entry["kwargs"]["column"] in unique:
            entry["severity"] = "critical"
    return Proposal({"name": name, "expectations": [*in_force, *added]}, tuple(added), broken)


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
        yield _expect("column_values_to_not_be_null", {"column": name}, "warning", f"no null in {rows:,} rows")
    elif column.null_rate < 0.5:
        kwargs = {"column": name, **_mostly(1 - column.null_rate, rows)}
        why = f"{_part(column.null_rate, rows, 'rows')} are null"
        yield _expect("column_values_to_not_be_null", kwargs, "warning", why)
    if _is_key(column):
        severity = "warning" if column.nulls else "critical"
        yield _expect("column_values_to_be_unique", {"column": name}, severity, f"no value twice in {rows:,} rows")
    if name in PROVENANCE:
        return
    yield from _values(column)
    yield from _range(column)
    formed = list(_form(column))
    yield from formed
    if column.longest and column.values is None and not formed:
        kwargs = {"column": name, "min_value": 0, "max_value": 2 * column.longest}
        why = f"the longest of {column.present:,} values has {column.longest:,} characters"
        yield _expect("column_value_lengths_to_be_between", kwargs, "warning", why)


def _is_key(column: Column) -> bool:
    """Return whether the column may be a key; whether no value stands twice, the run over the data tells."""
    return (
        column.values is None
        and column.present >= 1000
        and column.null_rate < 0.5
        and not column.type.startswith(("double", "float", "timestamp"))
        and column.name not in PROVENANCE
    )


def _form(column: Column) -> Iterator[Suggested]:
    for form, pattern in FORMS.items():
        share = column.forms[form] / column.present
        if share >= 0.99:
            kwargs = {"column": column.name, "regex": pattern, **_mostly(share, column.present)}
            why = f"{_part(share, column.present)} look like {form}"
            yield _expect("column_values_to_match_regex", kwargs, "warning", why)
            return


def _values(column: Column) -> Iterator[Suggested]:
    values = column.values
    if (
        not values
        or not 1 < len(values) <= MAX_CATEGORIES
        or column.present < 50 * len(values)
        or column.type == "bool"
        or column.type.startswith(("double", "float"))
        or _counts(values)
    ):
        return
    common = sorted(value for value, count in values.items() if count >= MIN_ROWS)
    share = sum(values[value] for value in common) / column.present
    if share < 0.95:
        return
    kwargs = {"column": column.name, "value_set": common, **_mostly(share, column.present)}
    why = f"{len(common)} values cover {_part(share, column.present)}"
    yield _expect("column_values_to_be_in_set", kwargs, "warning", why)


def _counts(values: Counter[Any]) -> bool:
    """Return whether values are whole numbers without a gap, so an amount and no category."""
    whole = all(isinstance(value, int) for value in values)
    return whole and len(values) > 2 and max(values) - min(values) == len(values) - 1


def _range(column: Column) -> Iterator[Suggested]:
    lowest, highest = column.lowest, column.highest
    if not isinstance(lowest, (int, float)) or not lowest >= 0:
        return
    kwargs: dict[str, Any] = {"column": column.name, "min_value": 0}
    if column.type.startswith(("double", "float")) and 0 < highest <= 1:
        why = f"all of {column.present:,} values are shares, from 0 to 1"
        yield _expect("column_values_to_be_between", {**kwargs, "max_value": 1}, "warning", why)
    else:
        why = f"none of {column.present:,} values is negative"
        yield _expect("column_values_to_be_between", kwargs, "warning", why)


def _mostly(share: float, rows: int) -> dict[str, float]:
    """Return `mostly` for a share: less four standard errors, so that chance alone does not fail the next batch."""
    if share == 1:
        return {}
    return {"mostly": max(0.0, math.floor((share - 4 * math.sqrt(share * (1 - share) / rows)) * 1000) / 1000)}


def _part(share: float, count: int, noun: str = "values") -> str:
    """Return a share in words, which say all only of all and never round to none."""
    return f"all {count:,} {noun}" if share == 1 else f"{min(max(share, 0.0001), 0.9999):.2%} of {count:,} {noun}"


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
