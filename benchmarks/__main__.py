"""All benchmarks, one after the other: every table that the docs quote, by one command.

    pip install -e '.[dev]' rensa datasketch datatrove 'xxhash<4' tokenizers spacy courlan crawlerdetect html2text
    python -m benchmarks ../shared/data [--full] [--only weblogs,dedup]

Each runs in a process of its own, so that none leaves memory or caches to the next. Without --full the inputs are so
small that all of it ends in minutes; with it they have the sizes that the docs name. What cannot run here (a peer that
is not installed, data that is not there) is named at the end, and the exit code is then 1.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple


class Benchmark(NamedTuple):
    """A module and its arguments: for a first look, and for the figures in the docs; folders stand in braces."""

    module: str
    brief: str
    full: str


BENCHMARKS = (
    Benchmark("weblogs.speed", "{data}/weblogs --gigabytes 0.1 --rounds 1", "{data}/weblogs --gigabytes 1 --rounds 3"),
    Benchmark("social.reading", "{data}/social --megabytes 20 --rounds 1", "{data}/social"),
    Benchmark("clean.rules", "{data} 5000", "{data} 50000"),
    Benchmark("clean.bots", "{data}", "{data}"),
    Benchmark("dedup.peers", "2000 {corpus}", "20000 {corpus}"),
    Benchmark("dedup.labelled", "{data}/dedup", "{data}/dedup"),
    Benchmark("dedup.scale", "20000 4 {corpus}", "1000000 10 {corpus}"),
    Benchmark("dedup.bbit", "{data} 3000", "{data}"),
    Benchmark("dedup.device", "20000 {corpus}", "1000000 {corpus}"),
    Benchmark("dedup.processes", "20000 {corpus}", "400000 {corpus}"),
    Benchmark("quality.run", "--rows 500000 --files 4", "--rows 5000000 --files 100"),
    Benchmark("privacy.accuracy", "{data}/pii", "{data}/pii"),
    Benchmark("privacy.speed", "{data} --texts 300 --lines 2000", "{data}"),
    Benchmark("privacy.risk", "--rows 200000", ""),
    Benchmark("privacy.leaving", "--rows 20000", ""),
    Benchmark("privacy.sequences", "--rows 100000", ""),
    Benchmark("catalogue.predicted", "{data} --runs 4", "{data}"),
    Benchmark("catalogue.pages", "{scratch}/grown --runs 500 --tables 50", "{scratch}/grown"),
    Benchmark(
        "catalogue.crowd", "{scratch}/crowd --rows 20000 --runs 20 --clients 10", "{scratch}/crowd --rows 1000000"
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder of real data")
    parser.add_argument("--full", action="store_true", help="the sizes of the docs")
    parser.add_argument("--only", default="", help="rooms, or room.module, separated by commas")
    options = parser.parse_args()
    wanted = [name for name in options.only.split(",") if name]
    failed = []
    with tempfile.TemporaryDirectory() as scratch:
        for benchmark in BENCHMARKS:
            if wanted and not {benchmark.module, benchmark.module.split(".")[0]} & set(wanted):
                continue
            arguments = benchmark.full if options.full else benchmark.brief
            data = options.data.resolve()
            places = {"data": data, "corpus": data / "dedup" / "minhash_mccormick", "scratch": scratch}
            words = [word.format(**places) for word in arguments.split()]
            print(f"\n## {benchmark.module} {arguments}\n", flush=True)
            done = subprocess.run([sys.executable, "-m", f"benchmarks.{benchmark.module}", *words], check=False)
            if done.returncode:
                failed.append(benchmark.module)
    if failed:
        sys.exit(f"\ndid not run to the end: {', '.join(failed)}")


if __name__ == "__main__":
    main()
