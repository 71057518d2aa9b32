"""Search and descriptions, on both databases: what is written can be found at once, and what was said stays known."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from helpers import at_revision
from sqlalchemy import insert, text

from dataweir.catalog.models import DescriptionRow, RunRow
from dataweir.catalog.records import ColumnTag, Review
from dataweir.catalog.store import Store

NOW = datetime(2024, 1, 2, tzinfo=UTC)


def named(store: Store, words: str, limit: int = 20) -> list[tuple[str, str]]:
    return [(hit.kind, hit.name) for hit in store.search(words, limit)]


def described(store: Store) -> None:
    columns = [("client_ip", "string"), ("path", "string")]
    store.describe("table", "schema", {"refined.web_events": {"columns": columns}, "raw.shop": {"columns": columns}})
    store.describe("source", "declared", {"shop": {"owner": "Web Team", "licence": "Größenwahn 2.0"}})


def test_every_word_must_begin_a_word_and_names_come_first(store: Store) -> None:
    described(store)
    store.describe("metric", "declared", {"pull_rate": {"what": "megabytes of web_events pulled"}})
    assert named(store, "web_ev")[0] == ("table", "refined.web_events")
    assert named(store, "web events pulled") == [("metric", "pull_rate")]
    assert set(named(store, "client_ip")) == {("table", "refined.web_events"), ("table", "raw.shop")}
    assert named(store, "TEAM größ") == [("source", "shop")]
    assert named(store, "größe") == named(store, "Größenw") == [("source", "shop")]
    assert named(store, "client nosuch") == named(store, "") == named(store, "':* & | !\"") == []
    assert named(store, "eam") == []
    assert len(named(store, "client", limit=1)) == 1


def test_a_run_is_found_by_what_stopped_it_as_soon_as_it_is_recorded(store: Store) -> None:
    first = store.start_run("shop", "h").id
    assert named(store, "running") == [("run", first)]
    store.finish_run(first, "failed", error={"message": "disk /data is full"})
    assert named(store, "full disk") == [("run", first)]
    assert named(store, "running") == []
    killed, last = (store.start_run("shop", "h").id for _ in range(2))
    assert named(store, "killed") == [("run", killed)]
    assert set(named(store, "run")) == {("run", last), ("run", killed), ("run", first)}


def test_an_export_is_found_by_purpose_reviewer_and_reason(store: Store) -> None:
    store.add_candidate("c1", "research", "refined.posts", "p", "h", {"purpose": "faults of goods"}, "/out", "ann")
    assert named(store, "faults pending ann") == [("export", "c1")]
    store.add_review(Review("c1", "rejected", "bob", "too revealing", "h", NOW))
    assert named(store, "bob reveal rejected") == [("export", "c1")]
    assert named(store, "pending") == []


def test_what_was_said_of_a_thing_stays_known(store: Store) -> None:
    described(store)
    described(store)
    assert len(store.descriptions("source", "shop", history=True)) == 1
    store.describe("source", "declared", {"shop": {"owner": "ann", "licence": None, "tags": []}})
    (holds,) = store.descriptions("source", "shop")
    assert (holds.facts, holds.until) == ({"owner": "ann"}, None)
    before, after = store.descriptions("source", "shop", history=True)
    assert before.facts["owner"] == "Web Team"
    assert before.until == after.since
    assert named(store, "Web Team") == []
    store.describe("source", "declared", {"other": {"owner": "eve"}}, whole=True)
    assert [d.name for d in store.descriptions("source")] == ["other"]
    assert named(store, "ann") == []
    assert len(store.descriptions("source", "shop", history=True)) == 2


def test_roles_of_a_scan_and_failed_checks_are_found_and_their_past_kept(store: Store) -> None:
    described(store)

    def scanned(role: str) -> None:
        tag = ColumnTag("refined.web_events", "client_ip", NOW, "string", role, "IP_ADDRESS", 0.9, 5, {"IP_ADDRESS": 5})
        store.replace_tags("refined.web_events", [tag])

    scanned("quasi-identifier")
    assert named(store, "quasi ip_address") == [("table", "refined.web_events")]
    scanned("identifier")
    assert named(store, "quasi") == []
    roles = store.descriptions("table", "refined.web_events", "roles", history=True)
    assert [d.facts["roles"]["client_ip"][0] for d in roles] == ["quasi-identifier", "identifier"]
    run = store.start_run("shop", "h").id
    check = {"expectation": "expect_column_values_to_not_be_null", "column": "path", "success": False}
    store.record_quality(run, "refined.web_events", "s", False, {"results": [check]})
    assert named(store, "failed not null path") == [("table", "refined.web_events")]
    store.record_quality(run, "refined.web_events", "s", True, {"results": [{**check, "success": True}]})
    assert named(store, "expectations passed") == [("table", "refined.web_events")]


def test_nothing_is_found_of_what_was_rolled_back(store: Store) -> None:
    try:
        with store.writing() as session:
            session.execute(insert(RunRow).values(_run(1)))
            raise KeyError
    except KeyError:
        pass
    assert named(store, "done") == []


def test_a_catalogue_from_before_the_index_is_found_in_once_it_is_opened(url: str) -> None:
    with at_revision(url, "0007") as connection:
        connection.execute(insert(RunRow).values(_run(7)))
        connection.execute(text("CREATE TABLE iceberg_tables (table_namespace TEXT, table_name TEXT)"))
        connection.execute(text("INSERT INTO iceberg_tables VALUES ('refined', 'posts')"))
    with Store.open(url) as store:
        assert named(store, "no space left 7") == [("run", "run-7")]
        assert named(store, "posts") == [("table", "refined.posts")]
        assert store.runs()[0].id == "run-7"


def test_ten_thousand_runs_and_a_thousand_tables_are_searched_in_a_moment(store: Store) -> None:
    columns = {f"column_{n}": ["string"] for n in range(15)}
    with store.writing() as session:
        session.execute(insert(RunRow), [_run(n) for n in range(10_000)])
        session.execute(insert(DescriptionRow), [_table(n, columns) for n in range(1000)])
    assert named(store, "refined.table_500")[0] == ("table", "refined.table_500")
    for words in ("table_77 column_3", "run no space", "r"):
        took = []
        for _ in range(5):
            began = time.perf_counter()
            assert store.search(words)
            took.append(time.perf_counter() - began)
        assert min(took) < 0.05, words


def _run(number: int) -> dict[str, object]:
    return {
        "id": f"run-{number}",
        "project": "shop",
        "state": "failed",
        "started": NOW,
        "config_hash": "h",
        "versions": {},
        "plan": {},
        "counts": {},
        "error": {"message": f"no space left on disk {number}"},
    }


def _table(number: int, columns: dict[str, list[str]]) -> dict[str, object]:
    return {
        "kind": "table",
        "name": f"refined.table_{number}",
        "topic": "schema",
        "since": NOW,
        "facts": {"columns": columns},
        "text": "columns " + ", ".join(columns),
    }
