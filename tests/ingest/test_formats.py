"""The files source over every format: what was written is read, what does not fit is a reject, damage is an error."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataweir.config import validate
from dataweir.errors import ConfigError, SourceError
from dataweir.ingest.formats import FORMATS, Options
from dataweir.ingest.sources.files import Files

fast = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

ROWS = [
    {"id": 1, "name": "Ann", "score": 1.5, "day": "2024-05-01", "ok": True},
    {"id": 2, "name": 'Bob, or "B"', "score": None, "day": "2024-05-02", "ok": False},
    {"id": 3, "name": None, "score": -3.0, "day": None, "ok": True},
]


def read(folder: Path, path: str | list[str], **options: Any) -> tuple[list[dict], list[dict]]:
    made = Files("s", validate(Files.Config, {"type": "files", "path": path, **options}, "s"), str(folder))
    pulled = [part for split in made.plan({}).splits for part in made.read(split)]
    return [row for p in pulled for row in p.rows.to_pylist()], [row for p in pulled for row in p.rejects.to_pylist()]


def write_csv(path: Path, rows: list[dict]) -> None:
    import csv

    with path.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_jsonl(path: Path, rows: list[dict]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_json(path: Path, rows: list[dict]) -> None:
    path.write_text(json.dumps(rows, indent=1))


def write_parquet(path: Path, rows: list[dict]) -> None:
    table = pa.Table.from_pylist(rows)
    day = pa.array([dt.date.fromisoformat(r["day"]) if r["day"] else None for r in rows])
    pq.write_table(table.set_column(3, "day", day), path)


def write_excel(path: Path, rows: list[dict]) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append([dt.date.fromisoformat(v) if k == "day" and v else v for k, v in row.items()])
    book.create_sheet("other").append(["x"])
    book.save(path)


def write_avro(path: Path, rows: list[dict]) -> None:
    fastavro = pytest.importorskip("fastavro")
    kinds = {"id": "long", "name": "string", "score": "double", "ok": "boolean"}
    fields = [{"name": n, "type": ["null", kinds.get(n, {"type": "int", "logicalType": "date"})]} for n in rows[0]]
    made = [{**r, "day": dt.date.fromisoformat(r["day"]) if r["day"] else None} for r in rows]
    with path.open("wb") as out:
        fastavro.writer(out, {"type": "record", "name": "r", "fields": fields}, made, codec="deflate")


def write_xml(path: Path, rows: list[dict]) -> None:
    from xml.sax.saxutils import escape, quoteattr

    lines = []
    for row in rows:
        inner = "".join(f"<{k}>{escape(_spelled(v))}</{k}>" for k, v in row.items() if k != "id" and v is not None)
        lines.append(f"<row id={quoteattr(str(row['id']))}>{inner}</row>")
    path.write_text(f"<?xml version='1.0'?>\n<rows>\n{''.join(lines)}\n</rows>\n")


def _spelled(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


WRITERS: dict[str, Callable[[Path, list[dict]], None]] = {
    "a.csv": write_csv, "a.jsonl": write_jsonl, "a.json": write_json,
    "a.parquet": write_parquet, "a.xlsx": write_excel, "a.avro": write_avro,
    "a.xml": write_xml,
}  # fmt: skip


@pytest.mark.parametrize("name", WRITERS)
def test_the_same_rows_come_out_of_every_format(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name, ROWS)
    rows, rejects = read(tmp_path, name)
    assert not rejects
    wanted = [
        {**r, "day": dt.date.fromisoformat(r["day"]) if r["day"] else None, "file": name, "line": n}
        for n, r in enumerate(ROWS, 1)
    ]
    assert [{k: v for k, v in row.items() if k != "record"} for row in rows] == wanted


@pytest.mark.parametrize("name", WRITERS)
def test_a_value_that_does_not_fit_its_column_is_a_reject(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name, ROWS)
    rows, rejects = read(tmp_path, name, schema={"name": "int"})
    assert [row["id"] for row in rows] == [3]
    assert [(r["line"], r["reason"], b"Ann" in r["raw"]) for r in rejects] == [
        (1, "type:name", True),
        (2, "type:name", False),
    ]


@pytest.mark.parametrize("name", ["a.parquet", "a.xlsx", "a.avro", "a.xml"])
def test_a_file_cut_short_is_refused_whole(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name, ROWS)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) - 20])
    with pytest.raises(SourceError) as caught:
        read(tmp_path, name)
    assert name in caught.value.message
    assert "Ann" not in str(caught.value.as_dict())


@pytest.mark.parametrize("kind", [k for k in FORMATS if k not in ("csv", "tsv", "jsonl")])
@fast
@given(data=st.binary(max_size=80), flip=st.integers(0, 10**6))
def test_no_bytes_crash_a_reader(tmp_path: Path, kind: str, data: bytes, flip: int) -> None:
    """Random bytes, and a good file with one byte changed: rows or a SourceError, nothing else."""
    name = {"json": "a.json", "parquet": "a.parquet", "excel": "a.xlsx", "avro": "a.avro", "xml": "a.xml"}[kind]
    good = tmp_path / f"good-{name}"
    if not good.exists():
        WRITERS[name](good, ROWS)
    changed = bytearray(good.read_bytes())
    changed[flip % len(changed)] ^= 1 + flip % 255
    for content in (data, bytes(changed)):
        (tmp_path / name).write_bytes(content)
        try:
            rows, rejects = read(tmp_path, name, format=kind) if content else ([], [])
        except SourceError:
            continue
        assert [row["line"] for row in rows + rejects] or not rows


def test_a_format_is_told_by_content_where_the_name_says_nothing(tmp_path: Path) -> None:
    for name, writer in WRITERS.items():
        if name not in ("a.xlsx",):  # a zip archive like any other
            writer(tmp_path / "data", ROWS)
            rows, _ = read(tmp_path, "data")
            assert [row["id"] for row in rows] == [1, 2, 3], name


def test_a_sheet_is_chosen_by_name(tmp_path: Path) -> None:
    write_excel(tmp_path / "a.xlsx", ROWS)
    assert read(tmp_path, "a.xlsx", sheet="other") == ([], [])
    with pytest.raises(ConfigError, match="did you mean 'other'"):
        read(tmp_path, "a.xlsx", sheet="othr")


def test_xml_records_by_tag_at_any_depth_compressed(tmp_path: Path) -> None:
    text = """<feed xmlns:x="urn:x"><head><item>1</item></head><body><x:entry id="7"><tag>a</tag><tag>b</tag>
    <by><name>Ann</name></by>said <b>so</b></x:entry><entry id="8"/></body></feed>"""
    (tmp_path / "a.xml.gz").write_bytes(gzip.compress(text.encode()))
    rows, _ = read(tmp_path, "a.xml.gz", record="entry")
    assert [(r["id"], r["tag"], r["by"], r["text"]) for r in rows] == [
        (7, '["a","b"]', '{"name":"Ann"}', "said"),
        (8, None, None, None),
    ]


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>',
        '<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
def test_no_entity_is_ever_resolved(tmp_path: Path, doctype: str) -> None:
    (tmp_path / "a.xml").write_text(f"<?xml version='1.0'?>{doctype}<r><row a='1'>&e;</row></r>")
    with pytest.raises(SourceError):
        read(tmp_path, "a.xml")


def test_a_workbook_that_expands_without_end_is_refused(tmp_path: Path) -> None:
    write_excel(tmp_path / "a.xlsx", ROWS)
    with pytest.raises(SourceError, match="expands to more than"):
        read(tmp_path, "a.xlsx", archive_bytes=1000)


def test_columns_keep_the_type_of_the_first_file(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1, 2]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"a": ["3", "x"], "b": [None, None]}), tmp_path / "2.parquet")
    rows, rejects = read(tmp_path, "*.parquet")
    assert [row["a"] for row in rows] == [1, 2, 3]
    assert [(r["file"], r["line"], r["reason"]) for r in rejects] == [("2.parquet", 2, "type:a")]


def test_options_have_a_default() -> None:
    assert all(kind(Options("s")).name == name for name, kind in FORMATS.items())


def test_lines_and_a_list_are_told_apart_whatever_the_name(tmp_path: Path) -> None:
    (tmp_path / "lines.json").write_text('{"a": 1}\n{"a": 2}\n')
    (tmp_path / "list.json").write_text('[{"a": 3},\n {"a": 4}, 5]')
    rows, rejects = read(tmp_path, "*.json")
    assert [row["a"] for row in rows] == [1, 2, 3, 4]
    assert [(r["file"], r["line"], r["reason"], r["raw"]) for r in rejects] == [("list.json", 3, "json", b"5")]
