"""Rows past their time go the way of the forgotten; others read meanwhile; both databases are written anew."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import forget_house as house
import pytest
from sqlalchemy import text

from dataweir import Project
from dataweir.catalog.records import Review
from dataweir.catalog.store import Store
from dataweir.errors import ConfigError
from dataweir.flow.sharing import erasing
from dataweir.flow.sharing import forget as flow
from dataweir.output import Output

OUTPUT = Output(json=True)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Clock(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz=None):  # type: ignore[override]
        return NOW


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "datetime", Clock)


def configured(project: Project, old: str, new: str) -> Project:
    file = project.config.root / "weir.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))
    return Project.open(project.config.root)


def test_what_is_past_its_time_goes_with_all_that_hangs_on_it(project: Project) -> None:
    before = house.contents(project)
    assert any("/old" in row for row in before["raw.access"])
    project = configured(project, "format: combined}", "format: combined, retain: 365d}")
    counted = flow.retain(project, OUTPUT, apply=False)
    assert counted == {"raw.access": 1, "refined.user_events": 1, "refined.web_events": 1}
    assert house.contents(project) == before
    assert project.run().work is False  # nothing is new, and yet it is kept in order
    after = house.contents(project)
    for name, rows in before.items():
        assert len(rows) - len(after[name]) == counted.get(name, 0), name
    assert not any("/old" in row for rows in after.values() for row in rows)
    assert not any(b"/old" in file.read_bytes() for file in Path(project.warehouse).rglob("*") if file.is_file())
    (done,) = project.reading().erasures()
    assert (done.kind, done.state) == ("retain", "done")
    assert not flow.retention_due(project, project.tables())
    assert flow.retain(project, OUTPUT) == {}
    # what is past its time is no person to be kept out
    assert not project.reading().erasures()[0].search.get("codes")


@pytest.mark.parametrize("together", [1, 1 << 18])
def test_a_table_has_its_time_whatever_the_source(
    project: Project, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(erasing, "_TOGETHER", together)
    project = configured(project, "dedup:", "retain: {social_posts: 30d}\ndedup:")
    flow.retain(project, OUTPUT)
    assert not Path(project.staging).exists()
    left = house.contents(project)
    assert left["refined.social_posts"] == left["refined.labels"] == left["refined.near_docs"] == []
    assert left["refined.near_bands"] == []
    assert left["refined.web_events"]
    assert all("'actor': 'user:" in row or "'actor': 'ip:" in row for row in left["refined.user_events"])


@pytest.mark.parametrize("wrong", ["400", "0d", "1y", "-3d"])
def test_a_time_is_a_number_of_days(project: Project, wrong: str) -> None:
    with pytest.raises(ConfigError, match="number of days"):
        configured(project, "dedup:", f'retain: {{social_posts: "{wrong}"}}\ndedup:')


def test_others_read_while_a_person_is_erased(project: Project) -> None:
    failed: list[BaseException] = []
    reads = 0
    over = threading.Event()

    def read() -> None:
        nonlocal reads
        try:
            other = Project.open(project.config.root)
            while not over.is_set():
                assert other.table("social_posts").num_rows in (left, all_rows)
                reads += 1
        except BaseException as error:
            failed.append(error)

    all_rows = project.table("social_posts").num_rows
    left = all_rows - flow.forget(project, house.MAIL, OUTPUT).rows["refined.social_posts"]
    reader = threading.Thread(target=read)
    reader.start()
    flow.forget(project, house.MAIL, OUTPUT, apply=True)
    over.set()
    reader.join()
    assert failed == []
    assert reads
    assert project.table("social_posts").num_rows == left


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_the_database_names_nobody_any_more(where: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path}/catalog.db" if where == "sqlite" else request.getfixturevalue("postgres_database")
    with Store.open(url) as store:
        store.add_candidate("c1", "research", "t", "p", "h", {"sample": [{"text": f"by {house.NAME}"}]}, "/x", "ann")
        at = datetime.now(UTC) - timedelta(hours=1)
        store.add_review(Review("c1", "rejected", "bob", f"{house.MAIL} stands in it", "h", at))
        wanted = house.subjects()
        assert store.search_text(wanted.holds) == {"candidates.evidence": 1, "reviews.reason": 1}
        store.search_text(wanted.holds, wanted.redact)
        assert store.search_text(wanted.holds) == {}
        store.compact()
        assert store.reviews("c1")[0].reason == "[erased] stands in it"
        with store.engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM candidates")).scalar() == 1
    if where == "sqlite":
        assert house.left(tmp_path) == []
