"""CSV and TSV against Python's csv module: any text, any block size, any bytes."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dataweir.ingest import delimited
from dataweir.ingest.streams import TextFile, codec

texts = st.text(alphabet="ab\"',;\t \n\r\\é漢\x0b", max_size=8)
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(texts, min_size=width, max_size=width), min_size=1, max_size=8)
)
fast = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("delimited") / "data.csv"


def plain(data: bytes) -> bool:
    """Whether the file is neither UTF-16 nor compressed."""
    return data[:2] not in (b"\xff\xfe", b"\xfe\xff") and codec(data) is None


def read(path: Path, data: bytes, width: int, delimiter: str = ",", fill: bool = False) -> tuple[list, pa.Table]:
    """All records of a file as rows of (number, fields), and the rejects."""
    path.write_bytes(data)
    found = list(delimited.records(TextFile(str(path), "data.csv"), 0, None, delimiter, width, 1, "s", fill))
    rows = [
        (int(number), [column[i].as_py() for column in block.fields])
        for block in found
        for i, number in enumerate(block.numbers)
    ]
    return rows, pa.concat_tables([block.rejects for block in found]) if found else pa.table({"line": [], "raw": []})


@fast
@given(
    rows=tables, delimiter=st.sampled_from(",\t"), end=st.sampled_from(["\n", "\r\n"]), quoting=st.sampled_from([0, 1])
)
def test_what_csv_writes_is_read_back(
    where: Path, rows: list[list[str]], delimiter: str, end: str, quoting: int
) -> None:
    if any("\r" in value for row in rows for value in row):
        quoting = csv.QUOTE_ALL  # of itself csv quotes only the line end it writes
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows([["h"] * len(rows[0]), *rows])
    found, rejects = read(where, out.getvalue().encode(), len(rows[0]), delimiter)
    assert [fields for _, fields in found] == [[value or None for value in row] for row in rows]
    assert [number for number, _ in found] == list(range(1, len(rows) + 1))
    assert not len(rejects)


@fast
@given(text=st.text(alphabet='a",\n\r ', max_size=40))
def test_text_of_any_kind_is_cut_as_python_cuts_it(text: str) -> None:
    try:
        expected = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        assume(False)
    found = delimited.scan(text.encode(), ",", True)
    last = np.append(found.first, len(found.starts))[1:]
    data = text.encode()
    rows = []
    for record, (low, high) in enumerate(zip(found.first, last, strict=True)):
        fields = [data[found.starts[i] : found.ends[i]].decode() for i in range(low, high)]
        doubled = found.doubled[low:high]
        whole = [f.replace('""', '"') if twice else f for f, twice in zip(fields, doubled, strict=True)]
        rows.append([] if found.status[record] == delimited._EMPTY else whole)
    assert rows == expected


@fast
@given(
    data=st.one_of(st.binary(max_size=60), st.text(alphabet='a",\n\r', max_size=60).map(str.encode)),
    size=st.integers(1, 9),
)
def test_blocks_of_any_size_read_the_same(where: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, size: int) -> None:
    assume(plain(data))
    whole, refused = read(where, data, 2)
    with monkeypatch.context() as patch:
        patch.setattr(delimited, "BLOCK", size)
        cut, cut_refused = read(where, data, 2)
    assert cut == whole
    assert cut_refused.to_pylist() == refused.to_pylist()


@fast
@given(data=st.binary(max_size=200), fill=st.booleans())
def test_any_bytes_come_out_once_as_row_or_reject(where: Path, data: bytes, fill: bool) -> None:
    assume(plain(data))
    rows, rejects = read(where, data, 3, fill=fill)
    numbers = sorted([number for number, _ in rows] + rejects["line"].to_pylist())
    assert numbers == list(range(1, len(numbers) + 1))
    bare = data.removeprefix(b"\xef\xbb\xbf")
    assert len(delimited.scan(bare, ",", True).first) == len(numbers) + (1 if bare else 0)


def test_a_quote_that_is_never_closed_costs_one_line(where: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the rest of the file, and not its memory."""
    monkeypatch.setattr(delimited, "BLOCK", 64)
    monkeypatch.setattr(delimited, "LONGEST", 256)
    lines = [f"{n},x" for n in range(200)]
    lines[20] = '20,"x'
    rows, rejects = read(where, "\n".join(["a,b", *lines, ""]).encode(), 2)
    assert [number for number, _ in rows] == [n + 1 for n in range(200) if n != 20]
    assert rejects.select(["line", "reason", "raw"]).to_pylist() == [{"line": 21, "reason": "quote", "raw": b'20,"x'}]


@fast
@given(rows=tables, more=tables, closed=st.booleans())
def test_a_file_that_grew_is_read_on_from_its_last_whole_record(
    where: Path, rows: list[list[str]], more: list[list[str]], closed: bool
) -> None:
    width = len(rows[0])
    more = [(row * width)[:width] for row in more]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([["h"] * width, *rows])
    first = out.getvalue().encode()[: None if closed else -1]
    writer.writerows(more)
    data = out.getvalue().encode()
    where.write_bytes(data)
    text = TextFile(str(where), "data.csv")
    position, number = delimited.resume(text, len(first), ",")
    assert number == (len(rows) + 1 if closed else max(1, len(rows)))
    found = [
        [column[i].as_py() for column in block.fields]
        for block in delimited.records(text, position, None, ",", width, number, "s")
        for i in range(len(block.numbers))
    ]
    assert found == [[value or None for value in row] for row in (rows + more)[number - 1 :]]


def test_a_file_with_an_open_quote_in_it_is_read_on_where_it_ended(
    where: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 64)
    monkeypatch.setattr(delimited, "LONGEST", 256)
    data = "\n".join(["a,b", "1,x", '2,"x', *(f"{n},x" for n in range(3, 200)), ""]).encode()
    where.write_bytes(b"\xef\xbb\xbf" + data + b"200,y\n")
    assert delimited.resume(TextFile(str(where), "f"), len(data) + 3, ",") == (len(data) + 3, 200)
    assert delimited.resume(TextFile(str(where), "f"), len(data) + 2, ",") == (len(data) - 3, 199)
