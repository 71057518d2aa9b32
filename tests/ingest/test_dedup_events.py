"""Exact duplicates of web events, however the rows are cut, against a plain reference."""

from __future__ import annotations

import datetime
import itertools
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from refine_driver import Outcome, Slab, refine, rows_of

from dataweir.errors import DataError
from dataweir.ingest.dedup.decide import decide
from dataweir.ingest.hashing import from_hex
from dataweir.ingest.schemas import WEB_EVENTS

NOON = datetime.datetime(2026, 3, 2, 23, 59, 58, tzinfo=datetime.UTC)
TABLES = ("refined.web_events", "refined.user_events", "refined.duplicates", "raw.rejects")
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def event(second: int, path: str = "/") -> dict[str, Any]:
    when = None if second < 0 else NOON + datetime.timedelta(seconds=second)
    return {"ts": when, "client_ip": "192.0.2.1", "method": "GET", "path": path, "status": 200}


def numbered(file: str, events: list[dict[str, Any]], first: int = 1) -> list[dict[str, Any]]:
    return [{**e, "file": file, "line": first + i} for i, e in enumerate(events)]


def slabs_of(
    files: dict[str, list[dict[str, Any]]], cuts: list[int], start: dict[str, int] | None = None
) -> list[Slab]:
    """Cut each file into ranges of lines."""
    made = []
    for file, events in files.items():
        first = (start or {}).get(file, 1)
        rows = numbered(file, events, first)
        ends = sorted({0, len(rows), *(c % (len(rows) + 1) for c in cuts)})
        for a, b in itertools.pairwise(ends):
            made.append(Slab("shop", file, first + a, rows[a:b]))
        if len(ends) == 1:
            made.append(Slab("shop", file, first, []))
    return made


def content(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["ts"], row["client_ip"], row["method"], row["path"], row["status"]


def reference(files: dict[str, list[dict[str, Any]]], known: set[Any]) -> tuple[list[tuple[str, int]], int]:
    """Return (file, line) of rows to keep and how many are duplicates, row by row; `known` is added to."""
    kept, dropped = [], 0
    for file in sorted(files):
        count: Counter[Any] = Counter()
        for row in numbered(file, files[file]):
            if row["ts"] is None:
                continue
            identity = content(row), count[content(row)]
            count[content(row)] += 1
            if identity in known:
                dropped += 1
            else:
                known.add(identity)
                kept.append((row["file"], row["line"]))
    return kept, dropped


def places(outcome: Outcome) -> list[tuple[str, int]]:
    rows = outcome.tables.get("refined.web_events", pa.table({"file": [], "line": []})).to_pylist()
    return sorted((r["file"], r["line"]) for r in rows)


EVENTS = st.lists(st.builds(event, st.integers(-1, 3), st.sampled_from(["/", "/a"])), max_size=14)
FILES = st.dictionaries(st.sampled_from(["a.log", "b.log", "c.log"]), EVENTS, min_size=1)


@SLOW
@given(FILES, st.lists(st.integers(0, 14), max_size=4), st.integers(1, 7), st.integers(1, 20), st.randoms())
def test_no_cut_changes_the_outcome(
    files: dict[str, Any], cuts: list[int], buckets: int, group: int, random: Any
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        plain = refine(Path(folder, "plain"), "web_events", slabs_of(files, []))
        slabs = slabs_of(files, cuts)
        random.shuffle(slabs)
        cut = refine(Path(folder, "cut"), "web_events", slabs, buckets=buckets, rows_per_group=group, backwards=True)
        for name in TABLES:
            assert rows_of(cut, name) == rows_of(plain, name)
        kept, dropped = reference(files, set())
        assert places(plain) == sorted(kept)
        assert sum(sum(c.duplicates.values()) for c in plain.counts) == dropped
        assert all(c.balanced for c in [*plain.counts, *cut.counts])
        assert sum(c.rows for c in cut.counts) == sum(len(f) for f in files.values())


@SLOW
@given(FILES, FILES, st.integers(1, 5))
def test_a_second_batch_is_held_against_the_first(first: dict[str, Any], second: dict[str, Any], buckets: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        known: set[Any] = set()
        one = refine(Path(folder), "web_events", slabs_of(first, []), batch="b1", buckets=buckets)
        two = refine(
            Path(folder),
            "web_events",
            slabs_of(second, []),
            batch="b2",
            buckets=buckets,
            seen=one.files.get("refined.web_events", []),
        )
        assert places(one) == sorted(reference(first, known)[0])
        kept, dropped = reference(second, known)
        assert places(two) == sorted(kept)
        assert sum(sum(c.duplicates.values()) for c in two.counts) == dropped


def events_of(*batches: Any) -> list[tuple[Any, ...]]:
    """The committed rows of some batches, without the session that they belong to."""
    session = WEB_EVENTS.get_field_index("session_id")
    rows = [row for batch in batches for row in rows_of(batch, TABLES[0])]
    return sorted((row[:session] + row[session + 1 :] for row in rows), key=repr)


@SLOW
@given(EVENTS, EVENTS, st.integers(0, 14), st.integers(1, 4))
def test_reading_a_growing_file_twice_is_reading_it_once(
    events: list[dict[str, Any]], other: list[dict[str, Any]], at: int, buckets: int
) -> None:
    """The file grows between two runs; its first part shares rows with another file."""
    at = min(at, len(events))
    with tempfile.TemporaryDirectory() as folder:
        whole = refine(Path(folder, "once"), "web_events", slabs_of({"0.log": other, "a.log": events}, []))
        root = Path(folder, "twice")
        one = refine(root, "web_events", slabs_of({"0.log": other, "a.log": events[:at]}, []), buckets=buckets)
        two = refine(
            root,
            "web_events",
            slabs_of({"a.log": events[at:]}, [], {"a.log": at + 1}),
            batch="b2",
            buckets=buckets,
            seen=one.files.get("refined.web_events", []),
            duplicates=one.files.get("refined.duplicates", []),
        )
        # Sessions that a later batch joins are restated by the commit; test_clean_visits holds them.
        assert events_of(one, two) == events_of(whole)


def test_equal_requests_of_one_second_are_two_events_and_copies_are_none(tmp_path: Path) -> None:
    twice = [event(0), event(0), event(1)]
    files = {"access.log": twice, "access.log.1": [*twice, event(0)]}
    done = refine(tmp_path, "web_events", slabs_of(files, []))
    assert places(done) == [("access.log", 1), ("access.log", 2), ("access.log", 3), ("access.log.1", 4)]
    duplicates = done.tables["refined.duplicates"]
    assert duplicates["line"].to_pylist() == [1, 2, 3]
    assert set(duplicates["method"].to_pylist()) == {"exact"}
    assert duplicates["id"].equals(duplicates["kept_id"])
    ids = done.tables["refined.web_events"]["event_id"]
    assert from_hex(ids)[1].all()
    assert len(set(ids.to_pylist())) == 4


def test_one_line_read_by_two_splits_is_one_event(tmp_path: Path) -> None:
    rows = numbered("a.log", [event(0), event(0)])
    slabs = [Slab("shop", "a.log", 1, rows), Slab("shop", "a.log", 2, rows[1:])]
    done = refine(tmp_path, "web_events", slabs, buckets=3)
    assert places(done) == [("a.log", 1), ("a.log", 2)]


def test_rows_out_of_order_are_put_in_order_first(tmp_path: Path) -> None:
    rows = [*numbered("b.log", [event(0)]), *numbered("a.log", [event(0), event(1), event(0)])[::-1]]
    done = refine(tmp_path, "web_events", [Slab("api", "", 1, rows)])
    assert places(done) == [("a.log", 1), ("a.log", 2), ("a.log", 3)]
    by_line = {r["line"]: r["event_id"] for r in done.tables["refined.web_events"].to_pylist()}
    assert done.tables["refined.duplicates"]["id"].to_pylist() == [by_line[1]]


def test_a_file_written_anew_with_a_line_in_front_brings_one_event(tmp_path: Path) -> None:
    old = [event(0), event(0), event(1)]
    one = refine(tmp_path, "web_events", slabs_of({"a.log": old}, []))
    new = {"a.log": [event(2, "/new"), *old]}
    two = refine(tmp_path, "web_events", slabs_of(new, []), batch="b2", seen=one.files["refined.web_events"])
    assert places(two) == [("a.log", 1)]


def test_a_renamed_file_goes_on_under_its_new_name(tmp_path: Path) -> None:
    one = refine(tmp_path, "web_events", slabs_of({"a.log": [event(0)]}, []))
    rows = numbered("a.log.1", [event(0)], 2)
    seen = one.files["refined.web_events"]
    two = refine(tmp_path, "web_events", [Slab("shop", "a.log.1", 2, rows, "a.log")], batch="b2", seen=seen)
    assert places(two) == [("a.log.1", 2)]
    lost = refine(tmp_path, "web_events", [Slab("shop", "a.log.1", 2, rows)], batch="b3", seen=seen)
    assert places(lost) == []


def test_two_sources_with_files_of_one_name_count_apart(tmp_path: Path) -> None:
    rows = numbered("a.log", [event(0)])
    done = refine(tmp_path, "web_events", [Slab("north", "a.log", 1, rows), Slab("south", "a.log", 1, rows)])
    assert done.tables["refined.web_events"]["source"].to_pylist() == ["north"]
    assert done.tables["refined.duplicates"]["source"].to_pylist() == ["south"]


def test_days_get_files_of_their_own_and_names_are_settled(tmp_path: Path) -> None:
    slabs = slabs_of({"a.log": [event(0), event(1), event(2), event(-1)]}, [2])
    done = refine(tmp_path, "web_events", slabs)
    names = [Path(p).relative_to(tmp_path / "wh").as_posix() for p in done.files["refined.web_events"]]
    assert names == [f"refined/web_events/data/b1-00000-2026-03-0{day}.parquet" for day in (2, 3)]
    assert [c.rejected for c in done.counts] == [{"time_range": 1}]
    assert done.tables["raw.rejects"]["line"].to_pylist() == [4]
    before = {p: Path(p).read_bytes() for paths in done.files.values() for p in paths}
    again = refine(tmp_path, "web_events", slabs, backwards=True)
    assert {p: Path(p).read_bytes() for paths in again.files.values() for p in paths} == before
    assert not list(tmp_path.rglob("*.tmp"))


def test_events_without_a_time_stand_apart_where_they_are_let_in(tmp_path: Path) -> None:
    done = refine(tmp_path, "web_events", slabs_of({"a.log": [event(-1), event(0)]}, []), clean={"sane_time": False})
    assert [Path(p).stem for p in done.files["refined.web_events"]] == [
        "b1-00000-null",
        "b1-00000-2026-03-02",
    ]


def test_parts_of_different_buckets_are_refused(tmp_path: Path) -> None:
    slabs = slabs_of({"a.log": [event(0)]}, [])
    parts = [refine(tmp_path, "web_events", slabs, batch=f"b{n}", buckets=n).prepared[0] for n in (1, 2)]
    with pytest.raises(DataError, match="prepared differently"):
        decide(0, "web_events", "id", parts, [], str(tmp_path))
