"""Labels as columns of the rows that they are of, so that a policy decides about them as about any column."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..storage import filesystem

_COLUMNS = ("task", "id", "label")
_ROWS = 1 << 16


class Labels(NamedTuple):
    """The files of the table `labels`, the tasks that are wanted, and the column that a label's id is of."""

    files: tuple[str, ...]
    tasks: tuple[str, ...]
    id: str


def labelled(rows: pa.Table, labels: Labels) -> pa.Table:
    """Return the rows with a column a task, null where a row has no label, or people gave it several equally often.

    Of the labels those of these rows alone are held.
    """
    ids = rows[labels.id].combine_chunks()
    found = [pa.table({name: pa.array([], pa.string()) for name in _COLUMNS})]
    for location in labels.files:
        fs, inner = filesystem(location)
        with fs.open_input_file(inner) as handle:
            for batch in pq.ParquetFile(handle).iter_batches(_ROWS, columns=list(_COLUMNS)):
                part = pa.table(batch)
                found.append(part.filter(pc.is_in(part["id"], ids)).cast(found[0].schema))
    own = pa.concat_tables(found)
    for task in labels.tasks:
        votes = own.filter(pc.equal(own["task"], task)).group_by(["id", "label"]).aggregate([([], "count_all")])
        most = votes.group_by("id").aggregate([("count_all", "max")])
        best = votes.join(most, "id").filter(pc.field("count_all") == pc.field("count_all_max"))
        single = best.group_by("id").aggregate([("label", "min"), ([], "count_all")])
        single = single.filter(pc.equal(single["count_all"], 1))
        places = pc.index_in(ids, single["id"].combine_chunks())
        rows = rows.append_column(task, single["label_min"].combine_chunks().take(places).cast(pa.string()))
    return rows
