"""Quality: Great Expectations on Dask partitions, suites, the gate, drift.

`validate(data, suite)` stands alone, on any Dask data frame, Arrow table or Parquet files. After
`import dataweir.quality.execution.datasource`, Great Expectations itself knows `context.data_sources.add_dask(name)`.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .report import Report
    from .validation import validate

# Before anything makes a context of Great Expectations, which reads the variable then.
os.environ["GX_ANALYTICS_ENABLED"] = "false"

_HOMES = {"Report": ".report", "validate": ".validation"}

__all__ = ["Report", "validate"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
