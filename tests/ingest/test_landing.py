"""Landing: a split becomes files once, whole, with counts that add up, however often it is tried."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numba import njit

from dataweir.config import validate
from dataweir.errors import DataError, SourceError
from dataweir.ingest.contract import REJECTS, Pulled, Split, no_rejects, source
from dataweir.ingest.landing import land, locations

GOOD = b'192.0.2.1 - - [02/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1\n'


def reader(root: Path) -> Any:
    kind = source.get("weblog")
    return kind("logs", validate(kind.Config, {"type": "weblog", "path": "log", "format": "common"}, "t"), str(root))


def test_rows_rejects_and_counts(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(GOOD * 3 + b"nonsense\n\n")
    logs = reader(tmp_path)
    (split,) = logs.plan({}).splits
    landed = land(logs, split, str(tmp_path / "wh"), "c")
    assert (landed.records, landed.rows, sum(landed.rejected.values())) == (5, 3, 2)
    assert landed.rows_path is not None
    assert landed.rejects_path is not None
    assert pq.read_table(landed.rows_path)["line"].to_pylist() == [1, 2, 3]
    assert pq.read_table(landed.rejects_path)["raw"].to_pylist() == [b"nonsense", b""]


def test_a_landed_split_is_found_and_not_read_again(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(GOOD + b"x\n")
    logs = reader(tmp_path)
    (split,) = logs.plan({}).splits
    first = land(logs, split, str(tmp_path / "wh"), "c")
    (tmp_path / "log").unlink()
    again = land(logs, split, str(tmp_path / "wh"), "c")
    assert again.reused
    assert not first.reused
    assert (again.rows, again.rejected, again.rows_path) == (first.rows, first.rejected, first.rows_path)


def test_another_configuration_lands_elsewhere(tmp_path: Path) -> None:
    split = Split("logs", "k", "p", "f", 1)
    assert locations(split, "wh", "a") != locations(split, "wh", "b")


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_a_log_that_is_rotated_between_planning_and_reading_is_not_mistaken(
    compress: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    log.write_bytes(compress(GOOD * 3))
    logs = reader(tmp_path)
    plan = logs.plan({})
    log.rename(tmp_path / "log.1")
    log.write_bytes(compress(GOOD.replace(b"192", b"193") * 5))
    with pytest.raises(SourceError, match="was replaced while it was read") as caught:
        land(logs, plan.splits[0], str(tmp_path / "wh"), "c")
    assert caught.value.facts["retryable"]
    assert not list((tmp_path / "wh").rglob("*.parquet*"))
    log.unlink()
    with pytest.raises(SourceError, match="No such file"):
        land(logs, plan.splits[0], str(tmp_path / "wh"), "c")


def test_a_log_that_grows_while_it_is_read_is_whole(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(GOOD * 3)
    logs = reader(tmp_path)
    (split,) = logs.plan({}).splits
    (tmp_path / "log").write_bytes(GOOD * 9)
    assert land(logs, split, str(tmp_path / "wh"), "c").rows == 3


class Broken:
    """A source whose second batch goes wrong."""

    schema = pa.schema({"file": pa.string(), "line": pa.int64()})

    def __init__(self, second: Pulled | SourceError) -> None:
        self.second = second

    def read(self, split: Split) -> Iterator[Pulled]:
        yield Pulled(pa.table({"file": ["f"], "line": [1]}), no_rejects())
        if isinstance(self.second, SourceError):
            raise self.second
        yield self.second


def test_a_split_that_fails_leaves_nothing(tmp_path: Path) -> None:
    fails: Any = Broken(SourceError("gone", "look", file="f", retryable=True))
    with pytest.raises(SourceError):
        land(fails, Split("s", "k", "p", "f", 1), str(tmp_path), "c")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_source_that_breaks_its_schema_is_told(tmp_path: Path) -> None:
    other: Any = Broken(Pulled(pa.table({"file": ["f"]}), REJECTS.empty_table()))
    with pytest.raises(DataError, match="different schemas"):
        land(other, Split("s", "k", "p", "f", 1), str(tmp_path), "c")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_split_of_nothing_lands_as_counts(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"nonsense\n")
    logs = reader(tmp_path)
    (split,) = logs.plan({}).splits
    landed = land(logs, split, str(tmp_path / "wh"), "c")
    assert landed.rows_path is None
    assert landed.rejected == {"fields": 1}


def test_compiling_a_kernel_is_no_time_of_reading(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(GOOD)
    logs = reader(tmp_path)
    (split,) = logs.plan({}).splits
    read = logs.read

    def compiling(split: Split) -> Iterator[Pulled]:
        njit(lambda x: x + 1)(1)
        yield from read(split)

    logs.read = compiling
    began = time.perf_counter()
    landed = land(logs, split, str(tmp_path / "wh"), "c")
    took = time.perf_counter() - began
    assert 0 < landed.cost["compile_seconds"] < took
    assert landed.seconds <= took - landed.cost["compile_seconds"]


def test_the_footer_of_raw_rows_names_nobody(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(GOOD * 3)
    logs = reader(tmp_path)
    (split,) = logs.plan({}).splits
    path = land(logs, split, str(tmp_path / "wh"), "c").rows_path
    group = pq.read_metadata(path).row_group(0)
    columns = [group.column(i) for i in range(group.num_columns)]
    said = {column.path_in_schema for column in columns if column.is_stats_set}
    assert said == {"ts", "tz_minutes", "status", "bytes", "duration_us", "line"}
