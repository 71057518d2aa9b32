"""Partial states that are kept: a run over a growing table computes its new partitions and reports on the whole.

After Deequ's incremental states (Schelter et al., VLDB 2018). The folder of a table and a suite holds segments: files
of the small states of the partitions that one run added, put together as far as they can be; and for uniqueness the
hashes of all partitions in buckets (rollup.py). FEW segments of one level become one of the next. A manifest names
what belongs together; it is written last, so a run that is killed leaves the states before it.

States hold values of the table (extremes, samples, sets): the folder is as private as the table itself.
"""

from __future__ import annotations

import hashlib
import json
import uuid
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

BUCKETS, FEW = 8, 8
MANIFEST = "manifest.parquet"
VERSION = "5"
"""Changes with the form of the states or what they mean: older ones are then made anew."""


@dataclass(frozen=True)
class Segment:
    """Partitions whose small states stand in one file."""

    file: str
    keys: tuple[str, ...]
    level: int


Content = dict[str, list[Any]]
"""A segment's states by the works' names: one of all its partitions, or one for each of its keys."""


@dataclass(frozen=True)
class States:
    """The kept states of one table under one set of works.

    `rollups` maps a shuffled work's name to its files, a bucket each.
    """

    folder: str
    segments: tuple[Segment, ...]
    rollups: dict[str, list[Rollup]]

    @property
    def keys(self) -> set[str]:
        """The partitions whose states are kept."""
        return {key for segment in self.segments for key in segment.keys}

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
            segments = (Segment(s["file"], tuple(s["keys"]), s["level"]) for s in found["segments"])
            return cls(place, tuple(segments), rollups)
        except (OSError, ValueError, KeyError, TypeError):
            return cls(place, (), {})

    def usable(self, keys: Sequence[str]) -> States:
        """Return the states, emptied where they speak of a partition that is gone: rollups cannot forget one."""
        return self if self.keys <= set(keys) else States(self.folder, (), {})

    def load(self, segment: Segment) -> Content:
        """Return a segment's states."""
        fs, inner = filesystem(segment.file)
        with fs.open_input_file(inner) as source:
            return decode(pq.read_table(source))

    def write(self, content: Content, keys: Iterable[str], level: int = 0) -> Segment:
        """Write a new segment."""
        segment = Segment(join(self.folder, f"segment-{uuid.uuid4().hex}.parquet"), tuple(keys), level)
        write_parquet(encode(content), segment.file)
        return segment

    def commit(self, segments: Iterable[Segment], rollups: dict[str, list[Rollup]]) -> None:
        """Make these the valid states, then remove what is no longer named."""
        segments = list(segments)
        kept = {name: [asdict(bucket) for bucket in buckets] for name, buckets in rollups.items()}
        text = json.dumps({"segments": [asdict(segment) for segment in segments], "rollups": kept})
        write_parquet(pa.table({"manifest": [text]}), join(self.folder, MANIFEST))
        hashes = (file for buckets in rollups.values() for bucket in buckets for file in bucket.files)
        named = {*(segment.file for segment in segments), *hashes}
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
