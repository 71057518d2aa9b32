"""Moving a catalogue between SQLite and a real PostgreSQL loses nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from helpers import EVENTS, events, land
from sqlalchemy import create_engine, make_url, text

from dataweir.catalog.commit import Commit, commit
from dataweir.catalog.copy import copy
from dataweir.catalog.records import Review, SplitRecord, StepRecord
from dataweir.catalog.score import barrier
from dataweir.catalog.store import Store
from dataweir.catalog.tables import Tables
from dataweir.errors import ConfigError
from dataweir.flow.move import move


@pytest.fixture
def empty_postgres(postgres: str) -> Iterator[str]:
    server = make_url(postgres)
    name = f"weir_{uuid.uuid4().hex[:12]}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield server.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def filled(url: str, warehouse: str) -> None:
    with Store.open(url) as store:
        run = store.start_run("shop", "abc", {"dataweir": "0.1"}, {"ümlaut": [1, 2.5, None]}).id
        tables = Tables(url, warehouse)
        tables.ensure("raw.shop", EVENTS)
        split = SplitRecord("shop", "k", "a.log", "pulled", 5, 5, {"time": 2}, 2**40, 0.1, run_pulled=run)
        file = land(tables, "raw.shop", "f", events(1, 5))
        commit(store, tables, run, Commit("pull", {"raw.shop": [file]}, {}, [split], {"shop": {"at": 3}}))
        tables.close()
        store.record_steps(run, [StepRecord("pull", "shop", 5, 5, facts={"records": 5.0, "tiny": 1e-7})])
        store.record_quality(run, "raw.shop", "h", True, {"checks": 3})
        store.record_metrics(run, {"pull_rate": 0.1 + 0.2})
        store.record_scores(run, [barrier({"malformed_share": 0.3})])
        store.add_candidate("c1", "research", "t", "p", "h", {"k": 5}, "/out", "ann")
        store.add_review(Review("c1", "approved", "bob", "fine", "h", datetime.now(UTC)))
        store.set_candidate_state("c1", "published", "/shared/c1")
        for owner in ("ann", "bob"):
            store.describe("table", "declared", {"raw.shop": {"owner": [owner], "tags": ["ümlaut"]}})
        for number in range(3):
            store.audit("x", f"s{number}", {"n": number}, actor="ann")
        store.finish_run(run, "done")


def seen(url: str, warehouse: str) -> dict[str, object]:
    with Store.open(url, create=False) as store:
        tables = Tables(url, warehouse)
        run = store.runs()[0]
        found = {
            "runs": store.runs(),
            "splits": store.splits(),
            "cursor": store.cursor("shop"),
            "steps": store.recent_steps(100),
            "quality": store.quality_results(),
            "metrics": store.metrics(run.id),
            "scores": store.latest_scores(),
            "candidates": store.candidates(),
            "reviews": store.reviews(),
            "audit": store.audit_log(),
            "chain": store.verify_audit(),
            "descriptions": store.descriptions("table", history=True),
            "found": sorted((hit.kind, hit.name, hit.text) for w in ("bob", "fine", "done") for hit in store.search(w)),
            "snapshots": tables.snapshots("raw.shop"),
            "rows": tables.read("raw.shop").to_pylist(),
        }
        tables.close()
        return found


def test_there_and_back_everything_is_the_same(empty_postgres: str, tmp_path: Path) -> None:
    first, warehouse = f"sqlite:///{tmp_path}/a.db", str(tmp_path / "warehouse")
    filled(first, warehouse)
    before = seen(first, warehouse)
    counts = copy(first, empty_postgres)
    assert counts["audit"] == 3
    assert {name for _, name, _ in before["found"]} == {"c1", "raw.shop", before["runs"][0].id}  # type: ignore
    assert counts["iceberg_tables"] == 1
    assert seen(empty_postgres, warehouse) == before
    with Store.open(empty_postgres) as store:  # the server's counters go on where the copy ended
        assert store.audit("moved", "catalogue").seq == 4
        assert store.verify_audit().ok
        store.record_quality(store.runs()[0].id, "raw.shop", "h", False, {})
    after = seen(empty_postgres, warehouse)
    last = f"sqlite:///{tmp_path}/b.db"
    copy(empty_postgres, last)
    assert seen(last, warehouse) == after
    with pytest.raises(ConfigError, match="holds a catalogue already"):
        copy(first, last)


def test_one_command_moves_the_project_and_its_configuration(empty_postgres: str, tmp_path: Path, monkeypatch) -> None:
    text_before = "# the shop\nproject: shop  # ours\nwarehouse: warehouse\n"
    (tmp_path / "weir.yaml").write_text(text_before)
    filled(f"sqlite:///{tmp_path}/warehouse/catalog.db", str(tmp_path / "warehouse"))
    monkeypatch.setenv("WEIR_TEST_DB", empty_postgres)
    report = move(str(tmp_path), "${WEIR_TEST_DB}")
    assert report["rows"]["runs"] == 1
    written = (tmp_path / "weir.yaml").read_text()
    assert written == text_before.replace("# ours\n", "# ours\ncatalog: ${WEIR_TEST_DB}\n")
    with Store.open(empty_postgres, create=False) as store:
        assert len(store.runs()) == 1
    with pytest.raises(ConfigError, match="there already"):
        move(str(tmp_path), "${WEIR_TEST_DB}")
