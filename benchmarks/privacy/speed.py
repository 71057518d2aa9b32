"""Speed of detection against plain Presidio with the same recognisers, in one run, with the same findings.

    python -m benchmarks.privacy.speed ../shared/data [--texts 6000] [--lines 10000] [--people 200000]

Social text goes through `detect`. Web logs go through their parsed columns, each distinct value once; the peer gets the
whole lines, as a tool without a parser does. `peer` is AnalyzerEngine with the recognisers of this room, `bare` the
same engine with Presidio's own. That the findings are
the same shows `benchmarks.privacy.equality`.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from dataweir.privacy.analyzer import analyzer, bare
from dataweir.privacy.detect import detect, find_distinct
from dataweir.privacy.gazetteers import given_names, surnames
from dataweir.privacy.identities import Identities

_LINE = re.compile(r'\S+ \S+ (\S+) \[[^]]+\] "(?:\S+) (\S+)[^"]*" \d+ \S+ "([^"]*)" "([^"]*)"')


def social(folder: Path) -> Iterator[str]:
    """Yield comments of video pages, as they come."""
    csv.field_size_limit(1 << 24)
    for file in sorted((folder / "social" / "youtube_comments").glob("*.csv.gz")):
        rows = csv.DictReader(gzip.decompress(file.read_bytes()).decode("utf-8", "replace").splitlines())
        for row in rows:
            text = row.get("CONTENT") or row.get("commentText") or next(reversed([v for v in row.values() if v]), "")
            if text:
                yield str(text)


def lines(folder: Path) -> Iterator[str]:
    """Yield lines of real access logs in the combined format."""
    for file in sorted((folder / "weblogs" / "apache_combined").iterdir()):
        raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        yield from (line for line in raw.decode("utf-8", "replace").splitlines() if _LINE.match(line))


def columns(rows: Sequence[str]) -> None:
    """Parse lines and scan the distinct values of user, target, referer and agent.

    Time and client address are what they are by their type: a policy treats them whole.
    """
    parsed = [match.groups() for row in rows if (match := _LINE.match(row))]
    for column in zip(*parsed, strict=True):
        find_distinct(pa.array(column).dictionary_encode().dictionary, "en")


def people(folder: Path, count: int) -> None:
    """Print what it costs to look for many known people: names built, memory, texts a second."""
    givens, families = sorted(given_names()), sorted(surnames())
    names = [f"{givens[7 * n % len(givens)]} {families[11 * n % len(families)]}" for n in range(count)]
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    known = Identities(names)
    built, memory = time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    texts = [text for text, _ in zip(social(folder), range(20_000), strict=False)]
    fast = rate(lambda: [known.find(text) for text in texts], len(texts))
    print(f"people: {count:,} names built in {built:.1f} s, {memory / 1024:,.0f} MB; {fast:,.0f} texts/s")


def rate(work: Callable[[], object], count: int) -> float:
    """Return items a second of processor time."""
    began = time.process_time()
    work()
    return count / (time.process_time() - began)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the comparison from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--texts", type=int, default=6000)
    parser.add_argument("--lines", type=int, default=10_000)
    options = parser.parse_args(arguments)
    texts = [text for text, _ in zip(social(options.folder), range(options.texts), strict=False)]
    rows = [row for row, _ in zip(lines(options.folder), range(options.lines), strict=False)]
    engine, plain = analyzer("en"), bare("en")
    detect(texts[:300]), [engine.plain(text) for text in texts[:20]]
    few = rows[:: max(1, len(rows) // 300)]
    for name, items, ours, sample in (
        ("social", texts, lambda: detect(texts), texts[:: max(1, len(texts) // 500)]),
        ("weblog", rows, lambda: columns(rows), few),
    ):
        fast = rate(ours, len(items))
        peer = rate(lambda sample=sample: [engine.plain(text) for text in sample], len(sample))
        own = rate(lambda sample=sample: [plain(text) for text in sample], len(sample))
        print(f"{name}: {fast:,.0f}/s; peer {peer:,.0f}/s ({fast / peer:.0f}x); bare {own:,.0f}/s ({fast / own:.0f}x)")
    people(options.folder, options.people)


if __name__ == "__main__":
    sys.exit(main())
