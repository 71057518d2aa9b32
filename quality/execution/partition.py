"""One partition on a worker: the rows of a domain, and which of them a row-wise condition finds unexpected.

Nothing here imports Great Expectations, unless a suite brings a row-wise metric of its own (foreign.py). Failures
come back as values that name the kind of error only, for the messages of pandas and Arrow may quote row values.
"""

from __future__ import annotations

import datetime
import functools
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import DataError
from ..frames import Block, Coded
from .columns import comparable, is_text, plain
from .conditions import LENGTHS, Z_SCORES, condition_of, mapped
from .hashing import Hashes, Uniqueness, among, combine, count_codes, hash_column

SAMPLE = 4096
"""Values that tell whether a column's texts repeat."""

# Set once for the process: catch_warnings is not safe among the threads that partitions run on.
warnings.filterwarnings("ignore", message="This pattern is interpreted as a regular expression", category=UserWarning)

Domain = Mapping[str, Any]

NAMES = {"datetime": datetime, "pd": pd, "np": np}
"""What a row condition may call by name, as under Great Expectations' pandas engine."""


@dataclass(frozen=True)
class Condition:
    """A row-wise metric (`*.condition`, `*.map`) still to be evaluated, partition by partition.

    `domain` names columns, `row_condition` (a query of pandas) and `ignore_row_if`. `inputs` are the metrics it
    depends on: values, or further conditions. `unique` is set where the condition is uniqueness over the whole
    table: what the buckets found. `before` is the one row (of its column) that stands before the partition, where
    the condition looks at the row before.
    """

    metric: str
    domain: Domain
    values: Mapping[str, Any]
    inputs: Mapping[str, Any]
    unique: Uniqueness | None = field(default=None, repr=False)
    before: pd.DataFrame | None = field(default=None, repr=False)

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells this condition from others on the same table."""
        placed = self.metric if self.before is None else f"{self.metric} placed"
        return placed, key_of(self.domain), key_of(self.values)

    @property
    def columns(self) -> list[str] | None:
        """The columns it reads, or None where a row condition may read any."""
        return None if self.domain.get("row_condition") else domain_columns(self.domain)


@dataclass(frozen=True)
class Failed:
    """A metric that could not be computed: the kind of error, and its message, which may quote values."""

    kind: str
    message: str = ""

    def told(self, row_values: bool) -> str:
        """Return what may be said of it."""
        return f"{self.kind}: {self.message}" if row_values and self.message else self.kind


class Unevaluated(Exception):
    """A condition that could not be evaluated, and so no metric of it."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.kind)
        self.failed = failed


def domain_columns(domain: Domain) -> list[str]:
    """Return the columns that a metric's domain names."""
    named = [domain[key] for key in ("column", "column_A", "column_B") if domain.get(key) is not None]
    return [*named, *(domain.get("column_list") or [])]


def key_of(mapping: Mapping[str, Any]) -> str:
    """Return a text that is the same for equal mappings."""
    return repr(sorted((k, repr(v)) for k, v in mapping.items()))


def attempt(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return the function's result, or Failed."""
    try:
        return function(*arguments)
    except DataError as error:
        return Failed(error.message)
    except Unevaluated as error:
        return error.failed
    except Exception as error:
        # Whatever goes wrong in one metric must leave the others whole.
        return Failed(type(error).__name__, str(error))


class Partition:
    """One partition and what was already evaluated on it."""

    def __init__(self, block: Block, number: int = 0) -> None:
        self.block = block
        self.number = number
        self._series: dict[str, pd.Series] = {}
        self._kept: dict[str, Any] = {}

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Partition:
        """Return the partition of a data frame."""
        return cls(Block(frame, {}, list(frame.columns)))

    @functools.cached_property
    def frame(self) -> pd.DataFrame:
        """All columns, those that came coded decoded."""
        if not self.block.coded:
            return self.block.frame
        return pd.DataFrame({name: self.series(name) for name in self.block.names}, copy=False)

    def series(self, name: str) -> pd.Series:
        """Return one column. Raises KeyError for one that is not there."""
        if name not in self.block.coded:
            return self.block.frame[name]
        if name not in self._series:
            self._series[name] = self.block.coded[name].series(self.block.frame.index)
        return self._series[name]

    def rows(self, domain: Domain, columns: Sequence[str] | None = None, *, nulls: bool = True) -> pd.DataFrame:
        """Return the rows of a domain, of the named columns (None: all); without `nulls` in the domain's column."""
        frame = self.frame if columns is None else pd.DataFrame({n: self.series(n) for n in columns}, copy=False)
        mask = self._mask(domain)
        if not nulls:
            present = self.series(domain["column"]).notna().to_numpy()
            mask = present if mask is None else mask & present
        return frame if mask is None else frame[mask]

    def count(self, domain: Domain) -> int:
        """Return how many rows a domain has."""
        mask = self._mask(domain)
        return len(self.block.frame) if mask is None else int(mask.sum())

    def column(self, domain: Domain, *, nulls: bool = False) -> pd.Series:
        """Return a domain's column, without nulls and in NumPy types where there is one, unless `nulls`."""
        name = domain["column"]
        return self._once(("column", nulls, key_of(domain)), lambda: self._column(domain, name, nulls))

    def _column(self, domain: Domain, name: str, nulls: bool) -> pd.Series:
        column = self.series(name)
        mask = self._mask(domain)
        column = column if mask is None else column[mask]
        if nulls:
            return column
        present = column.notna()
        return plain(column if present.all() else column[present])

    def coded(self, domain: Domain) -> tuple[pd.Index, Coded] | None:
        """Return the index and codes of a domain's column without nulls, or None where it did not come coded."""
        found = self.block.coded.get(domain["column"])
        if found is None:
            return None
        return self._once(("coded", key_of(domain)), lambda: self._coded(domain, found))

    def _coded(self, domain: Domain, found: Coded) -> tuple[pd.Index, Coded]:
        index, codes, mask = self.block.frame.index, found.codes, self._mask(domain)
        if mask is not None:
            index, codes = index[mask], codes[mask]
        present = codes >= 0
        if not present.all():
            index, codes = index[present], codes[present]
        return index, Coded(codes, found.values)

    def distinct(self, domain: Domain) -> pd.Series:
        """Return the distinct values of a domain's column, without null, in order of their first row or any."""
        coded = self.coded(domain)
        if coded is None:
            return self.column(domain).drop_duplicates()
        codes, values = coded[1]
        return values[np.bincount(codes, minlength=len(values)) > 0]

    def mask(self, condition: Condition) -> pd.Series:
        """Return for each row of the condition's domain whether it is unexpected (index: the frame's)."""
        return self.evaluate(condition).astype(bool)

    def evaluate(self, condition: Condition) -> Any:
        """Evaluate a condition (which rows are unexpected) or map (a number a row) on the rows of its domain."""
        found = self._once(("condition", condition.key), lambda: attempt(self._evaluate, condition))
        if isinstance(found, Failed):
            raise Unevaluated(found)
        return found

    def hashes(self, domain: Domain) -> Hashes:
        """Return the hashes of a domain's rows (single column: without nulls); coded ones once a value, with counts."""
        return self._once(("hashes", key_of(domain)), lambda: self._hashes(domain))

    def _hashes(self, domain: Domain) -> Hashes:
        if "column" in domain:
            coded = self.coded(domain)
            return hash_column(self.column(domain)) if coded is None else count_codes(coded[1])
        names, mask, codes = list(dict.fromkeys(domain_columns(domain))), self._mask(domain), self.block.coded
        hashed = combine([hash_column(codes[n] if n in codes else self.block.frame[n]) for n in names])
        return hashed if mask is None else Hashes(hashed.hi[mask], hashed.lo[mask])

    def _evaluate(self, condition: Condition) -> Any:
        domain, name = condition.domain, condition.metric
        if condition.unique is not None:
            return self._repeated(condition)
        inputs = {k: self.evaluate(v) if isinstance(v, Condition) else v for k, v in condition.inputs.items()}
        if name == LENGTHS and (coded := self.coded(domain)):
            index, (codes, distinct) = coded
            return pd.Series(mapped(name, distinct, inputs).to_numpy()[codes], index=index)
        if name in (LENGTHS, Z_SCORES):
            return mapped(name, self.column(domain), inputs)
        known = condition_of(name)
        if known is None:
            from .foreign import unexpected

            rows = self.rows({"row_condition": domain.get("row_condition")})
            return unexpected(name, domain, condition.values, inputs, rows, list(self.frame.columns))
        if condition.before is not None:
            return self._placed(condition, condition.before)
        if "column" not in domain:
            names = domain_columns(domain)
            rows = self.rows(domain, list(dict.fromkeys(names)))[names]
            return (
                self._by_pair(rows, known.rule, condition.values)
                if known.slow
                else ~_held(known.rule(rows, condition.values, inputs))
            )
        if known.nulls:
            return ~known.rule(self._presence(domain), condition.values, inputs)
        column = None if known.each and self.coded(domain) else self.column(domain)
        values = comparable(condition.values, self.block.frame, domain)
        if column is None or (known.slow and _repeats(column)):
            index, (codes, distinct) = self._distinct_codes(domain)
            return pd.Series(_unexpected(known.rule(distinct, values, {}))[codes], index=index)
        return ~known.rule(column, values, inputs)

    def _presence(self, domain: Domain) -> pd.Series:
        """Return a domain's column, or where it came coded its codes: null in the same rows."""
        found, mask = self.block.coded.get(domain["column"]), self._mask(domain)
        if found is None:
            return self.column(domain, nulls=True)
        codes = pd.Series(pd.arrays.IntegerArray(found.codes, found.codes < 0), index=self.block.frame.index)
        return codes if mask is None else codes[mask]

    def _distinct_codes(self, domain: Domain) -> tuple[pd.Index, Coded]:
        return self.coded(domain) or self._once(
            ("factorized", key_of(domain)), lambda: _factorized(self.column(domain))
        )

    def _by_pair(self, rows: pd.DataFrame, rule: Any, values: Any) -> Any:
        """Evaluate a slow rule on the distinct pairs of texts only; on all where the columns are something else."""
        names = list(rows.columns)
        if len(set(names)) < len(names) or any(rows[n].dtype == object and not is_text(rows[n]) for n in names):
            return ~rule(rows, values, {})
        codes = rows.groupby(names, dropna=False, sort=False).ngroup().to_numpy()
        _, first = np.unique(codes, return_index=True)
        return pd.Series(_unexpected(rule(rows.iloc[first], values, {}))[codes], index=rows.index)

    def _placed(self, condition: Condition, before: pd.DataFrame) -> Any:
        """Evaluate a condition that looks at the row before on the partition with that row in front."""
        column = self.column(condition.domain)
        whole = Partition.of(pd.concat([before, column.to_frame()], ignore_index=True))
        alone = Condition(condition.metric, {"column": condition.domain["column"]}, condition.values, {})
        return pd.Series(whole.mask(alone).to_numpy()[1:], index=column.index)

    def _repeated(self, condition: Condition) -> pd.Series:
        assert condition.unique is not None
        domain, duplicates = condition.domain, condition.unique.duplicates
        if "column" in domain:
            coded = self.coded(domain)
            if coded is not None:
                index, (codes, values) = coded
                return pd.Series(among(hash_column(values), duplicates)[codes], index=index)
            return pd.Series(among(self.hashes(domain), duplicates), index=self.column(domain).index)
        index, mask = self.block.frame.index, self._mask(domain)
        return pd.Series(among(self.hashes(domain), duplicates), index=index if mask is None else index[mask])

    def _mask(self, domain: Domain) -> npt.NDArray[np.bool_] | None:
        """Return which rows a domain has; None for all of them."""
        where, missing = domain.get("row_condition"), domain.get("ignore_row_if")
        if "column" in domain or not domain_columns(domain):
            missing = None
        if not where and missing in (None, "never", "neither"):
            return None
        return self._once(("mask", where, key_of(domain)), lambda: self._rows_of(domain, where, missing))

    def _rows_of(self, domain: Domain, where: str | None, missing: str | None) -> npt.NDArray[np.bool_]:
        held = np.ones(len(self.block.frame), dtype=bool)
        if where:
            numbered = self.frame.set_axis(pd.RangeIndex(len(held)))
            held[:] = False
            held[numbered.query(where, local_dict=NAMES).index] = True
        if missing in (None, "never", "neither"):
            return held
        present = np.array([self.series(name).notna().to_numpy() for name in domain_columns(domain)])
        if missing in ("any_value_is_missing", "either_value_is_missing"):
            return held & present.all(axis=0)
        if missing in ("all_values_are_missing", "both_values_are_missing"):
            return held & present.any(axis=0)
        raise ValueError("ignore_row_if is not known")

    def _once(self, key: Any, compute: Callable[[], Any]) -> Any:
        key = repr(key)
        if key not in self._kept:
            self._kept[key] = compute()
        return self._kept[key]


def failing(frame: pd.DataFrame, conditions: Sequence[Condition]) -> list[Any]:
    """Return the positions of the rows (int64 array) that each condition finds unexpected, or Failed."""
    partition = Partition.of(frame.reset_index(drop=True))

    def positions(condition: Condition) -> Any:
        mask = partition.mask(condition)
        return mask.index[mask.to_numpy()].to_numpy(dtype=np.int64)

    return [attempt(positions, condition) for condition in conditions]


def _held(found: Any) -> Any:
    """Return where a rule about several columns holds: not where it cannot be told for a null, as with floats."""
    masked = isinstance(getattr(found, "dtype", None), pd.BooleanDtype)
    return found.fillna(False).astype(bool) if masked else found


def _unexpected(held: Any) -> npt.NDArray[np.bool_]:
    return ~np.asarray(held, dtype=bool)


def _factorized(column: pd.Series) -> tuple[pd.Index, Coded]:
    codes, distinct = pd.factorize(column)
    return column.index, Coded(codes, pd.Series(distinct, dtype=column.dtype))


def _repeats(column: pd.Series) -> bool:
    """Whether a column is of texts that repeat, so that finding the distinct ones is worth it."""
    sample = column.iloc[:: max(1, len(column) // SAMPLE)]
    return is_text(column) and sample.nunique() < 0.8 * len(sample)
