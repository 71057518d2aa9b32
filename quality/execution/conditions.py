"""Row-wise conditions: what Great Expectations' pandas metrics of the same names answer, without importing it.

Each takes the rows of its domain (a series for one column, else a frame), the metric's value arguments and the
metrics it depends on, and says for each row whether it holds. tests/quality holds them to the pandas engine.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from .columns import is_text

Values = Mapping[str, Any]
Rule = Callable[[Any, Values, Values], Any]

LENGTHS = "column_values.value_length.map"
Z_SCORES = "column_values.z_score.map"


@dataclass(frozen=True)
class Condition:
    """A rule for rows. `nulls`: it is asked of nulls, too. `each`: it looks at one value at a time.

    `slow` rules run code of Python for each value, which is worth finding the distinct ones first.
    """

    rule: Rule
    nulls: bool = False
    each: bool = False
    slow: bool = False


CONDITIONS: dict[str, Condition] = {}
"""By the name of the metric, without its ending `.condition`."""


def condition(name: str, *, nulls: bool = False, each: bool = False, slow: bool = False) -> Callable[[Rule], Rule]:
    """Register a rule by the name of its metric."""

    def register(rule: Rule) -> Rule:
        CONDITIONS[name] = Condition(rule, nulls, each, slow)
        return rule

    return register


def condition_of(metric: str) -> Condition | None:
    """Return the condition of a metric `<name>.condition`, or None for one that is not known here."""
    return CONDITIONS.get(metric.removesuffix(".condition"))


@condition("column_values.nonnull", nulls=True)
def nonnull(column: Any, _values: Values, _inputs: Values) -> Any:
    """Hold where there is a value."""
    return column.notna()


@condition("column_values.null", nulls=True)
def null(column: Any, _values: Values, _inputs: Values) -> Any:
    """Hold where there is none."""
    return column.isna()


@condition("column_values.between", each=True)
def between(column: Any, values: Values, _inputs: Values) -> Any:
    """Hold of values within the bounds. Raises TypeError where texts are compared with other things."""
    low, high = values.get("min_value"), values.get("max_value")
    if low is None and high is None:
        raise ValueError("both bounds are missing")
    if low is not None and high is not None and low > high:
        raise ValueError("min_value cannot be greater than max_value")
    texts = is_text(column)
    for bound in (low, high):
        of_text = isinstance(bound, str)
        if bound is not None and (texts or column.dtype == object):
            alike = of_text or not len(column) if texts else all(isinstance(v, str) == of_text for v in column)
            if not alike:
                raise TypeError("texts compare with texts only")
    return _within(column, low, high, values)


@condition("column_values.value_length.between", each=True)
def length_between(column: Any, values: Values, inputs: Values) -> Any:
    """Hold of texts whose length in characters is within the bounds."""
    low, high = values.get("min_value"), values.get("max_value")
    if low is None and high is None:
        raise ValueError("both bounds are missing")
    return _within(_lengths(column, inputs), low, high, values)


@condition("column_values.value_length.equals", each=True)
def length_equals(column: Any, values: Values, inputs: Values) -> Any:
    """Hold of texts of one length."""
    return _lengths(column, inputs) == values["value"]


@condition("column_values.in_set", each=True)
def in_set(column: Any, values: Values, _inputs: Values) -> Any:
    """Hold of the values of the set; of all where there is no set."""
    wanted = values.get("value_set")
    return _all(column) if wanted is None else column.isin(wanted)


@condition("column_values.not_in_set", each=True)
def not_in_set(column: Any, values: Values, _inputs: Values) -> Any:
    """Hold of what is not in the set."""
    unwanted = values.get("value_set")
    if unwanted is None:
        return _all(column)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        from dateutil.parser import parse

        unwanted = [parse(v) if isinstance(v, str) else v for v in unwanted]
    return ~column.isin(unwanted)


@condition("column_values.match_regex", each=True, slow=True)
def match_regex(column: Any, values: Values, _inputs: Values) -> Any:
    """Hold where the pattern is found."""
    return _texts(column).str.contains(values["regex"])


@condition("column_values.not_match_regex", each=True, slow=True)
def not_match_regex(column: Any, values: Values, _inputs: Values) -> Any:
    """Hold where the pattern is not found."""
    return ~_texts(column).str.contains(values["regex"])


@condition("column_values.match_regex_list", each=True, slow=True)
def match_regex_list(column: Any, values: Values, _inputs: Values) -> Any:
    """Hold where any, or all, of the patterns are found."""
    found = list(_found(column, values["regex_list"]))
    if values.get("match_on") not in ("any", "all"):
        raise ValueError("match_on must be 'any' or 'all'")
    return reduce(np.logical_or if values["match_on"] == "any" else np.logical_and, found)


@condition("column_values.not_match_regex_list", each=True, slow=True)
def not_match_regex_list(column: Any, values: Values, _inputs: Values) -> Any:
    """Hold where none of the patterns is found."""
    return ~reduce(np.logical_or, _found(column, values["regex_list"]))


@condition("column_values.dateutil_parseable", each=True, slow=True)
def dateutil_parseable(column: Any, _values: Values, _inputs: Values) -> Any:
    """Hold of texts that dateutil reads as a time."""
    from dateutil.parser import parse

    return _each(column, lambda value: _succeeds(parse, _text(value), errors=(ValueError, OverflowError)))


@condition("column_values.match_strftime_format", each=True, slow=True)
def match_strftime_format(column: Any, values: Values, _inputs: Values) -> Any:
    """Hold of texts that are a time in the format."""
    wanted = values["strftime_format"]
    return _each(column, lambda value: _succeeds(dt.datetime.strptime, _text(value), wanted, errors=(ValueError,)))


@condition("column_values.json_parseable", each=True, slow=True)
def json_parseable(column: Any, _values: Values, _inputs: Values) -> Any:
    """Hold of texts that are JSON."""
    return _each(column, lambda value: _succeeds(json.loads, value, errors=(Exception,)))


@condition("column_values.match_json_schema", each=True, slow=True)
def match_json_schema(column: Any, values: Values, _inputs: Values) -> Any:
    """Hold of JSON that the schema admits. Raises the errors of what is no JSON and of a wrong schema."""
    import jsonschema

    schema = values["json_schema"]
    errors = (jsonschema.ValidationError,)
    return _each(column, lambda value: _succeeds(jsonschema.validate, json.loads(value), schema, errors=errors))


@condition("column_values.of_type", each=True)
def of_type(column: Any, values: Values, _inputs: Values) -> Any:
    """Hold of instances of the type, by its NumPy, pandas or Python name."""
    return _instances(column, [values["type_"]])


@condition("column_values.in_type_list", each=True)
def in_type_list(column: Any, values: Values, _inputs: Values) -> Any:
    """Hold of instances of any of the types."""
    return _instances(column, values["type_list"])


@condition("column_values.increasing")
def increasing(column: Any, values: Values, _inputs: Values) -> Any:
    """Hold where a value is not less than the one before; the first holds."""
    return _stepping(column, 1, values)


@condition("column_values.decreasing")
def decreasing(column: Any, values: Values, _inputs: Values) -> Any:
    """Hold where a value is not more than the one before; the first holds."""
    return _stepping(column, -1, values)


@condition("column_values.z_score.under_threshold")
def z_score_under_threshold(column: Any, values: Values, inputs: Values) -> Any:
    """Hold of values less than so many standard deviations off the mean, and where there is no deviation."""
    scores = inputs[Z_SCORES]
    if values.get("double_sided"):
        return (scores.abs() < abs(values["threshold"])) | scores.isna()
    return (scores < values["threshold"]) | scores.isna()


@condition("column_values.not_outliers")
def not_outliers(column: Any, values: Values, inputs: Values) -> Any:
    """Hold within the fences of the quartiles (iqr), or near the mean (std); of all where there is no spread."""
    low, high, spread = inputs["column.outlier_statistics"]
    if low is None or high is None or spread is None:
        return column.notna()
    margin = (1.5 if values.get("multiplier") is None else values["multiplier"]) * spread
    if (values.get("method") or "iqr") == "iqr":
        return (column >= low - margin) & (column <= high + margin)
    return (column - low).abs() < margin if margin > 0 else column == low


@condition("column_pair_values.equal")
def pair_equal(pair: Any, _values: Values, _inputs: Values) -> Any:
    """Hold where both columns have the same value."""
    return pair.iloc[:, 0] == pair.iloc[:, 1]


@condition("column_pair_values.a_greater_than_b")
def pair_greater(pair: Any, values: Values, _inputs: Values) -> Any:
    """Hold where the first column's value is the greater."""
    first, second = pair.iloc[:, 0], pair.iloc[:, 1]
    return first >= second if values.get("or_equal") else first > second


@condition("column_pair_values.in_set", slow=True)
def pair_in_set(pair: Any, values: Values, _inputs: Values) -> Any:
    """Hold of the pairs of the set, a null standing for None."""
    wanted = values.get("value_pairs_set")
    if wanted is None:
        return _all(pair)
    known = {(a, b) for a, b in wanted}
    rows = zip(*(pair.iloc[:, i].astype(object).where(pair.iloc[:, i].notna(), None) for i in (0, 1)), strict=True)
    return pd.Series([row in known for row in rows], index=pair.index, dtype=bool)


@condition("multicolumn_sum.equal")
def sum_equal(columns: Any, values: Values, _inputs: Values) -> Any:
    """Hold where the columns add up to the total."""
    return columns.sum(axis=1, skipna=False) == values.get("sum_total")


@condition("multicolumn_values.equal")
def all_equal(columns: Any, _values: Values, _inputs: Values) -> Any:
    """Hold where all columns have the same value, or none has one."""
    return reduce(np.logical_and, (_same(columns.iloc[:, 0], columns.iloc[:, i]) for i in range(columns.shape[1])))


@condition("select_column_values.unique.within_record")
def unique_within_record(columns: Any, _values: Values, _inputs: Values) -> Any:
    """Hold where no two columns have the same value (nulls are the same)."""
    kinds = {columns.iloc[:, i].dtype for i in range(columns.shape[1])}
    if len(kinds) > 1 or object in kinds:
        return columns.nunique(dropna=False, axis=1) >= columns.shape[1]
    pairs = itertools.combinations(range(columns.shape[1]), 2)
    same = [_same(columns.iloc[:, a], columns.iloc[:, b]) for a, b in pairs]
    return ~reduce(np.logical_or, same) if same else _all(columns)


def mapped(metric: str, column: Any, inputs: Values) -> Any:
    """Return a row-wise number: the length of each text, or how many deviations it is off the mean."""
    if metric == LENGTHS:
        return _texts(column).str.len()
    mean, deviation = inputs.get("column.mean"), inputs.get("column.standard_deviation")
    if deviation is None or deviation == 0:
        return pd.Series(np.nan, index=column.index)
    return (column - mean) / deviation


def _within(column: Any, low: Any, high: Any, values: Values) -> Any:
    held = _all(column)
    if low is not None:
        held &= (column > low if values.get("strict_min") else column >= low).astype(bool)
    if high is not None:
        held &= (column < high if values.get("strict_max") else column <= high).astype(bool)
    return held


def _stepping(column: Any, sign: int, values: Values) -> Any:
    step = column.diff()
    zero: Any = pd.Timedelta(0) if pd.api.types.is_timedelta64_dtype(step.dtype) else 0
    held = (step > zero if sign > 0 else step < zero) if values.get("strictly") else step * sign >= zero
    return held | step.isna()


def _lengths(column: Any, inputs: Values) -> Any:
    known = inputs.get(LENGTHS)
    return mapped(LENGTHS, column, inputs) if known is None else known


def _same(a: Any, b: Any) -> Any:
    return (a == b).to_numpy(dtype=bool, na_value=False) | (a.isna() & b.isna())


def _texts(column: Any) -> Any:
    return column if isinstance(column.dtype, pd.StringDtype) else column.astype(str)


def _found(column: Any, patterns: list[str]) -> Iterator[Any]:
    texts = _texts(column)
    return (texts.str.contains(pattern) for pattern in patterns)


def _instances(column: Any, names: list[str]) -> Any:
    wanted = tuple(kind for name in names for kind in _types(name))
    if not wanted:
        raise ValueError("none of the types is known to NumPy, pandas or Python")
    return _each(column, lambda value: isinstance(value, wanted))


_PYTHON = {
    "none": type(None), "bool": bool, "int": int, "long": int, "float": float, "bytes": bytes, "complex": complex,
    "str": str, "string_types": str, "list": list, "dict": dict,
}  # fmt: skip


def _types(name: str) -> Iterator[type]:
    try:
        yield np.dtype(name).type
    except TypeError:
        for home in (pd, pd.core.dtypes.dtypes):
            kind = getattr(home, name, None)
            if isinstance(kind, type):
                yield kind
    if name.lower() in _PYTHON:
        yield _PYTHON[name.lower()]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("times are looked for in texts only")
    return value


def _succeeds(function: Callable[..., Any], *arguments: Any, errors: tuple[type[Exception], ...]) -> bool:
    try:
        function(*arguments)
    except errors:
        return False
    return True


def _each(column: Any, holds: Callable[[Any], bool]) -> Any:
    return pd.Series([holds(value) for value in column], index=column.index, dtype=bool)


def _all(rows: Any) -> Any:
    return pd.Series(np.ones(len(rows), dtype=bool), index=rows.index)
