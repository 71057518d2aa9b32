"""`weir run --reclean TABLE`: the rows of former rules become those of today, whenever it is killed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import dataweir
from dataweir.catalog import commit as commits
from dataweir.errors import ConfigError, QualityGateFailed
from dataweir.flow.plan import make_plan
from dataweir.flow.predict import REST
from dataweir.flow.run import run
from dataweir.flow.status import status
from dataweir.output import Output

DERIVED = ("social_posts", "web_events", "user_events", "near_bands", "repeats", "sketches")
SAME = "a text that many people pass on word for word because it is so very good, they say, number {}"


def post(ident: str, text: str, author: str = "7", **more: Any) -> str:
    account = {"id": author, "acct": f"kettle{author}", **more.pop("account", {})}
    made = {"id": ident, "created_at": "2026-03-02T09:00:00Z", "visibility": "public"}
    return json.dumps({**made, "content": text, "account": account, **more})


def request(minute: int, path: str, agent: str = "Firefox/140.0") -> str:
    when = f"02/Mar/2026:{10 + minute // 60}:{minute % 60:02}:00 +0000"
    return f'192.0.2.10 - - [{when}] "GET {path} HTTP/1.1" 200 512 "-" "Mozilla/5.0 ({agent})"'


FILES = [
    {
        "a.ndjson": [post("1", SAME.format(1)), post("2", "<p>short</p>"), post("3", "This one will be taken back")],
        "a.log": [request(0, "/x"), request(0, "/x"), request(25, "/y"), request(50, "/z")],
    },
    {
        "b.ndjson": [
            post("4", SAME.format(1) + " indeed"),
            post("2", "<p>short, edited</p>", edited_at="2026-03-02T10:00:00Z"),
            post("5", "Eight was here", author="8"),
            json.dumps({"event": "delete", "payload": "3"}),
        ],
        "c.ndjson": [post("6", "Eight goes", author="8", account={"suspended": True}), post("7", "And a last one")],
        "b.log": [request(25, "/y"), request(75, "/w"), request(76, "/robots.txt", "Googlebot/2.1"), "broken"],
    },
]
FORMER = {"html": False, "sessions": {"minutes": 20}, "text_quality": {"min_words": 3, "reject": ["few_words"]}}


class House:
    """A project whose files come in two steps."""

    def __init__(self, root: Path, scheduler: str, clean: dict[str, Any]) -> None:
        self.root = root
        root.mkdir(exist_ok=True)
        fedi = {"type": "mastodon", "path": "*.ndjson", "base_url": "https://tea.example"}
        dedup = {"text": "text", "threshold": 0.7, "repeats": {"unit": "line", "least": 2, "min_chars": 5}}
        self.config: dict[str, Any] = {
            "project": "tea",
            "engine": {"scheduler": scheduler},
            "quality": {"social_posts": False, "web_events": False, "user_events": False},
            "sources": {"fedi": fedi, "shop": {"type": "weblog", "path": "*.log"}},
            "dedup": {"social_posts": dedup},
        }
        self.configure(clean=clean)

    def configure(self, **parts: Any) -> None:
        self.config |= parts
        (self.root / "weir.yaml").write_text(yaml.safe_dump(self.config))

    def put(self, step: int) -> None:
        for name, lines in FILES[step].items():
            (self.root / name).write_text("\n".join(lines) + "\n")

    def run(self, *anew: str) -> Any:
        return run(self.project, Output(json=True), anew)

    @property
    def project(self) -> Any:
        return dataweir.open(self.root)

    def rows(self, name: str) -> list[str]:
        return sorted(repr(row) for row in self.project.table(name).to_pylist())

    def contents(self) -> dict[str, list[str]]:
        """The derived tables, and of duplicates and rejects what hangs on rows that are in the raw tables."""
        found = {name: self.rows(name) for name in DERIVED}
        near = self.project.table("near_docs", ["id", "kept_id", "shingles"])
        found["near_docs"] = sorted(map(repr, near.to_pylist()))
        found["duplicates"] = [
            row for row in self.rows("duplicates") if "'deleted'" not in row and "'account'" not in row
        ]
        return found | {"rejects": self.rows("raw.rejects")}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, scheduler: str) -> dict[str, list[str]]:
    house = House(tmp_path_factory.mktemp("fresh"), scheduler, {})
    for step in range(2):
        house.put(step)
    house.run()
    return house.contents()


@pytest.fixture(scope="module")
def former(tmp_path_factory: pytest.TempPathFactory, scheduler: str) -> House:
    """The tables by former rules, in two runs."""
    house = House(tmp_path_factory.mktemp("former"), scheduler, FORMER)
    for step in range(2):
        house.put(step)
        house.run()
    return house


def test_recleaned_tables_are_those_of_a_new_warehouse(
    former: House, fresh: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = former.contents()
    assert before != fresh
    assert make_plan(former.project).changed == []
    former.configure(clean={})
    assert "9 of social_posts, 7 of web_events" in make_plan(former.project).changed[0]
    assert former.run().work is False
    planned = make_plan(former.project, anew=["web_events"])
    assert planned.anew == {"web_events": former.project.table("raw.shop").num_rows}
    assert set(planned.prediction.steps) == {"refine web_events", REST}
    with pytest.raises(ConfigError, match="did you mean 'web_events'"):
        make_plan(former.project, anew=["web_event"])

    former.configure(quality={"social_posts": "strict.json"})
    strict = {
        "name": "strict",
        "expectations": [{"type": "expect_column_values_to_be_null", "kwargs": {"column": "text"}}],
    }
    (former.root / "strict.json").write_text(json.dumps(strict))
    with pytest.raises(QualityGateFailed):
        former.run("social_posts")
    assert {**former.contents(), "rejects": []} == {**before, "rejects": []}
    former.configure(quality={"social_posts": False, "web_events": False, "user_events": False})

    change, calls = commits.Tables.change, []

    def dies(self: Any, name: str, *arguments: Any) -> Any:
        calls.append(name)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return change(self, name, *arguments)

    monkeypatch.setattr(commits.Tables, "change", dies)
    with pytest.raises(KeyboardInterrupt):
        former.run("social_posts", "web_events")
    monkeypatch.setattr(commits.Tables, "change", change)
    report = former.run("social_posts", "web_events")
    assert former.contents() == fresh
    assert report.account["balanced"]
    assert status(former.project)["total"]["balanced"]
    assert make_plan(former.project).changed == []
    lines = former.rows("duplicates")
    assert len(lines) == len(set(lines))
    (former.root / "d.ndjson").write_text(
        post("3", "This one will be taken back") + "\n" + post("5", "Eight", author="8")
    )
    former.run()
    assert former.contents()["social_posts"] == fresh["social_posts"]


def test_what_cannot_be_derived_anew_is_refused(former: House) -> None:
    with pytest.raises(ConfigError, match="did you mean 'web_events'"):
        former.run("web_event")
    sources = former.config["sources"]
    former.configure(sources={"shop": sources["shop"], "fedi2": sources["fedi"]})
    with pytest.raises(ConfigError, match="rows of the source 'fedi', which weir.yaml does not name any more"):
        former.run("social_posts")
    former.configure(sources=sources)
