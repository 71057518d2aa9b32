"""Side by side: Great Expectations' pandas engine and the Dask engine, one suite of 25 expectations, one run.

    python -m benchmarks.quality.run --rows 5000000 --files 10

Each way runs in a process of its own on the same Parquet files; seconds count from the files to the results
(reading included, imports and the start of workers not), cpu adds up the processor time of all processes, which other
work on the machine hardly changes; memory is the peak of one process. `sql-duckdb` is Great Expectations' SQL engine
(sql.py; left out where duckdb-engine is not installed). `differential` keeps states over all files but the last, then
reads that one.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from . import data, sql, suite

WAYS = ("pandas", "sql-duckdb", "dask-threads", "dask-processes", "differential")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--files", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=None, help="where the generated files stay")
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--way", default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.gettempdir()) / f"weir-quality-{options.rows}-{options.files}"
    if options.way:
        files = sorted(str(file) for file in folder.glob("*.parquet"))
        print(json.dumps(one(options.way, files, options.workers)))
        return
    data.write(folder, options.rows, options.files)
    results = {}
    for way in options.ways.split(","):
        if way == "sql-duckdb" and importlib.util.find_spec("duckdb_engine") is None:
            print("sql-duckdb is left out: pip install duckdb-engine")
            continue
        arguments = [
            sys.executable,
            "-m",
            "benchmarks.quality.run",
            *sys.argv[1:],
            "--folder",
            str(folder),
            "--way",
            way,
        ]
        done = subprocess.run(arguments, check=True, capture_output=True, text=True)
        results[way] = json.loads(done.stdout.splitlines()[-1])
    print(f"{options.rows:,} rows, {options.files} files, {len(suite.expectations())} expectations\n")
    print(
        "| way | seconds | pandas / this | cpu s | pandas / this | memory GB | passed |\n|---|---|---|---|---|---|---|"
    )
    peer = results.get("pandas")
    for way, found in results.items():
        wall, cpu = (f"{peer[k] / found[k]:.1f}" if peer else "-" for k in ("seconds", "cpu"))
        times = f"{found['seconds']:.2f} | {wall} | {found['cpu']:.2f} | {cpu}"
        print(f"| {way} | {times} | {found['memory']:.2f} | {found['passed']} |")
        if "full" in found:
            print(f"\none new file of {options.files}: {found['seconds'] / found['full']:.1%} of the full time")


def one(way: str, files: list[str], workers: int) -> dict[str, Any]:
    """Run one way in this process."""
    logging.disable(logging.CRITICAL)
    if way == "pandas":
        found = with_pandas(files)
    elif way == "sql-duckdb":
        with tempfile.TemporaryDirectory() as folder:
            found = sql.with_sql(files, Path(folder))
    elif way == "differential":
        found = differential(files)
    else:
        found = with_dask(files, workers if way == "dask-processes" else 0)
    return {**found, "memory": max(peak(), found.pop("worker_peak", 0)) / 1e9}


def peak() -> int:
    """Return the largest resident size that this process had, in bytes (ru_maxrss would count its parent's, too)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024


def with_pandas(files: list[str]) -> dict[str, Any]:
    import great_expectations as gx
    import pandas as pd

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    batch = context.data_sources.add_pandas("s").add_dataframe_asset("a").add_batch_definition("b")
    checks = gx.ExpectationSuite(name="s", expectations=suite.expectations())
    started, cpu = time.perf_counter(), time.process_time()
    frame = pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
    shape = {"result_format": "BASIC", "partial_unexpected_count": 0}
    found = batch.get_batch(batch_parameters={"dataframe": frame}).validate(checks, result_format=shape)
    return {**spent(started, cpu), "passed": sum(r.success for r in found.results)}


def spent(started: float, cpu: float) -> dict[str, float]:
    return {"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu}


def with_dask(files: list[str], workers: int) -> dict[str, Any]:
    import great_expectations as gx

    from dataweir.quality.validation import validate

    checks = gx.ExpectationSuite(name="s", expectations=suite.expectations())
    validate(files[0], gx.ExpectationSuite(name="w", expectations=suite.expectations()[:1]))  # imports and compiles
    if not workers:
        started, cpu = time.perf_counter(), time.process_time()
        report = validate(files, checks)
        return {**spent(started, cpu), "passed": sum(c.success for c in report.results)}
    from dataweir.config import EngineConfig
    from dataweir.engine import Engine

    with Engine(EngineConfig(workers=workers)) as engine:
        engine.client.run(import_engine)
        before = sum(engine.client.run(time.process_time).values())
        started, cpu = time.perf_counter(), time.process_time()
        report = validate(files, checks)
        found = spent(started, cpu)
        found["cpu"] += sum(engine.client.run(time.process_time).values()) - before
        peaks = engine.client.run(peak)
    return {**found, "passed": sum(c.success for c in report.results), "worker_peak": max(peaks.values())}


def import_engine() -> None:
    """Import on a worker what the first partition would import."""
    import dataweir.quality.execution.reducers  # noqa: F401


def differential(files: list[str]) -> dict[str, Any]:
    import great_expectations as gx

    from dataweir.quality.validation import validate

    checks = gx.ExpectationSuite(name="s", expectations=suite.expectations())
    folder = tempfile.mkdtemp()
    try:
        validate(files[0], checks)
        started = time.perf_counter()
        validate(files, checks)
        full = time.perf_counter() - started
        validate(files[:-1], checks, states=folder)
        started, cpu = time.perf_counter(), time.process_time()
        report = validate(files, checks, states=folder)
        found = spent(started, cpu)
        assert report.partitions_read < len(files)
    finally:
        shutil.rmtree(folder)
    return {**found, "full": full, "passed": sum(c.success for c in report.results)}


if __name__ == "__main__":
    main()
