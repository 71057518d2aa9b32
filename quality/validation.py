"""Validate a table against a suite of Great Expectations, on Dask, and report without row values."""

from __future__ import annotations

import builtins
import json
import logging
import math
import numbers
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from .deferred import load
from .report import Check, Report, RowRule
from .suite import check_suite, load_suite, severity_of, suite_hash

if TYPE_CHECKING:
    from .execution.engine import DaskExecutionEngine

SHAPE = {"result_format": "BASIC", "partial_unexpected_count": 0, "include_unexpected_rows": False}
"""The result format that computes counts, but gathers no values."""


def validate(data: Any, suite: Any, *, name: str = "data", states: str | None = None) -> Report:
    """Validate `data` (Dask or pandas data frame, Arrow table, Parquet files or folder) and return the Report.

    `suite` is the path of a Great Expectations suite file, its content as a mapping, or an ExpectationSuite.
    `states` is a folder that keeps partial states of Parquet files: the next call with the same suite reads only
    the row groups that are new, and still reports on the whole. Quantiles come from sketches then, their rank off
    by at most 1/4096 of the rows (and 1/32768 more each time that the states of eight runs are put together). The
    folder holds values of the table and is as private as it; states of another suite are removed from it.
    An expectation that cannot be computed fails with its `error`; the others stand. Raises ConfigError for a
    suite or data that cannot be used, DataError or StorageError where the data cannot be read.
    """
    from .execution.states import sweep
    from .frames import table_of

    content = _content(suite)
    table = table_of(data, states)
    load()
    with quiet():
        expectations = _build(content)
        results, engine, rows = _run(table, expectations, name)
    if engine.broken is not None:
        raise engine.broken
    if states is not None:
        sweep(states, engine.states_used)
    columns = {str(c) for c in table.empty.columns}
    checks = tuple(
        _check(entry, result, columns) for entry, result in zip(content["expectations"], results, strict=True)
    )
    rules = tuple(
        RowRule(check.label, condition, check.severity == "critical")
        for check, result in zip(checks, results, strict=True)
        if not check.success
        if (condition := _condition(result, engine)) is not None
    )
    return Report(
        success=all(check.success for check in checks),
        name=name,
        suite=content["name"],
        suite_hash=suite_hash(content),
        rows=rows,
        partitions_read=engine.partitions_read,
        results=checks,
        row_rules=rules,
    )


def _content(suite: Any) -> dict[str, Any]:
    if isinstance(suite, (str, Path)):
        return load_suite(suite)
    if hasattr(suite, "to_json_dict"):
        suite = suite.to_json_dict()
    return check_suite(suite, "the suite")


def _build(content: dict[str, Any]) -> list[Any]:
    """Build the expectations. Raises ConfigError that names the one that Great Expectations refuses."""
    from great_expectations.core import ExpectationSuite

    built = []
    for number, entry in enumerate(content["expectations"], start=1):
        plain = {"type": entry["type"], "kwargs": entry.get("kwargs", {}), "severity": severity_of(entry)}
        try:
            built += ExpectationSuite(name=content["name"], expectations=[plain]).expectations
        except Exception as error:
            # Great Expectations raises half a dozen classes here; each means that this entry is wrong.
            raise ConfigError(
                f"suite '{content['name']}', expectation {number}: {entry['type']} is refused ({type(error).__name__})",
                "check the type and its kwargs against the reference of Great Expectations 1.24",
            ) from None
    return built


def _run(frame: Any, expectations: list[Any], name: str) -> tuple[list[Any], DaskExecutionEngine, int | None]:
    """Run the expectations and a row count; results come in the order of the expectations."""
    import great_expectations as gx
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.expectations import ExpectTableRowCountToBeBetween
    from great_expectations.validator.v1_validator import Validator

    from .execution import datasource as _registers_the_type_dask  # noqa: F401

    with _project(gx) as context:
        asset = context.data_sources.add_dask("dask").add_dataframe_asset(name)
        definition: BatchDefinition[Any] = asset.add_batch_definition("all")
        validator = Validator(definition, result_format=SHAPE, batch_parameters={"dataframe": frame})
        counting = ExpectTableRowCountToBeBetween(min_value=0)
        configurations = [e.configuration for e in [*expectations, counting]]
        found = validator._validate_expectation_configs(configurations)
        engine: DaskExecutionEngine = validator._wrapped_validator.execution_engine
    by_demand = {_demand(result.expectation_config): result for result in found}
    results = [by_demand[_demand(configuration)] for configuration in configurations]
    rows = (results.pop().result or {}).get("observed_value")
    return results, engine, None if rows is None else int(rows)


@contextmanager
def _project(gx: Any) -> Iterator[Any]:
    """Give an ephemeral context, and put back the one that the caller may be working in."""
    from great_expectations.data_context.data_context.context_factory import project_manager
    from great_expectations.exceptions import DataContextRequiredError

    try:
        before = project_manager.get_current_project()
    except DataContextRequiredError:
        before = None
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    try:
        yield context
    finally:
        project_manager.set_project(before)


def _demand(configuration: Any) -> str:
    kwargs = {k: v for k, v in configuration.kwargs.items() if k != "batch_id"}
    return json.dumps([configuration.type, str(configuration.severity), kwargs], sort_keys=True, default=repr)


def _check(entry: dict[str, Any], result: Any, columns: set[str]) -> Check:
    kwargs = entry.get("kwargs", {})
    found = result.result or {}
    error = _error(result.exception_info)
    absent = [c for c in _columns(kwargs) if c not in columns]
    if error and absent:
        error = f'The column "{absent[0]}" in BatchData does not exist'
    return Check(
        expectation=entry["type"],
        column=",".join(_columns(kwargs)) or None,
        kwargs=json.loads(json.dumps(kwargs, default=str)),
        severity=severity_of(entry),
        success=bool(result.success),
        unexpected_count=_number(found.get("unexpected_count")),
        unexpected_percent=_number(found.get("unexpected_percent")),
        observed=_numbers(found.get("observed_value")),
        error=error,
    )


def _columns(kwargs: dict[str, Any]) -> list[str]:
    named = [kwargs[k] for k in ("column", "column_A", "column_B") if kwargs.get(k)]
    return [str(c) for c in [*named, *(kwargs.get("column_list") or [])]]


def _error(info: Any) -> str | None:
    """Return why an expectation raised: our engine's message, or the kind of a foreign error without its text."""
    if not info or info.get("raised_exception") is False:
        return None
    entries = [info] if "exception_message" in info else list(info.values())
    for entry in entries:
        text, trace = str(entry["exception_message"]), str(entry["exception_traceback"])
        if "exceptions.MetricResolutionError: " in trace or text.startswith("the expectation raised "):
            return text
        kinds = re.findall(r"^(?:[a-z_]+\.)*([A-Z][A-Za-z]+)(?::|$)", trace, flags=re.MULTILINE)
        kind = next((k for k in reversed(kinds) if _is_error(k)), "error")
        return f"the expectation raised {kind}"
    return "the expectation raised an error"


def _is_error(kind: str) -> bool:
    import great_expectations.exceptions as gx_exceptions

    found = getattr(builtins, kind, None) or getattr(gx_exceptions, kind, None)
    return isinstance(found, type) and issubclass(found, Exception)


def _number(value: Any) -> Any:
    """Return a plain int, float or None; anything else is no number and stays out."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return None
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if math.isfinite(value) else None


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _numbers(v) for k, v in value.items() if k in ("quantiles", "values")}
    if isinstance(value, (list, tuple)):
        return [_number(v) for v in value] if all(_number(v) is not None for v in value) else None
    return _number(value)


def _condition(result: Any, engine: DaskExecutionEngine) -> Any:
    """Return the row-wise condition that an expectation counted by, or None for one about the whole."""
    from great_expectations.validator.validation_graph import ValidationGraph

    expectation = result.expectation_config.to_domain_obj()
    metric = f"{getattr(expectation, 'map_metric', None)}.unexpected_count"
    dependencies = expectation.get_validation_dependencies(engine, {"result_format": SHAPE})
    configuration = dependencies.metric_configurations.get(metric)
    if configuration is None:
        return None
    graph = ValidationGraph(execution_engine=engine)
    graph.set_metric_configuration_default_kwargs_if_absent(configuration)
    return engine.conditions.get(configuration.id)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Great Expectations while it runs: its log lines quote errors, and errors may quote data."""
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=DeprecationWarning, module="great_expectations")
            warnings.filterwarnings("ignore", category=UserWarning, module="great_expectations")
            yield
    finally:
        logger.setLevel(level)
