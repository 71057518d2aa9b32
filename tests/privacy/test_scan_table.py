"""A scan tells what columns are, adds up over files, and leaves tags in the catalogue and no value anywhere."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
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
from dataweir.privacy.naming import named
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
    "city": ("quasi-identifier", "LOCATION"),
    "amount": ("safe", None),
    "tags[]": ("identifier", "EMAIL_ADDRESS"),
    "author.ip": ("identifier", "IP_ADDRESS"),
    "author.seen": ("safe", None),
    "empty": ("safe", None),
    "birth_date": ("quasi-identifier", "DATE_OF_BIRTH"),
}


def test_roles_are_told_by_path() -> None:
    assert {t.path: (t.role, t.entity) for t in map(tag, scan_table(PEOPLE))} == ROLES


DICE = random.Random(6)
ROWS = range(400)


def drawn(form: str) -> str:
    """Return a form with a digit for each # and a capital for each @."""
    letters = {"#": "0123456789", "@": "ABCDEFGHJKLMNPRSTUVWXYZ"}
    return "".join(DICE.choice(letters.get(sign, sign)) for sign in form)


def hashed(value: object) -> str:
    return hashlib.sha256(str(value).encode()).hexdigest()


TELLING = {
    # in what it says
    "a1": [f"person{n}@firm{n}.example.org" for n in ROWS],
    "a2": [drawn("+44 20 7946 ####") for _ in ROWS],
    "a3": [drawn("192.0.2.###")[:11] for _ in ROWS],
    # in its form: hashes and tokens also where they come again, keys, numbers always as long
    "b1": [hashed(n)[:32] for n in ROWS],
    "b2": [hashed(n % 7) for n in ROWS],
    "b3": [f"did:plc:{hashed(n % 50)[:24]}" for n in ROWS],
    "b4": [drawn("@@#######") for _ in ROWS],
    "b5": [drawn("4915#########") for _ in ROWS],
    "b6": pa.array([int(drawn("1########")) for _ in ROWS], pa.int64()),
    "b7": pa.array([float(drawn("4915########")) if n % 3 else None for n in ROWS], pa.float64()),
    "b8": [hashed(n).encode() for n in ROWS],
    "b9": [bytes.fromhex(hashed(n)) for n in ROWS],
    # in its name
    "customer_id": pa.array(ROWS, pa.int64()),
    "orderNo": [drawn("##-##") for _ in ROWS],
    "mobilePhone": [drawn("### ###") for _ in ROWS],
    "visitor_hash": [hashed(n % 9)[:6] for n in ROWS],
    "kennzeichen": [drawn("B-@@ ##") for _ in ROWS],
    "owner": [{"id": n, "name": "x"} for n in ROWS],
    "id": pa.array(ROWS, pa.int32()),
    "post_id": [hashed(n)[:6] for n in ROWS],
    "lat": [n / 7 for n in ROWS],
    # one value in many that differ, a document, a handful of rows
    "c1": [f"nick{hashed(n)[: n % 5 + 1]}!" for n in ROWS],
    "c2": [json.dumps({"userName": f"x{n}"}) for n in ROWS],
    "c3": [f"row {n}" if n % 20 else drawn("call +44 20 7946 ####") for n in ROWS],
    "seen": pa.array(ROWS, pa.timestamp("us", "UTC")),
}
HARMLESS = {
    "line": pa.array(range(1_000_000, 1_000_400), pa.int64()),
    "bytes": pa.array([DICE.randrange(10 ** DICE.randrange(1, 10)) for _ in ROWS], pa.int64()),
    "duration_us": pa.array([DICE.randrange(10 ** DICE.randrange(3, 9)) for _ in ROWS], pa.int64()),
    "ratio": [DICE.random() for _ in ROWS],
    "version": [drawn("#.#.1#")[: 3 + n % 4] for n in ROWS],
    "build": [hashed("one")[:40] for _ in ROWS],
    "file": [f"logs/access.log.{n % 4}.gz" for n in ROWS],
    "source": [("mail_2023", "shop_2024")[n % 2] for n in ROWS],
    "status": [DICE.choice(("open", "paid", "sent")) for _ in ROWS],
    "product_id": [drawn("SKU-1000#") for _ in ROWS],
    "phones_total": pa.array([n % 5 for n in ROWS], pa.int64()),
    "is_email_verified": [n % 2 == 0 for n in ROWS],
    "attributes": ['{"colour": "red", "size": 4}' for _ in ROWS],
}


@pytest.mark.parametrize("rows", [400, 30, 1])
def test_nothing_that_tells_of_somebody_is_called_safe(rows: int) -> None:
    tags = {t.path: t for t in map(tag, scan_table(pa.table(TELLING).slice(1, rows)))}
    safe = {path for path, t in tags.items() if t.role == "safe"}
    assert safe <= ({"owner.name"} | ({"c3"} if rows < 30 else set()))
    for path in ("a1", "b1", "b2", "b3", "b8", "b9", "customer_id", "mobilePhone", "owner.id", "id", "visitor_hash"):
        assert tags[path].role == "identifier", path
    if rows == 400:
        assert {path for path in TELLING if path in tags and tags[path].role not in ("identifier",)} == {
            "c1",
            "c2",
            "c3",
            "seen",
        }
        assert tags["b1"].entity is None
        assert not tags["b1"].found


def test_what_tells_of_nobody_is_called_safe() -> None:
    tags = {t.path: (t.role, t.entity) for t in map(tag, scan_table(pa.table(HARMLESS)))}
    assert tags == dict.fromkeys(HARMLESS, ("safe", None))


@pytest.mark.parametrize(
    ("name", "role", "entity"),
    [
        ("customerPhone", "identifier", "PHONE_NUMBER"),
        ("IBAN", "identifier", "IBAN_CODE"),
        ("author.name", "identifier", None),
        ("users[].id", "identifier", None),
        ("date_of_birth", "quasi-identifier", "DATE_OF_BIRTH"),
        ("plz", "quasi-identifier", "POSTCODE"),
        ("blood_diagnosis", "sensitive", None),
        ("query", "free text", None),
        ("phone_count", None, None),
        ("name", None, None),
        ("product_id", None, None),
    ],
)
def test_names_are_read_by_their_words(name: str, role: str | None, entity: str | None) -> None:
    said = named(name)
    assert (said and said.role, said and said.entity) == (role, entity)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=4))
def test_counts_add_up_however_the_rows_are_cut(cuts: list[int]) -> None:
    table = PEOPLE.select(["contact", "tags", "belief", "code", "amount"])
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
