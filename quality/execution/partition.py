"""What a worker does with one partition: evaluate Great Expectations' own pandas metrics on it.

Everything here is picklable and runs in any process. Failures come back as values that name the kind of error
only, for the messages of pandas and Arrow may quote row values.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.registry import get_metric_provider

from ...errors import DataError
from .columns import comparable, is_text, plain
from .hashing import Hashes, Uniqueness, among, hash_columns

BATCH = "partition"

# Set once for the process: catch_warnings is not safe among the threads that partitions run on.
warnings.filterwarnings("ignore", message="This pattern is interpreted as a regular expression", category=UserWarning)


@dataclass(frozen=True)
class Condition:
    """A row-wise metric (`*.condition`, `*.map`) still to be evaluated, partition by partition.

    `inputs` are the metrics it depends on: values, or further conditions. `unique` is set where the condition is
    uniqueness over the whole table: what the buckets found. `before` is the one row (of its column) that stands
    before the partition, where the condition looks at the row before.
    """

    metric: str
    domain: Mapping[str, Any]
    values: Mapping[str, Any]
    inputs: Mapping[str, Any]
    unique: Uniqueness | None = field(default=None, repr=False)
    before: pd.DataFrame | None = field(default=None, repr=False)

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells this condition from others on the same table."""
        placed = self.metric if self.before is None else f"{self.metric} placed"
        return placed, repr(sorted(self.domain.items())), repr(sorted(self.values.items()))

    @property
    def columns(self) -> list[str] | None:
        """The columns it reads, or None where a row condition may read any."""
        if self.domain.get("row_condition"):
            return None
        return domain_columns(self.domain)


@dataclass(frozen=True)
class Failed:
    """A metric that could not be computed: the kind of error, never its message."""

    kind: str


def domain_columns(domain: Mapping[str, Any]) -> list[str]:
    """Return the columns that a metric's domain names."""
    named = [domain[key] for key in ("column", "column_A", "column_B") if domain.get(key) is not None]
    return [*named, *(domain.get("column_list") or [])]


def shows_other_columns(metric: str, values: Mapping[str, Any]) -> bool:
    """Whether a metric shows columns of the rows it finds that its domain does not name."""
    shape = values.get("result_format")
    named = isinstance(shape, Mapping) and shape.get("unexpected_index_column_names")
    return metric.endswith(".unexpected_rows") or bool(named)


def attempt(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return the function's result, or Failed."""
    try:
        return function(*arguments)
    except DataError as error:
        return Failed(error.message)
    except Exception as error:
        # Whatever goes wrong in one metric must leave the others whole; the kind is reported.
        return Failed(type(error).__name__)


BY_VALUE = frozenset(
    f"column_values.{name}.condition"
    for name in (
        "between",
        "dateutil_parseable",
        "json_parseable",
        "match_json_schema",
        "match_regex",
        "match_regex_list",
        "match_strftime_format",
        "not_match_regex",
        "not_match_regex_list",
    )
)
"""Conditions on texts that look at one value at a time, and slowly: they are evaluated once a distinct value."""


class PartitionEngine(PandasExecutionEngine):
    """The pandas engine over one partition, projected to a metric's columns before anything copies rows."""

    drop_nulls = False
    whole_rows = False
    """Whether the metric shows other columns of the rows it finds, too."""

    def __init__(self, frame: pd.DataFrame) -> None:
        super().__init__(caching=False)
        self.load_batch_data(BATCH, frame)
        self._columns: dict[tuple[str, bool, str], pd.DataFrame] = {}

    def get_domain_records(self, domain_kwargs: dict[str, Any]) -> pd.DataFrame:
        """Return the rows of a domain; a single column comes without its nulls where the metric ignores them."""
        domain = {**domain_kwargs, "batch_id": BATCH}
        column = domain.get("column")
        if column is None:
            return super().get_domain_records(domain)
        if self.whole_rows:
            return super().get_domain_records(domain)
        key = (column, self.drop_nulls, repr(domain.get("row_condition")))
        if key not in self._columns:
            data = super().get_domain_records(domain)[[column]]
            if self.drop_nulls:
                data = plain(data[data[column].notna()], column)
            self._columns[key] = data
        return self._columns[key]


class Partition:
    """One partition and what was already evaluated on it."""

    def __init__(self, frame: pd.DataFrame, number: int = 0) -> None:
        self.frame = frame
        self.number = number
        self.engine = PartitionEngine(frame)
        self._conditions: dict[tuple[str, str, str], Any] = {}
        self._hashes: dict[str, tuple[pd.Index, Hashes]] = {}
        self._distinct: dict[str, Any] = {}

    def mask(self, condition: Condition) -> pd.Series:
        """Return for each row of the condition's domain whether it is unexpected (index: the frame's)."""
        return self.evaluate(condition)[0].astype(bool)

    def evaluate(self, condition: Condition) -> Any:
        """Evaluate a condition or map: (series, compute domain, accessor domain), as the pandas engine does."""
        found = self._conditions.get(condition.key)
        if found is None:
            found = attempt(self._unique if condition.unique else self._evaluate, condition)
            self._conditions[condition.key] = found
        if isinstance(found, Failed):
            raise DataError(found.kind)
        return found

    def provide(
        self, metric: str, domain: Mapping[str, Any], values: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Any:
        """Run Great Expectations' pandas provider of a metric on this partition."""
        resolved = {k: self.evaluate(v) if isinstance(v, Condition) else v for k, v in inputs.items()}
        if "table.columns" in resolved:
            resolved["table.columns"] = list(self.frame.columns)  # with the fields of nested columns
        limit = _limit(values)
        if limit is not None and "unexpected_condition" in resolved:
            series, *domains = resolved["unexpected_condition"]
            resolved["unexpected_condition"] = (_first(series, limit), *domains)
        provider, function = get_metric_provider(metric, self.engine)
        self.engine.drop_nulls = "column" in domain and bool(getattr(provider, "filter_column_isnull", False))
        self.engine.whole_rows = shows_other_columns(metric, values)
        try:
            return function(
                cls=provider,
                execution_engine=self.engine,
                metric_domain_kwargs={**domain, "batch_id": BATCH},
                metric_value_kwargs=dict(values),
                metrics=resolved,
                runtime_configuration={},
            )
        finally:
            self.engine.whole_rows = False

    def column(self, domain: Mapping[str, Any]) -> pd.Series:
        """Return a column's values without nulls, in NumPy types where there is one."""
        self.engine.drop_nulls = True
        return self.engine.get_domain_records(dict(domain))[domain["column"]]

    def hashes(self, domain: Mapping[str, Any]) -> tuple[pd.Index, Hashes]:
        """Return the index and the hashes of a domain's rows (single column: without nulls)."""
        key = repr(sorted((k, repr(v)) for k, v in domain.items() if k != "batch_id"))
        if key not in self._hashes:
            self.engine.drop_nulls = "column" in domain
            frame = self.engine.get_domain_records(dict(domain))[domain_columns(domain)]
            self._hashes[key] = frame.index, hash_columns(frame)
        return self._hashes[key]

    def _evaluate(self, condition: Condition) -> Any:
        values = comparable(condition.values, self.frame, condition.domain)
        if condition.metric in BY_VALUE:
            found = self._evaluate_distinct(condition, values, ["column"])
        elif condition.metric == "column_pair_values.in_set.condition":
            found = self._evaluate_distinct(condition, values, ["column_A", "column_B"])
        elif condition.metric == "select_column_values.unique.within_record.condition":
            found = self._within_record(condition)
        elif condition.before is not None:
            found = self._evaluate_placed(condition, condition.before)
        else:
            found = None
        if found is not None:
            return found
        return self.provide(condition.metric, condition.domain, values, condition.inputs)

    def _evaluate_distinct(self, condition: Condition, values: Mapping[str, Any], keys: list[str]) -> Any:
        """Evaluate a condition on the distinct values (or pairs) of its domain; None where that would not help."""
        domain = condition.domain
        names = [domain[key] for key in keys]
        where = repr(sorted((k, repr(v)) for k, v in domain.items() if k != "batch_id"))
        if where not in self._distinct:
            self._distinct[where] = self._factorize(domain, names)
        if self._distinct[where] is None:
            return None
        index, codes, distinct = self._distinct[where]
        alone = {k: v if k in keys else None for k, v in domain.items() if k != "ignore_row_if"}
        if len(keys) > 1:
            alone["ignore_row_if"] = "neither"
        found = Partition(distinct).provide(condition.metric, alone, values, condition.inputs)[0]
        return self._spread(pd.Series(np.asarray(found, dtype=bool)[codes], index=index), domain, keys)

    def _factorize(self, domain: Mapping[str, Any], names: list[str]) -> Any:
        """Return (index, codes, the distinct rows), or None where the values are no texts or mostly distinct."""
        self.engine.drop_nulls = len(names) == 1
        data = self.engine.get_domain_records(dict(domain))[names]
        if len(names) == 1:
            if not is_text(data[names[0]]):
                return None
            codes, distinct = pd.factorize(data[names[0]])
            return data.index, codes, pd.DataFrame({names[0]: pd.Series(distinct, dtype=data[names[0]].dtype)})
        if any(data[name].dtype == object and not is_text(data[name]) for name in names) or len(set(names)) < len(
            names
        ):
            return None
        codes = data.groupby(names, dropna=False, sort=False).ngroup().to_numpy()
        _, first = np.unique(codes, return_index=True)
        return data.index, codes, data.iloc[first].reset_index(drop=True)

    def _evaluate_placed(self, condition: Condition, before: pd.DataFrame) -> Any:
        """Evaluate a condition that looks at the row before on the partition with that row in front."""
        self.engine.drop_nulls = True
        data = self.engine.get_domain_records(dict(condition.domain))
        alone = {k: v if k == "column" else None for k, v in condition.domain.items()}
        whole = Partition(pd.concat([before, data], ignore_index=True))
        found = whole.provide(condition.metric, alone, condition.values, condition.inputs)[0]
        return self._spread(pd.Series(found.to_numpy()[1:], index=data.index), condition.domain, ["column"])

    def _within_record(self, condition: Condition) -> Any:
        """Compare the columns of a record pairwise, which the pandas metric does row by row; None for mixed types."""
        names = list(condition.domain["column_list"])
        data = self.engine.get_domain_records(dict(condition.domain))
        if len({data[name].dtype for name in names}) > 1 or data[names[0]].dtype == object:
            return None
        repeated = np.zeros(len(data), dtype=bool)
        for first, second in itertools.combinations(names, 2):
            a, b = data[first], data[second]
            same = (a == b).to_numpy(dtype=bool, na_value=False) | (a.isna() & b.isna()).to_numpy()
            repeated |= same
        return self._spread(pd.Series(repeated, index=data.index), condition.domain, ["column_list"])

    @staticmethod
    def _spread(unexpected: pd.Series, domain: Mapping[str, Any], keys: list[str]) -> Any:
        """Return a condition's answer as the pandas engine does: series, compute domain, accessor domain."""
        accessors = {k: v for k, v in domain.items() if k in keys}
        return unexpected, {k: v for k, v in domain.items() if k not in accessors}, accessors

    def _unique(self, condition: Condition) -> Any:
        assert condition.unique is not None
        index, hashes = self.hashes(condition.domain)
        repeated = pd.Series(among(hashes, condition.unique.duplicates), index=index)
        return self._spread(repeated, condition.domain, ["column", "column_list"])


def failing(frame: pd.DataFrame, conditions: Sequence[Condition]) -> list[Any]:
    """Return the positions of the rows (int64 array) that each condition finds unexpected, or Failed."""
    partition = Partition(frame.reset_index(drop=True))

    def positions(condition: Condition) -> Any:
        mask = partition.mask(condition)
        return mask.index[mask.to_numpy()].to_numpy(dtype=np.int64)

    return [attempt(positions, condition) for condition in conditions]


def _limit(values: Mapping[str, Any]) -> int | None:
    """Return how many unexpected rows a result format can show, or None where it shows all."""
    shape = values.get("result_format")
    if not isinstance(shape, Mapping) or shape.get("result_format") == "COMPLETE":
        return None
    return int(shape.get("partial_unexpected_count", 20))


def _first(series: pd.Series, limit: int) -> pd.Series:
    """Keep the first `limit` true values only, before anything is built from them."""
    mask = series.to_numpy(dtype=bool)
    return pd.Series(mask & (np.cumsum(mask) <= limit), index=series.index)
