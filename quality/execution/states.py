"""Partial states that are kept: a run over a growing table computes its new partitions and reports on the whole.

After Deequ's incremental states (Schelter et al., VLDB 2018). The folder of a table and a suite holds one file of
small states a partition, and for uniqueness the hashes of all partitions, sorted, in BUCKETS files. A manifest names
what belongs together; it is written last, so a run that is killed leaves the states before it.

States hold values of the table (extremes, samples, sets): the folder is as private as the table itself.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ...storage import delete_files, filesystem, join, list_files, write_parquet
from ..frames import Piece
from .codec import decode, encode
from .hashing import MAX_DUPLICATES, Uniqueness
from .work import Work

_NO_HASHES = pa.table({"hi": pa.array([], pa.uint64()), "lo": pa.array([], pa.uint64()), "n": pa.array([], pa.int64())})

BUCKETS = 32
MANIFEST = "manifest.parquet"
VERSION = "1"
"""Changes with the form of the states or what they mean: older ones are then made anew."""


@dataclass(frozen=True)
class States:
    """The kept states of one table under one set of works; picklable, it goes along to the workers.

    `parts` maps a partition's key to the file of its small states, `rollups` a shuffled work's name to its files.
    """

    folder: str
    parts: dict[str, str]
    rollups: dict[str, list[str]]

    @classmethod
    def open(cls, folder: str, works: Sequence[Work]) -> States:
        """Open what is kept for these works; empty where nothing is, or where it cannot be read."""
        place = join(folder, _digest([VERSION, *sorted(str(work.name) for work in works)]))
        try:
            fs, inner = filesystem(join(place, MANIFEST))
            with fs.open_input_file(inner) as source:
                found = json.loads(pq.read_table(source)["manifest"][0].as_py())
            return cls(place, dict(found["parts"]), dict(found["rollups"]))
        except (OSError, ValueError, KeyError, TypeError):
            return cls(place, {}, {})

    def usable(self, keys: Sequence[str]) -> States:
        """Return the states, emptied where they speak of a partition that is gone: rollups cannot forget one."""
        return self if set(self.parts) <= set(keys) else States(self.folder, {}, {})

    def load(self, key: str) -> dict[str, Any]:
        """Return one partition's small states by the works' names."""
        fs, inner = filesystem(self.parts[key])
        with fs.open_input_file(inner) as source:
            return decode(pq.read_table(source))

    def save(self, key: str, states: dict[str, Any]) -> str:
        """Write one partition's small states; return the file."""
        file = self.part(key)
        write_parquet(encode(states), file)
        return file

    def part(self, key: str) -> str:
        """Return the file of a partition's small states."""
        return join(self.folder, f"part-{key}.parquet")

    def commit(self, parts: dict[str, str], rollups: dict[str, list[str]]) -> None:
        """Make the new states the valid ones, then remove what is no longer named."""
        text = json.dumps({"parts": {**self.parts, **parts}, "rollups": rollups})
        write_parquet(pa.table({"manifest": [text]}), join(self.folder, MANIFEST))
        named = {*self.parts.values(), *parts.values(), *(f for files in rollups.values() for f in files)}
        delete_files(f for f in list_files(self.folder) if f not in named and not f.endswith(MANIFEST))


def piece_key(piece: Piece) -> str:
    """Return what names a partition: its file with size and time of change, and its row groups."""
    fs, inner = filesystem(piece.location)
    info = fs.get_file_info(inner)
    return _digest([piece.location, info.size, info.mtime_ns or 0, list(piece.groups)])


def roll_up(known: str | None, parts: Sequence[pa.Table], folder: str, bucket: int) -> tuple[Uniqueness, str]:
    """Merge the hashes (hi, lo, n) of new partitions into those kept of one bucket; return counts and the new file."""
    old = _open(known)
    parts = [_NO_HASHES, *parts]
    fresh = pa.concat_tables(parts).group_by(["hi", "lo"], use_threads=False).aggregate([("n", "sum")])
    hi, lo, n = (fresh[c].to_numpy() for c in ("hi", "lo", "n_sum"))
    order = np.lexsort((lo, hi))
    hi, lo, n = hi[order], lo[order], n[order].astype(np.int64)
    place, there = _find(old, hi, lo)
    counts = old[2].copy()
    counts[place[there]] += n[there]
    at = place[~there]
    merged = [np.insert(a, at, b) for a, b in zip((*old[:2], counts), (hi[~there], lo[~there], n[~there]), strict=True)]
    table = pa.table({"hi": merged[0], "lo": merged[1], "n": merged[2]})
    file = join(folder, f"hashes-{bucket:02d}-{uuid.uuid4().hex}.arrow")
    fs, inner = filesystem(file)
    fs.create_dir(filesystem(folder)[1], recursive=True)
    with fs.open_output_stream(inner) as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    repeated = merged[2] > 1
    duplicates = table.select(["hi", "lo"]).filter(pa.array(repeated)).slice(0, MAX_DUPLICATES).combine_chunks()
    rows, again = int(merged[2].sum()), int(merged[2][repeated].sum())
    return Uniqueness(rows, len(merged[2]), again, duplicates), file


def _find(old: Any, hi: Any, lo: Any) -> tuple[Any, Any]:
    """Return where each sorted (hi, lo) stands in the old arrays, or would stand, and which do stand there."""
    place = np.searchsorted(old[0], hi, side="left")
    there = np.zeros(len(hi), dtype=bool)
    open_ = np.ones(len(hi), dtype=bool)
    while open_.any():  # once, and again only for those whose first 64 bits agree
        candidates = np.flatnonzero(open_)
        inside = place[candidates] < len(old[0])
        open_[candidates[~inside]] = False
        candidates = candidates[inside]
        at = place[candidates]
        same = (old[0][at] == hi[candidates]) & (old[1][at] == lo[candidates])
        onward = (old[0][at] == hi[candidates]) & (old[1][at] < lo[candidates])
        there[candidates[same]] = True
        open_[candidates[~onward]] = False
        place[candidates[onward]] += 1
    return place, there


def _open(file: str | None) -> tuple[Any, Any, Any]:
    if file is None:
        return np.empty(0, np.uint64), np.empty(0, np.uint64), np.empty(0, np.int64)
    fs, inner = filesystem(file)
    with fs.open_input_file(inner) as source:
        table = pa.ipc.open_file(source).read_all()
    return tuple(table[c].to_numpy() for c in ("hi", "lo", "n"))  # type: ignore[return-value]


def _digest(parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]
