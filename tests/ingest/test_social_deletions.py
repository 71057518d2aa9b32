"""Edits and deletions: the latest version of a post is kept, a deleted one goes and does not come back."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refine_driver import Outcome, Slab, refine

from dataweir import Project
from dataweir.flow.status import status as project_status

START = datetime(2026, 3, 2, tzinfo=UTC)
_folders = itertools.count()


def row(ident: str, version: int | None, line: int, text: str | None = None) -> dict[str, Any]:
    """A post, edited `version` minutes after it was written (0: never), or its deletion (None)."""
    made = {"post_id": ident, "platform": "mastodon", "ts": START, "source": "s", "file": "f", "line": line}
    if version is None:
        return {**made, "kind": "deleted"}
    edited = START + timedelta(minutes=version) if version else None
    words = text or f"The text of {ident}, version {version}, long enough to have a key"
    return {**made, "kind": "post", "author_id": "a", "text": words, "edited_at": edited}


def slab(file: str, rows: list[dict[str, Any]]) -> Slab:
    return Slab("s", file, 1, [{**each, "file": file} for each in rows])


def live(posts: dict[str, int | None], outcome: Outcome) -> dict[str, int | None]:
    """Carry a batch's outcome into what the table holds: post id → minutes of its last edit."""
    gone = {ident for finished in outcome.finished for _, ident in finished.replaced}
    left = {ident: version for ident, version in posts.items() if ident not in gone}
    table = outcome.tables.get("refined.social_posts")
    for each in table.to_pylist() if table is not None else []:
        assert each["post_id"] not in left
        assert each["kind"] != "deleted"
        left[each["post_id"]] = int((each["edited_at"] - START).total_seconds() // 60) if each["edited_at"] else 0
    return left


VERSIONS = st.one_of(st.none(), st.integers(0, 4))
EVENTS = st.lists(st.lists(st.tuples(st.sampled_from("abc"), VERSIONS), min_size=1, max_size=8), min_size=1, max_size=4)


@settings(max_examples=12, deadline=None)
@given(batches=EVENTS, buckets=st.integers(1, 3))
def test_any_order_of_versions_and_deletions_ends_the_same(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[tuple[str, int | None]]], buckets: int
) -> None:
    root = tmp_path_factory.mktemp("refine") / str(next(_folders))
    held: dict[str, int | None] = {}
    seen: list[str] = []
    duplicates: list[str] = []
    for number, events in enumerate(batches):
        rows = [row(ident, version, line) for line, (ident, version) in enumerate(events, 1)]
        outcome = refine(
            root,
            "social_posts",
            [slab(f"f{number}", rows)],
            batch=f"b{number}",
            buckets=buckets,
            seen=seen,
            duplicates=duplicates,
        )
        held = live(held, outcome)
        seen = [*seen, *outcome.files.get("refined.social_posts", [])]
        duplicates = [*duplicates, *outcome.files.get("refined.duplicates", [])]
        assert all(count.balanced for count in outcome.counts)
    said: dict[str, list[int | None]] = {}
    for ident, version in itertools.chain(*batches):
        said.setdefault(ident, []).append(version)
    assert held == {ident: max(v) for ident, v in said.items() if None not in v}  # type: ignore[type-var]


def test_an_edit_is_no_duplicate_of_its_own_earlier_text(tmp_path: Path) -> None:
    words = "The very same words in both versions of this post"
    first = refine(tmp_path, "social_posts", [slab("a", [row("1", 0, 1, words)])], batch="one")
    second = refine(
        tmp_path,
        "social_posts",
        [slab("b", [row("1", 5, 1, words)])],
        batch="two",
        seen=first.files["refined.social_posts"],
    )
    assert second.tables["refined.social_posts"]["post_id"].to_pylist() == ["1"]
    assert second.finished[0].replaced == (("mastodon", "1"),)
    assert second.finished[0].deleted == ()


def test_a_deletion_leaves_no_value_behind(tmp_path: Path) -> None:
    outcome = refine(tmp_path, "social_posts", [slab("a", [row("canary7531", 0, 1), row("canary7531", None, 2)])])
    assert "refined.social_posts" not in outcome.tables
    dropped = outcome.tables["refined.duplicates"].to_pylist()
    assert [each["method"] for each in dropped] == ["deleted", "deleted"]
    assert "canary" not in str(dropped)
    assert outcome.finished[0].deleted == (("mastodon", "canary7531"),)


def status(ident: str, text: str, edited: str | None = None, author: str = "7", **more: Any) -> str:
    account = {"id": author, "acct": f"kettle{author}", **more.pop("account", {})}
    made = {"id": ident, "created_at": "2026-03-02T09:00:00Z", "edited_at": edited, "visibility": "public"}
    return json.dumps({**made, "content": text, "account": account, **more})


def delete(ident: str) -> str:
    return json.dumps({"event": "delete", "payload": ident})


class Fedi:
    """A project that reads whatever files of statuses are put beside it."""

    def __init__(self, root: Path, scheduler: str) -> None:
        self.root = root
        (root / "weir.yaml").write_text(
            f"project: tea\nengine: {{scheduler: '{scheduler}'}}\n"
            "quality: {social_posts: false, user_events: false}\n"
            "sources: {fedi: {type: mastodon, path: '*.ndjson', base_url: 'https://tea.example'}}\n"
        )

    def run(self, file: str, *lines: str) -> None:
        (self.root / file).write_text("\n".join(lines) + "\n")
        Project.open(self.root).run()

    def table(self, name: str, column: str) -> list[Any]:
        return sorted(Project.open(self.root).table(name)[column].to_pylist(), key=str)

    def holds(self, words: str) -> list[str]:
        """The tables in which any value holds these words."""
        project = Project.open(self.root)
        names = [table.name for table in project.tables().describe()]
        return [name for name in names if words in str(project.table(name).to_pylist())]

    def adds_up(self) -> bool:
        return bool(project_status(Project.open(self.root))["total"]["balanced"])


def test_deletions_and_edits_reach_every_table(tmp_path: Path, scheduler: str) -> None:
    fedi = Fedi(tmp_path, scheduler)
    unreadable = status("9001", "A body that broke off")[:-9]
    timeless = status("9002", "A body without a time", created_at="yesterday")
    first = [status("o'one", "The first post about green tea"), status("2", "The second post, about black tea")]
    fedi.run("a.ndjson", *first, unreadable, timeless, status("3", "The first post about green tea", author="8"))
    assert fedi.table("raw.rejects", "reason") == ["json", "time"]
    later = [status("2", "The second post, about white tea", "2026-03-02T10:00:00Z")]
    fedi.run("b.ndjson", *later, *map(delete, ("o'one", "new", "9001", "9002", "3")))
    assert fedi.table("social_posts", "text") == ["The second post, about white tea"]
    assert fedi.table("user_events", "event_id") == ["tea.example/2"]
    assert fedi.holds("first post") == fedi.holds("A body") == []
    fedi.run("c.ndjson", *first, status("new", "Came after its deletion did"))
    assert fedi.table("social_posts", "text") == ["The second post, about white tea"]
    assert fedi.holds("first post") == fedi.holds("Came after") == []
    assert fedi.adds_up()


def test_the_end_of_an_account_takes_back_all_that_it_wrote(tmp_path: Path, scheduler: str) -> None:
    fedi = Fedi(tmp_path, scheduler)
    broken = status("9003", "A post of eight that has no time", author="8", created_at="never")
    copy = status("5", "Eight says that green tea is best", author="8")
    fedi.run("a.ndjson", status("1", "Seven says tea"), status("4", "Eight says that green tea is best", author="8"))
    fedi.run("b.ndjson", broken, copy.replace('"5"', '"6"'), status("7", "Eight once more", author="8"))
    assert fedi.table("social_posts", "post_id") == ["tea.example/1", "tea.example/4", "tea.example/7"]
    gone = status("8", "Eight in the same batch", author="8", account={"suspended": True})
    fedi.run("c.ndjson", gone, status("9", "Eight says more", author="8"), status("10", "Seven says more tea"))
    assert fedi.table("social_posts", "post_id") == ["tea.example/1", "tea.example/10"]
    assert fedi.table("user_events", "event_id") == ["tea.example/1", "tea.example/10"]
    assert fedi.holds("Eight") == fedi.holds("post of eight") == fedi.holds("kettle8") == []
    fedi.run("d.ndjson", copy, status("11", "Eight again", author="8"))
    assert fedi.table("social_posts", "post_id") == ["tea.example/1", "tea.example/10"]
    assert fedi.adds_up()


def test_deletions_in_files_of_ones_own_reach_every_table(tmp_path: Path, scheduler: str) -> None:
    (tmp_path / "weir.yaml").write_text(
        f"project: tea\nengine: {{scheduler: '{scheduler}'}}\n"
        "quality: {social_posts: false, user_events: false}\n"
        "sources:\n  desk:\n    {type: files, path: '*.csv', into: social_posts, constants: {platform: desk},\n"
        "     columns: {post_id: Id, kind: Kind, author_id: Who, text: Body, ts: At}}\n"
    )
    head, day = "Id,Kind,Who,Body,At\n", "2026-03-02T09:00:00Z"
    first = [f"1,post,ann,The first of green tea,{day}", f"2,post,bob,The second of black tea,{day}", "3,post,bob,Torn"]
    (tmp_path / "a.csv").write_text(head + "\n".join([*first, f"4,post,cat,About white tea,{day}"]) + "\n")
    Project.open(tmp_path).run()
    notices = [f"1,deleted,,,{day}", "3,deleted,,,", ",deleted,cat,,"]
    (tmp_path / "b.csv").write_text(head + "\n".join(notices) + "\n")
    Project.open(tmp_path).run()
    project = Project.open(tmp_path)
    assert project.table("social_posts")["post_id"].to_pylist() == ["2"]
    for name in (table.name for table in project.tables().describe()):
        found = str(project.table(name).to_pylist())
        assert not any(words in found for words in ("first of green", "Torn", "white tea")), name
