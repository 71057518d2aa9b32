"""What Great Expectations 1.24 does with an expectation's metrics, mended: NumPy 2 in quantiles, types, row values.

An expectation decides by its metrics and then puts them into its result: the largest text of a column, its most
common values. Where the source does not say `row_values=True`, what is no number is taken out of the result before
anything else (stores, Data Docs, actions) sees it, and an error keeps its kind, but not its message.
"""

from __future__ import annotations

import functools
import numbers
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from great_expectations.expectations.core import (
    ExpectColumnQuantileValuesToBeBetween,
    ExpectColumnTypeToBe,
    ExpectColumnValuesToBeInTypeList,
    ExpectColumnValuesToBeOfType,
)
from great_expectations.expectations.expectation import Expectation

from ...errors import DataError

NAMES_TYPES = frozenset(
    {
        "expect_column_to_exist",
        "expect_column_type_to_be",
        "expect_column_values_to_be_in_type_list",
        "expect_column_values_to_be_of_type",
    }
)
"""Expectations whose observed value is about the schema."""

DOMAIN = ("column", "column_A", "column_list")


def mend(withholds: Callable[[Any], bool]) -> None:
    """Mend the classes, once; `withholds` says whether an execution engine keeps row values to itself."""
    _wrap(ExpectColumnQuantileValuesToBeBetween, "_validate", _plain_success)
    for kind in (ExpectColumnTypeToBe, ExpectColumnValuesToBeInTypeList, ExpectColumnValuesToBeOfType):
        _wrap(kind, "_validate_pandas", _of_either_type)
    _wrap(Expectation, "metrics_validate", functools.partial(_without_values, withholds))


def widened(dtype: Any) -> Any:
    """Return the type of a column of Parquet, which remembers what pandas' own reader makes of it where nulls are.

    Integers with nulls become floats there and booleans objects; here they stay what they are, and an expectation
    about the type holds of either, and of the type without nulls.
    """
    if isinstance(dtype, pd.BooleanDtype):
        reads: Any = np.dtype(object)
    elif pd.api.types.is_integer_dtype(dtype) and not isinstance(dtype, np.dtype):
        reads = np.dtype(np.float64)
    else:
        return dtype
    found = type(dtype)()
    found.read_as = (reads, dtype.numpy_dtype)
    return found


def withheld(value: Any) -> Any:
    """Return a result's value with numbers in place, and for anything else how much of it there is."""
    if value is None or isinstance(value, (bool, numbers.Real)):
        return value
    if isinstance(value, Mapping):
        return {key: withheld(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        found = [withheld(inner) for inner in value]
        if all(inner is None or isinstance(inner, (numbers.Real, Mapping)) for inner in found):
            return found
        return f"withheld ({len(found):,} values)"
    return "withheld"


def _wrap(kind: Any, name: str, change: Callable[..., Any]) -> None:
    original = getattr(kind, name)
    if getattr(original, "__wrapped__", None):
        return

    @functools.wraps(original)
    def mended(self: Any, *args: Any, **kwargs: Any) -> Any:
        return change(original, self, *args, **kwargs)

    setattr(kind, name, mended)


def _plain_success(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    """Answer with a bool of Python: storing a NumPy bool as JSON raises TypeError."""
    found = original(self, *args, **kwargs)
    if isinstance(found, dict):
        found["success"] = bool(found["success"])
    return found


def _of_either_type(original: Any, self: Any, actual_column_type: Any, **expected: Any) -> Any:
    found = original(self, actual_column_type=actual_column_type, **expected)
    for other in getattr(actual_column_type, "read_as", ()):
        # What pandas holds as objects, it judges value by value in all but this one.
        if not found["success"] and (other != np.dtype(object) or isinstance(self, ExpectColumnTypeToBe)):
            found = {**found, **original(self, actual_column_type=other, **expected)}
    return found


def _without_values(withholds: Callable[[Any], bool], original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    engine = kwargs.get("execution_engine", args[2] if len(args) > 2 else None)
    if not withholds(engine):
        return original(self, *args, **kwargs)
    try:
        found = original(self, *args, **kwargs)
    except Exception as error:
        raise DataError(f"the expectation raised {type(error).__name__}") from None
    named = self.configuration.kwargs
    if self.expectation_type not in NAMES_TYPES and any(named.get(key) for key in DOMAIN) and found.result:
        for key in ("observed_value", "details"):
            if key in found.result:
                found.result[key] = withheld(found.result[key])
    return found
