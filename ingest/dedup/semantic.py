"""Texts of one meaning: which of a batch, and of the index, are near by the cosine of their vectors.

All pairs are compared, block by block, as matrix products: nothing is missed (docs/decisions/0014). Only which texts
hang together goes on from here, as a key that they share; `settle` verifies each pair that it joins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...distinct import distinct
from ...storage import join
from .cluster import Clusters
from .collide import SHARED, Collisions
from .documents import Sketched, documents
from .index import stretches_of_docs
from .scheme import Semantic
from .staging import read_all, write_batches

_BLOCK = 2048
"""Texts a side of a matrix product: 16 MB."""

_ROUNDING = 1e-4
"""How much less the product of a pair may be than its cosine: it is taken exactly later."""

_LINKED = pa.schema({"text": pa.int64(), "doc": pa.int64(), "part": pa.int64()})
"""Texts that hang together: `text` numbers one of the batch (else null), `doc` names a stored one, `part` which."""


class Linked(NamedTuple):
    """The file of what one part of the batch, or one file of the index, has in common with the batch."""

    location: str
    parts: int


def compare(
    item: int | str, table: str, scheme: Semantic, sketched: Sequence[Sketched], staging: str, name: str = ""
) -> Linked:
    """Compare one part of the batch (by its number) with itself and all after it, or a file of the index with all.

    Holds the vectors of two blocks, and a number for each text of the batch.
    """
    bases = np.cumsum([0, *(each.rows for each in sketched)])
    total = int(bases[-1])
    docs = [np.empty(0, np.int64)]
    if isinstance(item, str):
        rows = [(block["doc"].to_numpy(), vectors(block)) for block in stretches_of_docs(item, table, scheme.name)]
        docs += [each for each, _ in rows]
        mine = [each for _, each in rows]
        first, at = 0, total
    else:
        mine = [vectors(documents(sketched[item]))]
        first, at = item, int(bases[item])
    clusters = Clusters(total + sum(len(each) for each in docs))
    for block, begin in _blocks(mine, at):
        for number in range(first, len(sketched)):
            for other, start in _blocks([vectors(documents(sketched[number]))], int(bases[number])):
                a, b = np.nonzero(block @ other.T >= scheme.threshold - _ROUNDING)
                clusters.join(a + begin, b + start)
    roots = clusters.roots()
    several = np.bincount(roots, minlength=len(roots))[roots] > 1
    members = np.flatnonzero(several)
    _, part = np.unique(roots[members], return_inverse=True)
    stored = members >= total
    known = np.concatenate(docs)
    doc = pa.array(known[np.where(stored, members - total, 0)] if len(known) else np.zeros(len(members), np.int64))
    columns = [pa.array(members, mask=stored), pa.array(doc.to_numpy(), mask=~stored), pa.array(part.astype(np.int64))]
    location = join(staging, f"{table}-semantic-{f'part{item}' if isinstance(item, int) else name}.arrow")
    write_batches([pa.record_batch(columns, schema=_LINKED)], _LINKED, location)
    return Linked(location, int(part.max(initial=-1)) + 1)


def gather(linked: Sequence[Linked], table: str, sketched: Sequence[Sketched], staging: str) -> Collisions:
    """Give all texts that hang together one key, as `collide` does for those of one band."""
    total = sum(each.rows for each in sketched)
    base = np.cumsum([total, *(each.parts for each in linked)])
    rows = [read_all(each.location) for each in linked]
    clusters = Clusters(int(base[-1]))
    for each, start in zip(rows, base, strict=False):
        here = each.filter(each["text"].is_valid())
        clusters.join(here["text"].to_numpy(), here["part"].to_numpy() + start)
    roots = clusters.roots()
    texts = distinct(np.empty(0, np.int64), *(r["text"].drop_null().to_numpy() for r in rows))
    docs, keys = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for each, start in zip(rows, base, strict=False):
        there = each.filter(each["doc"].is_valid())
        docs.append(there["doc"].to_numpy())
        keys.append(roots[there["part"].to_numpy() + start])
    found = (roots[texts] + 1, texts), (np.concatenate(keys) + 1, np.concatenate(docs))
    location = join(staging, f"{table}-semantic-collisions.arrow")
    batches = [pa.record_batch([pa.array(a), pa.array(b)], schema=SHARED) for a, b in found]
    write_batches(batches, SHARED, location)
    return Collisions(0, location)


def vectors(rows: pa.Table) -> NDArray[np.float32]:
    """Return the vectors in `shingles` as a matrix."""
    if not rows.num_rows:
        return np.empty((0, 0), np.float32)
    values = rows["shingles"].cast(pa.large_binary()).combine_chunks()
    offsets = np.frombuffer(values.buffers()[1], np.int64, len(values) + 1, 8 * values.offset)
    octets = np.frombuffer(values.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
    return octets.view(np.float32).reshape(rows.num_rows, -1)


def _blocks(matrices: Sequence[NDArray[np.float32]], base: int) -> Iterator[tuple[NDArray[np.float32], int]]:
    for matrix in matrices:
        for at in range(0, len(matrix), _BLOCK):
            yield matrix[at : at + _BLOCK], base + at
        base += len(matrix)
