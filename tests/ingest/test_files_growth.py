"""Files that are read again from their beginning when they have grown: a refined table holds no row twice."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataweir import Project

fastavro = pytest.importorskip("fastavro")
openpyxl = pytest.importorskip("openpyxl")


FORMATS = ("json", "xml", "avro", "parquet", "xlsx")
AVRO = {"type": "record", "name": "r", "fields": [{"name": n, "type": "string"} for n in ("id", "word")]}


def write(folder: Path, rows: int) -> None:
    """Write as many rows in every format; the first two of a file are equal, and both count."""
    for ending in FORMATS:
        path = folder / f"data.{ending}"
        records = [{"id": f"{ending}{max(n, 1)}", "word": "tea"} for n in range(rows)]
        if ending == "json":
            path.write_text(json.dumps(records))
        elif ending == "xml":
            path.write_text("<all>" + "".join(f'<r id="{r["id"]}" word="tea"/>' for r in records) + "</all>")
        elif ending == "avro":
            with path.open("wb") as out:
                fastavro.writer(out, AVRO, records)
        elif ending == "parquet":
            pq.write_table(pa.Table.from_pylist(records), path)
        else:
            book = openpyxl.Workbook()
            for row in [["id", "word"], *(list(r.values()) for r in records)]:
                book.active.append(row)
            book.save(path)


def test_no_row_comes_twice_into_a_refined_table(tmp_path: Path, scheduler: str) -> None:
    (tmp_path / "weir.yaml").write_text(
        f"project: tea\nengine: {{scheduler: '{scheduler}'}}\nsources:\n  words: {{type: files, path: 'data.*'}}\n"
    )
    for rows in (3, 5):
        write(tmp_path, rows)
        project = Project.open(tmp_path)
        project.run()
        expected = [f"{ending}{n}" for ending in FORMATS for n in [1, *range(1, rows)]]
        assert sorted(project.table("words")["id"].to_pylist()) == sorted(expected)
