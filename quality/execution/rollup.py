"""What is kept of the hashes of one bucket over all partitions: sorted runs, to which new partitions add theirs.

A run that is added is looked up in the others, so nothing old is written again, and of the old only the pages that
the lookup touches are read. Small runs are merged now and then, as in a log-structured merge tree.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow.fs import LocalFileSystem

from ...storage import filesystem, join
from .hashing import MAX_DUPLICATES, Hashes, Uniqueness, ones

MAX_RUNS, SMALL = 8, 4_000_000
"""When there are so many runs, those of fewer hashes than this become one."""


@dataclass(frozen=True)
class Rollup:
    """The files of one bucket and what they add up to."""

    runs: tuple[str, ...] = ()
    duplicates: str | None = None
    rows: int = 0
    distinct: int = 0
    repeated: int = 0

    @property
    def files(self) -> list[str]:
        """Every file that it names."""
        return [*self.runs, *([self.duplicates] if self.duplicates else [])]


def roll_up(known: Rollup, parts: Sequence[Hashes], folder: str, bucket: int) -> tuple[Uniqueness, Rollup]:
    """Add the hashes of new partitions to those of a bucket; return what they count to, and the files."""
    old = _read(known.duplicates)
    fresh = _sorted(parts) if parts else _NOTHING
    hi, lo, n = fresh
    if not len(hi):
        return _uniqueness(known, old), known
    before = sum((_look_up(_read(run), hi, lo) for run in known.runs), np.zeros(len(hi), dtype=np.int64))
    again = (n > 1) | (before > 0)
    new = again & (before < 2)
    runs = (*known.runs, _write(fresh, folder, bucket))
    duplicates = known.duplicates
    if new.any():
        kept = [np.concatenate(pair)[:MAX_DUPLICATES] for pair in ((old[0], hi[new]), (old[1], lo[new]))]
        old = (kept[0], kept[1], np.ones(len(kept[0]), dtype=np.int64))
        duplicates = _write(old, folder, bucket)
    rolled = Rollup(
        _merged(runs, folder, bucket),
        duplicates,
        known.rows + int(n.sum()),
        known.distinct + int((before == 0).sum()),
        known.repeated + int(n[again].sum()) + int((before == 1).sum()),
    )
    return _uniqueness(rolled, old), rolled


Run = tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64], npt.NDArray[np.int64]]
_NOTHING: Run = (np.empty(0, np.uint64), np.empty(0, np.uint64), np.empty(0, np.int64))


def _uniqueness(rolled: Rollup, duplicates: Run) -> Uniqueness:
    table = pa.table({"hi": duplicates[0], "lo": duplicates[1]})
    return Uniqueness(rolled.rows, rolled.distinct, rolled.repeated, table)


def _merged(runs: tuple[str, ...], folder: str, bucket: int) -> tuple[str, ...]:
    if len(runs) < MAX_RUNS:
        return runs
    known = {run: _read(run) for run in runs}
    small = [run for run in runs if len(known[run][0]) < SMALL]
    if len(small) < 2:
        return runs
    merged = _sorted([Hashes(*known[run]) for run in small])
    return (*(run for run in runs if run not in small), _write(merged, folder, bucket))


def _sorted(parts: Sequence[Hashes]) -> Run:
    """Return the distinct hashes of all parts in order; only those whose first 64 bits agree are compared further."""
    hi, lo = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    n = np.concatenate([ones(part) if part.n is None else part.n for part in parts])
    order = np.argsort(hi)
    hi, lo, n = hi[order], lo[order], n[order]
    alike = np.flatnonzero(hi[1:] == hi[:-1])
    if not len(alike):
        return hi, lo, n
    among = np.zeros(len(hi), dtype=bool)
    among[alike] = among[alike + 1] = True
    # Equal first halves stand in one block each; within it the second half decides.
    block = np.flatnonzero(among)
    block = block[np.lexsort((lo[block], hi[block]))]
    lo[among], n[among] = lo[block], n[block]
    first = np.append(True, (hi[1:] != hi[:-1]) | (lo[1:] != lo[:-1]))
    starts = np.flatnonzero(first)
    return hi[starts], lo[starts], np.add.reduceat(n, starts)


def _look_up(run: Run, hi: Any, lo: Any) -> npt.NDArray[np.int64]:
    """Return how often each sorted (hi, lo) occurs in a run."""
    place = np.searchsorted(run[0], hi, side="left")
    counts = np.zeros(len(hi), dtype=np.int64)
    left = np.flatnonzero(place < len(run[0]))
    while len(left):  # once, and again only for those whose first 64 bits agree
        at = place[left]
        alike = run[0][at] == hi[left]
        left, at = left[alike], at[alike]
        same = run[1][at] == lo[left]
        counts[left[same]] = run[2][at[same]]
        left = left[~same]
        place[left] += 1
        left = left[place[left] < len(run[0])]
    return counts


def _write(run: Run, folder: str, bucket: int) -> str:
    file = join(folder, f"hashes-{bucket:02d}-{uuid.uuid4().hex}.arrow")
    table = pa.table(dict(zip(("hi", "lo", "n"), run, strict=True)))
    fs, inner = filesystem(file)
    fs.create_dir(filesystem(folder)[1], recursive=True)
    with fs.open_output_stream(inner) as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return file


def _read(file: str | None) -> Run:
    """Return a run; one on a local disk is mapped, so that only what is looked at is read."""
    if file is None:
        return _NOTHING
    fs, inner = filesystem(file)
    source = pa.memory_map(inner) if isinstance(fs, LocalFileSystem) else fs.open_input_file(inner)
    with source:
        table = pa.ipc.open_file(source).read_all()
    hi, lo, n = (table[name].to_numpy() for name in ("hi", "lo", "n"))
    return hi, lo, n
