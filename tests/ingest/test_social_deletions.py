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

from dataweir.flow.project import Project

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


def status(ident: str, text: str, edited: str | None = None) -> str:
    account = {"id": "7", "acct": "kettle"}
    made = {"id": ident, "created_at": "2026-03-02T09:00:00Z", "edited_at": edited, "visibility": "public"}
    return json.dumps({**made, "content": text, "account": account})


def delete(ident: str) -> str:
    return json.dumps({"event": "delete", "payload": ident})


@pytest.mark.slow
def test_deletions_reach_the_tables(tmp_path: Path) -> None:
    (tmp_path / "weir.yaml").write_text(
        "project: tea\nengine: {workers: 1}\nquality: {social_posts: false, user_events: false}\n"
        "sources: {fedi: {type: mastodon, path: '*.ndjson'}}\n"
    )
    first = [status("o'one", "The first post about green tea"), status("two", "The second post, about black tea")]
    (tmp_path / "a.ndjson").write_text("\n".join(first) + "\n")
    project = Project.open(tmp_path)
    project.run()
    later = [status("two", "The second post, about white tea", "2026-03-02T10:00:00Z"), delete("o'one"), delete("new")]
    (tmp_path / "b.ndjson").write_text("\n".join(later) + "\n")
    report = Project.open(tmp_path).run()
    assert report.rows_added["refined.social_posts"] == 1
    assert project.table("social_posts")["text"].to_pylist() == ["The second post, about white tea"]
    assert project.table("user_events")["event_id"].to_pylist() == ["two"]
    assert "first post" not in str(project.table("raw.fedi").to_pylist())
    (tmp_path / "c.ndjson").write_text("\n".join([*first, status("new", "Came after its deletion did")]) + "\n")
    Project.open(tmp_path).run()
    assert project.table("social_posts")["text"].to_pylist() == ["The second post, about white tea"]
    assert "first post" not in str(project.table("raw.fedi").to_pylist())
