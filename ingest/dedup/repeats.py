"""Boilerplate: lines or paragraphs that many texts of a table have, counted over all runs and cut from new rows.

The stored index (`repeats`) names for each line, by a 64-bit hash, the texts that have it, but no more of them than it
takes to call it repeated: memory and size follow the number of different lines, not how often the commonest stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...config import DedupConfig, RepeatsConfig
from ...distinct import distinct, is_in
from ...storage import join, write_parquet
from ..parts import Decided, Prepared, text_column
from ..schemas import CUTS, REPEATS
from .collide import KEYS_AT_A_TIME, Range
from .documents import committed, survivors
from .exact import GONE, id_column
from .index import GROUP, HASHES, look_up_keys
from .staging import read_all, read_batch, write_batches
from .units import Units

VERSION = 1
_ROWS = pa.schema(
    {"pos": pa.int32(), "doc": pa.int64(), "source": pa.string(), "file": pa.string(), "line": pa.int64()}
)
_UNITS = pa.schema({"key": pa.int64(), "row": pa.int32(), "unit": pa.int32()})
_PLACES = pa.schema({"pos": pa.int32(), "unit": pa.int32(), "key": pa.int64(), "texts": pa.int64()})
_STRETCH = 1 << 14
"""Texts that are cut apart at a time."""


class Divided(NamedTuple):
    """The lines of one part's texts (or of one committed file: then `part` is empty), and where they lie."""

    part: str
    order: tuple[Any, ...]
    rows: str
    units: str
    texts: int
    """How many texts."""
    size: int
    """How many lines."""
    gone: tuple[int, ...]
    """Docs whose committed rows go with this batch."""


class Counted(NamedTuple):
    """One range of keys, counted: what is to be cut (a batch a part), and what the index gains."""

    cuts: str
    parts: tuple[str, ...]
    added: str | None


class Cuts(NamedTuple):
    """What is to be cut from the rows of a batch, and how texts are cut apart."""

    column: str
    unit: str
    counted: tuple[Counted, ...]


def scheme_name(wanted: RepeatsConfig) -> str:
    """Return what the index is kept under: rows of another name say nothing here."""
    return f"{VERSION} {wanted.unit} {wanted.min_chars} {wanted.least}"


def divide(
    item: Prepared | str,
    table: str,
    dedup: DedupConfig,
    wanted: RepeatsConfig,
    decided: Sequence[Decided],
    staging: str,
) -> Divided:
    """Name the lines of those rows of one part that all rounds keep, or of one committed data file."""
    column = text_column(table, dedup) or "text"
    order: tuple[Any, ...]
    if isinstance(item, Prepared):
        outcome, rows, pos, docs = survivors(item, decided)
        gone = outcome.ids[outcome.replaces | (outcome.why == GONE), 0].view(np.int64)
        part, name, order = item.part.name, item.part.name, item.order
    else:
        rows, pos, docs = committed(item, table, column, dedup.min_chars)
        part, name, order = "", item.rsplit("/", 1)[-1].removesuffix(".parquet"), (item,)
        gone = np.empty(0, np.int64)
    stem = join(staging, f"{table}-repeats-{name}")
    origin = [pa.array(pos), pa.array(docs), *(rows[each].combine_chunks() for each in _ROWS.names[2:])]
    write_batches([pa.record_batch(origin, schema=_ROWS)], _ROWS, f"{stem}-rows.arrow")
    units = _units(rows[column], wanted)
    write_batches([units], _UNITS, f"{stem}.arrow")
    return Divided(part, order, f"{stem}-rows.arrow", f"{stem}.arrow", len(rows), units.num_rows, tuple(gone.tolist()))


def _units(texts: pa.ChunkedArray, wanted: RepeatsConfig) -> pa.RecordBatch:
    found = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64))]
    for at in range(0, len(texts), _STRETCH):
        units = Units.of(texts.slice(at, _STRETCH).combine_chunks(), wanted.unit)
        hashes, long = units.keys(wanted.min_chars)
        number = np.arange(len(units.owner)) - units.first[units.owner]
        found.append((hashes[long, 0].view(np.int64), units.owner[long] + at, number[long]))
    arrays = (np.concatenate(each) for each in zip(*found, strict=True))
    return pa.record_batch(
        [pa.array(each, field.type) for each, field in zip(arrays, _UNITS, strict=True)], schema=_UNITS
    )


def in_order(divided: Sequence[Divided]) -> list[Divided]:
    """Return the parts in the order in which of equal lines the first is the one that stays: committed ones first."""
    return sorted(divided, key=lambda each: (bool(each.part), each.order))


def key_ranges(divided: Sequence[Divided]) -> list[Range]:
    """Cut the work where the batch has more lines than fit."""
    count = max(1, -(-sum(each.size for each in divided) // KEYS_AT_A_TIME))
    return [Range(0, number, count) for number in range(count)]


def count(
    part: Range,
    table: str,
    wanted: RepeatsConfig,
    divided: Sequence[Divided],
    stored: Sequence[str],
    gone: Sequence[int],
    staging: str,
    out: str,
    batch: str,
) -> Counted:
    """Count the texts that have each line of one range of hashes, stored ones included, and say which copies go.

    Where `least` texts or more have a line, every copy in the batch is cut; but where no text had it before, those
    of the first text stay. `gone` are docs whose rows go with this batch: they count no more.
    """
    keys, texts, numbers, docs = _gathered(part, divided)
    own = np.searchsorted(np.cumsum([each.texts for each in divided]), np.arange(len(docs)), side="right")
    waits = np.array([bool(each.part) for each in divided], dtype=bool)[own]
    away = distinct(np.array(gone, dtype=np.int64))
    order = np.lexsort((texts, keys))
    order = order[(waits | ~is_in(docs, away))[texts[order]]]
    keys, texts, numbers = keys[order], texts[order], numbers[order]
    new_key, new_text = _leads(keys), _leads(keys, texts)
    each_key = keys[new_key]
    group = np.cumsum(new_key) - 1
    hits = look_up_keys(stored, table, scheme_name(wanted), each_key)
    others = ~is_in(hits.docs, distinct(docs, away))
    before = np.bincount(np.searchsorted(each_key, hits.keys[others]), minlength=len(each_key))
    here = np.bincount(group, new_text, len(each_key)).astype(np.int64)
    first = texts[new_key]
    total = before + here
    cut = (total >= wanted.least)[group] & waits[texts] & ((before > 0)[group] | (texts != first[group]))
    location = join(staging, f"{table}-repeats-{part.number:03d}.arrow")
    bases = np.cumsum([0, *(each.texts for each in divided)])
    made = []
    for number, each in enumerate(divided):
        if not each.part:
            continue
        mine = np.flatnonzero(cut & (own[texts] == number))
        pos = read_all(each.rows)["pos"].to_numpy()[texts[mine] - bases[number]]
        arrays = pos, numbers[mine], keys[mine], total[group[mine]]
        made.append(pa.record_batch([pa.array(a, f.type) for a, f in zip(arrays, _PLACES, strict=True)], _PLACES))
    write_batches(made, _PLACES, location)
    start = np.flatnonzero(new_key)
    rank = np.cumsum(new_text) - np.cumsum(new_text)[start][group]
    fresh = np.flatnonzero(new_text & (before[group] + rank < wanted.least))
    rows = _index_rows(table, wanted, keys[fresh], texts[fresh], divided)
    added = None
    if rows.num_rows:
        added = join(out, "refined", "repeats", "data", f"{batch}-{table}-{part.number:03d}.parquet")
        write_parquet(rows, added, row_group_size=GROUP, hashes=HASHES)
    return Counted(location, tuple(each.part for each in divided if each.part), added)


def _gathered(
    part: Range, divided: Sequence[Divided]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the keys of the range, the texts they are of (numbered part after part), which line, and all docs."""
    found, docs, base = [(np.empty(0, np.int64),) * 3], [np.empty(0, np.int64)], 0
    for each in divided:
        units = read_all(each.units)
        mine = part.holds(units["key"].to_numpy())
        columns = [units[name].to_numpy()[mine].astype(np.int64) for name in _UNITS.names]
        found.append((columns[0], columns[1] + base, columns[2]))
        docs.append(read_all(each.rows)["doc"].to_numpy())
        base += each.texts
    keys, texts, numbers = (np.concatenate(each) for each in zip(*found, strict=True))
    return keys, texts, numbers, np.concatenate(docs)


def _leads(*sorted_columns: NDArray[np.int64]) -> NDArray[np.bool_]:
    leads = np.ones(len(sorted_columns[0]), dtype=bool)
    leads[1:] = np.logical_or.reduce([each[1:] != each[:-1] for each in sorted_columns])
    return leads


def _index_rows(
    table: str, wanted: RepeatsConfig, keys: NDArray[np.int64], texts: NDArray[np.int64], divided: Sequence[Divided]
) -> pa.Table:
    rows = pa.concat_tables([_ROWS.empty_table(), *(read_all(each.rows) for each in divided)]).take(pa.array(texts))
    columns = {
        "table": pa.repeat(pa.scalar(table), len(keys)),
        "scheme": pa.repeat(pa.scalar(scheme_name(wanted)), len(keys)),
        "key": pa.array(keys),
        **{name: rows[name] for name in ("doc", "source", "file", "line")},
    }
    return pa.table([columns[name] for name in REPEATS.names], schema=REPEATS)


def without_repeats(rows: pa.Table, part: Prepared, cuts: Cuts) -> tuple[pa.Table, pa.Table]:
    """Return a part's rows (by their ids, all of them) with the repeated lines cut, and what was cut (CUTS)."""
    found = [read_batch(each.cuts, each.parts.index(part.part.name)) for each in cuts.counted]
    places = pa.Table.from_batches(found, schema=_PLACES).sort_by([("pos", "ascending"), ("unit", "ascending")])
    pos = places["pos"].to_numpy()
    touched = np.unique(pos)
    if not len(touched):
        return rows, CUTS.empty_table()
    units = Units.of(rows[cuts.column].take(pa.array(touched)).combine_chunks(), cuts.unit)
    at = units.first[np.searchsorted(touched, pos)] + places["unit"].to_numpy()
    stays = np.ones(len(units.owner), dtype=bool)
    stays[at] = False
    mask = np.zeros(rows.num_rows, dtype=bool)
    mask[touched] = True
    left = units.joined(stays, cuts.unit)
    whole = rows[cuts.column].combine_chunks()
    changed = pc.replace_with_mask(whole, pa.array(mask), left.cast(whole.type))
    origin = rows.select([id_column(part.table), "source", "file", "line"]).take(pa.array(pos))
    columns = {
        "table": pa.repeat(pa.scalar(part.table), len(pos)),
        "id": origin[id_column(part.table)],
        **{name: origin[name] for name in ("source", "file", "line")},
        "unit": pa.repeat(pa.scalar(cuts.unit), len(pos)),
        "number": pa.array(places["unit"].to_numpy() + 1, pa.int32()),
        "chars": pc.utf8_length(units.values.take(pa.array(at))).cast(pa.int32()),
        "key": places["key"],
        "texts": places["texts"],
    }
    rows = rows.set_column(rows.schema.get_field_index(cuts.column), rows.schema.field(cuts.column), changed)
    return rows, pa.table([columns[name] for name in CUTS.names], schema=CUTS)
