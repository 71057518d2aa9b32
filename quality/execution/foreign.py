"""Row-wise metrics that a suite brings along: Great Expectations runs them on a partition, as it does on pandas.

The one place on a worker that imports Great Expectations, and only for metrics that are not its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

BATCH = "partition"


def unexpected(
    metric: str,
    domain: Mapping[str, Any],
    values: Mapping[str, Any],
    inputs: Mapping[str, Any],
    rows: pd.DataFrame,
    columns: list[str],
) -> pd.Series:
    """Return which rows somebody else's metric finds unexpected, or the numbers of a map.

    `rows` are those of the domain's row condition, `columns` all that the table has. Raises MetricProviderError where
    the metric is not registered on this worker.
    """
    from great_expectations.execution_engine import PandasExecutionEngine
    from great_expectations.expectations.registry import get_metric_provider

    engine = PandasExecutionEngine(caching=False)
    engine.load_batch_data(BATCH, rows)
    domain = {k: v for k, v in domain.items() if k not in ("row_condition", "condition_parser")}
    provider, function = get_metric_provider(metric, engine)
    accessors = {k: v for k, v in domain.items() if k.startswith("column")}
    rest = {k: v for k, v in domain.items() if k not in accessors}
    found, *_ = function(
        cls=provider,
        execution_engine=engine,
        metric_domain_kwargs={**domain, "batch_id": BATCH},
        metric_value_kwargs=dict(values),
        metrics={
            **{k: (v, rest, accessors) if isinstance(v, pd.Series) else v for k, v in inputs.items()},
            "table.columns": columns,
        },
        runtime_configuration={},
    )
    return found
