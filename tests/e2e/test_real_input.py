"""Real logs and posts: every record is kept, a duplicate, or rejected with a reason; again changes nothing."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

PROJECT = """\
project: real
sources:
  apache: {{type: weblog, path: "{data}/weblogs/apache_combined/*", format: combined}}
  nginx: {{type: weblog, path: "{data}/weblogs/nginx_big/*", format: combined}}
  nasa: {{type: weblog, path: "{data}/weblogs/nasa_common/*.log", format: common}}
  nasa_tsv:
    type: files
    path: "{data}/weblogs/nasa_common/*.tsv"
    into: web_events
    columns: {{client_ip: host, ts: time, method: method, path: url, status: response, bytes: bytes}}
    short_rows: fill
  reddit: {{type: reddit, path: "{data}/social/reddit_submissions/*"}}
  youtube:
    type: files
    path: "{data}/social/youtube_comments/*"
    into: social_posts
    columns: {{post_id: id, ts: published, author_id: channelid, author_name: author_name, text: content}}
    constants: {{platform: youtube, kind: comment}}
"""


def received(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def records(path: Path) -> int:
    """How many records a file holds, counted by the standard library alone."""
    data = received(path)
    if path.suffixes[0] == ".csv":
        csv.field_size_limit(1 << 30)
        return sum(1 for _ in csv.reader(io.StringIO(data.decode("utf-8", "replace"), newline=""))) - 1
    lines = data.count(b"\n") + (not data.endswith(b"\n"))
    return lines - (path.suffix == ".tsv")


def test_every_record_is_accounted_for(
    tmp_path: Path, shared_data: Path, run_weir: Callable[..., object], call_weir: Callable[..., object]
) -> None:
    (tmp_path / "weir.yaml").write_text(PROJECT.format(data=shared_data))
    ended = run_weir("run", "--json", cwd=tmp_path)
    assert ended.code == 0, ended.err
    report = call_weir("status", "--json", cwd=tmp_path).json
    assert report["total"]["balanced"]
    assert report["total"]["waiting"] == 0
    tables = report["tables"]
    assert tables["raw.rejects"] == report["total"]["rejected"]
    assert tables["refined.duplicates"] == report["total"]["duplicates"]
    assert tables["refined.web_events"] + tables["refined.social_posts"] == report["total"]["kept"]
    seen = {}
    for file in report["files"]:
        assert file["balanced"]
        seen[Path(file["file"]).name] = file["records"]
    folders = ("weblogs/apache_combined", "weblogs/nginx_big", "weblogs/nasa_common")
    folders += ("social/reddit_submissions", "social/youtube_comments")
    there = {path.name: records(path) for folder in folders for path in (shared_data / folder).iterdir()}
    assert seen == there
    before = call_weir("tables", "--json", cwd=tmp_path).json
    again = run_weir("run", "--json", cwd=tmp_path)
    assert (again.code, again.json["work"]) == (0, False)
    assert call_weir("tables", "--json", cwd=tmp_path).json == before
