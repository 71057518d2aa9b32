"""Sessions and machines: against plain counts, and the same whatever the files, buckets and batches."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refine_driver import Slab, refine, rows_of

import dataweir
from dataweir.ingest.clean.bots import BotsOptions
from dataweir.ingest.schemas import WEB_EVENTS
from dataweir.ingest.visits.behaviour import ASSET, NAMED, PAGE, REFERRED, ROBOTS, Events, group, machines, signs

START = dt.datetime(2026, 3, 1, 23, 0, tzinfo=dt.UTC)
MINUTE = 60_000_000
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def events(rows: list[tuple[int, int, int]]) -> Events:
    """Events of (visitor, minute, signs)."""
    ids = np.array([[i + 1, 7] for i in range(len(rows))], np.uint64).reshape(-1, 2)
    visitor, minute, sign = (np.array(each) for each in zip(*rows, strict=True)) if rows else ([], [], [])
    return Events(np.array(visitor, np.uint64), np.array(minute, np.int64) * MINUTE, ids, np.array(sign, np.uint8))


VISITS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 200), st.sampled_from([PAGE, ASSET, PAGE | REFERRED])))


@settings(max_examples=80, deadline=None)
@given(VISITS)
def test_sessions_are_those_of_a_plain_loop(rows: list[tuple[int, int, int]]) -> None:
    found = [int(h) for h in group(events(rows), 30 * MINUTE)[:, 0]]
    expected = [0] * len(rows)
    last: dict[int, tuple[int, int]] = {}
    for at in sorted(range(len(rows)), key=lambda i: (rows[i][1], i)):
        visitor, minute, _ = rows[at]
        name = at + 1
        if visitor in last and minute - last[visitor][0] <= 30:
            name = last[visitor][1]
        last[visitor] = (minute, name)
        expected[at] = name
    assert found == expected


@settings(max_examples=80, deadline=None)
@given(VISITS, st.integers(1, 4), st.integers(1, 4))
def test_machines_are_those_of_a_plain_loop(rows: list[tuple[int, int, int]], rate: int, lone: int) -> None:
    rows = [(v, m // 8, s | NAMED) for v, m, s in rows]
    found = machines(events(rows), BotsOptions(max_pages_per_minute=rate, lone_pages=lone)).tolist()
    by_visitor: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for visitor, minute, sign in rows:
        by_visitor[visitor].append((minute, sign))
    machine = {}
    for visitor, asked in by_visitor.items():
        pages = [m for m, s in asked if s & PAGE]
        hasty = any(pages.count(m) > rate for m in pages)
        alone = len(pages) >= lone and not any(s & (ASSET | REFERRED) for _, s in asked)
        machine[visitor] = hasty or alone
    assert found == [machine[v] for v, _, _ in rows]


def test_signs_of_requests() -> None:
    paths = ["/", "/robots.txt", "/a.CSS", "/favicon.ico", "/css", None]
    rows = pa.table({"path": paths, "referer": [None, "r", None, None, None, None], "user_agent": ["a"] * 5 + [None]})
    kinds = [PAGE, ROBOTS | REFERRED, ASSET, ASSET, PAGE]
    assert signs(rows).tolist() == [*(k | NAMED for k in kinds), 0]


def request(minute: float, who: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "ts": START + dt.timedelta(minutes=minute),
        "client_ip": f"192.0.2.{who}",
        "method": "GET",
        "path": f"/page/{minute}",
        "referer": "https://shop.example/",
        "user_agent": FIREFOX,
        **more,
    }


LOG = [
    *(request(m) for m in (0, 20, 45, 70, 75, 140)),  # crosses midnight at 60
    *(request(m, 1) for m in (10, 55, 56)),
    *(request(m / 500, 2, path=f"/p/{m}") for m in range(320)),  # 320 pages in 38 seconds
    request(65, 2, path="/calm"),
    request(5, 3, path="/robots.txt"),
    request(30, 3),
    request(3, 4, user_agent="curl/8"),
    request(3, 5, client_ip=None, user=None),
]


def slabs(rows: list[dict[str, Any]], parts: int, first: int = 1) -> list[Slab]:
    size = -(-len(rows) // parts)
    numbered = [{**row, "file": "a.log", "line": first + i} for i, row in enumerate(rows)]
    cut = [numbered[i : i + size] for i in range(0, len(rows), size)]
    return [Slab("log", "a.log", part[0]["line"], part) for part in cut]


def told(tables: list[pa.Table]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    rows = pa.concat_tables(tables).to_pylist()
    return {(r["client_ip"], r["path"]): (r["session_id"], r["is_bot"]) for r in rows}


def test_sessions_cross_files_and_midnight_and_machines_are_told_by_the_day(tmp_path: Path) -> None:
    done = refine(tmp_path, "web_events", slabs(LOG, 3))
    found = told([done.tables["refined.web_events"]])
    events = {(r["client_ip"], r["path"]): r["event_id"] for r in done.tables["refined.web_events"].to_pylist()}
    mine = [found["192.0.2.0", f"/page/{m}"][0] for m in (0, 20, 45, 70, 75, 140)]
    assert mine == [events["192.0.2.0", "/page/0"]] * 5 + [events["192.0.2.0", "/page/140"]]
    assert found["192.0.2.1", "/page/10"][0] != found["192.0.2.1", "/page/55"][0] == found["192.0.2.1", "/page/56"][0]
    assert all(found["192.0.2.2", f"/p/{m}"][1] for m in range(320))
    assert found["192.0.2.2", "/calm"][1] is False  # the next day
    assert found["192.0.2.3", "/page/30"][1] is True
    assert found["192.0.2.4", "/page/3"][1] is True
    assert found[None, "/page/3"] == (None, False)
    actors = set(done.tables["refined.user_events"]["actor"].to_pylist())
    assert actors == {"ip:192.0.2.0", "ip:192.0.2.1", "ip:192.0.2.2"}


@pytest.mark.parametrize(("parts", "buckets"), [(1, 3), (4, 1), (9, 2)])
def test_neither_parts_nor_buckets_change_a_session(tmp_path: Path, parts: int, buckets: int) -> None:
    whole = refine(tmp_path / "a", "web_events", slabs(LOG, 1)) if (tmp_path / "a").mkdir() is None else None
    (tmp_path / "b").mkdir()
    cut = refine(tmp_path / "b", "web_events", slabs(LOG, parts), buckets=buckets, backwards=True)
    assert whole is not None
    assert rows_of(whole, "refined.web_events") == rows_of(cut, "refined.web_events")


def test_both_rules_can_be_switched_off(tmp_path: Path) -> None:
    done = refine(tmp_path, "web_events", slabs(LOG, 1), clean={"sessions": False, "bots": False})
    assert done.tables["refined.web_events"]["session_id"].null_count == len(LOG)
    assert done.tables["refined.web_events"]["is_bot"].null_count == len(LOG)


def line(row: dict[str, Any]) -> str:
    who, when = row["client_ip"] or "-", row["ts"].strftime("%d/%b/%Y:%H:%M:%S +0000")
    return f'{who} - - [{when}] "GET {row["path"]} HTTP/1.1" 200 5 "{row["referer"]}" "{row["user_agent"]}"'


def project(folder: Path) -> Path:
    (folder / "logs").mkdir(parents=True)
    config = {
        "project": "visits",
        "engine": {"workers": 1},
        "sources": {"log": {"type": "weblog", "path": "logs/*.log"}},
    }
    (folder / "weir.yaml").write_text(json.dumps(config))
    return folder


def tables(folder: Path) -> list[Any]:
    query = "select client_ip, path, session_id, is_bot from web_events order by all"
    events = "select actor, verb, object, ts, event_id from user_events order by all"
    return [dataweir.open(folder).sql(q).to_pylist() for q in (query, events)]


def test_one_batch_and_two_out_of_order_end_alike(tmp_path: Path) -> None:
    """Ends first, then what joins them: committed rows are restated, and machines leave the user events."""
    rows = [row for row in LOG if row["client_ip"]]
    minute = [(row["ts"] - START).total_seconds() / 60 for row in rows]
    ends = [m < 0.3 or m == 30 or m >= 45 for m in minute]
    batches = [[r for r, end in zip(rows, ends, strict=True) if end is first] for first in (True, False)]
    whole, cut = project(tmp_path / "whole"), project(tmp_path / "cut")
    for number, batch in enumerate(batches):
        text = "".join(f"{line(row)}\n" for row in batch)
        (whole / "logs" / f"{number}.log").write_text(text)
        (cut / "logs" / f"{number}.log").write_text(text)
        dataweir.open(cut).run()
    dataweir.open(whole).run()
    expected, found = tables(whole), tables(cut)
    assert len(expected[0]) == len(rows)
    assert found == expected


def test_the_schema_stays(tmp_path: Path) -> None:
    done = refine(tmp_path, "web_events", slabs(LOG[:3], 1))
    assert done.tables["refined.web_events"].schema.equals(WEB_EVENTS)
