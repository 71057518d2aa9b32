"""Web logs, side by side in one run on one file: Weir, GoAccess, DuckDB, and the limits of the machine.

    python -m benchmarks.weblogs.speed ../shared/data/weblogs --gigabytes 1

Real combined lines are repeated until the file has its size. Every contender runs in a process of its own with the
same number of cores; seconds are wall clock, memory is the peak of the largest process. GoAccess (Debian's package)
parses and exits; DuckDB extracts the same fields with one regular expression and writes Parquet. The limits: pyarrow
writing the same table that is already in memory, and gzip inflating the same text.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dataweir.config import validate
from dataweir.ingest.contract import Split, source
from dataweir.ingest.landing import land

FILES = (
    "nginx_big/*.gz",
    "apache_combined/*",
    "nginx_combined/*",
)
REGEX = r'^(\S+) (\S+) (\S+) \[([^\]]+)\] "([^"]*)" (\d{3}|-) (\d+|-) "([^"]*)" "([^"]*)"'
GROUPS = ["host", "ident", "usr", "time", "request", "status", "bytes", "referer", "agent"]  # it takes nine, no more


Counted = tuple[int, float]
"""Lines read, and the seconds it took where the contender keeps its own clock (0: the process's)."""


def make(folder: Path, target: Path, size: int) -> int:
    """Write real combined lines again and again until `target` has `size` bytes; return the number of lines."""
    opened = [path for pattern in FILES for path in sorted(folder.glob(pattern))]
    text = b"".join(gzip.decompress(p.read_bytes()) if p.suffix == ".gz" else p.read_bytes() for p in opened)
    times = -(-size // len(text))
    with target.open("wb") as handle:
        for _ in range(times):
            handle.write(text)
    return times * text.count(b"\n")


def logs(path: str) -> Any:
    kind = source.get("weblog")
    given = {"type": "weblog", "path": path, "format": "combined", "settle_seconds": 0}
    return kind("logs", validate(kind.Config, given, "bench"), "/")


def parse_split(work: tuple[str, Split]) -> int:
    """Parse to Arrow and keep nothing: what GoAccess's parsing is compared with."""
    return sum(len(part.rows) + len(part.rejects) for part in logs(work[0]).read(work[1]))


def land_split(work: tuple[str, Split, str]) -> int:
    return land(logs(work[0]), work[1], work[2], "bench").records


def weir(path: str, out: str, cores: int) -> Counted:
    splits = logs(path).plan({}).splits
    with multiprocessing.get_context("spawn").Pool(cores, warm, (path,)) as pool:
        pool.map(time.sleep, [0.5] * cores, chunksize=1)  # every process is up before the clock starts
        began = time.perf_counter()
        if out:
            lines = sum(pool.map(land_split, [(path, split, out) for split in splits], chunksize=1))
        else:
            lines = sum(pool.map(parse_split, [(path, split) for split in splits], chunksize=1))
        return lines, time.perf_counter() - began


def warm(path: str) -> None:
    """Load the kernels, as a worker of a running cluster has."""
    reader = logs(path)
    split = reader.plan({}).splits[0]
    for _ in reader.read(replace(split, end=100_000)):
        pass


def duck(path: str, out: str, cores: int) -> Counted:
    database = duckdb.connect(config={"threads": cores, "memory_limit": "4GB"})
    lines = (
        "read_csv(?, columns={'line': 'VARCHAR'}, delim='\x01', quote='', escape='', header=false, auto_detect=false,"
        " strict_mode=false, max_line_size=10000000)"
    )
    database.execute(
        f"COPY (SELECT UNNEST(regexp_extract(line, '{REGEX}', {GROUPS})) FROM {lines})"
        f" TO '{out}/duck.parquet' (COMPRESSION zstd)",
        [path],
    )
    return 0, 0


def goaccess(path: str, out: str, cores: int) -> Counted:
    command = ["goaccess", path, "--log-format=COMBINED", "--process-and-exit", "--no-global-config", "--no-progress"]
    done = subprocess.run([*command, f"--jobs={cores}"], capture_output=True, text=True, check=False)
    if done.returncode and "jobs" in done.stderr:  # 1.7 knows no --jobs: it parses on one core
        subprocess.run(command, capture_output=True, check=True)
    return 0, 0


def write(path: str, out: str, cores: int) -> Counted:
    """The limit of writing: the table of the first split, in memory, written as often as the file is long."""
    splits = logs(path).plan({}).splits
    table = pa.concat_tables(part.rows for part in logs(path).read(splits[0]))
    began = time.perf_counter()
    pq.write_table(table, f"{out}/limit.parquet", compression="zstd")
    return 0, (time.perf_counter() - began) * sum(s.size for s in splits) / splits[0].size / cores


def inflate(path: str, out: str, cores: int) -> Counted:
    """The limit of a compressed log: inflating the same text, on one core."""
    with gzip.open(path + ".gz") as handle:
        while handle.read(1 << 20):
            pass
    return 0, 0


CONTENDERS: dict[str, tuple[str, Callable[[str, str, int], tuple[int, float]]]] = {
    "weir-parse": ("Weir, parsing alone", weir),
    "goaccess": ("GoAccess, parsing alone", goaccess),
    "weir": ("Weir, to Parquet", weir),
    "duckdb": ("DuckDB regexp_extract, to Parquet", duck),
    "write": ("limit: pyarrow writing the table in memory", write),
    "inflate": ("limit: gzip inflating the same text, one core", inflate),
}


def measure(name: str, path: Path, cores: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=path.parent) as out:
        target = "" if name == "weir-parse" else out
        command = [sys.executable, "-m", "benchmarks.weblogs.speed", "--one", name, str(path), target, str(cores)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def one(name: str, path: str, out: str, cores: int) -> None:
    began = time.perf_counter()
    lines, seconds = CONTENDERS[name][1](path, out, cores)
    seconds = seconds or time.perf_counter() - began
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    own, children = (each.ru_maxrss for each in used)
    cpu = sum(each.ru_utime + each.ru_stime for each in used)
    print(json.dumps({"seconds": seconds, "lines": lines, "mib": max(own, children) // 1024, "cpu": cpu}))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--gigabytes", type=float, default=1)
    arguments.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()))
    arguments.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    given = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(dir=given.scratch))
    try:
        path = folder / "access.log"
        lines = make(given.folder, path, int(given.gigabytes * 1e9))
        subprocess.run(["gzip", "-1", "-k", str(path)], check=True)
        print(f"{path.stat().st_size / 1e9:.2f} GB, {lines:,} lines, {given.cores} cores\n")
        print("| what | seconds | CPU seconds | thousand lines/s | MB/s | peak MiB |\n|---|---|---|---|---|---|")
        seconds: dict[str, float] = {}
        for name, (label, _) in CONTENDERS.items():
            if name == "goaccess" and shutil.which("goaccess") is None:
                print(f"| {label} | not installed | | | | |")
                continue
            got = measure(name, path, given.cores)
            seconds[name] = got["seconds"]
            if got["lines"]:
                assert got["lines"] == lines, (name, got["lines"], lines)
            speed, rate = lines / got["seconds"] / 1000, path.stat().st_size / got["seconds"] / 1e6
            took = f"{got['seconds']:.1f} | {got['cpu']:.1f}"
            print(f"| {label} | {took} | {speed:,.0f} | {rate:,.0f} | {got['mib']} |", flush=True)
        if "goaccess" in seconds:
            print(f"\nparsing: {seconds['goaccess'] / seconds['weir-parse']:.1f} times GoAccess")
        print(f"to Parquet: {seconds['duckdb'] / seconds['weir']:.1f} times DuckDB")
        print(f"of the limit of writing: {seconds['write'] / seconds['weir']:.0%}")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
    else:
        main()
