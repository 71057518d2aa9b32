"""The release in its three forms: nothing is lost, no cell is a formula, and other tools read what describes it."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from candidates import PUBLISHER, built, fields
from hypothesis import given
from hypothesis import strategies as st

from dataweir.privacy.bundle import publish
from dataweir.privacy.difference import difference
from dataweir.privacy.formats import write_as
from dataweir.privacy.verify import verify
from dataweir.storage import write_parquet

FORMULA = tuple("=+-@\t\r\n＝＋－＠")
UNSEEN = " \u00a0\u200b\ufeff\u3000"


def as_csv(table: pa.Table, folder: Path) -> list[list[str]]:
    write_parquet(table, str(folder / "t.parquet"))
    sink = io.BytesIO()
    write_as("csv", str(folder / "t.parquet"), sink)
    return list(csv.reader(io.StringIO(sink.getvalue().decode(), newline="")))


@given(
    texts=st.lists(
        st.text(st.characters(codec="utf-8")) | st.text(st.sampled_from([*FORMULA, *UNSEEN, "a", "'"])),
        min_size=1,
        max_size=20,
    )
)
def test_no_cell_is_a_formula_and_every_text_comes_back(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    rows = as_csv(pa.table({"=x": texts, "n": range(len(texts))}), tmp_path_factory.mktemp("csv"))
    assert rows[0] == ["'=x", "n"]
    for text, (cell, number) in zip(texts, rows[1:], strict=True):
        assert not cell.startswith(FORMULA)
        assert not cell.lstrip(UNSEEN).startswith(FORMULA)
        assert cell in (text, f"'{text}")
        assert int(number) >= 0


def test_numbers_times_and_nulls_keep_their_form(tmp_path: Path) -> None:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    rows = as_csv(pa.table({"n": [-5, None], "f": [-0.5, 1.0], "at": [at, None], "b": [True, None]}), tmp_path)
    assert rows[1:] == [["-5", "-0.5", "2026-03-02T09:00:00+00:00", "true"], ["", "1.0", "", ""]]


@pytest.mark.parametrize("form", ["parquet", "jsonl", "csv"])
def test_every_form_is_verified_and_described_for_machines(tmp_path: Path, form: str) -> None:
    mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed: pip install 'dataweir[dev]'")
    candidate = built(tmp_path)
    made = publish(candidate.folder, tmp_path / "out", replace(fields(candidate), form=form), PUBLISHER)
    assert verify(made.path, PUBLISHER.public_key()).problems == []
    files = sorted((tmp_path / "out" / "data").iterdir())
    assert {file.suffix for file in files} == {f".{form}"}
    described = mlcroissant.Dataset(jsonld=str(tmp_path / "out" / "croissant.json"))
    assert not described.metadata.ctx.issues.errors
    assert not described.metadata.ctx.issues.warnings
    read = [record for part in ("part_00000", "part_00001") for record in described.records(part)]
    assert len(read) == made.content["rows"]
    assert {name.split("/")[1] for name in read[0]} == set(made.content["schema"])


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_lost_row_of_any_form_contradicts_the_manifest(tmp_path: Path, form: str) -> None:
    candidate = built(tmp_path)
    made = publish(candidate.folder, tmp_path / "out", replace(fields(candidate), form=form), PUBLISHER)
    file = next(f for f in sorted((tmp_path / "out" / "data").iterdir()))
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    assert not verify(made.path, PUBLISHER.public_key()).ok


def test_the_page_loads_nothing_and_draws_its_plots(tmp_path: Path) -> None:
    candidate = built(tmp_path)
    publish(candidate.folder, tmp_path / "out", fields(candidate), PUBLISHER)
    page = (tmp_path / "out" / "README.html").read_text()
    assert page.count("<svg") >= 3
    assert not re.search(r"<script|<link|<img|src=|href=|url\(|https?:", page)
    assert "default-src 'none'" in page


def test_the_difference_counts_rows_columns_and_what_was_masked(tmp_path: Path) -> None:
    before = pa.table({"a": ["x", "x", "y"], "b": [1, 2, 3]})
    now = pa.table({"a": ["x", "y", "z", "z"], "c": [1, 2, 3, 4]})
    for name, table in (("before", before), ("now", now)):
        write_parquet(table, str(tmp_path / f"{name}.parquet"))

    def told(table: pa.Table, **masked: int) -> dict[str, object]:
        return {
            "schema": {f.name: str(f.type) for f in table.schema},
            "rows_out": table.num_rows,
            "policy": {"hash": "h"},
            "risk": {"after": {"k_found": table.num_rows}},
            "masked": {"a": masked},
        }

    one, other = told(now, EMAIL=2, PERSON=1), told(before, PERSON=1)
    found = difference(one, [str(tmp_path / "now.parquet")], "r1", other, [str(tmp_path / "before.parquet")])
    assert (found["new"], found["gone"], found["same"]) == (2, 1, 2)
    assert found["sample"] == [{"a": "z"}, {"a": "z"}]
    assert (found["columns_added"], found["columns_removed"]) == (["c"], ["b"])
    assert found["masked"] == {"a": {"EMAIL": [0, 2]}}
    assert not found["policy_changed"]
    assert json.dumps(found)
    assert difference(one, [], "r1", other, [])["new"] is None


def test_a_file_that_is_exchanged_while_it_is_written_in_another_form_does_not_get_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate = built(tmp_path)
    mine = Path(candidate.folder) / "data" / "part-00000.parquet"
    reviewed = mine.read_bytes()

    def exchanged(form: str, location: str, sink: io.BytesIO) -> None:
        write_parquet(pa.table({"text": ["jane@example.org"]}), str(mine))
        write_as(form, location, sink)
        mine.write_bytes(reviewed)

    monkeypatch.setattr("dataweir.privacy.bundle.write_as", exchanged)
    made = publish(candidate.folder, tmp_path / "out", replace(fields(candidate), form="jsonl"), PUBLISHER)
    assert not any(b"jane@example.org" in f.read_bytes() for f in Path(made.path).rglob("*") if f.is_file())
    assert verify(made.path, PUBLISHER.public_key()).ok
    assert not list(Path(made.path).rglob("*.parquet"))
