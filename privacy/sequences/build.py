"""Making sequences on workers: the masked rows by person, then each person's events as examples.

`scatter`, `count` and `write` run on workers; a bucket of people bounds their memory. Nothing but what the release
itself holds is read, so that sequences tell nothing that its rows do not.

One example a session that is still going on after its event number `after`: the outcome of a session cannot be read
from its length (landmarking, van Houwelingen 2007). Examples of training come from people of one part and from before
a moment, those of the test from other people and from after it: no person and no day stands in both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ...errors import ConfigError
from ...registry import nearest
from ...settings import SequenceConfig
from ...storage import filesystem, is_local, join, write_parquet
from ..files import read_tables
from ..risk.groups import number_of, write_buckets
from .layout import FIRST_CODE, FOLDER, SPLITS, UNKNOWN, VOCABULARY_SCHEMA, example_schema, features

NO_PERSON = "event without a person or time"
TOO_SHORT = "session over before the prediction"
KNOWN = "outcome known before the prediction"
ASTRIDE = "on the other side of the split in time"
_ROWS = 4096
_SECOND = 1_000_000


class Scattered(NamedTuple):
    """The rows of one released file by bucket of people: location, first and last time (microseconds), rows left."""

    location: str
    first: int | None
    last: int | None
    dropped: int


@dataclass(frozen=True)
class Cuts:
    """The moments (microseconds) at which training and validation end."""

    train: int
    validation: int

    @classmethod
    def of(cls, scattered: Sequence[Scattered], settings: SequenceConfig) -> Cuts:
        """Cut the time from first to last event at the shares that the settings name."""
        first = min((s.first for s in scattered if s.first is not None), default=0)
        last = max((s.last for s in scattered if s.last is not None), default=0)
        train, validation = (first + int((last - first) * share) for share in settings.until)
        return cls(train, validation)


@dataclass(frozen=True)
class Written:
    """What came of a bucket: by split examples and those with the outcome; sessions seen; those left out, by reason."""

    examples: dict[str, int] = field(default_factory=dict)
    positive: dict[str, int] = field(default_factory=dict)
    sessions: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


def scatter(location: str, settings: SequenceConfig, folder: str, buckets: int) -> Scattered:
    """Write the rows of a released file by bucket of people. Raises ConfigError for a column that does not leave."""
    table = read_tables([location])
    named = [settings.person, settings.time, settings.label, *settings.columns]
    for name in named:
        if name not in table.column_names:
            raise ConfigError(
                f"sequences: the release has no column '{name}'{nearest(name, table.column_names)}",
                f"its columns: {', '.join(table.column_names)}",
            )
    if not pa.types.is_timestamp(table[settings.time].type):
        raise ConfigError(f"sequences.time: '{settings.time}' is no time in the release", "shift or generalise it")
    rows = table.select(list(dict.fromkeys(named)))
    known = rows.filter(pc.and_(pc.is_valid(rows[settings.person]), pc.is_valid(rows[settings.time])))
    target = join(folder, f"people-{location.rpartition('/')[2]}")
    write_buckets(known, [settings.person], buckets, target)
    ends = pc.min_max(known[settings.time].cast(pa.timestamp("us", "UTC")).cast(pa.int64())).as_py()
    return Scattered(target, ends["min"], ends["max"], rows.num_rows - known.num_rows)


def count(bucket: int, scattered: Sequence[Scattered], settings: SequenceConfig, cuts: Cuts, folder: str) -> str:
    """Count the values of a bucket's training events; return the location of the counts (VOCABULARY_SCHEMA)."""
    rows = _bucket(bucket, scattered)
    seen = (_role(_people(rows, settings), settings) == 0) & (_times(rows, settings) <= cuts.train)
    chosen = rows.filter(pa.array(seen))
    parts = []
    for name in settings.columns:
        found = pc.value_counts(chosen[name].cast(pa.string()).combine_chunks().drop_null())
        size = len(found)
        columns = [pa.repeat(name, size), pa.nulls(size, pa.int32()), found.field("values"), found.field("counts")]
        parts.append(pa.table(columns, schema=VOCABULARY_SCHEMA))
    location = join(folder, f"values-{bucket:05d}.parquet")
    write_parquet(pa.concat_tables(parts), location)
    return location


def vocabulary(counts: Sequence[str], settings: SequenceConfig) -> pa.Table:
    """Return what each code stands for (VOCABULARY_SCHEMA): the most frequent values first, then by the alphabet."""
    merged = read_tables(counts).group_by(["column", "value"]).aggregate([("rows", "sum")])
    parts = [VOCABULARY_SCHEMA.empty_table()]
    for name in settings.columns:
        own = merged.filter(pc.equal(merged["column"], name))
        own = own.sort_by([("rows_sum", "descending"), ("value", "ascending")]).slice(0, settings.vocabulary)
        codes = pa.array(range(FIRST_CODE, FIRST_CODE + own.num_rows), pa.int32())
        parts.append(pa.table([own["column"], codes, own["value"], own["rows_sum"]], schema=VOCABULARY_SCHEMA))
    return pa.concat_tables(parts)


def write(
    bucket: int, scattered: Sequence[Scattered], settings: SequenceConfig, cuts: Cuts, words: pa.Table, folder: str
) -> Written:
    """Write the examples of one bucket of people, a file a split; a split without examples has no file."""
    events = _Events.of(_bucket(bucket, scattered), settings, words)
    if not len(events.person):
        return Written()
    at, start, label, target, left_out = events.examples(settings)
    role, split = _role(events.person[at], settings), np.full(len(at), -1)
    ends = events.session_end[at]
    split[(role == 0) & (events.ts[ends] <= cuts.train)] = 0
    split[(role == 1) & (events.ts[start] > cuts.train) & (events.ts[ends] <= cuts.validation)] = 1
    split[(role == 2) & (events.ts[start] > cuts.validation)] = 2
    left_out[ASTRIDE] += int((split < 0).sum())
    written = Written(sessions=len(at) + sum(left_out.values()) - left_out[ASTRIDE], left_out=left_out)
    for number, name in enumerate(SPLITS):
        chosen = split == number
        if chosen.any():
            written.examples[name] = int(chosen.sum())
            written.positive[name] = int(label[chosen].sum())
            location = join(folder, FOLDER, f"{name}-{bucket:05d}.parquet")
            _write_examples(events, at[chosen], label[chosen], target[chosen], settings, location)
    return written


@dataclass(frozen=True)
class _Events:
    """The events of a bucket, person by person in order of time: arrays of one length, features a column each."""

    person: NDArray[np.uint64]
    ts: NDArray[np.int64]
    outcome: NDArray[np.bool_]
    codes: NDArray[np.int32]
    first: NDArray[np.int64]
    """Where the events of the person begin."""
    begins: NDArray[np.bool_]
    session_end: NDArray[np.int64]
    pause: NDArray[np.float32]
    target: NDArray[np.int32]

    @classmethod
    def of(cls, rows: pa.Table, settings: SequenceConfig, words: pa.Table) -> _Events:
        person, ts = _people(rows, settings), _times(rows, settings)
        outcome = pc.fill_null(pc.equal(rows[settings.label].cast(pa.string()), settings.positive), False)
        flags = outcome.to_numpy().astype(np.bool_)
        codes = np.column_stack([_coded(rows[name], words, name) for name in settings.columns])
        # Events of one moment stand in the order of their values: that of the rows must not tell more than they do.
        order = np.lexsort((*codes.T[::-1], flags, ts, person))
        person, ts, flags, codes = person[order], ts[order], flags[order], codes[order]
        new = np.ones(len(person), np.bool_)
        new[1:] = person[1:] != person[:-1]
        pause = np.zeros(len(person), np.int64)
        pause[1:] = ts[1:] - ts[:-1]
        pause[new] = 0
        begins = new | (pause > settings.gap_minutes * 60 * _SECOND)
        places = np.arange(len(person))
        starts = np.flatnonzero(begins)
        ends = np.append(starts[1:], len(person))[np.cumsum(begins) - 1] - 1 if len(person) else places
        first = np.maximum.accumulate(np.where(new, places, 0)) if len(person) else places
        at = settings.columns.index(settings.target)
        return cls(person, ts, flags, codes, first, begins, ends, _log(pause), codes[:, at])

    def examples(
        self, settings: SequenceConfig
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int8], NDArray[np.int32], Counter[str]]:
        """Return of each example: the event of prediction, the session's first event, label and target; who is left."""
        starts = np.flatnonzero(self.begins)
        at, ends = starts + settings.after - 1, self.session_end[starts]
        long = at < ends
        known = np.zeros(len(starts), np.bool_)
        total = np.concatenate(([0], np.cumsum(self.outcome)))
        known[long] = total[at[long] + 1] > total[starts[long]]
        kept = long & ~known
        at, start, ends = at[kept], starts[kept], ends[kept]
        label = (total[ends + 1] > total[at + 1]).astype(np.int8)
        # The first outcome behind an event: the place of the next one that carries it.
        marked = np.append(np.flatnonzero(self.outcome), len(self.person) - 1)
        following = marked[np.minimum(total[at + 1], len(marked) - 1)]
        target = np.where(label == 1, self.target[following], 0).astype(np.int32)
        left = Counter({TOO_SHORT: int((~long).sum()), KNOWN: int(known.sum())})
        return at, start, label, target, left


def _write_examples(
    events: _Events,
    at: NDArray[np.int64],
    label: NDArray[np.int8],
    target: NDArray[np.int32],
    settings: SequenceConfig,
    location: str,
) -> None:
    schema, people = example_schema(settings), events.person[at] >> np.uint64(1)
    steps, width = settings.timesteps, len(features(settings))
    fs, inner = filesystem(location)
    if is_local(location):
        Path(inner).parent.mkdir(parents=True, exist_ok=True)
    with fs.open_output_stream(inner) as sink, pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for begin in range(0, len(at), _ROWS):
            one = slice(begin, begin + _ROWS)
            places = at[one, None] + np.arange(1 - steps, 1)
            mask = places >= events.first[at[one], None]
            places = np.where(mask, places, 0)
            ago = _log(np.where(mask, events.ts[at[one], None] - events.ts[places], 0))
            x = np.empty((*places.shape, width), np.float32)
            x[..., : width - 4] = events.codes[places]
            x[..., width - 4] = events.pause[places]
            x[..., width - 3] = ago
            x[..., width - 2] = events.begins[places]
            x[..., width - 1] = events.outcome[places]
            x[~mask] = 0
            tensors = [
                pa.FixedSizeListArray.from_arrays(pa.array(x.reshape(-1)), steps * width),
                pa.FixedSizeListArray.from_arrays(pa.array(mask.reshape(-1)), steps),
            ]
            plain = [pa.array(label[one]), pa.array(target[one]), pa.array(people[one].astype(np.int64))]
            writer.write_table(pa.table([*tensors, *plain], schema=schema))


def _bucket(bucket: int, scattered: Sequence[Scattered]) -> pa.Table:
    parts = []
    for each in scattered:
        fs, inner = filesystem(each.location)
        with fs.open_input_file(inner) as handle:
            parts.append(pq.ParquetFile(handle).read_row_group(bucket))
    return pa.concat_tables(parts, promote_options="permissive")


def _people(rows: pa.Table, settings: SequenceConfig) -> NDArray[np.uint64]:
    return number_of(rows, [settings.person])


def _times(rows: pa.Table, settings: SequenceConfig) -> NDArray[np.int64]:
    return rows[settings.time].cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy()


def _role(people: NDArray[np.uint64], settings: SequenceConfig) -> NDArray[np.int64]:
    """Return whether a person is of training (0), validation (1) or test (2), by a number that is one's own."""
    place = (people >> np.uint64(11)).astype(np.float64) / 2.0**53
    train = 1.0 - settings.validation - settings.test
    return np.searchsorted([train, train + settings.validation], place, side="right")


def _coded(values: pa.ChunkedArray, words: pa.Table, name: str) -> NDArray[np.int32]:
    own = words.filter(pc.equal(words["column"], name))
    places = pc.index_in(values.cast(pa.string()), own["value"].combine_chunks())
    return pc.fill_null(pc.add(places, FIRST_CODE), UNKNOWN).to_numpy().astype(np.int32)


def _log(microseconds: NDArray[np.int64]) -> NDArray[np.float32]:
    return np.log1p(microseconds / _SECOND).astype(np.float32)
