"""The store: what goes in comes back, on both databases; failures are one line of cause and one of cure."""

from __future__ import annotations

import math
import os
import pickle
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from helpers import at_revision
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

import dataweir.catalog.database as database
from dataweir.catalog.chain import link
from dataweir.catalog.models import Base
from dataweir.catalog.records import Review, SplitRecord, StepRecord
from dataweir.catalog.score import barrier, bottleneck
from dataweir.catalog.store import Store
from dataweir.errors import ConfigError, MissingExtra, PrivacyGateFailed, StorageError
from dataweir.flow.status import accounts, totals


def test_a_run_comes_back_as_it_was_told(store: Store) -> None:
    run = store.start_run("shop", "abc", {"dataweir": "0.1"}, {"splits": 3})
    assert (run.state, run.finished, run.error) == ("running", None, None)
    ended = store.finish_run(run.id, "failed", {"rows": 5}, {"error": "DataError"})
    assert store.run(run.id) == ended
    assert (ended.state, ended.counts, ended.error) == ("failed", {"rows": 5}, {"error": "DataError"})
    assert ended.finished is not None
    assert ended.finished >= ended.started
    assert ended.started.tzinfo is not None
    assert ended.plan == {"splits": 3}


def test_runs_sort_by_time_and_a_killed_one_is_marked_failed(store: Store) -> None:
    ids = [store.start_run("shop", "abc").id for _ in range(4)]
    assert ids == sorted(ids)
    assert [run.id for run in store.runs(limit=3)] == ids[:0:-1]
    assert [run.id for run in store.runs(limit=2, skip=1)] == [ids[2], ids[1]]
    assert [run.state for run in store.runs()] == ["running", "failed", "failed", "failed"]
    killed = store.run(ids[0]).error
    assert killed is not None
    assert killed["error"] == "Interrupted"


def test_an_unknown_run_is_a_usage_error(store: Store) -> None:
    with pytest.raises(ConfigError, match="no run 'x'"):
        store.run("x")


def test_splits_are_replaced_by_source_and_key(store: Store) -> None:
    run = store.start_run("shop", "abc").id
    one = SplitRecord("shop", "k1", "a.log", "pulled", 10, 8, {"bad_time": 2}, 2**40, 0.5, run_pulled=run)
    two = SplitRecord("forum", "k1", "b.zst", "pulled")
    store.save_splits([one, two])
    refined = replace(one, state="refined", kept=7, duplicates=1, run_refined=run)
    store.save_splits([refined])
    assert store.splits() == [two, refined]
    assert store.splits(source="shop") == [refined]
    assert store.splits(state="pulled") == [two]
    assert store.splits("shop", "pulled") == []


def test_many_splits_go_in_at_once(store: Store) -> None:
    store.save_splits(SplitRecord("shop", f"{i:05}", "a.log", "pulled", records=i) for i in range(2500))
    assert [split.records for split in store.splits()] == list(range(2500))


def test_splits_add_up_alike_one_by_one_and_in_the_database(store: Store) -> None:
    reasons = ({}, {"no such format": 2}, {"no such format": 1, "too long": 1})
    splits = [
        SplitRecord(
            f"source_{n % 3}",
            str(n),
            f"file {n % 5}",
            "refined" if n % 4 else "pulled",
            records=10 + n,
            rows=8 + n,
            rejected=reasons[n % 3],
            kept=n if n % 4 else 0,
            duplicates=n % 2,
            removed=n % 3,
            clean_rejected=reasons[n % 2] if n % 4 else {},
        )
        for n in range(60)
    ]
    store.save_splits(splits)
    whole, sources, _ = accounts(store.splits())
    assert totals(store) == (whole, sources)
    assert len(store.split_totals()) < len(splits) / 2
    assert {total.source for total in store.split_totals("source_1")} == {"source_1"}


def test_old_steps_are_left_out_but_for_those_that_always_count(store: Store) -> None:
    for number in range(5):
        run = store.start_run("shop", "abc").id
        names = ("pull", "machine", "export")
        store.record_steps(run, [StepRecord(name, str(number)) for name in names])
        store.finish_run(run, "done")
    recent = [(step.name, step.subject) for step in store.recent_steps(2, ("export",))]
    assert [subject for name, subject in recent if name == "pull"] == ["3", "4"]
    assert [subject for name, subject in recent if name == "export"] == ["0", "1", "2", "3", "4"]
    assert [step.subject for step in store.recent_steps(3, only="machine")] == ["2", "3", "4"]


def test_steps_metrics_quality_and_scores_come_back(store: Store) -> None:
    run = store.start_run("shop", "abc").id
    step = StepRecord("clean", "shop", 10, 9, 1, 3, 0.25, {"kept": 9.0})
    store.record_steps(run, [step, step])
    assert store.steps(run) == [step]
    store.record_quality(run, "refined.web_events", "h", True, {"checks": 3})
    store.record_quality(run, "refined.web_events", "h", False, {"checks": 4})
    assert [found.success for found in store.quality_results(table="refined.web_events")] == [False, True]
    store.record_metrics(run, {"pull_rate": 3.5, "k_margin": None, "bad": math.nan}, units={"pull_rate": "MB/s"})
    found = {metric.name: metric for metric in store.metrics(run)}
    assert (found["pull_rate"].value, found["pull_rate"].unit) == (3.5, "MB/s")
    assert found["k_margin"].value is None
    assert [metric.run for metric in store.metric_history("pull_rate")] == [run]
    scores = [barrier({"malformed_share": 0.01}), bottleneck({"busy_share": 0.5}, achieved=0.3)]
    store.record_scores(run, scores)
    latest = store.latest_scores()
    assert latest["barrier"].value == scores[0].value
    assert latest["barrier"].version == "barrier/1"
    assert latest["barrier"].contributions[0]["metric"] == "malformed_share"
    assert latest["bottleneck"].facts["residual"] == scores[1].residual
    assert store.scores(run).keys() == {"barrier", "bottleneck"}


def test_nan_infinity_and_nul_do_not_reach_the_database(store: Store) -> None:
    run = store.start_run("shop", "abc").id
    ended = store.finish_run(run, "done", {"a": math.nan, "b": [math.inf, "x\x00y", "\udcff"]})
    assert store.run(run).counts == {"a": None, "b": [None, "x\ufffdy", "?"]}
    assert ended.id == run


def test_a_candidate_moves_only_as_allowed(store: Store) -> None:
    candidate = store.add_candidate("c1", "research", "refined.social_posts", "p", "h", {"k": 5}, "/out", "ann")
    assert store.candidate("c1") == candidate
    review = Review("c1", "approved", "bob", "fine", "h", datetime.now(UTC))
    with pytest.raises(PrivacyGateFailed, match="pending; it cannot become published"):
        store.set_candidate_state("c1", "published")
    with pytest.raises(PrivacyGateFailed, match="not what was looked at"):
        store.add_review(replace(review, candidate_hash="another hash"))
    assert store.reviews() == []
    store.add_review(review)
    published = store.set_candidate_state("c1", "published", "/shared/c1")
    assert (published.state, published.published_path) == ("published", "/shared/c1")
    assert store.set_candidate_state("c1", "published") == published
    with pytest.raises(PrivacyGateFailed):
        store.add_review(replace(review, decision="rejected"))
    assert [(r.decision, r.reviewer) for r in store.reviews("c1")] == [("approved", "bob")]
    assert [c.id for c in store.candidates(name="research", state="published")] == ["c1"]


def test_one_candidate_id_is_one_content(store: Store) -> None:
    first = store.add_candidate("c1", "research", "t", "p", "h", {}, "/out")
    assert store.add_candidate("c1", "research", "t", "p", "h", {}, "/out") == first
    with pytest.raises(ConfigError):
        store.add_candidate("c1", "research", "t", "p", "other", {}, "/out")


def test_the_audit_trail_only_grows(store: Store) -> None:
    for number in range(3):
        store.audit("run", f"r{number}", {"n": number}, actor="ann")
    attempts = ["UPDATE audit SET actor = 'eve'", "DELETE FROM audit WHERE seq = 2"]
    if store.engine.dialect.name == "sqlite":
        attempts.append("REPLACE INTO audit VALUES (2, '2024-01-01', 'eve', 'x', 'y', '{}', '')")
    else:
        attempts.append("TRUNCATE audit")
    for attempt in attempts:
        with pytest.raises(DBAPIError, match="append-only"), store.engine.begin() as connection:
            connection.execute(text(attempt))
    assert [(e.subject, e.actor, e.detail) for e in store.audit_log(limit=2)] == [
        ("r2", "ann", {"n": 2}),
        ("r1", "ann", {"n": 1}),
    ]
    assert len(store.audit_log(subject="r0")) == 1


def _tampered(store: Store, *statements: str) -> None:
    """Change the trail as somebody with all rights on the database can: without its triggers."""
    with store.engine.begin() as connection:
        if store.engine.dialect.name == "sqlite":
            for name in ("audit_no_update", "audit_no_delete"):
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        for statement in statements:
            connection.execute(text(statement))


def test_the_audit_trail_verifies_and_its_head_is_found_again(store: Store) -> None:
    first = store.audit("run", "r", {"n": 1.5, "what": "ümlaut\x00", "list": [1, None, True]}, actor="ann")
    last = store.audit("run", "s", {"n": 1e-6}, actor="ann")
    verdict = store.verify_audit([first.hash])
    assert (verdict.ok, verdict.entries, verdict.head, verdict.head_found) == (True, 2, last.hash, True)
    assert store.verify_audit(["00"]).ok is False
    assert last.hash == link(first.hash, last.at, "ann", "run", "s", {"n": 1e-6})


@pytest.mark.parametrize(
    ("statement", "broken"),
    [("UPDATE audit SET actor = 'eve' WHERE seq = 2", 2), ("DELETE FROM audit WHERE seq = 2", 3)],
)
def test_a_tampered_trail_is_found_out(store: Store, statement: str, broken: int) -> None:
    for number in range(4):
        store.audit("run", f"r{number}", {"n": number})
    _tampered(store, statement)
    verdict = store.verify_audit()
    assert (verdict.ok, verdict.broken_at) == (False, broken)


def test_a_trail_whose_end_was_cut_off_is_found_out_by_its_head(store: Store) -> None:
    head = [store.audit("run", f"r{number}") for number in range(3)][-1].hash
    _tampered(store, "DELETE FROM audit WHERE seq = 3")
    assert store.verify_audit().ok
    verdict = store.verify_audit([head])
    assert (verdict.ok, verdict.head_found) == (False, False)


def test_entries_written_at_once_make_one_chain(store: Store) -> None:
    threads = [threading.Thread(target=lambda: [store.audit("x", "y") for _ in range(5)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict = store.verify_audit()
    assert (verdict.ok, verdict.entries) == (True, 20)


def test_the_history_of_a_score_grows_within_a_run(store: Store) -> None:
    run = store.start_run("shop", "abc").id
    for value in (0.01, 0.05):
        store.record_scores(run, [barrier({"malformed_share": value})])
    store.record_scores(run, [barrier({"malformed_share": 0.1}, only=["malformed_share"])], "source:x")
    assert [r.contributions[0]["value"] for r in store.score_history("barrier")] == [0.05, 0.01]
    assert store.scores(run)["barrier"].contributions[0]["value"] == 0.05
    assert store.score_scopes() == ["project", "source:x"]
    assert store.latest_scores("source:x")["barrier"].value == 1.0


def test_users_sessions_and_tokens(store: Store) -> None:
    pytest.importorskip("argon2")
    ann = store.set_user("ann", "reviewer", "correct horse battery")
    assert store.check_password("ann", "correct horse battery") == ann
    assert store.check_password("ann", "wrong") is None
    assert store.check_password("nobody", "correct horse battery") is None
    secret = store.open_session(ann)
    found = store.signed_in(secret)
    assert found is not None
    assert (found.user, found.role, found.kind) == ("ann", "reviewer", "session")
    assert store.signed_in(secret + "x") is None
    token = store.add_token("ann", "dashboard", "viewer", days=1)
    assert getattr(store.signed_in(token), "role", None) == "viewer"
    assert store.signed_in(store.add_token("ann", "old", "viewer", days=-1)) is None
    with pytest.raises(ConfigError, match="cannot hand out"):
        store.add_token("ann", "more", "admin", days=1)
    store.sign_out(secret)
    assert store.signed_in(secret) is None
    store.set_user("ann", "viewer", "another long password")
    assert store.signed_in(token) is None
    with pytest.raises(ConfigError, match="12 characters"):
        store.set_user("bob", "viewer", "short")
    store.remove_user("ann")
    assert store.users() == []
    with store.engine.connect() as connection:
        kept = connection.execute(text("SELECT count(*) FROM sign_ins")).scalar()
    assert kept == 0


def test_a_catalogue_of_the_first_revision_keeps_its_scores_and_its_trail(url: str) -> None:
    with at_revision(url, "0001") as connection:
        connection.execute(
            text("INSERT INTO runs VALUES ('r', 'p', 'done', '2024-01-01', NULL, 'h', '{}', '{}', '{}', NULL)")
        )
        connection.execute(
            text(
                "INSERT INTO scores VALUES ('r', 'barrier', 'barrier/1', 0.5, 0.4, 0.6, '{}', '[]', '{}',"
                " '2024-01-01 00:00:00')"
            )
        )
        for number in (1, 2):
            connection.execute(
                text(f"INSERT INTO audit VALUES ({number}, '2024-01-01 00:00:00', 'ann', 'x', 'y', '{{}}')")
            )
    with Store.open(url) as store:
        assert store.latest_scores()["barrier"].value == 0.5
        assert store.verify_audit().ok
        assert len({entry.hash for entry in store.audit_log()}) == 2
        assert [(hit.kind, hit.name) for hit in store.search("done 2024-01")] == [("run", "r")]
        with pytest.raises(DBAPIError, match="append-only"), store.engine.begin() as connection:
            connection.execute(text("UPDATE audit SET actor = 'eve'"))


def test_the_migrations_make_what_the_models_say(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": database.VERSION_TABLE,
                "compare_type": True,
                "compare_server_default": True,
                "include_name": lambda name, *_: not str(name).startswith("search_"),
            },
        )
        assert compare_metadata(context, Base.metadata) == []


def test_head_is_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == database.HEAD


def test_a_store_opened_again_keeps_everything(url: str) -> None:
    with Store.open(url) as store:
        run = store.start_run("shop", "abc")
    with Store.open(url, create=False) as store:
        assert store.run(run.id) == run


def test_without_create_an_absent_catalogue_is_named(url: str) -> None:
    with pytest.raises(ConfigError, match="no catalogue yet") as caught:
        Store.open(url, create=False)
    assert "weir run" in caught.value.cure


def test_a_newer_catalogue_is_refused(url: str) -> None:
    with Store.open(url) as store, store.engine.begin() as connection:
        connection.execute(text("UPDATE weir_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match="newer Weir"):
        Store.open(url)


def test_several_may_create_it_at_once(url: str) -> None:
    failures: list[BaseException] = []

    def create() -> None:
        try:
            Store.open(url).close()
        except BaseException as error:
            failures.append(error)

    # Alembic keeps its context in module globals, so threads would not be a fair trial: processes are what occurs
    code = "import sys; from dataweir.catalog.store import Store; Store.open(sys.argv[1]).close()"
    others = [subprocess.Popen([sys.executable, "-c", code, url]) for _ in range(3)]
    create()
    assert [other.wait(timeout=60) for other in others] == [0, 0, 0]
    assert failures == []


def test_threads_may_share_a_store(store: Store) -> None:
    def write(name: str) -> None:
        for number in range(10):
            store.audit("write", f"{name}{number}", actor=name)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.audit_log(limit=100)) == 40


def test_sqlite_waits_for_locks_and_keeps_a_write_ahead_log(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/catalog.db") as store, store.engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() == 30_000
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_a_locked_database_is_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/catalog.db"
    Store.open(url).close()
    other = sqlite3.connect(tmp_path / "catalog.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Store.open(url, timeout=0.1) as store, pytest.raises(StorageError, match="locked") as caught:
        store.start_run("shop", "abc")
    assert caught.value.cure
    other.close()


def test_a_damaged_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "catalog.db").write_bytes(b"no database at all, but long enough to look at" * 40)
    with pytest.raises(StorageError, match="damaged") as caught:
        Store.open(f"sqlite:///{tmp_path}/catalog.db")
    assert "backup" in caught.value.cure


def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        Store.open(f"sqlite:///{tmp_path}/file/catalog.db")


@pytest.mark.parametrize("given", ["sqlite://", "mysql://u@h/db", "no url", "sqlite:///:memory:"])
def test_what_cannot_be_a_catalogue_is_a_usage_error(given: str) -> None:
    with pytest.raises(ConfigError):
        Store.open(given)


def test_an_unreachable_server_is_named_without_its_password() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StorageError) as caught:
        Store.open("postgresql://weir:Canary-Password@127.0.0.1:1/none")
    shown = f"{caught.value.message} {caught.value.cure} {caught.value.as_dict()} {caught.value!r}"
    assert "Canary" not in shown
    assert "127.0.0.1" in shown
    assert caught.value.__suppress_context__


def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match="postgres") as caught:
        Store.open("postgresql+psycopg://weir@127.0.0.1:1/none")
    assert caught.value.cure == "pip install 'dataweir[postgres]'"


def test_records_survive_pickling(store: Store) -> None:
    run = store.start_run("shop", "abc")
    assert pickle.loads(pickle.dumps(run)) == run


def test_an_up_to_date_store_loads_no_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/catalog.db"
    Store.open(url).close()
    code = f"import sys; from dataweir.catalog.store import Store; Store.open({url!r}); print('alembic' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=os.sep)
    assert out.stdout.strip() == "False"


def test_a_database_on_sqlite_of_another_program_gets_our_tables_beside_its_own(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/catalog.db")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE theirs (x INTEGER)"))
    with Store.open(f"sqlite:///{tmp_path}/catalog.db") as store:
        assert store.runs() == []
    engine.dispose()
