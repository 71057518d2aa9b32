"""Random tables of every kind, cut into partitions in every way, and both engines side by side."""

from __future__ import annotations

import itertools
import json
from decimal import Decimal
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd


def table(rows: int, seed: int = 7) -> pd.DataFrame:
    """Numbers, texts (unicode), times, booleans and decimals, with nulls and repeats."""
    rng = np.random.default_rng(seed)
    words = np.array(
        ["", "a", "naïve", "мир", "日本語", "e\u0301", "x y", "v12", "v345", "12", "\u200bzero", "🙂"],
        dtype=object,
    )
    texts = pd.Series(words[rng.integers(0, len(words), rows)], dtype="str")
    texts[rng.random(rows) < 0.1] = None
    small = pd.Series(rng.integers(-5, 30, rows)).astype("Int64")
    small[rng.random(rows) < 0.15] = pd.NA
    floats = pd.Series(rng.normal(10, 3, rows).round(2))
    floats[rng.random(rows) < 0.1] = np.nan
    times = pd.Series(pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(rng.integers(0, 10**6, rows), unit="s"))
    times[rng.random(rows) < 0.1] = pd.NaT
    flags = pd.Series(rng.random(rows) < 0.5).astype("boolean")
    flags[rng.random(rows) < 0.1] = pd.NA
    ids = np.arange(rows)
    if rows > 20:
        ids[rows // 2] = 3
        ids[rows - 1] = 4
    return pd.DataFrame(
        {
            "id": ids,
            "key": pd.Series([f"k{i}" for i in ids], dtype="str"),
            "text": texts,
            "small": small,
            "big": rng.integers(-(2**40), 2**40, rows),
            "other": rng.integers(-(2**40), 2**40, rows),
            "float": floats,
            "time": times.astype("datetime64[us, UTC]"),
            "flag": flags,
            "money": pd.Series([Decimal(int(v)) / 4 for v in rng.integers(0, 9, rows)], dtype=object),
        }
    )


def cut(frame: pd.DataFrame, partitions: int, empty: bool = False) -> Any:
    """Cut a frame into a Dask frame of so many partitions; with `empty`, an empty one is put in the middle."""
    import dask
    import dask.dataframe as dd

    edges = np.linspace(0, len(frame), partitions + 1).astype(int)
    parts = [frame.iloc[a:b] for a, b in itertools.pairwise(edges)]
    if empty:
        parts.insert(len(parts) // 2, frame.iloc[:0])
    # Dask would take objects (decimals) for texts.
    with dask.config.set({"dataframe.convert-string": False}):
        return dd.from_map(lambda part: part, parts, meta=frame.iloc[:0])


def run_suite(frame: Any, expectations: list[Any], shape: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Run expectations on pandas or on Dask, and return results in their order."""
    import great_expectations as gx
    from great_expectations.validator.v1_validator import Validator

    from dataweir.quality.execution import datasource as _registers_the_type_dask  # noqa: F401

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    source = (
        context.data_sources.add_pandas("s")
        if isinstance(frame, pd.DataFrame)
        else context.data_sources.add_dask("s", row_values=True)
    )
    definition = source.add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")
    suite = gx.ExpectationSuite(name="suite", expectations=expectations)
    # Not by a ValidationDefinition: storing a quantile result dies in Great Expectations (a NumPy bool in JSON).
    validator = Validator(
        definition, result_format=shape or {"result_format": "SUMMARY"}, batch_parameters={"dataframe": frame}
    )
    # For each decimal it asks who is up the stack, to word a warning: a third of a second each below pytest.
    with mock.patch("great_expectations.util.stack", list):
        found = validator.validate_expectation_suite(suite)

    def demand(configuration: Any) -> str:
        kwargs = {k: v for k, v in configuration.kwargs.items() if k != "batch_id"}
        return json.dumps([configuration.type, kwargs], sort_keys=True, default=repr)

    by_demand = {demand(r.expectation_config): r for r in found.results}
    return [by_demand[demand(e.configuration)] for e in suite.expectations]
