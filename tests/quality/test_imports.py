"""Great Expectations stays in the driver, and its import takes no more than it must."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

gx = pytest.importorskip("great_expectations")

from great_expectations import expectations as gxe  # noqa: E402
from quality_tables import table  # noqa: E402
from test_quality_engine import everything  # noqa: E402

from dataweir.quality.validation import validate  # noqa: E402


def test_a_worker_computes_every_expectation_without_great_expectations(tmp_path: Path) -> None:
    from distributed import Client, LocalCluster

    file = tmp_path / "table.parquet"
    pq.write_table(pa.Table.from_pandas(table(300).drop(columns="money"), preserve_index=False), file)
    checks = [e for e in everything() if "money" not in e.configuration.kwargs.values()]
    checks.append(gxe.ExpectColumnValuesToNotBeNull(column="text", row_condition="big > 0", condition_parser="pandas"))
    suite = gx.ExpectationSuite(name="all", expectations=checks)
    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        there = validate(str(file), suite)
        # A lambda, for a function of this module would make the worker import it, and what it imports.
        (modules,) = client.run(lambda: set(sys.modules)).values()
    here = validate(str(file), suite)
    assert there.as_dict() == here.as_dict()
    assert there.rows == 300
    assert "pandas" in modules
    assert {"great_expectations", "altair", "marshmallow"} & modules == set()


def test_the_driver_puts_off_what_great_expectations_loads_in_case() -> None:
    program = (
        "import sys; from dataweir.quality.deferred import DEFERRED, load; from importlib.util import _LazyModule;"
        "load(); assert all(type(sys.modules[name]) is _LazyModule for name in DEFERRED); import altair, scipy.stats;"
        "assert scipy.stats.entropy([1, 1]) > 0.6 and altair.Chart;"
        "assert not any(type(f).__name__ == '_Deferring' for f in sys.meta_path); print('fine')"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "fine\n"
