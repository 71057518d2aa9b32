"""Row-wise metrics that a suite brings along: Great Expectations runs them on a partition, as it does on pandas.

The one place on a worker that imports Great Expectations, and only for metrics that are not its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from .partition import Condition, Partition

BATCH = "partition"


def unexpected(partition: Partition, condition: Condition, inputs: Mapping[str, Any]) -> pd.Series:
    """Return which rows a condition of somebody else finds unexpected, or the numbers of a map.

    Raises MetricProviderError where its metric is not registered on this worker.
    """
    from great_expectations.execution_engine import PandasExecutionEngine
    from great_expectations.expectations.registry import get_metric_provider

    engine = PandasExecutionEngine(caching=False)
    engine.load_batch_data(BATCH, partition.rows({"row_condition": condition.domain.get("row_condition")}))
    domain = {k: v for k, v in condition.domain.items() if k not in ("row_condition", "condition_parser")}
    provider, function = get_metric_provider(condition.metric, engine)
    accessors = {k: v for k, v in domain.items() if k.startswith("column")}
    rest = {k: v for k, v in domain.items() if k not in accessors}
    found, *_ = function(
        cls=provider,
        execution_engine=engine,
        metric_domain_kwargs={**domain, "batch_id": BATCH},
        metric_value_kwargs=dict(condition.values),
        metrics={
            **{k: (v, rest, accessors) if isinstance(v, pd.Series) else v for k, v in inputs.items()},
            "table.columns": list(partition.frame.columns),
        },
        runtime_configuration={},
    )
    return found
