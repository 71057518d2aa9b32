"""The refining workers around the decisions: groups, buckets, counts, broken sources, empty parts."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from refine_driver import Given, Slab, refine, rows_of

from dataweir.config import DedupConfig
from dataweir.errors import ConfigError, DataError, StorageError
from dataweir.ingest.contract import REJECTS
from dataweir.ingest.refine import FileCount, Prepared, RawPart, bucket_count, finish, groups, prepare, rounds
from dataweir.ingest.schemas import DUPLICATES, SOCIAL_POSTS, USER_EVENTS, WEB_EVENTS

TIME = datetime.datetime(2026, 3, 2, tzinfo=datetime.UTC)


def events(file: str, count: int, **more: Any) -> Slab:
    rows = [
        {"ts": TIME + datetime.timedelta(seconds=i), "method": "GET", "path": file, "client_ip": "192.0.2.1"}
        for i in range(count)
    ]
    return Slab("shop", file, 1, [{**r, **more, "file": file, "line": i + 1} for i, r in enumerate(rows)])


def raw(folder: Path, rows: pa.Table, **more: Any) -> RawPart:
    pq.write_table(rows, folder / "raw.parquet")
    return RawPart(str(folder / "raw.parquet"), "shop", "k", **more)


def test_buckets_and_rounds() -> None:
    assert [bucket_count(n, 100) for n in (0, 1, 100, 101, 950)] == [1, 1, 1, 2, 10]
    assert rounds("social_posts", DedupConfig()) == ("id", "text")
    assert rounds("social_posts", DedupConfig(text=None)) == ("id",)
    assert rounds("social_posts", DedupConfig(min_chars=5)) == ("id", "text")
    assert rounds("web_events", DedupConfig()) == ("id",)
    assert rounds("orders", DedupConfig(text="body")) == ("id", "text")


def test_small_parts_are_grouped_and_large_ones_stand_alone(tmp_path: Path) -> None:
    done = refine(tmp_path, "web_events", [events(f"{i:02}.log", 3) for i in range(48)], rows_per_group=100)
    assert [len(f.counts) for f in done.finished] == [33, 15]
    sizes = [5, 5, 20, 1, 9]
    parts = [replace(done.prepared[i], kept=n) for i, n in enumerate(sizes)]
    assert [[p.kept for p in g.parts] for g in groups(parts[::-1], 10)] == [[5, 5], [20], [1, 9]]
    assert [g.number for g in groups(parts, 10)] == [0, 1, 2]
    assert groups([]) == []


def test_prepared_says_what_was_done(tmp_path: Path) -> None:
    slab = events("a.log", 4, user_agent="curl/8", path="/a\u200b")
    slab.rows[2]["ts"] = None
    (part,) = refine(tmp_path, "web_events", [slab]).prepared
    assert (part.rows, part.kept, part.rejected) == (4, 3, {"time_range": 1})
    assert part.changed == {"unicode": 4, "urls": 0, "bots": 4, "sane_time": 0, "sessions": 0, "outliers": 0}
    assert part.refused == {"unicode": 0, "urls": 0, "bots": 0, "sane_time": 1, "sessions": 0, "outliers": 0}
    assert set(part.seconds) == {"unicode", "urls", "bots", "sane_time", "sessions", "outliers", "total"}
    assert (part.first_ts, part.last_ts) == (TIME, TIME + datetime.timedelta(seconds=3))
    assert part.counts == (FileCount("shop", "a.log", 4, rejected={"time_range": 1}),)


def test_a_time_is_of_the_future_by_when_its_raw_file_was_written(tmp_path: Path) -> None:
    slab = events("a.log", 3)
    slab.rows[1]["ts"] = datetime.datetime(2098, 1, 1, tzinfo=datetime.UTC)
    (part,) = refine(tmp_path, "web_events", [slab]).prepared
    assert part.changed["sane_time"] == 1


def test_written_files_have_the_schemas_of_their_tables(tmp_path: Path) -> None:
    slab = events("a.log", 3)
    slab.rows[1] = {**slab.rows[0]}
    slab.rows.append({**slab.rows[0], "line": 9, "ts": None})
    done = refine(tmp_path, "web_events", [slab, events("b.log", 3)._replace(rows=slab.rows[:1])])
    expected = {
        "refined.web_events": WEB_EVENTS,
        "refined.user_events": USER_EVENTS,
        "refined.duplicates": DUPLICATES,
        "raw.rejects": REJECTS,
    }
    assert set(done.tables) == set(expected)
    for name, schema in expected.items():
        assert done.tables[name].schema.remove_metadata().equals(schema), name
        assert sum(f.rows[name] for f in done.finished) == done.tables[name].num_rows
    for path in done.files["refined.web_events"]:
        statistics = pq.read_metadata(path).row_group(0).column(WEB_EVENTS.get_field_index("ts")).statistics
        assert statistics is not None
        assert statistics.has_min_max


def test_tables_of_one_batch_do_not_overwrite_each_other(tmp_path: Path) -> None:
    web = refine(tmp_path, "web_events", [events("a.log", 2), events("a.log", 2)])
    post = {"post_id": "1", "platform": "p", "author_id": "x", "text": "t", "file": "f", "line": 1}
    social = refine(tmp_path, "social_posts", [Slab("forum", "f", 1, [post, post])])
    paths = [p for done in (web, social) for each in done.files.values() for p in each]
    assert len(paths) == len(set(paths)) == 6
    assert all(Path(p).exists() for p in paths)


def test_empty_and_wholly_rejected_parts_are_no_trouble(tmp_path: Path) -> None:
    bad = events("b.log", 2)
    for row in bad.rows:
        row["ts"] = None
    done = refine(tmp_path, "web_events", [events("a.log", 0), bad], buckets=3)
    assert set(done.tables) == {"raw.rejects"}
    assert done.counts == (FileCount("shop", "b.log", 2, rejected={"time_range": 2}),)
    assert refine(tmp_path, "social_posts", [Slab("forum", "f", 1, [])], batch="b2", buckets=2).files == {}


def test_parts_longer_than_one_stretch_keep_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = refine(tmp_path, "web_events", [events("a.log", 50)], batch="b1")
    monkeypatch.setattr("dataweir.ingest.refine._ROWS", 7)
    cut = refine(tmp_path, "web_events", [events("a.log", 50)], batch="b2")
    assert rows_of(cut, "refined.web_events") == rows_of(whole, "refined.web_events")
    assert cut.tables["refined.web_events"]["line"].to_pylist() == list(range(1, 51))


def test_what_a_source_leaves_out_is_filled_in(tmp_path: Path) -> None:
    part = raw(tmp_path, pa.table({"ts": pa.array([TIME, TIME], pa.timestamp("us", tz="UTC"))}), file="x.log")
    done = prepare(part, Given("web_events"), {}, DedupConfig(), str(tmp_path / "staging"), 1)
    assert done.files == ("x.log",)
    assert done.counts == (FileCount("shop", "x.log", 2),)


class Leaky(Given):
    """A source that loses a row."""

    def integrate(self, rows: pa.Table) -> pa.Table:
        return rows.slice(1)


def test_a_source_that_breaks_the_contract_is_named(tmp_path: Path) -> None:
    part = raw(tmp_path, pa.table({"line": [1, 2]}))
    with pytest.raises(DataError, match="changed the number of rows: 2 in, 1 out"):
        prepare(part, Leaky("web_events"), {}, DedupConfig(), str(tmp_path), 1)
    part = raw(tmp_path, pa.table({"what": [1, 2]}))
    with pytest.raises(DataError, match="'what' is not known"):
        prepare(part, Given("web_events"), {}, DedupConfig(), str(tmp_path), 1)
    with pytest.raises(ConfigError, match="did you mean 'unicode'"):
        prepare(part, Given("web_events"), {"unicod": False}, DedupConfig(), str(tmp_path), 1)


def test_rows_gone_missing_stop_the_batch(tmp_path: Path) -> None:
    done = refine(tmp_path, "web_events", [events("a.log", 2)])
    part: Prepared = replace(done.prepared[0], counts=(FileCount("shop", "a.log", 3),))
    decided = refine_decisions(tmp_path, part)
    with pytest.raises(DataError, match="3 in, 2 kept, 0 duplicates, 0 removed, 0 rejected"):
        finish(groups([part])[0], "web_events", decided, str(tmp_path / "wh"), "b9")


def test_a_folder_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    part = raw(tmp_path, pa.Table.from_pylist([{"text": "x"}], schema=SOCIAL_POSTS))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot write"):
        prepare(part, Given("social_posts"), {}, DedupConfig(), str(tmp_path / "file" / "staging"), 1)
    with pytest.raises(StorageError, match="cannot read"):
        prepare(replace(part, path=str(tmp_path / "none")), Given("x"), {}, DedupConfig(), str(tmp_path / "s"), 1)
    assert not list(tmp_path.rglob("*.tmp"))


def refine_decisions(folder: Path, part: Prepared) -> list[Any]:
    from dataweir.ingest.refine import decide

    return [decide(0, "web_events", "id", [part], [], str(folder))]
