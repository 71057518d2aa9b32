"""Forgetting a person: found in every spelling and place, erased for good, whenever it is killed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import forget_house as house
import pytest

from dataweir import Project
from dataweir.flow.sharing import forget as flow
from dataweir.output import Output
from dataweir.privacy.signing import load_public_key
from dataweir.privacy.verify import verify

OUTPUT = Output(json=True)


class Killed(BaseException):
    """The process is gone: nothing after this runs."""


def forget(project: Project, subject: str = house.MAIL, **options: Any) -> flow.Forgotten:
    return flow.forget(project, subject, OUTPUT, **options)


def test_a_dry_run_shows_what_would_go_and_touches_nothing(project: Project) -> None:
    warehouse = Path(project.warehouse)
    before = {p: p.stat().st_mtime_ns for p in warehouse.rglob("*.parquet")}
    report = forget(project)
    assert {p: p.stat().st_mtime_ns for p in warehouse.rglob("*.parquet")} == before
    assert not report.applied
    assert report.rows["raw.tickets"] == 2
    assert report.rows["raw.access"] == 3
    assert report.rows["raw.rejects"] == 1
    assert report.rows["raw.reddit"] == 4
    for name in ("web_events", "social_posts", "user_events", "labels", "near_docs", "near_bands", "repeats", "cuts"):
        assert report.rows[f"refined.{name}"], name
    assert report.columns["raw.access"] == {"user": 1, "query": 1, "referer": 1, "request": 1}
    assert [r["state"] for r in report.releases] == ["pending", "published"]
    assert all(r["pseudonym"] for r in report.releases)
    assert set(report.sources) == {"access", "reddit", "tickets"}
    shown = json.dumps(vars(report), default=str)
    assert not house.LEFT.search(shown.casefold())


def test_nothing_is_left_in_any_file_and_everybody_else_stays(project: Project) -> None:
    before = house.contents(project)
    warehouse = Path(project.warehouse)
    assert house.left(warehouse)
    report = forget(project, apply=True)
    assert house.left(warehouse) == []
    after = house.contents(project)
    for name, rows in after.items():
        assert set(rows) <= set(before[name]), name
        assert len(before[name]) - len(rows) == report.rows.get(name, 0), name
    assert sum("doering" in row.casefold() for row in after["refined.social_posts"]) == 2
    assert any("jane.doering" in row for row in after["refined.web_events"])
    assert not list(warehouse.rglob("*.tmp"))
    (erasure,) = project.reading().erasures()
    assert erasure.state == "done"
    assert "pseudonyms" not in erasure.counts
    states = {c.state for c in project.reading().candidates()}
    assert states == {"erased", "published"}


def test_the_certificate_is_signed_and_names_nobody(project: Project) -> None:
    report = forget(project, apply=True)
    file = Path(str(report.certificate))
    key = project.keys / "signing.pub"
    checked = verify(file, key)
    assert checked.ok, checked.problems
    assert checked.release["rows"] == report.rows
    assert not house.LEFT.search(file.read_text().casefold())
    document = json.loads(file.read_text())["certificate"]
    assert document["releases"][0]["pseudonym"]
    assert document["audit"]["head"] == project.reading().verify_audit().head
    changed = file.read_bytes().replace(b'"raw.access":3', b'"raw.access":2')
    assert changed != file.read_bytes()
    file.write_bytes(changed)
    assert not verify(file, load_public_key(key.read_bytes())).ok


def test_the_source_does_not_bring_the_person_back(project: Project) -> None:
    forget(project, apply=True)
    kept = house.contents(project)
    with (project.config.root / "logs" / "b.log").open("w") as again:
        again.write("\n".join([*house.LOG, house.LOG[2].replace("/b", "/new"), ""]))
    copied = [line for line in house.COMMENTS if '"c4"' in line or '"c1"' in line]
    (project.config.root / "reddit" / "RC_2026-04.ndjson").write_text("\n".join([*copied, ""]))
    project.run()
    after = house.contents(project)
    assert house.left(Path(project.warehouse)) == []
    assert after["refined.social_posts"] == kept["refined.social_posts"]
    assert len(after["refined.web_events"]) == len(kept["refined.web_events"]) + 1
    rejects = project.tables().read("raw.rejects").to_pylist()
    erased = [r for r in rejects if r["reason"] == "erased"]
    assert {(r["source"], r["raw"]) for r in erased} == {("access", None), ("reddit", None)}
    splits = project.reading().splits()
    assert sum(s.rejected.get("erased", 0) for s in splits) == len(erased) == 5


def test_a_lifted_erasure_lets_the_person_in_again(project: Project) -> None:
    report = forget(project, apply=True)
    flow.lift(project, str(report.id))
    (project.config.root / "logs" / "b.log").write_text(house.LOG[0].replace("/a", "/back") + "\n")
    project.run()
    assert any("/back" in row for row in house.contents(project)["refined.web_events"])


STEPS = (
    "begun",
    "written refined.near_bands",
    "replaced refined.near_docs",
    "replaced refined.web_events",
    "replaced raw.reddit",
    "expired raw.access",
    "swept refined.user_events",
    "candidates",
    "catalogue",
    "audited",
    "certified",
)


@pytest.fixture(scope="module")
def whole(lived_in: house.Kept) -> dict[str, list[str]]:
    project = Project.open(lived_in.restore())
    forget(project, apply=True)
    return house.contents(project)


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_it_ends_in_the_same_state(
    project: Project, whole: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def killed(self: Output, text: str) -> None:
        if text == step:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Output, "step", killed)
        with pytest.raises(Killed):
            forget(project, apply=True)
    project.tables().read("refined.social_posts")  # reading works all the while
    again = forget(project, apply=True)
    assert house.contents(project) == whole
    assert house.left(Path(project.warehouse)) == []
    (erasure,) = project.reading().erasures()
    assert (erasure.id, erasure.state) == (again.id, "done")
    assert verify(Path(str(again.certificate)), project.keys / "signing.pub").ok
    assert sum(entry.action == "forget" for entry in project.reading().audit_log()) == 1
