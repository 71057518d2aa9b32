"""Web logs, side by side in one run on one file: Weir, GoAccess, DuckDB, and the limits of the machine.

    python -m benchmarks.weblogs.speed ../shared/data/weblogs --gigabytes 1 --rounds 3

Real combined lines are repeated until the file has its size. Every contender runs in a process of its own with the
same number of cores, all of them once a round; of each the best round counts. Seconds are wall clock; CPU seconds are
what the work itself took on all cores, which other load on the machine changes less; memory is the peak of the largest
process. Weir's processes and kernels are up before its clock starts, as in a cluster that runs; so is DuckDB.
GoAccess (Debian's package) parses and exits; DuckDB extracts the same fields with one regular expression and writes
Parquet. The limits: pyarrow writing the same table that is already in memory, and gzip inflating the same text.
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
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from dataweir.config import validate
from dataweir.ingest.contract import Split, source
from dataweir.ingest.landing import land
from dataweir.storage import write_parquet

FILES = (
    "nginx_big/*.gz",
    "apache_combined/*",
    "nginx_combined/*",
)
REGEX = r'^(\S+) (\S+) (\S+) \[([^\]]+)\] "([^"]*)" (\d{3}|-) (\d+|-) "([^"]*)" "([^"]*)"'
GROUPS = ["host", "ident", "usr", "time", "request", "status", "bytes", "referer", "agent"]  # it takes nine, no more


class Counted(NamedTuple):
    """Lines read (0: it does not say), wall-clock seconds, and seconds on all cores."""

    lines: int
    seconds: float
    cpu: float


def clock() -> tuple[float, float]:
    """Return the time, and the CPU seconds of this process and of those that it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return time.perf_counter(), sum(each.ru_utime + each.ru_stime for each in used)


def timed(work: Callable[[], object]) -> Counted:
    began, used = clock()
    work()
    ended, after = clock()
    return Counted(0, ended - began, after - used)


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


def parse_split(path: str, split: Split) -> tuple[int, float]:
    """Parse to Arrow and keep nothing: what GoAccess's parsing is compared with."""
    began = time.process_time()
    lines = sum(len(part.rows) + len(part.rejects) for part in logs(path).read(split))
    return lines, time.process_time() - began


def land_split(path: str, split: Split, out: str) -> tuple[int, float]:
    began = time.process_time()
    return land(logs(path), split, out, "bench").records, time.process_time() - began


def weir(path: str, out: str, cores: int) -> Counted:
    splits = logs(path).plan({}).splits
    with multiprocessing.get_context("spawn").Pool(cores, warm, (path,)) as pool:
        pool.map(time.sleep, [0.5] * cores, chunksize=1)  # every process is up before the clock starts
        began = time.perf_counter()
        if out:
            done = pool.starmap(land_split, [(path, split, out) for split in splits], chunksize=1)
        else:
            done = pool.starmap(parse_split, [(path, split) for split in splits], chunksize=1)
        seconds = time.perf_counter() - began
    return Counted(sum(lines for lines, _ in done), seconds, sum(used for _, used in done))


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
    query = f"SELECT UNNEST(regexp_extract(line, '{REGEX}', {GROUPS})) FROM {lines}"
    return timed(lambda: database.execute(f"COPY ({query}) TO '{out}/duck.parquet' (COMPRESSION zstd)", [path]))


def goaccess(path: str, out: str, cores: int) -> Counted:
    command = ["goaccess", path, "--log-format=COMBINED", "--process-and-exit", "--no-global-config", "--no-progress"]
    help = subprocess.run(["goaccess", "--help"], capture_output=True, text=True, check=False).stdout
    command += [f"--jobs={cores}"] if "--jobs" in help else []  # 1.7 knows none: it parses on one core
    return timed(lambda: subprocess.run(command, capture_output=True, check=True))


def write(path: str, out: str, cores: int) -> Counted:
    """The limit of writing: the table of the first split, in memory, written as often as the file is long."""
    splits = logs(path).plan({}).splits
    table = pa.concat_tables(part.rows for part in logs(path).read(splits[0]))
    took = timed(lambda: write_parquet(table, f"{out}/limit.parquet"))
    times = sum(s.size for s in splits) / splits[0].size
    return Counted(0, took.seconds * times / cores, took.cpu * times)


def inflate(path: str, out: str, cores: int) -> Counted:
    """The limit of a compressed log: inflating the same text, on one core."""
    with gzip.open(path + ".gz") as handle:
        return timed(lambda: [None for _ in iter(lambda: handle.read(1 << 20), b"")])


CONTENDERS: dict[str, tuple[str, Callable[[str, str, int], Counted]]] = {
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
    got = CONTENDERS[name][1](path, out, cores)
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({**got._asdict(), "mib": peak // 1024}))


def run(path: Path, lines: int, cores: int, rounds: int) -> dict[str, dict[str, Any]]:
    """Return what each contender's best round took."""
    names = [name for name in CONTENDERS if name != "goaccess" or shutil.which("goaccess")]
    best: dict[str, dict[str, Any]] = {}
    for _ in range(rounds):
        for name in names:
            got = measure(name, path, cores)
            assert got["lines"] in (0, lines), (name, got["lines"], lines)
            known = best.setdefault(name, got)
            known |= {key: min(known[key], got[key]) for key in ("seconds", "cpu")}
    return best


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--gigabytes", type=float, default=1)
    arguments.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()))
    arguments.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    arguments.add_argument("--rounds", type=int, default=1)
    given = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(dir=given.scratch))
    try:
        path = folder / "access.log"
        lines = make(given.folder, path, int(given.gigabytes * 1e9))
        subprocess.run(["gzip", "-1", "-k", str(path)], check=True)
        print(f"{path.stat().st_size / 1e9:.2f} GB, {lines:,} lines, {given.cores} cores, rounds: {given.rounds}\n")
        best = run(path, lines, given.cores, given.rounds)
        print("| what | seconds | CPU seconds | thousand lines/s | MB/s | peak MiB |\n|---|---|---|---|---|---|")
        for name, got in best.items():
            speed, rate = lines / got["seconds"] / 1000, path.stat().st_size / got["seconds"] / 1e6
            took = f"{got['seconds']:.1f} | {got['cpu']:.1f}"
            print(f"| {CONTENDERS[name][0]} | {took} | {speed:,.0f} | {rate:,.0f} | {got['mib']} |")
        print()
        for ours, theirs, label in (
            ("weir-parse", "goaccess", "parsing: {} GoAccess"),
            ("weir", "duckdb", "to Parquet: {} DuckDB"),
        ):
            if theirs in best:
                wall, cpu = (best[theirs][key] / best[ours][key] for key in ("seconds", "cpu"))
                print(label.format(f"{wall:.1f} times (by CPU seconds {cpu:.1f} times)"))
        print(f"of the limit of writing: {best['write']['cpu'] / best['weir']['cpu']:.0%} (by CPU seconds)")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
    else:
        main()
