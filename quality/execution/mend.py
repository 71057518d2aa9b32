"""Mends Great Expectations 1.24 where it trips over NumPy 2."""

from __future__ import annotations

import functools
from typing import Any

from great_expectations.expectations.core import ExpectColumnQuantileValuesToBeBetween


def mend() -> None:
    """Let the quantile expectation answer with a bool of Python: storing its NumPy bool as JSON raises TypeError."""
    original = ExpectColumnQuantileValuesToBeBetween._validate
    if getattr(original, "__wrapped__", None):
        return

    @functools.wraps(original)
    def validate(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = original(self, *args, **kwargs)
        if isinstance(found, dict):
            found["success"] = bool(found["success"])
        return found

    ExpectColumnQuantileValuesToBeBetween._validate = validate
