"""A scan tells what columns are, adds up over files, and leaves tags in the catalogue and no value anywhere."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from forget_house import Here
from hypothesis import given, settings
from hypothesis import strategies as st

from dataweir import Project
from dataweir.errors import ConfigError
from dataweir.flow import scan as flow
from dataweir.output import Output
from dataweir.privacy.scan import merge, scan_table, tag

MAILS = [f"person{n}@firm{n}.example.org" for n in range(40)]
PEOPLE = pa.table(
    {
        "contact": MAILS,
        "belief": ["catholic", "muslim", "jewish", "buddhist"] * 10,
        "note": ["we spoke about the weather and the garden at length"] * 39
        + ["call Rosalind Featherby on +44 20 7946 0958 please"],
        "code": ["A", "B", "C", "D"] * 10,
        "city": ["Xq", "Yq"] * 20,
        "amount": pa.array(range(40), pa.int64()),
        "tags": [["garden", f"{n}@example.org"] if n % 2 else None for n in range(40)],
        "author": [{"ip": f"203.0.113.{n}", "seen": 1.5} for n in range(1, 41)],
        "empty": pa.nulls(40, pa.string()),
        "birth_date": pa.array([0] * 40, pa.date32()),
    }
)
ROLES = {
    "contact": ("identifier", "EMAIL_ADDRESS"),
    "belief": ("sensitive", "NRP"),
    "note": ("free text", "PHONE_NUMBER"),
    "code": ("safe", None),
    "city": ("quasi-identifier", None),
    "amount": ("safe", None),
    "tags[]": ("identifier", "EMAIL_ADDRESS"),
    "author.ip": ("identifier", "IP_ADDRESS"),
    "author.seen": ("safe", None),
    "empty": ("safe", None),
    "birth_date": ("quasi-identifier", None),
}


def test_roles_are_told_by_path() -> None:
    assert {t.path: (t.role, t.entity) for t in map(tag, scan_table(PEOPLE))} == ROLES


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=4))
def test_counts_add_up_however_the_rows_are_cut(cuts: list[int]) -> None:
    table = PEOPLE.select(["contact", "tags", "belief"])
    edges = [0, *sorted(cuts), table.num_rows]
    parts = [scan_table(table.slice(a, b - a)) for a, b in itertools.pairwise(edges)]
    assert merge(parts) == merge([scan_table(table)])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr(flow, "Engine", Here)
    (tmp_path / "weir.yaml").write_text("project: scanned\nwarehouse: warehouse\n")
    project = Project.open(tmp_path)
    table = PEOPLE.drop_columns(["author", "empty"])
    with project.held() as (_, tables):
        tables.ensure("refined.people", table.schema)
        folder = Path(tables.data_folder("refined.people"))
        folder.mkdir(parents=True, exist_ok=True)
        files = [folder / "a.parquet", folder / "b.parquet"]
        pq.write_table(table.slice(0, 39), files[0])
        pq.write_table(table.slice(39), files[1])
        tables.change("refined.people", None, tables.prepare("refined.people", [str(f) for f in files]), "c1")
    return project


def test_a_sample_settles_some_columns_and_texts_are_read_in_whole(project: Project) -> None:
    found = flow.scan(project, "people", Output(json=True), sample=10)
    tags = {t.path: t for t in found.columns}
    assert tags["note"].values == 40
    assert tags["note"].found["PHONE_NUMBER"] == 1
    assert "amount" in found.sampled
    assert tags["amount"].values < 40
    assert found.columns[0].role == "identifier"
    kept = {t.path: t for t in project.reading().tags("refined.people")}
    assert {p: (t.role, t.entity, t.confidence) for p, t in kept.items()} == {
        p: (t.role, t.entity, t.confidence) for p, t in tags.items()
    }
    said = json.dumps([vars(t) for t in kept.values()], default=str)
    assert not any(value in said for value in ("person1@", "Featherby", "7946"))


def test_scanning_again_replaces_the_tags(project: Project) -> None:
    for _ in range(2):
        found = flow.scan(project, "people", Output(json=True))
    assert len(project.reading().tags("refined.people")) == len(found.columns)
    with pytest.raises(ConfigError, match="no table"):
        flow.scan(project, "peoples", Output(json=True))
