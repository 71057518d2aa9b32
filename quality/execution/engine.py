"""A Great Expectations execution engine over Dask data frames.

It answers for every pandas metric. Row-wise metrics become lazy conditions, evaluated partition by partition
(conditions.py); reductions are merged from partial states (reducers.py). Whatever the metric graph asks for is only
noted down until nothing else can go on: then all of it is computed in one pass over the partitions. A second pass
happens only where a metric needs one (quantiles of large data, z-scores, the rows of duplicates). The engine leans on
internals of Great Expectations 1.24; tests/quality holds it to the pandas engine. Workers do not import it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import great_expectations.exceptions as gx_exceptions
from great_expectations.core.batch import BatchData
from great_expectations.execution_engine import ExecutionEngine, PandasExecutionEngine
from great_expectations.expectations.registry import get_metric_provider
from great_expectations.expectations.row_conditions import PassThroughCondition, deserialize_row_condition

from ...engine import strip
from ...errors import DataError, WeirError
from ..frames import ROWS, Files, Frame, table_of
from . import nested
from .incremental import incremental_pass
from .mend import widened
from .onepass import one_pass
from .partition import Condition, Failed, domain_columns
from .reducers import finish, reducer_of, run_bucket
from .work import Again, Work, again

# Great Expectations diverts every warning of the process into a log nobody reads, merely by being imported.
logging.captureWarnings(False)

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


VALUE_LISTS = frozenset({"column.distinct_values.not_in_set"})
VALUE_SUFFIXES = (".unexpected_values", ".unexpected_rows")
"""Metrics that do nothing but show row values; no expectation decides by them."""


class DaskBatchData(BatchData):
    """A table as Great Expectations passes it about; `dataframe` is its empty likeness."""

    def __init__(self, execution_engine: Any, data: Any) -> None:
        super().__init__(execution_engine=execution_engine)
        self.table: Files | Frame = table_of(data)
        self.dataframe = self.table.empty


class _Pending:
    """Stands for a row count that the next pass finds; hardly any metric that depends on it looks at it."""

    def __repr__(self) -> str:
        return "<pending>"


PENDING = _Pending()


class DaskExecutionEngine(PandasExecutionEngine):
    """Computes metrics over a Dask data frame.

    `passes` counts how often it was read, `partitions_read` how many partitions that were, altogether.

    `row_values` says whether results may show values of single rows; by default they hold counts and row ids.
    `conditions` maps the id of each `*.unexpected_count` to its row-wise condition. `broken` is the error where
    the partitions themselves could not be read.
    """

    def __init__(self, *args: Any, row_values: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row_values = row_values
        self._reset()

    def _reset(self) -> None:
        self.passes = 0
        self.partitions_read = 0
        self.states_used: set[str] = set()
        self.broken: WeirError | None = None
        self.conditions: dict[Any, Condition] = {}
        self._counts: dict[Any, Work] = {}
        self._failed: dict[Any, str] = {}

    def load_batch_data(self, batch_id: str, batch_data: Any) -> None:
        """Load a batch: DaskBatchData or what it takes. Forgets what was known of earlier ones."""
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
            for identity in self._failed:
                known.pop(identity, None)  # a count that was promised
        for metric in sorted(asked, key=lambda m: str(m.id)):
            if metric.id in self._failed:
                known.update(done)
                raise gx_exceptions.MetricResolutionError(self._failed[metric.id], (metric,)) from None
        return done

    def _sort(self, metric: Any, known: dict[Any, Any], done: dict[Any, Any], works: dict[Any, Work]) -> None:
        """Resolve a metric into `done`, note it in `works`, or leave it for later."""
        name = metric.metric_name
        domain = self._domain(metric.metric_domain_kwargs)
        values = dict(metric.metric_value_kwargs)
        inputs = {k: known.get(m.id, PENDING) for k, m in metric.metric_dependencies.items()}
        if name in DERIVED:
            if PENDING not in inputs.values():
                done[metric.id] = self._derive(metric, inputs)
            return
        if any(v is PENDING for k, v in inputs.items() if k != "table.row_count"):
            return
        frame = self.dataframe
        missing = [c for c in domain_columns(domain) if c not in frame.columns and not nested.resolvable(frame, c)]
        if missing:
            raise DataError(f'The column "{missing[0]}" in BatchData does not exist')  # the words of the other engines
        broken = [self._failed[m.id] for m in metric.metric_dependencies.values() if m.id in self._failed]
        if broken:
            raise DataError(broken[0])
        inputs.pop("table.row_count", None)
        condition = inputs.get("unexpected_condition")
        if isinstance(condition, Condition) and name.endswith(".unexpected_count"):
            self.conditions[metric.id] = condition
        if name == "table.row_count":
            self._counts[metric.id] = Work(name, domain, values)
            done[metric.id] = PENDING
        elif not self.row_values and (name in VALUE_LISTS or name.endswith(VALUE_SUFFIXES)):
            done[metric.id] = self.dataframe if name.endswith(".unexpected_rows") else []
        elif (shortcut := _shortcut(name, values, condition)) is not None:
            done[metric.id] = shortcut[0]
        elif reducer_of(name):
            works[metric.id] = Work(name, domain, values, inputs)
        elif name.endswith((".condition", ".map")):
            done[metric.id] = Condition(name, domain, values, inputs)
        else:
            raise DataError(f"the Dask engine does not compute the metric '{name}'")

    def _domain(self, kwargs: Any) -> dict[str, Any]:
        """Return a domain with its row condition as one query of pandas. Raises DataError for one without parser."""
        domain = {k: v for k, v in kwargs.items() if k not in ("batch_id", "condition_parser") and v is not None}
        where = domain.get("row_condition")
        if where is None:
            return domain
        if isinstance(where, dict):
            where = deserialize_row_condition(where)
        if isinstance(where, PassThroughCondition):
            where = where.pass_through_filter
        elif not isinstance(where, str):
            where = self.condition_to_filter_clause(where)
        elif kwargs.get("condition_parser") != "pandas":
            raise DataError("a row condition in a text needs condition_parser 'pandas'")
        return {**domain, "row_condition": nested.quoted(where, self.dataframe)}

    def _derive(self, metric: Any, inputs: dict[str, Any]) -> Any:
        """Run Great Expectations' provider in the driver, on the empty likeness of the data."""
        provider, function = get_metric_provider(metric.metric_name, self)
        try:
            found = function(
                cls=provider,
                execution_engine=self,
                metric_domain_kwargs={**metric.metric_domain_kwargs, "row_condition": None},
                metric_value_kwargs=metric.metric_value_kwargs,
                metrics=inputs,
                runtime_configuration={},
            )
        except Exception as error:
            # The metric fails alone.
            failure = Failed(type(error).__name__, str(error))
            raise DataError(f"{metric.metric_name} failed: {failure.told(self.row_values)}") from None
        if metric.metric_name == "table.column_types":
            found = [*found, *({"name": path, "type": dtype} for path, dtype in nested.leaves(self.dataframe))]
            if isinstance(self.batch_manager.active_batch_data.table, Files):
                found = [{**column, "type": widened(column["type"])} for column in found]
        return found

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
                    self._failed[identity] = f"{work.metric} failed: {value.told(self.row_values)}"
                    self._counts.pop(identity, None)
                elif not isinstance(value, Again):
                    done[identity] = value if self.row_values else _ids_only(work, value)
                    self._counts.pop(identity, None)
            works = {i: again(work, value) for (i, work), value in results if isinstance(value, Again)}
        return done

    def _pass(self, works: list[Work]) -> list[Any]:
        """Read every partition once, or only the new ones. Returns for each work its value, Again or Failed."""
        batch = self.batch_manager.active_batch_data
        assert isinstance(batch, DaskBatchData)
        if not isinstance(batch.table, Files) or batch.table.states is None:
            return self._read_all(batch, works)
        works = [replace(work, sketched=work.again is None) for work in works]
        named = [position for position, work in enumerate(works) if work.name is not None]
        values: list[Any] = [None] * len(works)
        if named:
            kept = [works[position] for position in named]
            self.passes += 1
            columns, paths = _read_by(batch, kept)
            found, read, place = incremental_pass(batch.table, columns, kept, paths)
            self.partitions_read += read
            self.states_used.add(place)
            values = _placed(values, named, found)
        others = [position for position, work in enumerate(works) if work.name is None]
        return _placed(values, others, self._read_all(batch, [works[p] for p in others])) if others else values

    def _read_all(self, batch: DaskBatchData, works: list[Work]) -> list[Any]:
        import dask

        columns, paths = _read_by(batch, works)
        partitions = dict(enumerate(batch.table.parts(columns)))
        self.passes += 1
        self.partitions_read += len(partitions)
        rows = len(partitions) * ROWS if batch.table.rows is None else batch.table.rows
        count = dask.delayed(run_bucket, pure=False)
        shared = dask.delayed(works, traverse=False, pure=False)
        small, merged = one_pass(partitions, works, paths, rows, lambda parts, _: count(parts, shared))
        return [
            finish(work, [state[i] for state in small], [bucket[i] for bucket in merged if i in bucket])
            for i, work in enumerate(works)
        ]


def _placed(values: list[Any], positions: list[int], found: list[Any]) -> list[Any]:
    placed = dict(zip(positions, found, strict=True))
    return [placed.get(position, value) for position, value in enumerate(values)]


def _shortcut(name: str, values: dict[str, Any], condition: Any) -> tuple[Any] | None:
    """Return the value (in a tuple) of a metric that needs no look at the data, or None."""
    suffix = name.rpartition(".")[2]
    shape = values.get("result_format")
    if suffix == "unexpected_index_query" and (shape or {}).get("return_unexpected_index_query") is False:
        return (None,)
    if suffix in ("unexpected_values", "unexpected_index_list") and isinstance(shape, dict):
        if shape.get("result_format") != "COMPLETE" and not shape.get("partial_unexpected_count", 20):
            return ([],)
    if isinstance(condition, Condition) and condition.unique is not None:
        if suffix == "unexpected_count":
            return (condition.unique.repeated,)
        if suffix == "filtered_row_count":
            return (condition.unique.rows,)
    return None


def _ids_only(work: Work, value: Any) -> Any:
    """Keep of a list of unexpected rows what names them: the columns that the suite calls their index."""
    names = (work.values.get("result_format") or {}).get("unexpected_index_column_names")
    if not names or not work.metric.endswith(".unexpected_index_list"):
        return value
    return [{name: row[name] for name in names} for row in value]


def _read_by(batch: DaskBatchData, works: list[Work]) -> tuple[list[str] | None, list[str]]:
    """Return the columns that works read, None for all, and the fields of nested columns that they name."""
    frame = batch.dataframe
    named = [work.columns for work in works]
    conditions = [where for work in works for where in _row_conditions(work)]
    wanted = {name for names in named for name in names or []}
    wanted |= {path for where in conditions for path in nested.paths_in(where)}
    paths = nested.paths_of(frame, wanted)
    if None in named:
        return None, paths
    wanted |= {name.partition(".")[0] for name in paths}
    kept = [c for c in frame.columns if c in wanted or any(str(c) in where for where in conditions)]
    return kept or list(frame.columns[:1]), paths


def _row_conditions(work: Work) -> list[str]:
    domains = [work.domain, *(v.domain for v in work.inputs.values() if isinstance(v, Condition))]
    return [where for domain in domains if (where := domain.get("row_condition"))]
