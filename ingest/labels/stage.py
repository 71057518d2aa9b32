"""Labelling, for workers: let the functions vote on a file's rows, then turn the votes into labels.

    count(file)  rows → votes in the staging folder, and how often each pattern of votes occurs
    write(part)  votes and the fitted model → the labels of the file's rows

The driver fits the model on the patterns of all parts, so memory follows the patterns and not the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ...storage import filesystem, join, write_parquet
from ..dedup.staging import read_all, write_batches
from ..hashing import string_hashes, to_hex
from .combine import Model, Patterns, decide
from .contract import ABSTAIN, LABELS, Task

_ROWS = 1 << 17


@dataclass(frozen=True)
class Counted:
    """The votes of one committed file: where they lie, and their patterns."""

    file: str
    votes: str
    patterns: Patterns
    rows: int


def count(file: str, task: Task, gold: Mapping[str, str], staging: str) -> Counted:
    """Vote on the rows of a committed file; `gold` are people's labels by row id, '' where they disagree."""
    location = join(staging, f"votes-{_name(file)}.arrow")
    schema = pa.schema([("id", pa.string()), *((f"v{i}", pa.int8()) for i in range(len(task.functions)))])
    patterns, batches, rows = [], [], 0
    fs, inner = filesystem(file)
    with fs.open_input_file(inner) as source:
        for batch in pq.ParquetFile(source).iter_batches(batch_size=_ROWS):
            table = pa.table(batch)
            ids = table[task.id_column]
            votes = task.votes(table)
            patterns.append(Patterns.of(votes, gold_of(ids, task, gold)))
            columns = [ids.combine_chunks(), *(pa.array(votes[:, i]) for i in range(votes.shape[1]))]
            batches.append(pa.record_batch(columns, schema=schema))
            rows += table.num_rows
    write_batches(batches, schema, location)
    nothing = Patterns.of(np.empty((0, len(task.functions)), np.int8), np.empty(0, np.int8))
    return Counted(file, location, Patterns.merged([nothing, *patterns]), rows)


def write(part: Counted, task: Task, model: Model | None, gold: Mapping[str, str], out: str, batch: str) -> str | None:
    """Write the labels of one file's rows (LABELS), those left out that are in `gold`; None where none is left."""
    votes = read_all(part.votes)
    if not votes.num_rows:
        return None
    matrix = np.column_stack([votes[name].to_numpy() for name in votes.column_names[1:]])
    label, sure = decide(matrix, len(task.labels), model)
    given = pc.is_in(votes["id"], pa.array(list(gold), pa.string())).to_numpy()
    chosen = np.flatnonzero((label != ABSTAIN) & ~given & votes["id"].is_valid().to_numpy())
    if not len(chosen):
        return None
    names = pa.array(task.labels).take(pa.array(label[chosen]))
    rows = labels(
        task, votes["id"].take(pa.array(chosen)), names, pa.array(sure[chosen]), "machine", task.model, task.version
    )
    location = join(out, "refined", "labels", "data", f"{batch}-{_name(part.file)}.parquet")
    write_parquet(rows, location)
    return location


def labels(
    task: Task,
    ids: pa.Array | pa.ChunkedArray,
    names: pa.Array,
    sure: pa.Array,
    origin: str,
    annotator: str | pa.Array,
    version: str | None,
    at: pa.Array | None = None,
) -> pa.Table:
    """Return rows of LABELS."""
    size = len(ids)

    def constant(value: str | None) -> pa.Array:
        return pa.repeat(pa.scalar(value, pa.string()), size)

    who = constant(annotator) if isinstance(annotator, str) else annotator
    when = at if at is not None else pa.nulls(size, LABELS.field("at").type)
    columns = [
        constant(task.name),
        constant(task.table),
        ids,
        names,
        sure,
        constant(origin),
        who,
        constant(version),
        when,
    ]
    return pa.table(columns, schema=LABELS)


def gold_of(ids: pa.ChunkedArray, task: Task, gold: Mapping[str, str]) -> NDArray[np.int8]:
    """Return the label that people gave each row, ABSTAIN where none."""
    found = np.full(len(ids), ABSTAIN, np.int8)
    if not gold:
        return found
    at = pc.index_in(ids, pa.array(list(gold), pa.string()))
    codes = np.array([task.labels.index(name) if name in task.labels else ABSTAIN for name in gold.values()], np.int8)
    hit = np.flatnonzero(at.is_valid().to_numpy())
    found[hit] = codes[at.drop_null().to_numpy()]
    return found


def _name(file: str) -> str:
    return str(to_hex(string_hashes(pa.array([file])))[0])[:16]
