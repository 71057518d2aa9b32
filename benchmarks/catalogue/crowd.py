"""How the page answers 50 clients while a run is under way, and what they cost the run.

    python -m benchmarks.catalogue.crowd FOLDER --rows 200000 --clients 50

Three measurements on one machine: the clients alone, a run alone, both together. Each client asks for one page after
another. `answers/s`, `median`, `p95`, `p99` (milliseconds) are of the clients, `seconds` of the run; `errors` counts
every answer but 200. Figures of a machine that does other work are good for the ratios only.
"""

from __future__ import annotations

import argparse
import itertools
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from dataweir import Project

from .grown import LINE, grow

PAGES = ("/", "/runs", "/live", "/exports", "/tables", "/audit", "/lineage", "/search?q=web")
ALONE_SECONDS = 15.0


class Crowd:
    """Clients that ask for pages until they are told to stop."""

    def __init__(self, url: str, token: str, clients: int) -> None:
        self.url, self.token = url, token
        self.taken: list[float] = []
        self.errors = 0
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self.ask, args=(number,)) for number in range(clients)]

    def ask(self, number: int) -> None:
        for path in itertools.islice(itertools.cycle(PAGES), number % len(PAGES), None):
            if self.stop.is_set():
                return
            request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.token}"})
            began = time.perf_counter()
            try:
                with urllib.request.urlopen(request, timeout=120) as answer:
                    answer.read()
            except (urllib.error.URLError, OSError):
                self.errors += 1
            self.taken.append(1000 * (time.perf_counter() - began))

    def begin(self) -> None:
        self.began = time.perf_counter()
        for thread in self.threads:
            thread.start()

    def end(self, name: str) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()
        seconds = time.perf_counter() - self.began
        found = sorted(self.taken)
        median, p95, p99 = (found[int(share * (len(found) - 1))] for share in (0.5, 0.95, 0.99))
        print(
            f"{name:<24}{len(found) / seconds:>10.1f}{median:>9.0f}{p95:>9.0f}{p99:>9.0f}{self.errors:>8}",
            flush=True,
        )


def run_over(folder: Path, rows: int, number: int) -> float:
    """Write a new log and run the project; return the seconds of the command."""
    size = 10_000_000 * (number + 1)
    lines = (LINE.format(n=n % 250, minute=n % 60, size=size + n) for n in range(rows))
    (folder / f"access.log.{number}").write_text("".join(lines))
    began = time.perf_counter()
    command = [sys.executable, "-m", "dataweir", "run", "--json", "--project", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--tables", type=int, default=20)
    options = parser.parse_args()
    folder = grow(options.folder, options.runs, options.tables)
    config = folder / "weir.yaml"
    config.write_text(config.read_text().replace("path: access.log,", 'path: "access.log*",'))
    store = Project.open(folder).store()
    store.set_user("adam", "admin", "correct horse battery")
    token = store.add_token("adam", "benchmark", "admin", 1)
    command = [sys.executable, "-m", "dataweir", "ui", "--port", "0", "--project", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    number = len(list(folder.glob("access.log.*")))
    try:
        assert server.stdout is not None
        found = re.search(r"http://[\d.]+:\d+", server.stdout.readline())
        assert found
        print(f"{'':<24}{'answers/s':>10}{'median':>9}{'p95':>9}{'p99':>9}{'errors':>8}", flush=True)
        alone = Crowd(found.group(), token, options.clients)
        alone.begin()
        time.sleep(ALONE_SECONDS)
        alone.end("clients alone")
        quiet = run_over(folder, options.rows, number)
        both = Crowd(found.group(), token, options.clients)
        both.begin()
        crowded = run_over(folder, options.rows, number + 1)
        both.end("clients during a run")
        print(f"run alone {quiet:.1f} seconds, with the clients {crowded:.1f}: {crowded / quiet:.2f} times as long")
    finally:
        server.terminate()


if __name__ == "__main__":
    main()
