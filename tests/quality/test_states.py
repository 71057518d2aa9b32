"""Kept states: a growing table is reported on as a whole, and its old partitions are not read again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

gx = pytest.importorskip("great_expectations")

from great_expectations import expectations as gxe  # noqa: E402
from quality_tables import table  # noqa: E402

from dataweir.quality.validation import validate  # noqa: E402

SUITE = gx.ExpectationSuite(
    name="states",
    expectations=[
        gxe.ExpectTableRowCountToBeBetween(min_value=1),
        gxe.ExpectColumnValuesToBeUnique(column="key"),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["small", "text"]),
        gxe.ExpectColumnUniqueValueCountToBeBetween(column="text", max_value=5),
        gxe.ExpectColumnValuesToNotBeNull(column="small"),
        gxe.ExpectColumnValuesToBeIncreasing(column="id"),
        gxe.ExpectColumnMeanToBeBetween(column="float", min_value=0, max_value=1),
        gxe.ExpectColumnStdevToBeBetween(column="float", min_value=0, max_value=1),
        gxe.ExpectColumnMedianToBeBetween(column="float", min_value=0, max_value=1),
        gxe.ExpectColumnMaxToBeBetween(column="time", max_value=1),
        gxe.ExpectColumnMinToBeBetween(column="time", min_value="2020-01-01"),
        gxe.ExpectColumnDistinctValuesToContainSet(column="text", value_set=["a", "nowhere"]),
        gxe.ExpectColumnKLDivergenceToBeLessThan(
            column="text", partition_object={"values": ["a", "12"], "weights": [0.5, 0.5]}, threshold=0.1
        ),
    ],
)


def write(folder: Path, number: int, rows: int = 200) -> str:
    frame = table(rows, seed=number).drop(columns="money")
    frame["id"] += number * 150
    frame["key"] = [f"k{i}" for i in frame["id"]]
    file = folder / f"{number:03d}.parquet"
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), file)
    return str(file)


def outcome(report: Any) -> list[Any]:
    return [(c.success, c.unexpected_count, c.unexpected_percent, c.observed, c.error) for c in report.results]


def test_a_growing_table_reads_only_what_is_new(tmp_path: Path) -> None:
    states = str(tmp_path / "states")
    files = [write(tmp_path, number) for number in range(3)]
    assert validate(files, SUITE, states=states).partitions_read == 3
    for number in (3, 4):
        files.append(write(tmp_path, number))
        report = validate(files, SUITE, states=states)
        assert report.partitions_read == 1
        assert outcome(report) == outcome(validate(files, SUITE))
    again = validate(files, SUITE, states=states)
    assert again.partitions_read == 0
    assert outcome(again) == outcome(report)


def test_a_changed_or_removed_partition_makes_all_anew(tmp_path: Path) -> None:
    states = str(tmp_path / "states")
    files = [write(tmp_path, number) for number in range(3)]
    validate(files, SUITE, states=states)
    write(tmp_path, 1, rows=50)
    report = validate(files, SUITE, states=states)
    assert report.partitions_read == 3
    assert outcome(report) == outcome(validate(files, SUITE))
    assert outcome(validate(files[:2], SUITE, states=states)) == outcome(validate(files[:2], SUITE))


def test_states_of_a_replaced_suite_are_removed(tmp_path: Path) -> None:
    states = tmp_path / "states"
    files = [write(tmp_path, number) for number in range(2)]
    validate(files, SUITE, states=str(states))
    before = {file.parent for file in states.rglob("*") if file.is_file()}
    other = gx.ExpectationSuite(name="other", expectations=[gxe.ExpectColumnValuesToBeUnique(column="key")])
    validate(files, other, states=str(states))
    after = {file.parent for file in states.rglob("*") if file.is_file()}
    assert before
    assert len(after) == 1
    assert not before & after


def test_states_that_are_damaged_or_lost_are_made_anew(tmp_path: Path) -> None:
    states = tmp_path / "states"
    files = [write(tmp_path, number) for number in range(2)]
    validate(files, SUITE, states=str(states))
    (manifest,) = states.rglob("manifest.parquet")
    manifest.write_bytes(b"broken")
    assert validate(files, SUITE, states=str(states)).partitions_read == 2
    shutil.rmtree(states)
    assert validate(files, SUITE, states=str(states)).partitions_read == 2


def test_what_depends_on_findings_reads_the_whole_and_is_right(tmp_path: Path) -> None:
    files = [write(tmp_path, number) for number in range(2)]
    suite = gx.ExpectationSuite(
        name="z",
        expectations=[gxe.ExpectColumnValueZScoresToBeLessThan(column="float", threshold=1, double_sided=True)],
    )
    states = str(tmp_path / "states")
    for _ in range(2):
        assert outcome(validate(files, suite, states=states)) == outcome(validate(files, suite))


def test_segments_of_many_runs_become_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataweir.quality.execution import incremental

    monkeypatch.setattr(incremental, "FEW", 2)
    states, files = tmp_path / "states", []
    for number in range(7):
        files.append(write(tmp_path, number))
        report = validate(files, SUITE, states=str(states))
        assert report.partitions_read == 1
    assert len(list(states.rglob("segment-*"))) <= 3
    whole = validate(files, SUITE)
    assert [c.success for c in report.results] == [c.success for c in whole.results]
    for ours, theirs in zip(report.results, whole.results, strict=True):
        assert ours.unexpected_count == theirs.unexpected_count
        assert ours.observed == (theirs.observed and pytest.approx(theirs.observed, rel=1e-12)), ours
