"""The near round of a batch: its texts against each other and against the index, and one kept of each cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...storage import join
from ..parts import Decided, Prepared
from .cluster import Clusters, Links, Pass, add_band, link
from .documents import Sketched, band_keys, documents, each_row
from .index import Hits, Stored, look_up_docs, look_up_keys
from .scheme import Scheme
from .sets import similarities
from .shingles import Shingles
from .staging import read_batch, write_batches

NEAR_VERDICTS = pa.schema(
    {
        "pos": pa.int32(),
        "known": pa.bool_(),
        "dropped": pa.bool_(),
        "kept_id": pa.string(),
        "kept_doc": pa.int64(),
        "similarity": pa.float64(),
        "links": pa.list_(pa.string()),
    }
)
"""One line a text, in the order of its part's documents. `known` is in the index already, or
need not be; `links` are the verified pairs that tie the text to its cluster."""

_RANKS = ("id", "doc", "ts", "length", "source", "file", "line")
_STAYS, _NEW, _GONE = 0, 1, 2
"""A row that is in the table; one of this batch; one that an earlier batch dropped."""


class _Batch(NamedTuple):
    """All texts in question, the stored ones first: text number n of the batch is number len(stored) + n here."""

    scheme: Scheme
    sketched: Sequence[Sketched]
    stored: pa.Table
    shingles: Shingles

    @property
    def base(self) -> int:
        return int(self.stored.num_rows)


class _Members(NamedTuple):
    """The texts that are not alone in their cluster: their numbers (sorted), and their columns (_RANKS)."""

    numbers: NDArray[np.int64]
    columns: pa.Table

    def place(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where texts stand in `columns`."""
        return np.searchsorted(self.numbers, numbers)


class Settled(NamedTuple):
    """The near round, decided, and the docs whose rows in the index are out of date and go."""

    decided: Decided
    stale: tuple[int, ...]


def settle(table: str, scheme: Scheme, sketched: Sequence[Sketched], stored: Stored, staging: str) -> Settled:
    """Decide the near round of a whole batch and write the verdicts, a batch (NEAR_VERDICTS) a part.

    Clusters are the connected components of all pairs at or above the threshold that share a band, those of
    earlier batches included; a row that is in the table stays. Of the others one is kept where no row of the
    cluster is in the table: the first by source priority, then by the rule 'earliest' or 'longest', then by
    (source, file, line). Holds 8 bytes a text for the clusters, one band's keys, and the texts that share keys.
    """
    sketched = sorted(sketched, key=lambda each: (not each.committed, each.name))
    hits, shared, whole = _collisions(table, scheme, sketched, stored)
    again = _again(table, scheme, sketched, stored)
    rows = _stored_rows(table, scheme, stored, hits, again)
    shared[again.known] = True
    batch = _Batch(scheme, sketched, rows, _shingles(rows, sketched, np.flatnonzero(shared)))
    clusters = Clusters(batch.base + len(shared))
    _join_stored(rows, clusters)
    clusters.join(batch.base + again.known, np.searchsorted(rows["doc"].to_numpy(), again.docs))
    passed_over = np.concatenate([again.known, again.replaced])
    links = link(batch.shingles, _passes(batch, hits, whole, passed_over), clusters, are_sets=True)
    roots = clusters.roots()
    members = _members(batch, np.flatnonzero(np.bincount(roots, minlength=len(roots))[roots] > 1))
    kept = np.arange(len(roots))
    kept[members.numbers] = _kept(batch, members, roots)
    location = join(staging, f"{table}-near-settled.arrow")
    known = np.zeros(len(shared), dtype=bool)
    known[passed_over] = True
    verdicts = [_verdicts(batch, members, kept, known, links, *part) for part in each_row(sketched)]
    write_batches(verdicts, NEAR_VERDICTS, location)
    dropped = sum(int(pc.sum(each["dropped"]).as_py() or 0) for each in verdicts)
    decided = Decided("near", 0, location, tuple(each.name for each in sketched), len(shared), dropped)
    return Settled(decided, tuple(again.stale.tolist()))


def near_verdicts(part: Prepared, decided: Sequence[Decided]) -> pa.Table:
    """Return the rows of one part that the near round drops (NEAR_VERDICTS)."""
    found = [read_batch(d.path, d.parts.index(part.part.name)) for d in decided if d.method == "near"]
    rows = pa.Table.from_batches(found, schema=NEAR_VERDICTS)
    return rows.filter(rows["dropped"])


def _collisions(
    table: str, scheme: Scheme, sketched: Sequence[Sketched], stored: Stored
) -> tuple[list[Hits], NDArray[np.bool_], NDArray[np.uint64]]:
    """Return the stored texts that share a key, by band; which of the batch share one; all bands' keys in one."""
    count = sum(each.rows for each in sketched)
    hits = []
    shared, whole = np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.uint64)
    for band in range(scheme.banding.bands):
        keys = band_keys(sketched, band)
        each, place, times = np.unique(keys, return_inverse=True, return_counts=True)
        hits.append(look_up_keys(stored, table, scheme, band, each))
        times[np.searchsorted(each, hits[-1].keys)] = 2
        shared |= times[place] > 1
        whole = add_band(whole, keys.view(np.uint64))
    return hits, shared, whole


class _Again(NamedTuple):
    """Texts of the batch whose rows are in the index already.

    `known` numbers those that are there as they are (an earlier batch dropped them), `docs` what they are called;
    `replaced` those of committed files that a row of this batch replaces; `stale` are the docs whose stored rows go.
    """

    known: NDArray[np.int64]
    docs: NDArray[np.int64]
    replaced: NDArray[np.int64]
    stale: NDArray[np.int64]


def _again(table: str, scheme: Scheme, sketched: Sequence[Sketched], stored: Stored) -> _Again:
    docs = _docs(sketched)
    gone = np.unique(np.array([doc for each in sketched for doc in each.gone], dtype=np.int64))
    committed = np.repeat([each.committed for each in sketched], [each.rows for each in sketched]).astype(bool)
    replaced = np.flatnonzero(committed & np.isin(docs, gone))
    found = look_up_docs(stored, table, scheme, np.union1d(docs, gone))
    there = found["doc"].to_numpy()
    order = np.argsort(docs)
    at = np.searchsorted(docs[order], there)
    mine = np.flatnonzero(np.isin(there, docs) & ~np.isin(there, gone))
    at = order[at[mine]]
    sets = pa.chunked_array([documents(each)["shingles"].combine_chunks() for each in sketched], pa.large_binary())
    equal = pc.equal(sets.take(pa.array(at)), found["shingles"].take(pa.array(mine)).cast(pa.large_binary()))
    same = equal.to_numpy().astype(bool)
    return _Again(at[same], there[mine[same]], replaced, np.setdiff1d(there, there[mine[same]]))


def _stored_rows(table: str, scheme: Scheme, stored: Stored, hits: list[Hits], again: _Again) -> pa.Table:
    """Return the stored texts that were hit, and those kept in their places, sorted by doc; none that is stale."""
    hit = np.unique(np.concatenate([again.docs, *(h.docs for h in hits)]))
    rows = look_up_docs(stored, table, scheme, hit)
    kept = np.setdiff1d(rows["kept_doc"].to_numpy(), hit)
    rows = pa.concat_tables([rows, look_up_docs(stored, table, scheme, kept)]).sort_by("doc")
    return rows.filter(pa.array(~np.isin(rows["doc"].to_numpy(), again.stale))).combine_chunks()


def _shingles(rows: pa.Table, sketched: Sequence[Sketched], numbers: NDArray[np.int64]) -> Shingles:
    """Return the shingle sets of all stored rows, and of the texts of the batch that are numbered; else none."""
    count = sum(each.rows for each in sketched)
    sets = [rows["shingles"].cast(pa.large_binary()).combine_chunks()]
    for each, first, end in each_row(sketched):
        mine = numbers[(numbers >= first) & (numbers < end)] - first
        sets.append(documents(each)["shingles"].take(pa.array(mine)).combine_chunks())
    values = pa.concat_arrays([s for chunk in sets for s in (chunk.chunks if hasattr(chunk, "chunks") else [chunk])])
    offsets = np.frombuffer(values.buffers()[1], dtype=np.int64, count=len(values) + 1) // 4
    hashes = np.frombuffer(values.buffers()[2], dtype=np.uint32).copy() if len(values) else np.empty(0, np.uint32)
    base = rows.num_rows
    counts = np.zeros(base + count, dtype=np.int32)
    starts = np.zeros(base + count + 1, dtype=np.int64)
    at = np.concatenate([np.arange(base), base + numbers])
    starts[at], counts[at] = offsets[:-1], np.diff(offsets)
    return Shingles(hashes, starts, counts)


def _join_stored(rows: pa.Table, clusters: Clusters) -> None:
    """Join stored texts of one cluster: each with the one kept in its place."""
    doc, kept = rows["doc"].to_numpy(), rows["kept_doc"].to_numpy()
    if len(doc):
        at = np.minimum(np.searchsorted(doc, kept), len(doc) - 1)
        there = doc[at] == kept
        clusters.join(np.flatnonzero(there), at[there])


def _docs(sketched: Sequence[Sketched]) -> NDArray[np.int64]:
    return np.concatenate([np.empty(0, np.int64), *(documents(each)["doc"].to_numpy() for each in sketched)])


def _passes(
    batch: _Batch, hits: list[Hits], whole: NDArray[np.uint64], passed_over: NDArray[np.int64]
) -> Iterator[Pass]:
    """Yield the passes: equal texts of the batch first, then band by band, with the stored texts that were hit.

    Texts that are in the index already are passed over, for the stored ones stand for them.
    """
    base, doc = batch.base, batch.stored["doc"].to_numpy()
    counts = batch.shingles.counts.copy()
    counts[:base] = counts[base + passed_over] = 0
    none = np.zeros(base, dtype=np.uint64)
    yield Pass(np.concatenate([none, whole]), counts, 1.0)
    for band, hit in enumerate(hits):
        keys = np.concatenate([none, band_keys(batch.sketched, band).view(np.uint64)])
        fresh = np.isin(hit.docs, doc)
        at = np.searchsorted(doc, hit.docs[fresh])
        keys[at] = hit.keys[fresh].view(np.uint64)
        here = counts.copy()
        here[at] = batch.shingles.counts[at]
        yield Pass(keys, here, batch.scheme.threshold)


def _members(batch: _Batch, numbers: NDArray[np.int64]) -> _Members:
    names = list(_RANKS)
    found = [batch.stored.select(names).take(pa.array(numbers[numbers < batch.base]))]
    for each, first, end in each_row(batch.sketched):
        mine = numbers[(numbers >= batch.base + first) & (numbers < batch.base + end)] - batch.base - first
        found.append(documents(each).select(names).take(pa.array(mine)))
    return _Members(numbers, pa.concat_tables(found).combine_chunks())


def _kept(batch: _Batch, members: _Members, roots: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return, for each member, the number of the text that is kept of its cluster."""
    columns = members.columns
    source = columns["source"].to_pylist()
    order = {label: place for place, label in enumerate(batch.scheme.priority)}
    priority = np.array([order.get(label, len(order)) for label in source], dtype=np.int64)
    longest = batch.scheme.keep == "longest"
    rule = -columns["length"].to_numpy().astype(np.int64) if longest else columns["ts"].to_numpy()
    place = [pc.rank(columns[name], tiebreaker="dense").to_numpy() for name in ("source", "file")]
    standing = _standing(batch)[members.numbers]
    root = roots[members.numbers]
    by = np.lexsort((columns["line"].to_numpy(), place[1], place[0], rule, priority, standing, root))
    leads = np.ones(len(by), dtype=bool)
    leads[1:] = root[by][1:] != root[by][:-1]
    first = np.empty(len(by), dtype=np.int64)
    first[by] = by[np.maximum.accumulate(np.where(leads, np.arange(len(by)), 0))]
    return members.numbers[first]


def _standing(batch: _Batch) -> NDArray[np.int8]:
    """Say of each text whether it is in the table, new, or gone."""
    stored = batch.stored
    there = stored["kept_doc"].to_numpy() == stored["doc"].to_numpy()
    new = [np.full(each.rows, _STAYS if each.committed else _NEW, dtype=np.int8) for each in batch.sketched]
    return np.concatenate([np.where(there, _STAYS, _GONE).astype(np.int8), *new])


def _verdicts(
    batch: _Batch,
    members: _Members,
    kept: NDArray[np.int64],
    known: NDArray[np.bool_],
    links: Links,
    part: Sketched,
    first: int,
    end: int,
) -> pa.RecordBatch:
    """Return the verdicts on one part's texts; those of a committed file all stay."""
    own = documents(part)
    numbers = np.arange(batch.base + first, batch.base + end)
    chosen = kept[numbers]
    dropped = (chosen != numbers) & (not part.committed)
    at = members.place(chosen[dropped])
    kept_doc = own["doc"].to_numpy().copy()
    kept_doc[dropped] = members.columns["doc"].to_numpy()[at]
    names = members.columns["id"].combine_chunks()
    kept_id = pc.replace_with_mask(own["id"].combine_chunks(), pa.array(dropped), names.take(pa.array(at)))
    similarity = np.ones(len(numbers))
    similarity[dropped] = similarities(batch.shingles, numbers[dropped], chosen[dropped], are_sets=True)
    mine = np.flatnonzero((links.b >= numbers[0]) & (links.b <= numbers[-1])) if len(numbers) else np.empty(0, int)
    mine = mine[np.argsort(links.b[mine], kind="stable")]
    ends = np.searchsorted(links.b[mine], numbers, side="right")
    others = names.take(pa.array(members.place(links.a[mine])))
    linked = pa.ListArray.from_arrays(pa.array(np.concatenate([[0], ends]), pa.int32()), others)
    columns = [own["pos"].combine_chunks(), known[first:end], dropped, kept_id, kept_doc, similarity, linked]
    arrays = [c if isinstance(c, pa.Array) else pa.array(c) for c in columns]
    return pa.record_batch(arrays, schema=NEAR_VERDICTS)
