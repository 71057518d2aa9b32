"""Great Expectations as its users know it, over Dask: contexts, checkpoints, Data Docs; nothing leaves the house."""

from __future__ import annotations

import datetime as dt
import json
import socket
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

gx = pytest.importorskip("great_expectations")

from great_expectations import expectations as gxe  # noqa: E402
from great_expectations.checkpoint import UpdateDataDocsAction  # noqa: E402
from great_expectations.expectations.row_conditions import Column  # noqa: E402
from quality_tables import cut, run_suite, table  # noqa: E402

from dataweir.quality import validate  # noqa: E402
from dataweir.quality.execution import datasource as _registers_the_type_dask  # noqa: E402, F401

CANARY = "canary-7f3a"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("validation opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def expectations() -> list[Any]:
    return [
        gxe.ExpectColumnValuesToBeInSet(column="text", value_set=["a"], severity="warning"),
        gxe.ExpectColumnDistinctValuesToBeInSet(column="text", value_set=["a"]),
        gxe.ExpectColumnValuesToBeUnique(column="id"),
        gxe.ExpectColumnQuantileValuesToBeBetween(
            column="float", quantile_ranges={"quantiles": [0.5], "value_ranges": [[0, 100]]}
        ),
    ]


def checkpoint(context: Any, asset: Any, shape: Any = "SUMMARY") -> Any:
    definition = asset.add_batch_definition("whole")
    suite = context.suites.add(gx.ExpectationSuite(name="suite", expectations=expectations()))
    validation = context.validation_definitions.add(gx.ValidationDefinition(name="v", data=definition, suite=suite))
    return context.checkpoints.add(
        gx.Checkpoint(
            name="c",
            validation_definitions=[validation],
            actions=[UpdateDataDocsAction(name="docs")],
            result_format=shape,
        )
    )


def with_canary(rows: int) -> pd.DataFrame:
    frame = table(rows)
    frame.loc[5, "text"] = CANARY
    return frame


def test_a_checkpoint_runs_and_writes_data_docs_without_row_values(offline: None, tmp_path: Path) -> None:
    context = gx.get_context(mode="file", project_root_dir=tmp_path)
    asset = context.data_sources.add_dask("weir").add_dataframe_asset("events")
    shape = {"result_format": "COMPLETE", "unexpected_index_column_names": ["id"], "include_unexpected_rows": False}
    result = checkpoint(context, asset, shape).run(batch_parameters={"dataframe": cut(with_canary(200), 3)})

    assert not result.success
    (run,) = result.run_results.values()
    assert [r.success for r in run.results] == [False, False, False, True]
    in_set = run.results[0]
    assert in_set.expectation_config.severity == "warning"
    assert {"id": 5} in in_set.result["unexpected_index_list"]
    assert CANARY not in json.dumps(result.describe_dict(), default=str)
    written = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert any(file.suffix == ".html" and "validations" in file.parts for file in written)
    assert not [file for file in written if CANARY in file.read_text(encoding="utf-8", errors="replace")]


def test_aggregates_of_texts_and_times_are_withheld_from_results_and_data_docs(tmp_path: Path) -> None:
    frame = with_canary(200)
    frame["text"] = frame["text"].fillna(CANARY).where(frame.index > 3, f"zz-{CANARY}")
    checks = [
        gxe.ExpectColumnMaxToBeBetween(column="text", max_value=3),
        gxe.ExpectColumnMinToBeBetween(column="text", min_value=3),
        gxe.ExpectColumnMostCommonValueToBeInSet(column="text", value_set=["b"]),
        gxe.ExpectColumnDistinctValuesToBeInSet(column="text", value_set=["b"]),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="text", value_set=["b"]),
        gxe.ExpectColumnDistinctValuesToContainSet(column="text", value_set=["b"]),
        gxe.ExpectColumnKLDivergenceToBeLessThan(
            column="text", partition_object={"values": ["b"], "weights": [1.0]}, threshold=0.1, tail_weight_holdout=0.1
        ),
        gxe.ExpectColumnValuesToBeOfType(column="text", type_="int"),
        gxe.ExpectColumnMaxToBeBetween(column="big", max_value=3),
        gxe.ExpectColumnMaxToBeBetween(column="time", max_value=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
    ]
    context = gx.get_context(mode="file", project_root_dir=tmp_path)
    asset = context.data_sources.add_dask("weir").add_dataframe_asset("events")
    definition = asset.add_batch_definition("whole")
    suite = context.suites.add(gx.ExpectationSuite(name="suite", expectations=checks))
    validation = context.validation_definitions.add(gx.ValidationDefinition(name="v", data=definition, suite=suite))
    done = context.checkpoints.add(
        gx.Checkpoint(name="c", validation_definitions=[validation], actions=[UpdateDataDocsAction(name="docs")])
    ).run(batch_parameters={"dataframe": cut(frame, 3)})
    (run,) = done.run_results.values()
    assert not any(result.success for result in run.results)
    assert CANARY not in json.dumps(done.describe_dict(), default=str)
    assert "2024-01" not in json.dumps(done.describe_dict(), default=str)
    written = [file.read_text(encoding="utf-8", errors="replace") for file in tmp_path.rglob("*") if file.is_file()]
    assert not [text for text in written if CANARY in text]
    observed = {(r.expectation_config.type, r.expectation_config.kwargs["column"]): r.result for r in run.results}
    assert observed["expect_column_max_to_be_between", "big"]["observed_value"] == frame["big"].max()
    assert observed["expect_column_values_to_be_of_type", "text"]["observed_value"] == "str"


def test_row_values_show_where_the_source_says_so() -> None:
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_dask("open", row_values=True).add_dataframe_asset("events")
    result = checkpoint(context, asset).run(batch_parameters={"dataframe": cut(with_canary(200), 3)})
    assert CANARY in json.dumps(result.describe_dict(), default=str)


def test_a_parquet_asset_lives_in_a_project_of_files(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for number in range(3):
        part = table(100, seed=number).drop(columns="money")
        pq.write_table(pa.Table.from_pandas(part, preserve_index=False), tmp_path / "data" / f"{number}.parquet")
    context = gx.get_context(mode="file", project_root_dir=tmp_path)
    asset = context.data_sources.add_dask("weir").add_parquet_asset("events", path=str(tmp_path / "data"))
    checkpoint(context, asset)

    again = gx.get_context(mode="file", project_root_dir=tmp_path)
    (run,) = again.checkpoints.get("c").run().run_results.values()
    assert run.results[0].result["element_count"] == 300
    whole = again.data_sources.get("weir").get_asset("events").add_batch_definition_whole_directory("all")
    assert whole.get_batch().validate(gxe.ExpectTableRowCountToEqual(value=300)).success


def test_validation_opens_no_connection(offline: None) -> None:
    report = validate(table(100), gx.ExpectationSuite(name="s", expectations=expectations()))
    assert report.rows == 100


def test_rows_of_files_are_numbered_through(tmp_path: Path) -> None:
    for number in range(3):
        pq.write_table(pa.table({"x": [number, 5]}), tmp_path / f"{number}.parquet")
    from dataweir.quality.frames import table_of

    frame = table_of(str(tmp_path))
    assert frame.empty["x"].dtype == "int64"
    (result,) = run_suite(frame, [gxe.ExpectColumnValuesToBeBetween(column="x", max_value=4)])
    assert result.result["partial_unexpected_index_list"] == [1, 3, 5]


NESTED = [
    gxe.ExpectColumnValuesToNotBeNull(column="user.name"),
    gxe.ExpectColumnValuesToBeBetween(column="user.stats.posts", min_value=2),
    gxe.ExpectColumnMeanToBeBetween(column="user.stats.posts", min_value=0, max_value=10),
    gxe.ExpectColumnValuesToBeUnique(column="user.name"),
    gxe.ExpectColumnValuesToMatchRegex(column="user.name", regex="^[a-zé]+$", row_condition=Column("n") > 0),
]


@pytest.mark.parametrize("kind", ["structs", "mappings"])
def test_fields_of_nested_columns_by_dotted_path(kind: str) -> None:
    records = [
        {"name": "ann", "stats": {"posts": 1}},
        {"name": "é", "stats": {"posts": 2}},
        {"name": None, "stats": {"posts": 3}},
        {"name": "ann", "stats": None},
    ]
    flat = pd.DataFrame(
        {"n": range(4), "user.name": ["ann", "é", None, "ann"], "user.stats.posts": [1.0, 2.0, 3.0, None]}
    )
    nested: Any = pa.table({"n": range(4), "user": records})
    if kind == "mappings":
        nested = cut(pd.DataFrame({"n": range(4), "user": records}), 2)
    ours = validate(nested, gx.ExpectationSuite(name="s", expectations=NESTED))
    theirs = run_suite(flat, NESTED)
    assert [c.success for c in ours.results] == [bool(r.success) for r in theirs]
    assert [c.unexpected_count for c in ours.results] == [r.result.get("unexpected_count") for r in theirs]
    assert [c.observed for c in ours.results] == [r.result.get("observed_value") for r in theirs]


def test_a_field_that_is_not_there_says_so() -> None:
    nested = pa.table({"user": [{"name": "ann"}]})
    (check,) = validate(
        nested, gx.ExpectationSuite(name="s", expectations=[gxe.ExpectColumnValuesToBeNull(column="user.age")])
    ).results
    assert check.error == 'The column "user.age" in BatchData does not exist'
