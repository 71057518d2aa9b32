"""The Dask engine answers as Great Expectations' pandas engine does, however the data is cut."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

gxe = pytest.importorskip("great_expectations.expectations")

from quality_tables import cut, run_suite, table  # noqa: E402

from dataweir.quality.execution.coverage import SECOND_PASS, as_markdown, coverage  # noqa: E402
from dataweir.quality.execution.engine import DaskExecutionEngine  # noqa: E402

NUMBERS = ("small", "big", "float")


def everything() -> list[Any]:
    """Every expectation that the engine says it supports, holding and failing, over all kinds of columns."""
    e = gxe
    found = [
        e.ExpectTableRowCountToBeBetween(min_value=1, max_value=1000),
        e.ExpectTableRowCountToEqual(value=300),
        e.ExpectTableColumnCountToEqual(value=10),
        e.ExpectTableColumnCountToBeBetween(min_value=11),
        e.ExpectColumnToExist(column="text"),
        e.ExpectColumnToExist(column="absent"),
        e.ExpectTableColumnsToMatchOrderedList(column_list=["key", "id"]),
        e.ExpectTableColumnsToMatchSet(column_set=["key", "id"], exact_match=False),
        e.ExpectColumnTypeToBe(column="big", type_="int64"),
        e.ExpectColumnTypeToBe(column="text", type_="int64"),
        e.ExpectColumnValuesToBeOfType(column="small", type_="int64"),
        e.ExpectColumnValuesToBeOfType(column="text", type_="str"),
        e.ExpectColumnValuesToBeOfType(column="money", type_="Decimal"),
        e.ExpectColumnValuesToBeInTypeList(column="float", type_list=["int64", "float64"]),
        e.ExpectColumnValuesToBeInTypeList(column="money", type_list=["str", "float"]),
        e.ExpectColumnValuesToMatchRegex(column="text", regex=r"^v\d+$"),
        e.ExpectColumnValuesToMatchRegex(column="text", regex=r"^[^\d]", mostly=0.4),
        e.ExpectColumnValuesToNotMatchRegex(column="text", regex=r"(\d)"),
        e.ExpectColumnValuesToMatchRegexList(column="text", regex_list=["a", "v"], match_on="any"),
        e.ExpectColumnValuesToNotMatchRegexList(column="text", regex_list=["a", "v"]),
        e.ExpectColumnValueLengthsToBeBetween(column="text", min_value=1, max_value=3),
        e.ExpectColumnValueLengthsToEqual(column="text", value=3, mostly=0.1),
        e.ExpectColumnValuesToBeDateutilParseable(column="text"),
        e.ExpectColumnValuesToBeJsonParseable(column="text"),
        e.ExpectColumnValuesToMatchStrftimeFormat(column="text", strftime_format="%d"),
        e.ExpectColumnValuesToMatchJsonSchema(column="key", json_schema={"type": "string"}),
        e.ExpectColumnValueZScoresToBeLessThan(column="float", threshold=2, double_sided=True),
        e.ExpectCompoundColumnsToBeUnique(column_list=["small", "text"]),
        e.ExpectCompoundColumnsToBeUnique(column_list=["id", "float"], ignore_row_if="any_value_is_missing"),
        e.ExpectCompoundColumnsToBeUnique(column_list=["id", "key"], ignore_row_if="never"),
        e.ExpectColumnPairValuesAToBeGreaterThanB(column_A="big", column_B="other"),
        e.ExpectColumnPairValuesAToBeGreaterThanB(column_A="float", column_B="big", or_equal=True),
        e.ExpectColumnPairValuesToBeEqual(column_A="big", column_B="big"),
        e.ExpectColumnPairValuesToBeInSet(
            column_A="flag", column_B="text", value_pairs_set=[(True, "a"), (False, "a")]
        ),
        e.ExpectMulticolumnSumToEqual(column_list=["big", "other"], sum_total=0),
        e.ExpectMulticolumnValuesToBeEqual(column_list=["big", "big", "other"]),
        e.ExpectSelectColumnValuesToBeUniqueWithinRecord(column_list=["big", "other"]),
        e.ExpectColumnDistinctValuesToBeInSet(column="text", value_set=["a", "мир"]),
        e.ExpectColumnDistinctValuesToBeInSet(column="flag", value_set=[True, False]),
        e.ExpectColumnDistinctValuesToContainSet(column="text", value_set=["a", "🙂", "not there"]),
        e.ExpectColumnDistinctValuesToEqualSet(column="small", value_set=list(range(-5, 30))),
        e.ExpectColumnValuesToBeInSet(column="text", value_set=["a", "мир", "日本語"], mostly=0.2),
        e.ExpectColumnValuesToBeInSet(column="small", value_set=[1, 2, 3]),
        e.ExpectColumnValuesToNotBeInSet(column="text", value_set=["🙂"]),
        e.ExpectColumnSumToBeBetween(column="money", min_value=0),
        e.ExpectColumnMeanToBeBetween(column="money", min_value=0, max_value=1),
        e.ExpectColumnMedianToBeBetween(column="money", min_value=0, max_value=1),
        e.ExpectColumnMedianToBeBetween(column="flag", min_value=0, max_value=0.5),
    ]
    for column in ("id", "key", "text", "small", "float", "time", "flag", "money"):
        found += [
            e.ExpectColumnValuesToBeUnique(column=column),
            e.ExpectColumnValuesToNotBeNull(column=column, mostly=0.95),
            e.ExpectColumnValuesToBeNull(column=column),
            e.ExpectColumnUniqueValueCountToBeBetween(column=column, min_value=2, max_value=20),
            e.ExpectColumnProportionOfUniqueValuesToBeBetween(column=column, min_value=0.5, max_value=1),
            e.ExpectColumnProportionOfNonNullValuesToBeBetween(column=column, min_value=0.95),
        ]
    for column in NUMBERS:
        found += [
            e.ExpectColumnValuesToBeBetween(column=column, min_value=0, max_value=20),
            e.ExpectColumnValuesToBeBetween(column=column, min_value=0, strict_min=True, mostly=0.5),
            e.ExpectColumnMinToBeBetween(column=column, min_value=0),
            e.ExpectColumnMaxToBeBetween(column=column, max_value=100, strict_max=True),
            e.ExpectColumnSumToBeBetween(column=column, min_value=0),
            e.ExpectColumnMeanToBeBetween(column=column, min_value=0, max_value=12),
            e.ExpectColumnStdevToBeBetween(column=column, min_value=0, max_value=12),
            e.ExpectColumnMedianToBeBetween(column=column, min_value=0, max_value=12),
        ]
        found += [
            e.ExpectColumnQuantileValuesToBeBetween(
                column=column,
                quantile_ranges={
                    "quantiles": [0.0, 0.1, 0.25, 0.5, 0.9, 1.0],
                    "value_ranges": [[None, 12]] * 6,
                },
                allow_relative_error=method,
            )
            for method in (False, "linear", "lower", "higher", "midpoint", "nearest")
        ]
    for column in ("id", "text", "small", "float", "time", "flag"):
        found.append(e.ExpectColumnMostCommonValueToBeInSet(column=column, value_set=["a", 1, True], ties_okay=True))
    for column in ("id", "small", "float", "time"):
        for strictly in (False, True):
            found += [
                e.ExpectColumnValuesToBeIncreasing(column=column, strictly=strictly),
                e.ExpectColumnValuesToBeDecreasing(column=column, strictly=strictly, mostly=0.3),
            ]
    for method, multiplier in (("iqr", 1.5), ("iqr", 0.2), ("std", 2)):
        for column in NUMBERS:
            found.append(e.ExpectColumnValuesToNotBeOutliers(column=column, method=method, multiplier=multiplier))
    shares = {"values": ["a", "мир", "🙂", "x y"], "weights": [0.25, 0.25, 0.25, 0.25]}
    bins = {"bins": [0, 5, 10, 15, 20], "weights": [0.1, 0.4, 0.4, 0.1]}
    for threshold, holdout in ((0.1, 0.0), (5, 0.2)):
        found += [
            e.ExpectColumnKLDivergenceToBeLessThan(
                column="text", partition_object=shares, threshold=threshold, tail_weight_holdout=holdout
            ),
            e.ExpectColumnKLDivergenceToBeLessThan(
                column="float", partition_object=bins, threshold=threshold, tail_weight_holdout=holdout
            ),
        ]
    found += [
        e.ExpectColumnKLDivergenceToBeLessThan(column="float", partition_object=None, threshold=0.5),
        e.ExpectColumnKLDivergenceToBeLessThan(
            column="text", partition_object=None, bucketize_data=False, threshold=0.5
        ),
    ]
    first, last = pd.Timestamp("2024-01-02", tz="UTC"), pd.Timestamp("2024-01-09", tz="UTC")
    found += [
        e.ExpectColumnValuesToBeBetween(column="time", min_value=first.to_pydatetime(), max_value=last.to_pydatetime()),
        e.ExpectColumnMinToBeBetween(column="time", min_value=first.to_pydatetime()),
        e.ExpectColumnMaxToBeBetween(column="time", max_value=last.to_pydatetime()),
        e.ExpectColumnMedianToBeBetween(column="time", max_value=last.to_pydatetime()),
    ]
    return found


def same(ours: Any, theirs: Any) -> bool:
    """Equal, floats to 1e-12 (sums are added in another order)."""
    if isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[k], v) for k, v in theirs.items())
    if isinstance(theirs, (list, tuple)):
        return len(ours) == len(theirs) and all(same(a, b) for a, b in zip(ours, theirs, strict=True))
    if pd.isna(theirs) or pd.isna(ours):
        return bool(pd.isna(theirs) and pd.isna(ours))
    if isinstance(theirs, (float, np.floating)):
        return math.isclose(ours, theirs, rel_tol=1e-12, abs_tol=1e-12)
    return bool(ours == theirs)


def compare(ours: list[Any], theirs: list[Any]) -> None:
    for a, b in zip(ours, theirs, strict=True):
        where = f"{b.expectation_config.type} {b.expectation_config.kwargs}"
        where += f"\nours {a.result} {a.exception_info}\ntheirs {b.result}"
        assert a.success == b.success, where
        assert bool(a.exception_info.get("raised_exception", True)) == bool(
            b.exception_info.get("raised_exception", True)
        ), where
        for key, value in b.result.items():
            if key == "partial_missing_list":
                assert set(a.result[key]) == set(value), where
            else:
                assert same(a.result.get(key), value), (key, where)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return table(300)


@pytest.fixture(scope="module")
def theirs(frame: pd.DataFrame) -> list[Any]:
    return run_suite(frame, everything())


@pytest.mark.parametrize(("partitions", "empty"), [(1, False), (3, True)])
def test_equal_to_the_pandas_engine(frame: pd.DataFrame, theirs: list[Any], partitions: int, empty: bool) -> None:
    compare(run_suite(cut(frame, partitions, empty=empty), everything()), theirs)


def test_a_small_table_comes_to_the_last_digit_of_pandas() -> None:
    frame = pd.DataFrame({"x": np.random.default_rng(5).normal(3, 7, 700)})
    mean, deviation = frame.x.mean(), frame.x.std()
    wanted = [
        gxe.ExpectColumnMeanToBeBetween(column="x", min_value=mean, max_value=mean),
        gxe.ExpectColumnStdevToBeBetween(column="x", min_value=deviation, max_value=deviation),
    ]
    assert [each.success for each in run_suite(cut(frame, 5, empty=True), wanted)] == [True, True]


def test_equal_on_an_empty_table() -> None:
    empty = table(300).iloc[:0]
    checks = [e for e in everything() if "ZScore" not in type(e).__name__]
    ours, theirs = run_suite(cut(empty, 2), checks), run_suite(empty, checks)
    for a, b in zip(ours, theirs, strict=True):
        if b.exception_info.get("raised_exception") is False:
            assert a.success == b.success, b.expectation_config


def test_the_comparison_covers_all_that_is_supported(theirs: list[Any]) -> None:
    tested = {r.expectation_config.type for r in theirs}
    claimed = {c.expectation for c in coverage() if c.dask}
    assert claimed == tested
    assert claimed == {c.expectation for c in coverage() if c.pandas}


def test_the_reference_is_what_the_engine_says() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "expectations.md"
    assert page.read_text(encoding="utf-8") == as_markdown()


def test_the_comparison_is_about_something(theirs: list[Any]) -> None:
    outcomes = [r.success for r in theirs]
    raised = [r.expectation_config for r in theirs if r.exception_info.get("raised_exception") is not False]
    assert outcomes.count(True) > 30
    assert outcomes.count(False) > 30
    assert len(raised) <= 3, raised


def test_order_statistics_of_partitions_larger_than_a_sketch(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataweir.quality.execution import ranks

    monkeypatch.setattr(ranks, "SAMPLES", 5)
    frame = table(400, seed=11)
    frame["skewed"] = np.where(np.arange(400) % 3 == 0, np.arange(400), 0)
    checks = [
        gxe.ExpectColumnQuantileValuesToBeBetween(
            column=column,
            quantile_ranges={"quantiles": [0.01, 0.33, 0.5, 0.77, 0.999], "value_ranges": [[None, 12]] * 5},
            allow_relative_error="linear",
        )
        for column in (*NUMBERS, "skewed")
    ] + [gxe.ExpectColumnMedianToBeBetween(column=column, min_value=0) for column in (*NUMBERS, "skewed")]
    compare(run_suite(cut(frame, 4), checks), run_suite(frame, checks))


def test_row_conditions(frame: pd.DataFrame) -> None:
    checks = [
        gxe.ExpectColumnValuesToNotBeNull(column="text", row_condition="big>0", condition_parser="pandas"),
        gxe.ExpectColumnValuesToBeUnique(column="text", row_condition="big>0", condition_parser="pandas"),
        gxe.ExpectColumnMeanToBeBetween(column="big", min_value=0, row_condition="other>0", condition_parser="pandas"),
    ]
    compare(run_suite(cut(frame, 3), checks), run_suite(frame, checks))


@pytest.mark.parametrize("named", [["id"], None])
def test_complete_results_with_values_rows_and_index_columns(frame: pd.DataFrame, named: list[str] | None) -> None:
    shape: dict[str, Any] = {"result_format": "COMPLETE", "include_unexpected_rows": False}
    if named:
        shape["unexpected_index_column_names"] = named
    checks = [
        gxe.ExpectColumnValuesToBeUnique(column="key"),
        gxe.ExpectColumnValuesToBeInSet(column="text", value_set=["a"]),
        gxe.ExpectColumnValuesToBeIncreasing(column="float"),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A="big", column_B="other"),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["small", "text"]),
    ]
    ours, theirs = run_suite(cut(frame, 3), checks, shape), run_suite(frame, checks, shape)
    for a, b in zip(ours, theirs, strict=True):
        assert a.result.keys() == b.result.keys(), (a.exception_info, b.exception_info)
        assert same(a.result, b.result), a.expectation_config


@pytest.mark.parametrize("form", ["BOOLEAN_ONLY", "BASIC", "COMPLETE"])
def test_every_result_format_is_the_pandas_engines(frame: pd.DataFrame, form: str) -> None:
    checks = [e for e in everything() if getattr(e, "column", "") not in ("flag", "small", "money")]
    shape = {"result_format": form, "include_unexpected_rows": False, "unexpected_index_column_names": ["id"]}
    compare(run_suite(cut(frame, 3), checks, shape), run_suite(frame, checks, shape))


def test_numbers_among_objects_and_booleans_have_quantiles(frame: pd.DataFrame) -> None:
    table = pd.DataFrame(
        {
            "whole": pd.Series([1, 2, 2, 3, 9, None], dtype=object),
            "broken": pd.Series([0.5, 2, None, 3.25, 9, 4], dtype=object),
            "flag": [True, False, True, True, False, True],
        }
    )
    ranges = {"quantiles": [0, 0.333, 0.667, 1], "value_ranges": [[0, 1], [2, 3], [2, 3], [1, 9]]}
    checks = [gxe.ExpectColumnQuantileValuesToBeBetween(column=c, quantile_ranges=ranges) for c in table]
    checks += [gxe.ExpectColumnValuesToNotBeOutliers(column=c, method="iqr") for c in ("whole", "broken")]
    compare(run_suite(cut(table, 3), checks), run_suite(table, checks))


def test_row_conditions_name_times(frame: pd.DataFrame) -> None:
    from great_expectations.expectations.row_conditions import Column

    day = dt.datetime(2024, 1, 5, tzinfo=dt.UTC)
    checks = [
        gxe.ExpectColumnValuesToNotBeNull(column="text", row_condition=Column("time") > day),
        gxe.ExpectColumnMaxToBeBetween(column="big", max_value=0, row_condition=Column("time") <= day),
    ]
    compare(run_suite(cut(frame, 3), checks), run_suite(frame, checks))


def test_a_whole_suite_takes_one_pass(frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[int] = []
    real = DaskExecutionEngine._pass
    monkeypatch.setattr(
        DaskExecutionEngine, "_pass", lambda self, works: (passes.append(len(works)), real(self, works))[1]
    )
    small = {"expect_column_median_to_be_between", "expect_column_quantile_values_to_be_between"}
    checks = [e for e in everything() if e.expectation_type not in set(SECOND_PASS) - small]
    run_suite(cut(frame, 3), checks, {"result_format": "BASIC", "partial_unexpected_count": 0})
    assert len(passes) == 1
    assert passes[0] > 100


def test_what_is_not_supported_says_so_and_leaves_the_rest_whole(frame: pd.DataFrame) -> None:
    checks = [
        gxe.ExpectColumnValuesToMatchLikePattern(column="text", like_pattern="a%"),
        gxe.ExpectColumnValuesToNotBeNull(column="id"),
        gxe.ExpectColumnMeanToBeBetween(column="absent", min_value=0),
        gxe.ExpectColumnMeanToBeBetween(column="text", min_value=0),
    ]
    pattern, fine, absent, texts = run_suite(cut(frame, 2), checks)
    assert fine.success
    assert not pattern.success
    assert pattern.exception_info
    assert 'The column "absent" in BatchData does not exist' in str(absent.exception_info)
    assert "column.mean failed: TypeError" in str(texts.exception_info)


def test_an_unreadable_partition_fails_each_expectation(frame: pd.DataFrame) -> None:
    import dask.dataframe as dd

    def read(number: int) -> pd.DataFrame:
        raise OSError(5, "input/output error")

    broken = dd.from_map(read, [0, 1], meta=frame.iloc[:0])
    (result,) = run_suite(broken, [gxe.ExpectColumnValuesToNotBeNull(column="id")])
    assert not result.success
    assert result.exception_info


def test_order_is_judged_across_the_files_whose_rows_fail(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from dataweir.quality.gate import failing_rows
    from dataweir.quality.validation import validate

    parts = [[1, 2, 5], [4, 6], [], [None, 6, 7, 3]]
    files = [str(tmp_path / f"{number}.parquet") for number in range(len(parts))]
    for file, values in zip(files, parts, strict=True):
        pq.write_table(pa.table({"x": pa.array(values, pa.int64())}), file)
    suite = {
        "name": "s",
        "expectations": [{"type": "expect_column_values_to_be_increasing", "kwargs": {"column": "x"}}],
    }
    report = validate(files, suite)
    found = failing_rows(files, report.row_rules, lambda function, items, *rest: [function(i, *rest) for i in items])
    assert report.results[0].unexpected_count == 2
    assert [(table["file"].to_pylist(), table["line"].to_pylist()) for table in found] == [
        ([], []),
        ([files[1]], [1]),
        ([], []),
        ([files[3]], [4]),
    ]


def test_infinities_of_both_signs_in_one_partition_leave_no_sum() -> None:
    frame = pd.DataFrame({"x": [1.0, np.inf, -np.inf, 2.0], "mixed": pd.Series([1, "a", 1, 2], dtype=object)})
    shares = {"values": [1, "a"], "weights": [0.5, 0.5]}
    checks = [
        gxe.ExpectColumnSumToBeBetween(column="x", min_value=0),
        gxe.ExpectColumnKLDivergenceToBeLessThan(column="mixed", partition_object=shares, threshold=0.5),
    ]
    ours, theirs = run_suite(cut(frame, 2), checks), run_suite(frame, checks)
    assert [r.success for r in ours] == [r.success for r in theirs]
    assert pd.isna(ours[0].result["observed_value"])


def test_a_row_condition_names_fields_of_nested_columns() -> None:
    import pyarrow as pa

    from dataweir.quality.validation import validate

    rows = pa.table(
        {"v": [1, 2, 3, 4], "user": [{"kind": k, "age": a} for k, a in zip("aabb", (1, 5, 9, 9), strict=True)]}
    )
    for where, most, failing in (
        ("user.kind == 'b' and v > 0", 0, 2),
        ("user.age > 4", 2, 2),
        ("v > 0 and `user.kind` in ['a', 'user.kind']", 0, 2),
    ):
        kwargs = {"column": "v", "max_value": most, "row_condition": where, "condition_parser": "pandas"}
        suite = {"name": "s", "expectations": [{"type": "expect_column_values_to_be_between", "kwargs": kwargs}]}
        (check,) = validate(rows, suite).results
        assert (check.error, check.unexpected_count) == (None, failing), where
