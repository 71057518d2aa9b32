"""Social dumps, side by side in one run: Weir, plain Python, DuckDB, each on one core, from a file to Parquet.

    python -m benchmarks.social.reading ../shared/data/social --megabytes 200

Texts of real comments stand in records with the fields of a Reddit dump and of Mastodon statuses, repeated with other
ids until a file has its size; plain and as one zstd frame. Plain Python is `json.loads` a line and the columns to
pyarrow; DuckDB is `read_json` with those columns declared. Both write the record's columns, Weir the text of the record
and the rejects too. Every contender is a process that first reads a small file, so that nothing is compiled or imported
on the clock; rounds alternate, and the least CPU time of each counts.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import itertools
import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from dataweir.config import validate
from dataweir.ingest.contract import source
from dataweir.ingest.landing import land

REDDIT = {
    **dict.fromkeys(("id", "name", "author", "author_fullname", "subreddit", "subreddit_id", "body"), "VARCHAR"),
    **dict.fromkeys(("permalink", "parent_id", "link_id"), "VARCHAR"),
    **dict.fromkeys(("created_utc", "score"), "BIGINT"),
}
MASTODON = {
    **dict.fromkeys(("id", "created_at", "content", "language", "url", "in_reply_to_id"), "VARCHAR"),
    "favourites_count": "BIGINT",
    "account": "STRUCT(id VARCHAR, acct VARCHAR)",
}
DUMPS: dict[str, dict[str, str]] = {"reddit": REDDIT, "mastodon": MASTODON}


def texts(folder: Path) -> list[str]:
    with gzip.open(folder / "reddit_comments" / "lifestyle_drunk.csv.gz", "rt", newline="") as stored:
        return [text for row in csv.reader(stored) if (text := max(row, key=len))]


def comment(number: int, text: str) -> dict[str, Any]:
    ident = f"{number:x}"
    made = {
        "id": ident,
        "name": f"t1_{ident}",
        "author": f"user{number % 5000}",
        "author_fullname": f"t2_{number % 5000:x}",
    }
    made |= {"subreddit": "tea", "subreddit_id": "t5_2qh1", "body": text, "created_utc": 1_700_000_000 + number}
    made |= {"score": number % 100, "parent_id": f"t1_{number // 3:x}", "link_id": "t3_abc", "edited": False}
    made |= {"permalink": f"/r/tea/comments/abc/_/{ident}/", "retrieved_on": 1_800_000_000, "gilded": 0}
    rest = dict.fromkeys(("stickied", "archived", "collapsed", "is_submitter", "can_gild", "score_hidden"), False)
    return {**made, **rest, "distinguished": None, "author_flair_text": None, "all_awardings": [], "gildings": {}}


def status(number: int, text: str) -> dict[str, Any]:
    account = {
        "id": str(number % 5000),
        "acct": f"user{number % 5000}",
        "display_name": "User",
        "note": "",
        "fields": [],
    }
    made = {"id": str(number), "created_at": "2026-03-02T09:00:00.000Z", "content": f"<p>{text}</p>", "language": "en"}
    made |= {"url": f"https://tea.example/@u/{number}", "in_reply_to_id": None, "favourites_count": number % 100}
    return {**made, "account": account, "visibility": "public", "edited_at": None, "reblog": None, "tags": []}


RECORDS: dict[str, Callable[[int, str], dict[str, Any]]] = {"reddit": comment, "mastodon": status}


def make(kind: str, words: list[str], path: Path, size: int) -> int:
    """Write records until the file has its size, and the same as zstd; return how many."""
    written = number = 0
    with path.open("wb") as out:
        for number, text in enumerate(itertools.cycle(words), 1):
            line = json.dumps(RECORDS[kind](number, text)).encode() + b"\n"
            written += out.write(line)
            if written >= size:
                break
    path.with_suffix(".ndjson.zst").write_bytes(zstandard.ZstdCompressor(level=6).compress(path.read_bytes()))
    return number


def weir(kind: str, path: Path, out: Path) -> None:
    connector = source.get(kind)
    made = connector("bench", validate(connector.Config, {"type": kind, "path": str(path)}, "bench"), "/")
    for split in made.plan({}).splits:
        land(made, split, str(out), "bench")


def python(kind: str, path: Path, out: Path) -> None:
    names = list(DUMPS[kind])
    with pq.ParquetWriter(
        out / "python.parquet", pa.schema([(n, pa.string()) for n in names]), compression="zstd"
    ) as sink:
        for lines in _batched(path):
            records = [json.loads(line) for line in lines]
            made = {n: [_text(r.get(n)) for r in records] for n in names}
            sink.write_table(pa.table({n: pa.array(v, pa.string()) for n, v in made.items()}))


def duck(kind: str, path: Path, out: Path) -> None:
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in DUMPS[kind].items())
    read = f"read_json(?, format='newline_delimited', columns={{{columns}}})"
    database = duckdb.connect(config={"threads": 1})
    database.execute("SET enable_progress_bar = false")
    database.execute(f"COPY (SELECT * FROM {read}) TO '{out}/duck.parquet' (COMPRESSION zstd)", [str(path)])


CONTENDERS: dict[str, Callable[[str, Path, Path], None]] = {"weir": weir, "python": python, "duckdb": duck}


def _lines(path: Path) -> Iterator[bytes]:
    if path.suffix == ".zst":
        with path.open("rb") as stored, zstandard.ZstdDecompressor().stream_reader(stored) as reader:
            yield from io.BufferedReader(reader, 1 << 20)
        return
    with path.open("rb") as stored:
        yield from stored


def _batched(path: Path) -> Iterator[list[bytes]]:
    lines = _lines(path)
    while batch := list(itertools.islice(lines, 20_000)):
        yield batch


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def timed(work: tuple[str, str, Path, Path]) -> float:
    """Return the CPU seconds of one contender on one file, after a small one."""
    contender, kind, path, small = work
    for warm in (small, path):
        with tempfile.TemporaryDirectory() as out:
            began = time.process_time()
            CONTENDERS[contender](kind, warm, Path(out))
            seconds = time.process_time() - began
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    words = texts(given.folder)
    print("file            contender  CPU s   rows/s      MB/s  times plain Python")
    for kind in DUMPS:
        with tempfile.TemporaryDirectory() as folder:
            path, small = Path(folder, f"{kind}.ndjson"), Path(folder, "small.ndjson")
            make(kind, words, small, 2_000_000)
            rows = make(kind, words, path, given.megabytes * 1_000_000)
            size = path.stat().st_size / 1e6
            for file in (path, path.with_suffix(".ndjson.zst")):
                best = dict.fromkeys(CONTENDERS, float("inf"))
                for _, name in itertools.product(range(given.rounds), CONTENDERS):
                    with multiprocessing.get_context("spawn").Pool(1) as pool:
                        best[name] = min(best[name], pool.map(timed, [(name, kind, file, small)])[0])
                for name, seconds in best.items():
                    ratio = best["python"] / seconds
                    rate = f"{seconds:6.2f} {rows / seconds:8,.0f} {size / seconds:9.1f} {ratio:7.2f}"
                    print(f"{file.name:<24}{name:<8}{rate}", flush=True)


if __name__ == "__main__":
    main()
