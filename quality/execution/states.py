"""Partial states that are kept: a run over a growing table computes its new partitions and reports on the whole.

After Deequ's incremental states (Schelter et al., VLDB 2018). The folder of a table and a suite holds one file of
small states a partition, and for uniqueness the hashes of all partitions in buckets (rollup.py). A manifest names
what belongs together; it is written last, so a run that is killed leaves the states before it.

States hold values of the table (extremes, samples, sets): the folder is as private as the table itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ...storage import delete_files, filesystem, join, list_files, write_parquet
from ..frames import Piece
from .codec import decode, encode
from .rollup import Rollup
from .work import Work

BUCKETS = 8
MANIFEST = "manifest.parquet"
VERSION = "2"
"""Changes with the form of the states or what they mean: older ones are then made anew."""


@dataclass(frozen=True)
class States:
    """The kept states of one table under one set of works; picklable, it goes along to the workers.

    `parts` maps a partition's key to the file of its small states, `rollups` a shuffled work's name to its files.
    """

    folder: str
    parts: dict[str, str]
    rollups: dict[str, list[Rollup]]

    @classmethod
    def open(cls, folder: str, works: Sequence[Work]) -> States:
        """Open what is kept for these works; empty where nothing is, or where it cannot be read."""
        place = join(folder, _digest([VERSION, *sorted(str(work.name) for work in works)]))
        try:
            fs, inner = filesystem(join(place, MANIFEST))
            with fs.open_input_file(inner) as source:
                found = json.loads(pq.read_table(source)["manifest"][0].as_py())
            rollups = {
                name: [Rollup(**{**bucket, "runs": tuple(bucket["runs"])}) for bucket in buckets]
                for name, buckets in found["rollups"].items()
            }
            return cls(place, dict(found["parts"]), rollups)
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

    def commit(self, parts: dict[str, str], rollups: dict[str, list[Rollup]]) -> None:
        """Make the new states the valid ones, then remove what is no longer named."""
        kept = {name: [asdict(bucket) for bucket in buckets] for name, buckets in rollups.items()}
        text = json.dumps({"parts": {**self.parts, **parts}, "rollups": kept})
        write_parquet(pa.table({"manifest": [text]}), join(self.folder, MANIFEST))
        hashes = (file for buckets in rollups.values() for bucket in buckets for file in bucket.files)
        named = {*self.parts.values(), *parts.values(), *hashes}
        delete_files(f for f in list_files(self.folder) if f not in named and not f.endswith(MANIFEST))


def sweep(folder: str, used: Iterable[str]) -> None:
    """Remove the states in a table's folder that no work of its suite uses any more."""
    kept = {place.rpartition("/")[2] for place in used}
    delete_files(file for file in list_files(folder) if file.split("/")[-2] not in kept)


def piece_key(piece: Piece) -> str:
    """Return what names a partition: its file with size and time of change, and its row groups."""
    fs, inner = filesystem(piece.location)
    info = fs.get_file_info(inner)
    return _digest([piece.location, info.size, info.mtime_ns or 0, list(piece.groups)])


def _digest(parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]
