"""The attack finds who can be found, by hand and by brute force, and nobody by what hangs on the key."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from candidates import KEY, assessed
from hypothesis import given, settings
from hypothesis import strategies as st

from dataweir.privacy.canaries import release_canaries
from dataweir.privacy.candidate import Part, mask_part, measure_bucket, release_bucket, seal_part
from dataweir.privacy.evidence import check_gates
from dataweir.privacy.nested import paths
from dataweir.privacy.policy import Policy
from dataweir.privacy.residual import Residual
from dataweir.privacy.risk.figures import Figures, combine, judge
from dataweir.privacy.risk.linkage import (
    FREQUENCY,
    KEPT,
    SUBJECT,
    Linkage,
    Target,
    attack,
    attack_by_frequency,
    conclude,
    frequencies,
    numbers,
    people_of,
    rare,
    released_people,
    targets,
)
from dataweir.privacy.scrutiny import scrutinise, seen


def attacked(files: list[str], columns: list[str], buckets: int = 1) -> Linkage:
    attempts = targets(columns, buckets)
    return conclude(((t, attack(t, files, buckets)) for t in attempts), len(released_people(files)), "who")


def written(folder: Path, rows: list[tuple[Any, ...]], columns: list[str]) -> list[str]:
    files = []
    for number, part in enumerate((rows[::2], rows[1::2])):
        table = {c: pa.array([r[2 + i] for r in part], pa.string()) for i, c in enumerate(columns)}
        people = people_of(pa.array([r[0] for r in part], pa.string()), len(part), 0)
        made = {c: pa.array(numbers(v)) for c, v in table.items()} | {
            SUBJECT: people,
            KEPT: pa.array([r[1] for r in part], pa.bool_()),
        }
        files.append(str(folder / f"{number}.parquet"))
        pq.write_table(pa.table(made), files[-1])
    return files


persons = st.sampled_from([None, "ann", "bob", "eve"])
values = st.sampled_from([None, "x", "y", "z"])


@given(st.lists(st.tuples(persons, st.booleans(), values, values, values), max_size=14), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_the_attack_is_what_brute_force_finds(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]], buckets: int
) -> None:
    columns = ["a", "b", "c"]
    found = attacked(written(tmp_path_factory.mktemp("links"), rows, columns), columns, buckets)
    for names, people, _ in found.by:
        places = [2 + columns.index(n) for n in names]
        truth = set()
        for row in rows:
            alike = {r[0] for r in rows if all(r[p] == row[p] for p in places)}
            if row[1] and row[0] is not None and alike == {row[0]}:
                truth.add(row[0])
        assert people == len(truth), names
    assert found.people == len({r[0] for r in rows if r[1] and r[0] is not None})
    assert len(found.by) == 3 + len(list(itertools.combinations(columns, 2)))


def counted(column: str, files: list[str], buckets: int) -> set[int]:
    parts = [Target((column,), bucket) for bucket in range(buckets)]
    sizes = rare([frequencies(part, files, buckets) for part in parts])
    return {int(p) for part in parts for p in attack_by_frequency((part, sizes), files, buckets)}


@given(st.lists(st.tuples(persons, st.booleans(), values), max_size=30))
@settings(max_examples=60, deadline=None)
def test_counting_is_what_brute_force_finds(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]]
) -> None:
    column = FREQUENCY + "a"
    files = written(tmp_path_factory.mktemp("links"), rows, [column])
    found = counted(column, files, 1)
    assert counted(column, files, 3) == found, "however many buckets there are"
    whole, released = Counter(r[2] for r in rows), Counter(r[2] for r in rows if r[1])
    truth = set()
    for value, count in released.items():
        owners = {r[0] for r in rows if r[2] == value}
        if [v for v in whole if whole[v] == count] == [value] and len(owners) == 1 and owners != {None}:
            truth |= owners
    assert len(found) == len(truth)


TABLE = pa.table(
    {
        "author_id": ["ann", "ann", "bob", "eve", "eve", "kim"],
        "place": ["north", "north", "north", "south", "south", "south"],
        "text": ["hello", "write to a@example.org", "hello", "hello", "hello", "unheard of"],
    }
)


def exported(folder: Path, policy: Policy) -> tuple[list[str], list[str]]:
    part = mask_part(Part(0, TABLE), policy, KEY, str(folder))
    released = [release_bucket(0, [part.counted], policy, str(folder))]
    sealed = seal_part((0, [part]), released, policy, str(folder))
    assert assessed([sealed.counted], policy).rows == sealed.rows
    columns = [c for c in pq.read_schema(sealed.links).names if not c.startswith(("__", FREQUENCY))]
    return [sealed.links], columns


def test_an_export_is_attacked_by_what_the_key_does_not_hide(tmp_path: Path) -> None:
    policy = Policy(
        name="p",
        columns={"author_id": "hash", "place": "keep", "text": "mask"},
        entities={"EMAIL_ADDRESS": "hash"},
        linkage=0.2,
    )
    links, columns = exported(tmp_path, policy)
    assert columns == ["place", "text"], "without the key a pseudonym tells nothing"
    assert counted(f"{FREQUENCY}author_id", links, 1) == set(), "of every count there are two people"
    found = attacked(links, columns)
    assert found.people == 4
    assert {c: n for c, n, _ in found.by} == {("place",): 0, ("text",): 2, ("place", "text"): 3}
    reasons = check_gates(policy, _no_risk(), 0.0, Residual(), found)
    assert reasons == ["linkage: 75.00% of 4 people are found again by place and text, the policy allows 20.00%"]
    assert not check_gates(policy.model_copy(update={"linkage": 0.8}), _no_risk(), 0.0, Residual(), found)


def _no_risk() -> Any:
    return judge(Figures(), [], 5)


def test_who_is_held_back_is_not_found_but_still_hides_others(tmp_path: Path) -> None:
    policy = Policy(name="p", columns={"place": "keep", "text": "keep"}, k=2, quasi_identifiers=["text"], suppress=1)
    links, columns = exported(tmp_path, policy)
    found = attacked(links, columns)
    assert found.people == 3
    assert all(people == 0 or "place" in c for c, people, _ in found.by)


def test_what_the_condition_does_not_pick_is_the_population(tmp_path: Path) -> None:
    policy = Policy(name="p", columns={"place": "keep"}, quasi_identifiers=["place"])
    part = mask_part(Part(0, TABLE, None, "author_id <> 'ann'"), policy, KEY, str(tmp_path), (), 3)
    found = judge(combine(measure_bucket(b, [part.counted], policy) for b in range(3)), ["place"], 5, True)
    assert (found.rows, found.population) == (4, 6)
    assert found.journalist_max == 1 / 3
    assert found.presence == (1 / 3, 1.0)


def test_the_subject_may_be_named_and_rows_of_a_table_without_one_count_each(tmp_path: Path) -> None:
    named = Policy(name="p", columns={"text": "keep"}, subject="place")
    assert attacked(*exported(tmp_path / "a", named)).people == 2
    part = mask_part(
        Part(3, TABLE.select(["text"])), Policy(name="p", columns={"text": "keep"}), KEY, str(tmp_path / "b")
    )
    persons = pq.read_table(part.path)[SUBJECT].to_pylist()
    assert len(set(persons)) == 6
    assert min(persons) > 3 << 40


SCHEMA = pa.schema(
    [(c, pa.string()) for c in ("author_id", "text", "url", "query", "client_ip", "place")] + [("n", pa.int64())]
)


def test_canaries_are_planted_in_what_is_treated_and_none_comes_through() -> None:
    columns = {
        "author_id": "hash",
        "text": "mask",
        "url": "mask",
        "query": "mask",
        "client_ip": "truncate",
        "place": "keep",
    }
    canaries = release_canaries(SCHEMA, Policy(name="p", columns=columns), KEY)
    assert canaries.planted > 50
    assert canaries.found == {}
    assert release_canaries(SCHEMA, Policy(name="p", columns=columns), KEY) == canaries


def test_an_operator_that_lets_something_through_is_caught() -> None:
    leaky = Policy(
        name="p", columns={"text": {"partial": {"first": 40, "last": 40}}, "author_id": {"truncate": {"chars": 50}}}
    )
    canaries = release_canaries(SCHEMA, leaky, KEY)
    assert canaries.found["author_id"] == 8
    assert check_gates(leaky, _no_risk(), 0.0, Residual(), None, canaries)[0].startswith("canaries: of ")


def test_a_policy_that_keeps_too_much_is_told_what_and_why() -> None:
    columns = ["author_id", "text", "place", "post_id"]
    policy = Policy(
        name="p",
        columns={"author_id": "keep", "text": "keep", "place": "keep", "post_id": "hash"},
        quasi_identifiers=["place"],
    )
    found = scrutinise(policy, columns)
    assert [(o.column, o.refused) for o in found] == [
        ("author_id", True),
        ("text", True),
        ("place", False),
    ]
    assert "says who wrote it" in found[0].why
    in_name_only = {
        "client_ip": {"truncate": {"ipv4": 32}},
        "lat": {"truncate": {"decimals": 6}},
        "customer_id": "keep",
    }
    coarse = {"client_ip": "truncate", "lat": {"truncate": {"decimals": 1}}, "customer_id": "hash"}
    for columns_of, refused in ((in_name_only, set(in_name_only)), (coarse, set())):
        told = scrutinise(Policy(name="p", columns=columns_of, quasi_identifiers=["lat"]), list(columns_of))
        assert {o.column for o in told if o.refused} == refused
    kept = Policy(
        name="p", columns=dict.fromkeys(["nick", "zip", "note"], "keep"), quasi_identifiers=["zip"], linkage=0.05
    )
    roles = {"nick": "identifier", "zip": "quasi-identifier", "note": "sensitive"}
    said = {o.column: o.refused for o in scrutinise(kept, list(roles), roles)}
    assert said == {"nick": True, "zip": False, "note": False}, "a scan knows columns that no list has"
    accepted = policy.model_copy(update={"accept": {"author_id": "public figures", "text": "read by eye"}})
    assert [o.column for o in scrutinise(accepted, columns)] == ["place"]
    with pytest.raises(ValueError, match="did you mean 'author_id'"):
        Policy(name="p", columns={"author_id": "keep"}, accept={"author": "x"})


def test_what_a_column_holds_counts_and_not_only_what_it_is_called() -> None:
    count = 40
    table = pa.table(
        {
            "author_id": [f"kim{n}" for n in range(count)],
            "written_by": [f"@KIM{n}" for n in range(count)],
            "payload": ['{"mail": "kim@example.org"}'] * count,
            "remark": ["it whistles when nobody is at home"] * count,
            "tags": [["@kim1", "@kim2"]] * count,
            "shade": ["red"] * count,
            "latitude": [1.5] * count,
            "city": ["Rome"] * count,
        }
    )
    roles = seen(table)
    assert roles == {"written_by": "identifier", "payload": "free text", "remark": "free text", "tags[]": "identifier"}
    policy = Policy(name="p", columns=dict.fromkeys(table.column_names[1:], "keep"), quasi_identifiers=["shade"])
    refused = {o.column for o in scrutinise(policy, list(paths(table.schema)), roles) if o.refused}
    assert refused == {"written_by", "payload", "remark", "tags[]", "latitude", "city"}
    assert seen(table.slice(0, 0)) == {}


def test_the_default_bar_holds_and_a_higher_one_needs_a_reason(tmp_path: Path) -> None:
    columns = {"author_id": "hash", "text": "mask"}
    policy = Policy(name="p", columns=columns, quasi_identifiers=["text"], k=1)
    found = attacked(*exported(tmp_path, policy))
    (reason,) = check_gates(policy, _no_risk(), 0.0, Residual(), found)
    assert reason.endswith("the policy allows 9.00%")
    assert not scrutinise(policy, list(columns))
    higher = policy.model_copy(update={"linkage": 0.9})
    (objection,) = scrutinise(higher, list(columns))
    assert (objection.column, objection.refused) == ("linkage", True)
    assert not scrutinise(higher.model_copy(update={"accept": {"linkage": "public texts"}}), list(columns))
    assert not check_gates(higher, _no_risk(), 0.0, Residual(), found)


def test_anonymise_takes_its_demands_with_it_and_refuses_two_that_differ() -> None:
    made = Policy.model_validate(
        {
            "name": "p",
            "columns": {"place": "keep"},
            "quasi_identifiers": ["place"],
            "anonymise": {"k": 10, "suppress": "2 %"},
        }
    )
    assert (made.k, made.suppress) == (10, 0.02)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"anonymise": {"k": 10}, "k": 5}, "k stands twice"),
        ({"anonymise": {"supress": 0.1}}, "supress"),
        ({"anonymise": {"k": 10}, "quasi_identifiers": []}, "needs quasi_identifiers"),
        ({"sensitive": ["plase"]}, "did you mean 'place'"),
        ({"sensitive": ["place"]}, "not both"),
        ({"suppress": "two %"}, "must be a share"),
        (
            {"anonymise": {"hierarchies": {"place": "towns"}}, "hierarchies": {"town": {"a": ["b"]}}},
            "did you mean 'town'",
        ),
    ]
    for change, message in wrong:
        with pytest.raises(ValueError, match=message):
            Policy.model_validate({"name": "p", "columns": {"place": "keep"}, "quasi_identifiers": ["place"], **change})
