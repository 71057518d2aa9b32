"""The decision, one hash bucket at a time: which rows are duplicates of which, and what the ids are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...errors import DataError
from ...storage import join
from ..hashing import Hashes, to_hex
from ..parts import Decided, Prepared, RawPart
from .exact import FINAL, GONE, KEPT, OLDER, SAME, Rows, first_of_each, number_occurrences, occurrences_before
from .seen import Bucket, Seen, earlier_in_file, seen_deletions, seen_ids, seen_texts
from .staging import ID_VERDICTS, NEAR_VERDICTS, TEXT_VERDICTS, read_batch, write_batches

METHODS = ("id", "text")


class Verdicts(NamedTuple):
    """The first round's outcome for the rows of one part."""

    ids: Hashes
    why: NDArray[np.int8]
    replaces: NDArray[np.bool_]

    @property
    def dropped(self) -> NDArray[np.bool_]:
        """Which rows are dropped."""
        return self.why != KEPT


def decide(
    bucket: int,
    table: str,
    method: str,
    prepared: Sequence[Prepared],
    seen: Sequence[str],
    staging: str,
    decided: Sequence[Decided] = (),
    duplicates: Sequence[str] = (),
) -> Decided:
    """Decide one bucket of one round of a table, against the batch and against what is committed.

    `prepared` are all parts of the batch for this table, in any order; `seen` the committed data files of
    refined.<table> (of web_events those of the batch's days are enough). `method` is a round: 'id' first; then
    'text', which takes the whole first round as `decided` and looks only at its survivors. `duplicates` are the
    committed data files of refined.duplicates; they are read for the deletions they remember, and where a file is
    continued that an earlier run began.

    Of several rows of one post the latest version is kept, and a deletion leaves none (exact.versions); where a
    committed row is older, its successor's verdict says that it goes. Of equal rows the committed one is kept if there
    is one, else the first by (source, file, line). Raises DataError where the parts were prepared for different
    numbers of buckets.
    """
    parts = sorted(prepared, key=lambda p: p.order)
    if len({p.buckets for p in parts}) > 1 or any(p.table != table for p in parts):
        raise DataError("parts of one batch were prepared differently", "prepare all of them again")
    files = sorted({(p.part.source, file) for p in parts for file in p.files})
    rank = {pair: number for number, pair in enumerate(files)}
    location = join(staging, f"{table}-{method}-{bucket}.arrow")
    if method == "id":
        schema = ID_VERDICTS
        batches, rows, dropped = _decide_ids(bucket, table, parts, rank, seen, duplicates)
    else:
        schema = TEXT_VERDICTS
        batches, rows, dropped = _decide_texts(bucket, table, parts, rank, seen, decided)
    write_batches(batches, schema, location)
    return Decided(method, bucket, location, tuple(p.part.name for p in parts), rows, dropped)


def verdicts(part: Prepared, decided: Sequence[Decided]) -> Verdicts:
    """Gather the first round's outcome for one part from all buckets."""
    ids = np.empty((part.kept, 2), dtype=np.uint64)
    why = np.zeros(part.kept, dtype=np.int8)
    replaces = np.zeros(part.kept, dtype=bool)
    for each in decided:
        if each.method == "id":
            batch = read_batch(each.path, each.parts.index(part.part.name))
            at = batch["pos"].to_numpy()
            ids[at] = _hashes(batch)
            why[at] = batch["why"].to_numpy()
            replaces[at] = batch["replaces"].to_numpy(zero_copy_only=False)
    return Verdicts(ids, why, replaces)


def text_verdicts(part: Prepared, decided: Sequence[Decided]) -> pa.Table:
    """Gather the second round's dropped rows of one part (TEXT_VERDICTS), sorted by position."""
    batches = [read_batch(d.path, d.parts.index(part.part.name)) for d in decided if d.method == "text"]
    return pa.Table.from_batches(batches, schema=TEXT_VERDICTS).sort_by("pos")


def _decide_ids(
    bucket: int,
    table: str,
    parts: list[Prepared],
    rank: dict[tuple[str, str], int],
    seen: Sequence[str],
    duplicates: Sequence[str],
) -> tuple[list[pa.RecordBatch], int, int]:
    keys = [read_batch(p.id_keys, bucket) for p in parts]
    place = _Place(parts, keys, rank)
    rows = Rows(
        place.sorted([_hashes(k) for k in keys], np.uint64),
        place.sorted([k["counted"].to_numpy(zero_copy_only=False) for k in keys], bool),
        place.sorted([k["version"].to_numpy() for k in keys], np.int64),
        place.file,
        place.line,
    )
    mine = Bucket(bucket, parts[0].buckets if parts else 1, np.sort(rows.hashes[:, 0]))
    tails = _tails(parts, rank)
    base = None
    if tails and (seen or duplicates):
        earlier = earlier_in_file(seen, duplicates, table, mine, tails)
        base = occurrences_before(rows, earlier.ids, earlier.file) if len(earlier.ids) else None
    ids = number_occurrences(rows, base)
    known = seen_ids(seen, table, mine)
    deleted = seen_deletions(duplicates, mine) if table == "social_posts" else ids[:0]
    why, replaces = _judge(known, deleted, Seen(ids, rows.version))
    batches = []
    for at in place.of_each_part():
        columns = [place.pos[at], ids[at, 0], ids[at, 1], why[at], replaces[at]]
        arrays = [pa.array(c, f.type) for c, f in zip(columns, ID_VERDICTS, strict=True)]
        batches.append(pa.record_batch(arrays, schema=ID_VERDICTS))
    return batches, len(ids), int(np.count_nonzero(why))


def _judge(known: Seen, deleted: Hashes, new: Seen) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Return why each new row is dropped, and whether a known one goes for it."""
    before = len(known.ids) + len(deleted)
    version = np.concatenate([known.version, np.full(len(deleted), FINAL), new.version])
    first = first_of_each(np.concatenate([known.ids, deleted, new.ids]), version)
    best, beaten = first[before:], first != np.arange(len(first))
    older = version[best] > new.version
    why = np.where(beaten[before:], np.where(older, OLDER, SAME), KEPT)
    why = np.where(version[best] == FINAL, GONE, why).astype(np.int8)
    replaces = np.zeros(len(first), dtype=bool)
    old = np.flatnonzero(beaten[: len(known.ids)])
    replaces[first[old[version[first[old]] > known.version[old]]]] = True
    return why, replaces[before:]


def _decide_texts(
    bucket: int,
    table: str,
    parts: list[Prepared],
    rank: dict[tuple[str, str], int],
    seen: Sequence[str],
    decided: Sequence[Decided],
) -> tuple[list[pa.RecordBatch], int, int]:
    keys = [_survivors(p, bucket, decided) for p in parts]
    place = _Place(parts, keys, rank)
    texts = place.sorted([_hashes(k) for k in keys], np.uint64)
    ids = pa.concat_arrays([pa.array([], pa.string()), *(k["id"] for k in keys)]).take(pa.array(place.order))
    mine = Bucket(bucket, parts[0].buckets if parts else 1, np.sort(texts[:, 0]))
    replaced = [np.empty((0, 2), dtype=np.uint64)]
    if table == "social_posts" and seen:
        outcomes = [verdicts(p, decided) for p in parts]
        replaced += [outcome.ids[outcome.replaces] for outcome in outcomes]
    known, known_ids = seen_texts(seen, table, mine, np.concatenate(replaced))
    first = first_of_each(np.concatenate([known, texts]))[len(known) :]
    dropped = first - len(known) != np.arange(len(texts))
    kept_ids = pa.concat_arrays([known_ids, ids]).take(pa.array(first))
    batches = []
    for at in place.of_each_part():
        at = at[dropped[at]]
        arrays = [pa.array(place.pos[at], pa.int32()), kept_ids.take(pa.array(at))]
        batches.append(pa.record_batch(arrays, schema=TEXT_VERDICTS))
    return batches, len(texts), int(dropped.sum())


def near_verdicts(part: Prepared, decided: Sequence[Decided]) -> pa.Table:
    """Return the rows of one part that the rounds `near` and `semantic` drop (NEAR_VERDICTS)."""
    mine = [d for d in decided if d.method in ("near", "semantic")]
    rows = pa.Table.from_batches(
        [read_batch(d.path, d.parts.index(part.part.name)) for d in mine], schema=NEAR_VERDICTS
    )
    return rows.filter(rows["dropped"])


class _Place:
    """Where the rows of a bucket come from, all parts together in the order of (source, file, line)."""

    def __init__(self, parts: list[Prepared], keys: list[pa.RecordBatch], rank: dict[tuple[str, str], int]) -> None:
        codes = [np.array([rank[p.part.source, f] for f in p.files], dtype=np.int64) for p in parts]
        file = _joined([c[k["file"].to_numpy()] for c, k in zip(codes, keys, strict=True)], np.int64)
        line = _joined([k["line"].to_numpy() for k in keys], np.int64)
        self.order = np.lexsort((line, file))
        self.file = file[self.order]
        self.line = line[self.order]
        self.pos = _joined([k["pos"].to_numpy() for k in keys], np.int32)[self.order]
        self._ends = np.cumsum([0, *(k.num_rows for k in keys)])

    def sorted(self, arrays: list[NDArray[Any]], kind: type[Any]) -> NDArray[Any]:
        """Put one array a part together and into the order."""
        return _joined(arrays, kind)[self.order]

    def of_each_part(self) -> list[NDArray[np.int64]]:
        """Return, for each part, where its rows stand now, in the part's own order."""
        back = np.empty(len(self.order), dtype=np.int64)
        back[self.order] = np.arange(len(self.order))
        return [back[a:b] for a, b in zip(self._ends[:-1], self._ends[1:], strict=True)]


def _tails(parts: list[Prepared], rank: dict[tuple[str, str], int]) -> dict[tuple[str, str], tuple[int, int]]:
    """Return the files that this batch reads only from some line on: their number here and that line.

    They go by the name under which an earlier run read their beginning.
    """
    start: dict[tuple[str, str], RawPart] = {}
    for p in parts:
        pair = (p.part.source, p.part.file)
        start[pair] = min(start.get(pair, p.part), p.part, key=lambda part: part.first_line)
    return {
        (pair[0], part.former or part.file): (rank[pair], part.first_line)
        for pair, part in start.items()
        if part.first_line > 1 and pair in rank
    }


def _survivors(part: Prepared, bucket: int, decided: Sequence[Decided]) -> pa.RecordBatch:
    """Return the text keys of the rows that the first round kept, each with its final id."""
    if part.text_keys is None:
        raise DataError("a part was prepared without text keys", "prepare it again with the same configuration")
    keys = read_batch(part.text_keys, bucket)
    outcome = verdicts(part, decided)
    keys = keys.filter(pa.array(~outcome.dropped[keys["pos"].to_numpy()]))
    given = keys["id"]
    if given.null_count:
        given = pc.coalesce(given, to_hex(outcome.ids[keys["pos"].to_numpy()]))
        keys = keys.set_column(keys.schema.get_field_index("id"), keys.schema.field("id"), given)
    return keys


def _hashes(batch: pa.RecordBatch) -> Hashes:
    return np.column_stack([batch["h1"].to_numpy(), batch["h2"].to_numpy()])


def _joined(arrays: list[NDArray[Any]], kind: type[Any]) -> NDArray[Any]:
    return np.concatenate(arrays) if arrays else np.empty(0, dtype=kind)
