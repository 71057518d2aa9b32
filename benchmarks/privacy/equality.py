"""Whether detection finds what plain Presidio finds with the same recognisers, on every distinct line of a folder.

    python -m benchmarks.privacy.equality ../shared/data [--language en] [--share 0/1] [--sample 1] [--seed 7]
        [--minutes 600] [--state FILE]

Every file is read (gz, bz2, zst and zip are opened; Parquet by its text columns), JSON lines as their strings, the rest
line by line. `--sample 0.01` takes that share of the lines; `--share 1/4` the second quarter, so that processes can
divide it. Texts come in the order of a hash: what `--minutes` cuts short has seen a random sample, and with `--state`
the next run goes on where it ended, as long as neither the sample nor the code of the privacy room changed.
Prints how many texts were compared and how many differ, by file where some do. No text is printed.
"""

from __future__ import annotations

import argparse
import bz2
import collections
import gzip
import hashlib
import json
import sys
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

import dataweir.privacy
from dataweir.privacy.analyzer import analyzer

_LONGEST = 5_000
"""Characters of one text: a whole page as one line is cut, for plain Presidio's time grows with its square."""


def texts(file: Path) -> Iterator[str]:
    """Yield the texts of one file."""
    if file.suffix == ".parquet":
        for column in pq.read_table(file).columns:
            if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
                yield from filter(None, column.to_pylist())
        return
    for raw in _opened(file):
        for line in raw.decode("utf-8", "replace").splitlines():
            yield from _strings(line)


def _opened(file: Path) -> Iterator[bytes]:
    raw = file.read_bytes()
    if file.suffix == ".gz":
        yield gzip.decompress(raw)
    elif file.suffix == ".bz2":
        yield bz2.decompress(raw)
    elif file.suffix == ".zst":
        yield zstandard.ZstdDecompressor().stream_reader(raw).read()
    elif file.suffix == ".zip":
        with zipfile.ZipFile(file) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    else:
        yield raw


def _strings(line: str) -> Iterator[str]:
    if line.startswith(("{", "[")):
        try:
            yield from _leaves(json.loads(line))
            return
        except ValueError:
            pass
    yield line


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)


def taken(text: str, seed: int, sample: float, part: int, parts: int) -> bool:
    """Whether a text belongs to the sample and to this share of it, always decided alike."""
    number = int.from_bytes(
        hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8, salt=bytes([seed])).digest()
    )
    return number % 1_000_000 < sample * 1_000_000 and (number // 1_000_000) % parts == part


def gather(folder: Path, seed: int = 7, sample: float = 1.0, part: int = 0, parts: int = 1) -> dict[str, str]:
    """Return the distinct texts of the sample, each with the file that it first stood in."""
    found: dict[str, str] = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        for text in texts(file):
            text = text.strip()[:_LONGEST]
            if text and taken(text, seed, sample, part, parts):
                found.setdefault(text, str(file.relative_to(folder)))
    return found


class State:
    """How far a comparison came, in a file: texts compared, and by file those that differ."""

    def __init__(self, file: Path | None, about: str) -> None:
        self.file = file
        self.about = about

    def read(self) -> tuple[int, collections.Counter[str]]:
        """Return where to go on; the beginning where nothing is known of this sample and this code."""
        if self.file is not None and self.file.exists():
            held = json.loads(self.file.read_text("utf-8"))
            if held["about"] == self.about:
                return held["done"], collections.Counter(held["differ"])
        return 0, collections.Counter()

    def write(self, done: int, differ: collections.Counter[str]) -> None:
        """Keep how far the comparison came."""
        if self.file is not None:
            part = self.file.with_suffix(".part")
            part.write_text(json.dumps({"about": self.about, "done": done, "differ": dict(+differ)}), "utf-8")
            part.replace(self.file)


def code() -> str:
    """Return a hash of the privacy room's code and word lists: of other code nothing is known."""
    folder = Path(dataweir.privacy.__file__).parent
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(f for f in folder.rglob("*") if f.suffix in (".py", ".gz", ".npz")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def compare(
    found: dict[str, str], language: str, minutes: float = 600.0, state: State | None = None
) -> tuple[int, collections.Counter[str]]:
    """Return how many texts were compared, and by file the number of those on which the two differ."""
    engine = analyzer(language)
    state = state or State(None, "")
    done, differ = state.read()
    known = sorted(found, key=lambda text: hashlib.blake2b(text.encode("utf-8", "replace")).digest())
    ends = time.monotonic() + 60 * minutes
    for at in range(done, len(known), 1_000):
        if time.monotonic() > ends:
            break
        some = known[at : at + 1_000]
        done += len(some)
        for text, parts in zip(some, engine.sieve.suspects(pa.array(some, pa.string())), strict=True):
            differ[found[text]] += engine.find(text, parts) != engine.plain(text)
        state.write(done, differ)
        print(f"{done:,} of {len(known):,}: {differ.total()} differ", file=sys.stderr, flush=True)
    return done, +differ


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison from the command line; 1 where something differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--language", default="en")
    parser.add_argument("--share", default="0/1")
    parser.add_argument("--sample", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=600.0)
    parser.add_argument("--state", type=Path, help="a file that keeps how far the comparison came")
    options = parser.parse_args(arguments)
    part, parts = map(int, options.share.split("/"))
    found = gather(options.folder, options.seed, options.sample, part, parts)
    about = f"{options.language} {options.seed} {options.sample} {options.share} {code()}"
    done, differ = compare(found, options.language, options.minutes, State(options.state, about))
    print(f"{options.language}: {done:,} of {len(found):,} texts, {differ.total()} differ {dict(differ) or ''}")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
