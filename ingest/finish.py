"""The last step of refining: the final files of a group of parts."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..errors import DataError
from ..storage import filesystem, join, write_parquet
from .dedup.decide import Verdicts, near_verdicts, text_verdicts, verdicts
from .dedup.exact import ENDED, GONE, REMOVES, SAME, WHY, account_ends, id_column
from .dedup.repeats import Cuts, without_repeats
from .dedup.staging import read_all
from .hashing import to_hex
from .integrate import user_events
from .outliers import Limits, mark
from .parts import Decided, FileCount, Finished, Group, Prepared
from .persons import Identify
from .schemas import CUTS, DUPLICATES, TIMESTAMP
from .visits.reconstruct import Visits
from .visits.reconstruct import apply as apply_visits

_DAY = 86_400_000_000
_NO_DAY = np.iinfo(np.int64).min
_STRETCHES = 1000
"""Logs go by time, so a day is a few stretches that need no sorting; with more of them sorting is cheaper."""


def finish(
    group: Group,
    table: str,
    decided: Sequence[Decided],
    out: str,
    batch: str,
    visits: Sequence[Visits] = (),
    identify: Identify | None = None,
    limits: Mapping[str, Limits] | None = None,
    cuts: Cuts | None = None,
) -> Finished:
    """Write a group's final files below the warehouse `out`: kept rows, events, duplicates, cuts, clean rejects.

    `decided` are all buckets of all rounds, `visits` those of visitors, `limits` where a number is an outlier,
    `identify` says who is who, `cuts` what is repeated, `batch` names the run's files. web_events come as one file a
    day (UTC) of ts, as their table is partitioned; the rest as one file each; none is written for no rows.
    Raises DataError where rows in != kept + duplicates + removed + rejected for any source file.
    """
    kept, duplicates, cut, goes, machines = [], [], [CUTS.empty_table()], list[tuple[Posts, Posts]](), 0
    for part in group.parts:
        candidates, turned = apply_visits(read_all(part.candidates), part, visits)
        here, dropped, out_of, gone = _apply(candidates, part, decided, cuts)
        machines += turned
        kept.append(here)
        cut.append(out_of)
        duplicates.append(dropped)
        goes.append(gone)
    rows, marked = mark(pa.concat_tables(kept, promote_options="permissive"), limits or {})
    written = _Writer(out, f"{batch}-{group.number:05d}", table)
    if table == "web_events":
        for day, events in _days(rows):
            written.add("refined.web_events", events, f"-{day}")
        written.add("refined.user_events", user_events(web=rows, identify=identify))
    else:
        written.add(f"refined.{table}", rows)
        if table == "social_posts":
            written.add("refined.user_events", user_events(social=rows, identify=identify))
    dropped = pa.concat_tables(duplicates)
    written.add("refined.duplicates", dropped)
    written.add("refined.cuts", pa.concat_tables(cut))
    rejects = [_read(part.rejects) for part in group.parts if part.rejects]
    if rejects:
        written.add("raw.rejects", pa.concat_tables(rejects))
    replaced, deleted = (tuple(sorted({post for part in goes for post in part[which]})) for which in (0, 1))
    lines = sum(table.num_rows for table in cut)
    return Finished(
        written.files, written.rows, _counts(group, rows, dropped), replaced, deleted, marked, lines, machines
    )


class _Writer:
    """Writes tables below the warehouse and keeps the record."""

    def __init__(self, out: str, stem: str, table: str) -> None:
        self.out, self.stem, self.table = out, stem, table
        self.files: dict[str, list[str]] = {}
        self.rows: dict[str, int] = {}

    def add(self, name: str, rows: pa.Table, suffix: str = "") -> None:
        if not rows.num_rows:
            return
        # Several tables of a run share duplicates, user_events and rejects: the name keeps them apart.
        ending = suffix or f"-{self.table}"
        location = join(self.out, *name.split("."), "data", f"{self.stem}{ending}.parquet")
        write_parquet(rows, location)
        self.files.setdefault(name, []).append(location)
        self.rows[name] = self.rows.get(name, 0) + rows.num_rows


def _apply(
    rows: pa.Table, part: Prepared, decided: Sequence[Decided], cuts: Cuts | None
) -> tuple[pa.Table, pa.Table, pa.Table, tuple[Posts, Posts]]:
    """Return a part's kept rows with their ids, its DUPLICATES, its CUTS, and the posts that go for it."""
    outcome = verdicts(part, decided)
    column = id_column(part.table)
    given, ends = rows[column], account_ends(rows) if part.table == "social_posts" else np.zeros(len(rows), bool)
    ids = pc.coalesce(given, pa.chunked_array([to_hex(outcome.ids)])) if given.null_count else given
    rows = rows.set_column(rows.schema.get_field_index(column), column, ids)
    method = np.where(pc.is_valid(given).to_numpy(), "id", "exact")
    texts = text_verdicts(part, decided)
    by_text = texts["pos"].to_numpy()
    keep = ~outcome.dropped
    keep[by_text] = False
    near = near_verdicts(part, decided)
    keep[near["pos"].to_numpy()] = False
    first = rows.filter(pa.array(outcome.dropped))
    why = outcome.why[outcome.dropped]
    words = np.where(why == SAME, method[outcome.dropped], np.array(WHY, object)[why])
    methods = pa.array(np.where(ends[outcome.dropped], ENDED, words).tolist(), pa.string())
    second, third = rows.take(pa.array(by_text)), rows.take(near["pos"])
    # Of a deleted post only the hash of its id stays, so that it is known when it comes again.
    hashed = pc.if_else(pa.array(why == GONE), to_hex(outcome.ids[outcome.dropped]), first[column])
    kept_ids = pc.if_else(pa.array(why == GONE), pa.scalar(None, pa.string()), first[column])
    first = first.set_column(first.schema.get_field_index(column), column, hashed)
    dropped = [
        _duplicates(part.table, first, kept_ids, methods, _same(first)),
        _duplicates(part.table, second, texts["kept_id"], pa.repeat(pa.scalar("text"), len(second)), _same(second)),
        _duplicates(part.table, third, near["kept_id"], near["method"], near["similarity"]),
    ]
    going = _going(part, rows, outcome, ends)
    rows, cut = without_repeats(rows, part, cuts) if cuts else (rows, CUTS.empty_table())
    return rows.filter(pa.array(keep)), pa.concat_tables(dropped), cut, going


Posts = set[tuple[str, str]]
"""Posts as (platform, id)."""


def _going(part: Prepared, rows: pa.Table, outcome: Verdicts, ends: NDArray[np.bool_]) -> tuple[Posts, Posts]:
    """Return the posts whose committed rows go, and those that are taken back, known or not."""
    if part.table != "social_posts":
        return set(), set()
    gone = (outcome.why == GONE) & ~ends
    picked = (rows.filter(pa.array(mask)) for mask in (outcome.replaces, gone))
    replaced, deleted = (set(zip(*(p[c].to_pylist() for c in ("platform", "post_id")), strict=True)) for p in picked)
    return replaced, deleted


def _same(rows: pa.Table) -> pa.Array:
    return pa.repeat(pa.scalar(1.0), rows.num_rows)


def _duplicates(table: str, rows: pa.Table, kept_id: pa.ChunkedArray, method: pa.Array, similarity: Any) -> pa.Table:
    count = rows.num_rows
    columns = {
        "table": pa.repeat(pa.scalar(table), count),
        "id": rows[id_column(table)],
        "kept_id": kept_id,
        "method": method,
        "similarity": similarity,
        "source": rows["source"],
        "file": rows["file"],
        "line": rows["line"],
        "ts": pc.if_else(pc.equal(method, ENDED), rows["ts"], pa.scalar(None, TIMESTAMP))
        if table == "social_posts"
        else pa.nulls(count, TIMESTAMP),
    }
    return pa.table([columns[name] for name in DUPLICATES.names], schema=DUPLICATES)


def _days(rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Cut a table by the UTC day of `ts`; rows without a time stand apart, as the null partition."""
    ts = rows["ts"]
    days = np.full(rows.num_rows, _NO_DAY)
    valid = pc.is_valid(ts).to_numpy()
    days[valid] = pc.drop_null(ts).cast(pa.int64()).to_numpy() // _DAY
    if np.count_nonzero(days[1:] != days[:-1]) > _STRETCHES:
        order = np.argsort(days, kind="stable")
        rows, days = rows.take(pa.array(order)), days[order]
    turns = np.flatnonzero(days[1:] != days[:-1]) + 1
    stretches: dict[int, list[pa.Table]] = {}
    for start, end in itertools.pairwise([0, *turns.tolist(), rows.num_rows] if rows.num_rows else []):
        stretches.setdefault(int(days[start]), []).append(rows.slice(start, end - start))
    for day in sorted(stretches):
        name = "null" if day == _NO_DAY else str(np.datetime64(day, "D"))
        yield name, pa.concat_tables(stretches[day]).combine_chunks()


def _counts(group: Group, kept: pa.Table, dropped: pa.Table) -> tuple[FileCount, ...]:
    rows: Counter[tuple[str, str]] = Counter()
    rejected: dict[tuple[str, str], Counter[str]] = {}
    for part in group.parts:
        for count in part.counts:
            rows[count.source, count.file] += count.rows
            rejected.setdefault((count.source, count.file), Counter()).update(count.rejected)
    keeps = _tally(kept, ["source", "file"])
    drops = _tally(dropped, ["source", "file", "method"])
    counts = []
    for source, file in sorted(rows):
        methods = {key[2]: n for key, n in sorted(drops.items()) if key[:2] == (source, file)}
        count = FileCount(
            source,
            file,
            rows[source, file],
            keeps.get((source, file), 0),
            {name: n for name, n in methods.items() if name not in REMOVES},
            {name: n for name, n in methods.items() if name in REMOVES},
            dict(rejected[source, file]),
        )
        if not count.balanced:
            raise DataError(
                f"rows of '{source}' went missing: {count.rows} in, {count.kept} kept, "
                f"{sum(count.duplicates.values())} duplicates, {sum(count.removed.values())} removed, "
                f"{sum(count.rejected.values())} rejected",
                "this is a fault of Weir: report it; nothing was committed",
                source=source,
                file=file,
            )
        counts.append(count)
    return tuple(counts)


def _tally(rows: pa.Table, by: list[str]) -> dict[tuple[str, ...], int]:
    found = rows.group_by(by).aggregate([([], "count_all")])
    return {tuple(each[name] for name in by): each["count_all"] for each in found.to_pylist()}


def _read(location: str) -> pa.Table:
    fs, inner = filesystem(location)
    with fs.open_input_file(inner) as source:
        return pq.read_table(source)
