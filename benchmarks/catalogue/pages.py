"""How long each page takes with 10,000 runs and 1,000 tables, alone and with 50 clients at once.

    python -m benchmarks.catalogue.pages FOLDER --runs 10000 --tables 1000

`first` is the first view after the server started, `median` and `worst` are of 20 views after it, in milliseconds;
`p95 of 50` is the answer time that 95 of 100 requests keep when 50 clients ask for all pages at the same time.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dataweir import Project

from .grown import grow

VIEWS = 20
CLIENTS = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--tables", type=int, default=1_000)
    options = parser.parse_args()
    folder = grow(options.folder, options.runs, options.tables)
    store = Project.open(folder).store()
    store.set_user("adam", "admin", "correct horse battery")
    token = store.add_token("adam", "benchmark", "admin", 1)
    command = [sys.executable, "-m", "dataweir", "ui", "--port", "0", "--project", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        found = re.search(r"http://[\d.]+:\d+", server.stdout.readline())
        assert found
        measure(found.group(), token, pages(store))
    finally:
        server.terminate()


def pages(store: object) -> list[str]:
    """Return the path of every page, of each kind one."""
    run, candidate = store.runs(1)[0].id, store.candidates()[0].id  # type: ignore[attr-defined]
    fixed = ["/", "/tables", "/runs", "/runs?page=100", "/scores", "/exports", "/lineage", "/audit", "/people"]
    of_one = ["/tables/refined.web_events", "/tables/refined.table_0007", f"/runs/{run}", f"/exports/{candidate}"]
    return [*fixed, *of_one, "/search?q=web", "/search?q=" + urllib.parse.quote("column_3 table")]


def measure(url: str, token: str, paths: list[str]) -> None:
    """Print a row a page."""

    def view(path: str) -> float:
        request = urllib.request.Request(url + path, headers={"Authorization": f"Bearer {token}"})
        started = time.perf_counter()
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
        return (time.perf_counter() - started) * 1000

    first = {path: view(path) for path in paths}
    later = {path: [view(path) for _ in range(VIEWS)] for path in paths}
    with ThreadPoolExecutor(CLIENTS) as clients:
        asked = paths * CLIENTS
        together = list(zip(asked, clients.map(view, asked), strict=True))
    print(f"{'page':<45}{'first':>8}{'median':>8}{'worst':>8}{'p95 of 50':>11}")
    for path in paths:
        crowd = sorted(taken for asked_for, taken in together if asked_for == path)
        figures = (first[path], statistics.median(later[path]), max(later[path]), crowd[int(len(crowd) * 0.95)])
        print(f"{path:<45}{figures[0]:>8.0f}{figures[1]:>8.0f}{figures[2]:>8.0f}{figures[3]:>11.0f}")


if __name__ == "__main__":
    main()
