"""How often a run ends within the interval that `weir plan` told, and how far off the figure is.

    python -m benchmarks.catalogue.predicted ../shared/data [--runs 20]

One project over real logs and comments; before each run so much more of them arrives as a seeded generator says, from
a twentieth to three times the mean. Every run is the command itself in a process of its own. The interval is to hold
nine runs of ten; it is told from the third run on.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PROJECT = """
project: predicted
sources:
  web: {{type: weblog, path: "{inbox}/*.log", format: combined}}
  youtube:
    type: files
    path: "{inbox}/*.csv.gz"
    into: social_posts
    columns: {{post_id: id, ts: published, author_id: channelid, author_name: author_name, text: content}}
    constants: {{platform: youtube, kind: comment}}
dedup:
  social_posts: {{text: text, min_chars: 20, threshold: 0.7, recall: 0.99}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder of real data")
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = [_run(Path(folder)) for _ in _arrivals(options.data, Path(folder) / "inbox", options.runs)]
    judged = [run for run in runs if run["within"] is not None]
    print("| run | told, s | interval, s | true, s | within |\n|---|---|---|---|---|")
    for number, run in enumerate(runs, start=1):
        told, true = run["prediction"][0]["predicted"], run["prediction"][0]["true"]
        low, high = run["interval"] or (None, None)
        between = "-" if low is None else f"{low:.1f} to {high:.1f}"
        print(f"| {number} | {'-' if told is None else f'{told:.1f}'} | {between} | {true:.1f} | {run['within']} |")
    if judged:
        off = statistics.median(abs(run["prediction"][0]["error"]) for run in judged)
        held = sum(run["within"] for run in judged)
        print(f"\nwithin the interval: {held} of {len(judged)}; the figure is off by {off:.0%} in the median")


def _arrivals(data: Path, inbox: Path, runs: int) -> Any:
    """Put the next part of the logs and comments into the inbox, once before each run."""
    inbox.mkdir()
    rng = random.Random(20)
    shares = [rng.uniform(0.05, 3) for _ in range(runs)]
    packed = [file.read_bytes() for file in sorted((data / "weblogs/nginx_big").glob("*.gz"))]
    lines = b"".join(map(gzip.decompress, packed)).splitlines(keepends=True)
    comments = sorted((data / "social/youtube_comments").glob("*.csv.gz"))
    ends = list(itertools.accumulate(shares))
    before = 0.0
    for number, end in enumerate(ends):
        first, last = (int(at / ends[-1] * len(lines)) for at in (before, end))
        (inbox / f"{number:02}.log").write_bytes(b"".join(lines[first:last]))
        for file in comments[int(before / ends[-1] * len(comments)) : int(end / ends[-1] * len(comments))]:
            shutil.copy(file, inbox)
        before = end
        yield number


def _run(folder: Path) -> dict[str, Any]:
    (folder / "weir.yaml").write_text(PROJECT.format(inbox=folder / "inbox"))
    weir = [sys.executable, "-m", "dataweir"]
    told = json.loads(_output([*weir, "run", "-p", str(folder), "--json"]))
    shown: dict[str, Any] = json.loads(_output([*weir, "runs", "show", told["run"], "-p", str(folder), "--json"]))
    return shown


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
