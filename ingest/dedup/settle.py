"""The near round of a batch: its texts against each other and against the index, and one kept of each cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...distinct import distinct, is_in
from ...storage import join
from ..parts import Decided
from .cluster import Clusters, Links, Pass, add_band, link
from .collide import Collisions, Shared, collisions
from .documents import Sketched, documents, each_row
from .index import Stored, look_up_docs
from .scheme import Scheme, Semantic
from .sets import similarities
from .shingles import Shingles
from .staging import NEAR_VERDICTS, write_batches
from .withdraw import WITHDRAWN, withdrawn

_RANKS = ("id", "doc", "ts", "length", "source", "file", "line", "text")


class _Batch(NamedTuple):
    """The texts that share a key, the stored ones first, then those of the batch (`numbers`, sorted)."""

    scheme: Scheme | Semantic
    sketched: Sequence[Sketched]
    stored: pa.Table
    numbers: NDArray[np.int64]
    shingles: Shingles

    @property
    def base(self) -> int:
        return int(self.stored.num_rows)

    def places(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where texts of the batch stand here."""
        return self.base + np.searchsorted(self.numbers, numbers)


class Settled(NamedTuple):
    """The near round, decided; the docs whose rows in the index are out of date and go; the rows that are withdrawn."""

    decided: Decided
    stale: tuple[int, ...]
    withdrawn: str
    """File of WITHDRAWN."""


def settle(
    table: str,
    scheme: Scheme | Semantic,
    sketched: Sequence[Sketched],
    found: Sequence[Collisions],
    stored: Stored,
    staging: str,
    gone: Sequence[int] = (),
) -> Settled:
    """Decide the near round of a batch and write the verdicts, a batch (NEAR_VERDICTS) a part.

    Clusters are the connected components of all pairs at or above the threshold that share a band, and of equal
    texts, those of earlier batches included. Of a cluster one is kept: the first by source priority, then by the rule
    'earliest' or 'longest' (of these the earliest), then by (source, file, line). So it is the same one in whatever
    order the batches come: where it comes late, or joins clusters that were two, the rows that stood in the table
    are withdrawn. `gone` are docs whose rows another round withdraws. Holds the texts that share a key, their
    shingles and columns.
    """
    again = _again(table, scheme, sketched, stored, gone)
    shared = [collisions(found, band, False) for band in range(scheme.bands)]
    hits = [collisions(found, band, True) for band in range(scheme.bands)]
    rows = _stored_rows(table, scheme, stored, hits, again)
    numbers = distinct(again.known, *(each.texts for each in shared))
    batch = _Batch(scheme, sketched, rows, numbers, _shingles(rows, sketched, numbers))
    clusters = Clusters(batch.base + len(numbers))
    _join_stored(rows, clusters)
    clusters.join(batch.places(again.known), np.searchsorted(rows["doc"].to_numpy(), again.docs))
    passed_over = np.concatenate([again.known, again.replaced])
    by_cosine = isinstance(scheme, Semantic)
    links = link(batch.shingles, _passes(batch, shared, hits, passed_over), clusters, True, by_cosine)
    kept, columns = _kept(batch, clusters.roots())
    again = _revived(again, kept[batch.places(again.known)] == batch.places(again.known))
    passed_over = np.concatenate([again.known, again.replaced])
    leaves = withdrawn(rows, _standing(batch), kept, columns, batch.shingles, scheme.method)
    verdicts = [_verdicts(batch, columns, kept, passed_over, links, *part) for part in each_row(sketched)]
    location, away = (join(staging, f"{table}-{scheme.method}-{name}.arrow") for name in ("settled", "withdrawn"))
    write_batches(verdicts, NEAR_VERDICTS, location)
    write_batches(leaves.to_batches(), WITHDRAWN, away)
    parts = zip(sketched, verdicts, strict=True)
    dropped = sum(int(pc.sum(each["dropped"]).as_py() or 0) for part, each in parts if not part.committed)
    count = sum(each.rows for each in sketched)
    decided = Decided(scheme.method, 0, location, tuple(each.name for each in sketched), count, dropped)
    return Settled(decided, tuple(again.stale.tolist()), away)


class _Again(NamedTuple):
    """Texts of the batch whose rows are in the index already.

    `known` numbers those that are there as they are (an earlier batch dropped them), `docs` what they are called;
    `replaced` those of committed files that a row of this batch replaces; `stale` are the docs whose stored rows go.
    """

    known: NDArray[np.int64]
    docs: NDArray[np.int64]
    replaced: NDArray[np.int64]
    stale: NDArray[np.int64]


def _again(
    table: str, scheme: Scheme | Semantic, sketched: Sequence[Sketched], stored: Stored, away: Sequence[int]
) -> _Again:
    docs = np.concatenate([np.empty(0, np.int64), *(documents(each)["doc"].to_numpy() for each in sketched)])
    gone = distinct(np.array([doc for each in sketched for doc in each.gone] + [*away], dtype=np.int64))
    committed = np.repeat([each.committed for each in sketched], [each.rows for each in sketched]).astype(bool)
    replaced = np.flatnonzero(committed & is_in(docs, gone))
    found = look_up_docs(stored, table, scheme, distinct(docs, gone))
    there = found["doc"].to_numpy()
    order = np.argsort(docs)
    at = np.searchsorted(docs[order], there)
    mine = np.flatnonzero(is_in(there, docs[order]) & ~is_in(there, gone))
    at = order[at[mine]]
    same = np.zeros(len(at), dtype=bool)
    for each, first, end in each_row(sketched):
        here = np.flatnonzero((at >= first) & (at < end))
        if len(here):
            # part by part: to take from a chunked column, Arrow joins all of it first
            sets = documents(each)["shingles"].combine_chunks().take(pa.array(at[here] - first))
            known = found["shingles"].combine_chunks().take(pa.array(mine[here])).cast(pa.large_binary())
            same[here] = pc.equal(sets, known).to_numpy(zero_copy_only=False)
    return _Again(at[same], there[mine[same]], replaced, np.setdiff1d(there, there[mine[same]]))


def _revived(again: _Again, kept: NDArray[np.bool_]) -> _Again:
    """Count those that are `kept` now as new: their rows in the index, which say otherwise, are out of date."""
    stale = distinct(again.stale, again.docs[kept])
    return again._replace(known=again.known[~kept], docs=again.docs[~kept], stale=stale)


def _stored_rows(
    table: str, scheme: Scheme | Semantic, stored: Stored, hits: Sequence[Shared], again: _Again
) -> pa.Table:
    """Return the stored texts that were hit, and those kept in their places, sorted by doc; none that is stale.

    What was kept may have been withdrawn since, for another that is kept in its place, and so on.
    """
    asked = distinct(again.docs, *(h.texts for h in hits))
    found, missing = [], asked
    while len(missing):
        found.append(look_up_docs(stored, table, scheme, missing))
        missing = np.setdiff1d(distinct(found[-1]["kept_doc"].to_numpy()), asked, assume_unique=True)
        asked = distinct(asked, missing)
    rows = pa.concat_tables([look_up_docs(stored, table, scheme, asked[:0]), *found]).sort_by("doc")
    return rows.filter(pa.array(~is_in(rows["doc"].to_numpy(), again.stale))).combine_chunks()


def _shingles(rows: pa.Table, sketched: Sequence[Sketched], numbers: NDArray[np.int64]) -> Shingles:
    """Return the shingle sets of all stored rows, and of the texts of the batch that are numbered."""
    sets = [rows["shingles"].cast(pa.large_binary()).combine_chunks()]
    for each, mine in _by_part(sketched, numbers):
        sets.append(documents(each)["shingles"].take(pa.array(mine)).combine_chunks())
    values = pa.concat_arrays([s for chunk in sets for s in (chunk.chunks if hasattr(chunk, "chunks") else [chunk])])
    offsets = np.frombuffer(values.buffers()[1], dtype=np.int64, count=len(values) + 1) // 4
    hashes = np.frombuffer(values.buffers()[2], dtype=np.uint32).copy() if len(values) else np.empty(0, np.uint32)
    return Shingles(hashes, offsets.copy(), np.diff(offsets).astype(np.int32))


def _by_part(sketched: Sequence[Sketched], numbers: NDArray[np.int64]) -> Iterator[tuple[Sketched, NDArray[np.int64]]]:
    """Yield each part with the lines of its texts among `numbers` (sorted)."""
    for each, first, end in each_row(sketched):
        lower, upper = np.searchsorted(numbers, [first, end])
        yield each, numbers[lower:upper] - first


def _join_stored(rows: pa.Table, clusters: Clusters) -> None:
    """Join stored texts of one cluster: each with the one kept in its place."""
    doc, kept = rows["doc"].to_numpy(), rows["kept_doc"].to_numpy()
    if len(doc):
        at = np.minimum(np.searchsorted(doc, kept), len(doc) - 1)
        there = doc[at] == kept
        clusters.join(np.flatnonzero(there), at[there])


def _passes(
    batch: _Batch, shared: Sequence[Shared], hits: Sequence[Shared], passed_over: NDArray[np.int64]
) -> Iterator[Pass]:
    """Yield the passes: equal shingles first, by all bands together, then equal texts, then band by band.

    Texts that are in the index already are passed over, for the stored ones stand for them.
    """
    doc, size = batch.stored["doc"].to_numpy(), batch.base + len(batch.numbers)
    counts = batch.shingles.counts.copy()
    counts[batch.places(passed_over[is_in(passed_over, batch.numbers)])] = 0
    whole, none = np.zeros(size, dtype=np.uint64), np.zeros(size, dtype=np.uint64)
    here = counts.copy()
    here[: batch.base] = 0
    for each in shared[: batch.scheme.compared]:
        band = none.copy()
        band[batch.places(each.texts)] = each.keys.view(np.uint64)
        whole = add_band(whole, band)
    yield Pass(whole, here, 1.0)
    for number in dict.fromkeys((batch.scheme.bands - 1, *range(batch.scheme.compared))):
        keys, here = none.copy(), np.zeros(size, dtype=np.int32)
        fresh = is_in(hits[number].texts, doc)
        at = np.concatenate([np.searchsorted(doc, hits[number].texts[fresh]), batch.places(shared[number].texts)])
        keys[at] = np.concatenate([hits[number].keys[fresh], shared[number].keys]).view(np.uint64)
        here[at] = counts[at]
        yield Pass(keys, here, batch.scheme.threshold if number < batch.scheme.compared else 0.0)


def _kept(batch: _Batch, roots: NDArray[np.int64]) -> tuple[NDArray[np.int64], pa.Table]:
    """Return, for each text, which one is kept of its cluster, and what they were ranked by (_RANKS)."""
    found = [
        documents(each).select(_RANKS).take(pa.array(mine)) for each, mine in _by_part(batch.sketched, batch.numbers)
    ]
    columns = pa.concat_tables([batch.stored.select(_RANKS), *found]).combine_chunks()
    source = columns["source"].to_pylist()
    order = {label: place for place, label in enumerate(batch.scheme.priority)}
    priority = np.array([order.get(label, len(order)) for label in source], dtype=np.int64)
    ts = columns["ts"].to_numpy()
    rule = -columns["length"].to_numpy().astype(np.int64) if batch.scheme.keep == "longest" else ts
    place = [pc.rank(columns[name], tiebreaker="dense").to_numpy() for name in ("source", "file")]
    gone = np.zeros(len(roots), dtype=bool)
    gone[: batch.base] = batch.stored["kept_doc"].to_numpy() != batch.stored["doc"].to_numpy()
    by = np.lexsort((columns["line"].to_numpy(), place[1], place[0], ts, rule, priority, gone, roots))
    leads = np.ones(len(by), dtype=bool)
    leads[1:] = roots[by][1:] != roots[by][:-1]
    first = np.empty(len(by), dtype=np.int64)
    first[by] = by[np.maximum.accumulate(np.where(leads, np.arange(len(by)), 0))]
    return first, columns


def _standing(batch: _Batch) -> NDArray[np.int64]:
    """Number the texts whose rows are in the table."""
    stored = np.flatnonzero(batch.stored["kept_doc"].to_numpy() == batch.stored["doc"].to_numpy())
    ends = [(first, end) for each, first, end in each_row(batch.sketched) if each.committed]
    committed = [np.arange(*np.searchsorted(batch.numbers, pair)) + batch.base for pair in ends]
    return np.concatenate([stored, *committed])


def _verdicts(
    batch: _Batch,
    columns: pa.Table,
    kept: NDArray[np.int64],
    passed_over: NDArray[np.int64],
    links: Links,
    part: Sketched,
    first: int,
    end: int,
) -> pa.RecordBatch:
    """Return the verdicts on one part's texts."""
    own = documents(part)
    lower, upper = np.searchsorted(batch.numbers, [first, end])
    line, here = batch.numbers[lower:upper] - first, np.arange(batch.base + lower, batch.base + upper)
    dropped = kept[here] != here
    line, here, chosen = line[dropped], here[dropped], kept[here[dropped]]
    mask = np.zeros(part.rows, dtype=bool)
    mask[line] = True
    known = np.zeros(part.rows, dtype=bool)
    known[passed_over[(passed_over >= first) & (passed_over < end)] - first] = True
    kept_doc = own["doc"].to_numpy().copy()
    kept_doc[line] = columns["doc"].to_numpy()[chosen]
    kept_id = pc.replace_with_mask(
        own["id"].combine_chunks(), pa.array(mask), columns["id"].combine_chunks().take(pa.array(chosen))
    )
    similarity = np.ones(part.rows)
    similarity[line] = similarities(batch.shingles, here, chosen, True, isinstance(batch.scheme, Semantic))
    text = columns["text"].to_numpy()
    method = np.full(part.rows, "", dtype=object)
    method[line] = np.where(text[here] == text[chosen], "text", batch.scheme.method)
    mine = np.flatnonzero((links.b >= batch.base + lower) & (links.b < batch.base + upper))
    mine = mine[np.argsort(links.b[mine], kind="stable")]
    numbers = batch.numbers[links.b[mine] - batch.base] - first
    ends = np.searchsorted(numbers, np.arange(part.rows), side="right")
    others = columns["id"].combine_chunks().take(pa.array(links.a[mine]))
    linked = pa.ListArray.from_arrays(pa.array(np.concatenate([[0], ends]), pa.int32()), others)
    made = [own["pos"].combine_chunks(), known, mask, kept_id, kept_doc, method, similarity, linked]
    arrays = [c if isinstance(c, pa.Array) else pa.array(c, f.type) for c, f in zip(made, NEAR_VERDICTS, strict=True)]
    return pa.record_batch(arrays, schema=NEAR_VERDICTS)
