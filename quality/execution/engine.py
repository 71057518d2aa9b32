"""A Great Expectations execution engine over Dask data frames.

It inherits every pandas metric. Row-wise metrics become lazy conditions, evaluated by Great Expectations' own
code partition by partition; reductions are merged from partial states (reducers.py). Whatever the metric graph
asks for is only noted down until nothing else can go on: then all of it is computed in one pass over the
partitions. A second pass happens only where a metric needs one (quantiles of large data, z-scores, the rows of
duplicates). The engine leans on internals of Great Expectations 1.24; tests/quality holds it to the pandas engine.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import great_expectations.exceptions as gx_exceptions
from great_expectations.core.batch import BatchData
from great_expectations.execution_engine import ExecutionEngine, PandasExecutionEngine
from great_expectations.expectations.registry import get_metric_provider

from ...engine import compute, strip
from ...errors import DataError, WeirError
from .partition import Condition, Failed, domain_columns
from .reducers import finish, reducer_of, run_bucket, run_partition
from .work import Again, Work, again

# Great Expectations diverts every warning of the process into a log nobody reads, merely by being imported.
logging.captureWarnings(False)

MAX_BUCKETS = 32

DERIVED = frozenset(
    {
        "table.columns",
        "table.column_types",
        "table.column_count",
        "column.non_null_proportion",
        "column.partition",
        "column.unique_proportion",
        "column.descriptive_stats",
        "column_values.null.count",
        "column_values.nonnull.count",
        "column_values.match_regex.count",
        "column_values.not_match_regex.count",
    }
)
"""Metrics that Great Expectations computes from the schema or from other metrics alone."""


class DaskBatchData(BatchData):
    """A Dask data frame as Great Expectations passes it about; `dataframe` is its empty likeness."""

    def __init__(self, execution_engine: Any, frame: Any) -> None:
        super().__init__(execution_engine=execution_engine)
        self.frame = frame
        self.dataframe = frame._meta


class _Pending:
    """Stands for a row count that the next pass finds; hardly any metric that depends on it looks at it."""

    def __repr__(self) -> str:
        return "<pending>"


PENDING = _Pending()


class DaskExecutionEngine(PandasExecutionEngine):
    """Computes metrics over a Dask data frame; `passes` counts how often its partitions were read.

    `conditions` maps the id of each `*.unexpected_count` to its row-wise condition. `broken` is the error where
    the partitions themselves could not be read.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._reset()

    def _reset(self) -> None:
        self.passes = 0
        self.broken: WeirError | None = None
        self.conditions: dict[Any, Condition] = {}
        self._counts: dict[Any, Work] = {}
        self._failed: dict[Any, str] = {}

    def load_batch_data(self, batch_id: str, batch_data: Any) -> None:
        """Load a batch: DaskBatchData or a Dask data frame. Forgets what was known of earlier ones."""
        self._reset()
        if not isinstance(batch_data, DaskBatchData):
            batch_data = DaskBatchData(self, batch_data)
        ExecutionEngine.load_batch_data(self, batch_id=batch_id, batch_data=batch_data)

    def resolve_metrics(
        self,
        metrics_to_resolve: Iterable[Any],
        metrics: dict[Any, Any] | None = None,
        runtime_configuration: dict[str, Any] | None = None,
    ) -> dict[Any, Any]:
        """Resolve what needs no data; read the data only when nothing else can go on, and then for all at once.

        `metrics` is the graph's own mapping of what is resolved. Metrics that are left out of the answer come
        again. Raises MetricResolutionError for one failed metric at a time, for the graph files one message for
        all metrics of an error; what was found is in `metrics` by then.
        """
        known = {} if metrics is None else metrics
        asked = list(metrics_to_resolve)
        done: dict[Any, Any] = {}
        works: dict[Any, Work] = {}
        for metric in asked:
            if metric.id not in self._failed:
                try:
                    self._sort(metric, known, done, works)
                except DataError as error:
                    self._failed[metric.id] = error.message
        if metrics is None or not done:
            done |= self._read({**works, **self._counts})
        for metric in sorted(asked, key=lambda m: str(m.id)):
            if metric.id in self._failed:
                known.update(done)
                raise gx_exceptions.MetricResolutionError(self._failed[metric.id], (metric,)) from None
        return done

    def _sort(self, metric: Any, known: dict[Any, Any], done: dict[Any, Any], works: dict[Any, Work]) -> None:
        """Resolve a metric into `done`, note it in `works`, or leave it for later."""
        name = metric.metric_name
        domain = {k: v for k, v in metric.metric_domain_kwargs.items() if k != "batch_id"}
        values = dict(metric.metric_value_kwargs)
        inputs = {k: known.get(m.id, PENDING) for k, m in metric.metric_dependencies.items()}
        if name in DERIVED:
            if PENDING not in inputs.values():
                done[metric.id] = self._derive(metric, inputs)
            return
        if any(v is PENDING for k, v in inputs.items() if k != "table.row_count"):
            return
        missing = [c for c in domain_columns(domain) if c not in self.dataframe.columns]
        if missing:
            raise DataError(f"the table has no column '{missing[0]}'")
        inputs.pop("table.row_count", None)
        condition = inputs.get("unexpected_condition")
        if isinstance(condition, Condition) and name.endswith(".unexpected_count"):
            self.conditions[metric.id] = condition
        if name == "table.row_count":
            self._counts[metric.id] = Work(name, domain, values)
            done[metric.id] = PENDING
        elif (shortcut := _shortcut(name, values, condition)) is not None:
            done[metric.id] = shortcut[0]
        elif reducer_of(name):
            works[metric.id] = Work(name, domain, values, inputs)
        elif name.endswith((".condition", ".map")):
            done[metric.id] = Condition(name, domain, values, inputs)
        else:
            raise DataError(f"the Dask engine does not compute the metric '{name}'")

    def _derive(self, metric: Any, inputs: dict[str, Any]) -> Any:
        """Run Great Expectations' provider in the driver, on the empty likeness of the data."""
        provider, function = get_metric_provider(metric.metric_name, self)
        try:
            return function(
                cls=provider,
                execution_engine=self,
                metric_domain_kwargs={**metric.metric_domain_kwargs, "row_condition": None},
                metric_value_kwargs=metric.metric_value_kwargs,
                metrics=inputs,
                runtime_configuration={},
            )
        except Exception as error:
            # Its message may quote values; the metric fails alone, by kind.
            raise DataError(f"{metric.metric_name} failed: {type(error).__name__}") from None

    def _read(self, works: dict[Any, Work]) -> dict[Any, Any]:
        """Compute all works in one pass, and in a second one those that ask for it."""
        done: dict[Any, Any] = {}
        while works:
            try:
                found = self._pass(list(works.values()))
            except Exception as error:
                self.broken = error if isinstance(error, WeirError) else strip(error, "reading the partitions")
                self._failed.update(dict.fromkeys(works, self.broken.message))
                return done
            results = list(zip(works.items(), found, strict=True))
            for (identity, work), value in results:
                if isinstance(value, Failed):
                    self._failed[identity] = f"{work.metric} failed: {value.kind}"
                elif not isinstance(value, Again):
                    done[identity] = value
                    self._counts.pop(identity, None)
            works = {i: again(work, value) for (i, work), value in results if isinstance(value, Again)}
        return done

    def _pass(self, works: list[Work]) -> list[Any]:
        """Read every partition once. Returns for each work its value, Again or Failed."""
        import dask

        self.passes += 1
        batch = self.batch_manager.active_batch_data
        assert isinstance(batch, DaskBatchData)
        partitions = _project(batch.frame, works).to_delayed()
        shuffled = any(r.shuffle for w in works if (r := reducer_of(w.metric)))
        buckets = min(len(partitions), MAX_BUCKETS) if shuffled else 0
        shared = dask.delayed(works, traverse=False, pure=False)
        run = dask.delayed(run_partition, pure=False, nout=buckets + 1)
        states = [run(partition, number, shared, buckets) for number, partition in enumerate(partitions)]
        count = dask.delayed(run_bucket, pure=False)
        counted = [count([state[b] for state in states], shared) for b in range(1, buckets + 1)]
        results = compute(*(state[0] for state in states), *counted)
        small, merged = results[: len(states)], results[len(states) :]
        return [
            finish(work, [state[i] for state in small], [bucket[i] for bucket in merged if i in bucket])
            for i, work in enumerate(works)
        ]


def _shortcut(name: str, values: dict[str, Any], condition: Any) -> tuple[Any] | None:
    """Return the value (in a tuple) of a metric that needs no look at the data, or None."""
    suffix = name.rpartition(".")[2]
    if suffix == "unexpected_index_query":
        return (None,)  # a query over row labels has no meaning over partitions
    shape = values.get("result_format")
    if suffix in ("unexpected_values", "unexpected_index_list") and isinstance(shape, dict):
        if shape.get("result_format") != "COMPLETE" and not shape.get("partial_unexpected_count", 20):
            return ([],)
    if isinstance(condition, Condition) and condition.unique is not None:
        if suffix == "unexpected_count":
            return (condition.unique.repeated,)
        if suffix == "filtered_row_count":
            return (condition.unique.rows,)
    return None


def _project(frame: Any, works: list[Work]) -> Any:
    """Keep the columns that the works read; a row condition may read any."""
    wanted: set[str] = set()
    for work in works:
        conditions = _conditions(work.inputs)
        columns = [work.columns, *(c.columns for c in conditions)]
        if any(c is None for c in columns):
            return frame
        wanted.update(name for c in columns if c for name in c)
    kept = [c for c in frame.columns if c in wanted] or list(frame.columns[:1])
    return frame[kept]


def _conditions(inputs: Any) -> list[Condition]:
    direct = [v for v in inputs.values() if isinstance(v, Condition)]
    return [*direct, *(c for d in direct for c in _conditions(d.inputs))]
