"""Nested and list columns are masked by path: taken apart, treated and put together, and looked into by every check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from candidates import KEY, assessed
from hypothesis import given, settings
from hypothesis import strategies as st

from dataweir.errors import ConfigError, DataError
from dataweir.privacy.canaries import release_canaries
from dataweir.privacy.candidate import Part, mask_part, name_people, release_bucket, seal_part
from dataweir.privacy.erase import rows_holding
from dataweir.privacy.identities import names_in
from dataweir.privacy.mask import mask, mask_counted
from dataweir.privacy.nested import above, columns_of, gather, leaf_name, leaves, paths, spread
from dataweir.privacy.policy import Policy
from dataweir.privacy.residual import scan
from dataweir.privacy.reveal import reveal
from dataweir.privacy.scrutiny import scrutinise
from dataweir.privacy.subjects import Subjects, forms

COMMENT = pa.struct([("body", pa.string()), ("by", pa.struct([("user", pa.string()), ("at", pa.timestamp("us"))]))])
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("author", pa.struct([("name", pa.string()), ("city", pa.string()), ("n", pa.int64())])),
        ("tags", pa.list_(pa.string())),
        ("comments", pa.list_(COMMENT)),
        ("attrs", pa.map_(pa.string(), pa.string())),
        ("grid", pa.list_(pa.list_(pa.int64()))),
        ("pair", pa.list_(pa.string(), 2)),
    ]
)
texts = st.none() | st.sampled_from(["", "a", "mail x@example.org", "b"])
rows = st.fixed_dictionaries(
    {
        "id": texts,
        "author": st.none() | st.fixed_dictionaries({"name": texts, "city": texts, "n": st.none() | st.integers(0, 9)}),
        "tags": st.none() | st.lists(texts, max_size=3),
        "comments": st.none()
        | st.lists(
            st.none()
            | st.fixed_dictionaries({"body": texts, "by": st.none() | st.just({"user": "kim_possible", "at": None})}),
            max_size=3,
        ),
        "attrs": st.none() | st.dictionaries(st.sampled_from("xyz"), texts).map(lambda d: list(d.items())),
        "grid": st.none() | st.lists(st.none() | st.lists(st.integers(0, 9), max_size=2), max_size=2),
        "pair": st.none() | st.tuples(texts, texts).map(list),
    }
)
tables = st.lists(rows, max_size=6).map(lambda found: pa.Table.from_pylist(found, SCHEMA))


def bare(value: Any) -> Any:
    """A value in which a struct of nothing is nothing."""
    if isinstance(value, dict):
        inner = {name: bare(part) for name, part in value.items()}
        return None if all(part is None for part in inner.values()) else inner
    return [bare(part) for part in value] if isinstance(value, list) else value


@given(tables, st.integers(0, 2))
@settings(max_examples=25, deadline=None)
def test_what_is_taken_apart_is_put_together_again(table: pa.Table, start: int) -> None:
    table = table.slice(start)
    flat = spread(table)
    assert flat.column_names == list(paths(SCHEMA))
    assert all(len(leaf.wrapped(leaf.values)) == table.num_rows for leaf in leaves(table))
    again = pa.table(gather({name: flat[name] for name in flat.column_names}, SCHEMA))
    again.validate(full=True)
    expected = [{k: v if k == "attrs" else bare(v) for k, v in row.items()} for row in table.to_pylist()]
    assert [{k: v if k == "attrs" else bare(v) for k, v in row.items()} for row in again.to_pylist()] == expected


def test_a_path_names_what_it_is_a_part_of() -> None:
    assert list(above("a.b[].c")) == ["a.b[].c", "a.b[]", "a.b", "a"]
    assert list(above("m[key]")) == ["m[key]", "m"]
    assert [leaf_name(p) for p in ("a.b[].c", "tags[]", "m[key]", "x")] == ["c", "tags", "m", "x"]
    assert columns_of(["author.name", "tags"], SCHEMA) == ["author", "tags"]


TABLE = pa.Table.from_pylist(
    [
        {
            "id": f"i{n}",
            "author": {"name": name, "city": "Lyon", "n": n},
            "tags": [f"{name}@example.org", "tea"],
            "comments": [{"body": f"thanks {other}, write to {other}@example.org", "by": {"user": other, "at": None}}],
            "attrs": [("phone", "+49 30 901820")],
            "grid": [[n]],
            "pair": [name, None],
        }
        for n, (name, other) in enumerate([("zorblax_77", "quimby_88"), ("quimby_88", "zorblax_77")])
    ],
    SCHEMA,
)


def a_policy(**changes: Any) -> Policy:
    columns = {
        "id": "hash",
        "author.name": "hash",
        "author.city": "keep",
        "tags": "mask",
        "comments[].body": "mask",
        "comments[].by": "hash",
        "comments[].by.at": {"shift": {"by": "id"}},
        "attrs[key]": "keep",
        "attrs[]": "mask",
    }
    return Policy.model_validate({"name": "p", "columns": columns, "k": 1, **changes})


def test_parts_are_masked_by_path_and_what_is_not_named_is_dropped() -> None:
    made, counts, places = mask_counted(TABLE, a_policy(), KEY)
    first = made.to_pylist()[0]
    assert list(first) == ["id", "author", "tags", "comments", "attrs"]
    assert set(first["author"]) == {"name", "city"}
    assert first["author"]["city"] == "Lyon"
    assert first["tags"] == ["<EMAIL_ADDRESS>", "tea"]
    assert first["comments"][0]["body"] == "thanks <USERNAME>, write to <EMAIL_ADDRESS>"
    assert made["comments"][1].as_py()[0]["by"]["user"] == first["author"]["name"], "one person, one pseudonym"
    assert first["attrs"] == [("phone", "<PHONE_NUMBER>")]
    assert counts["comments[].body"] == {"EMAIL_ADDRESS": 2, "USERNAME": 2}
    assert sorted(places["USERNAME"]) == [0, 1]
    assert mask(TABLE, a_policy(columns={"author": "keep", "author.n": "drop"}), key=KEY)["author"][0].as_py() == {
        "name": "zorblax_77",
        "city": "Lyon",
    }


def test_a_shift_inside_lists_goes_by_the_row() -> None:
    at = pa.array([[{"body": "x", "by": {"user": "u", "at": 0}}] * 2, [{"body": "x", "by": {"user": "u", "at": 0}}]])
    table = pa.table({"id": ["a", "b"], "comments": at.cast(SCHEMA.field("comments").type)})
    policy = a_policy(columns={"comments[].by.at": {"shift": {"by": "id"}}})
    (one, two), (three,) = (
        [c["by"]["at"] for c in row] for row in mask(table, policy, key=KEY)["comments"].to_pylist()
    )
    assert one == two != three


def test_a_path_that_is_not_there_is_named_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"no column 'author.nam'.*did you mean 'author.name'"):
        mask(TABLE, a_policy(columns={"author.nam": "hash"}), key=KEY)
    with pytest.raises(ValueError, match="stands in a list"):
        a_policy(quasi_identifiers=["tags[]"])
    with pytest.raises(DataError, match="key of a map"):
        mask(TABLE, a_policy(columns={"attrs[key]": {"encrypt_format": {}}, "attrs[]": "keep"}), key=KEY)


def test_an_export_groups_links_scans_and_shows_nested_columns(tmp_path: Path) -> None:
    policy, folder = a_policy(quasi_identifiers=["author.city"], k=2, subject="author.name"), str(tmp_path)
    part = Part(0, TABLE)
    masked = mask_part(part, policy, KEY, folder, (name_people(part, folder),))
    sealed = seal_part((0, [masked]), [release_bucket(0, [masked.counted], policy, folder)], policy, folder)
    assert assessed([sealed.counted], policy).k_found == 2
    written = pq.read_table(sealed.location)
    assert written.schema.field("author").type == pa.struct([("name", pa.string()), ("city", pa.string())])
    links = pq.read_table(sealed.links)
    assert {"author.city", "tags[]", "comments[].body", "attrs[]"} <= set(links.column_names)
    assert links["__subject__"].to_pylist()[0] != links["__subject__"].to_pylist()[1]
    assert scan(written).total == 0
    assert scan(TABLE).findings["comments[].body"] == {"email": 2}
    assert [shown.kind for shown in sealed.shown] == ["EMAIL_ADDRESS"] * 2


def test_canaries_stand_in_every_leaf_and_a_leak_there_is_found() -> None:
    assert release_canaries(SCHEMA, a_policy(), KEY).found == {}
    through = {"truncate": {"chars": 90}}
    leaky = a_policy(columns={"author.name": through, "tags": "mask", "comments[].body": through, "attrs": through})
    found = release_canaries(SCHEMA, leaky, KEY).found
    assert found == {"author.name": 8, "comments[].body": 8, "attrs[]": 8, "attrs[key]": 8}


def test_names_roles_and_subjects_are_looked_for_in_nested_columns() -> None:
    people = pa.table({"p": pa.array([{"first_name": "Ottilie", "last_name": "Quimby", "email": "o.q@example.org"}])})
    assert sorted(names_in(people).to_pylist()) == ["Ottilie Quimby", "o.q@example.org"]
    assert set(names_in(TABLE).to_pylist()) == {"zorblax_77", "quimby_88"}
    keeping = a_policy(columns={"author": "keep", "comments": "keep"}, accept={"comments[].body": "read by eye"})
    said = {o.column: o.refused for o in scrutinise(keeping, list(paths(SCHEMA)), {"author.name": "identifier"})}
    assert said["author.name"]
    assert said["comments[].by.user"]
    assert "comments[].body" not in said
    subjects = Subjects.of(set(forms("quimby_88")), KEY)
    assert {name: rows.tolist() for name, rows in rows_holding(TABLE, subjects).items()} == {
        "author": [1],
        "comments": [0],
        "pair": [1],
    }


def test_what_was_encrypted_inside_a_column_is_read_again() -> None:
    policy = a_policy(columns={"author.name": "encrypt", "comments[].body": "mask"}, entities={"USERNAME": "encrypt"})
    made, changed = reveal(mask(TABLE, policy, key=KEY), policy, {"k": KEY}, "k")
    assert changed == ["author.name", "comments[].body"]
    assert made["author"].to_pylist()[0] == {"name": "zorblax_77"}
