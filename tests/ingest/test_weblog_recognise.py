"""`format: auto`: what it finds, how it says so, and what it refuses to guess."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import weblog_tables

from dataweir.errors import ConfigError

LINE = '192.0.2.7 - - [02/Mar/2026:10:00:01 +0100] "GET / HTTP/1.1" 200 512 "-" "Agent"\n'
BOTH = {"time": 1772442001, "start_time": 1772442001, "status": 200, "response_code": 200, "path": "/"}


def test_two_formats_that_fit_equally_are_refused(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(json.dumps(BOTH) + "\n")
    with pytest.raises(ConfigError, match="envoy_json and nginx_json read its lines equally well") as caught:
        weblog_tables.connector(tmp_path, "auto").plan({})
    assert "format:" in caught.value.cure


def test_nothing_that_fits_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a\nb\nc\n" + LINE)
    with pytest.raises(ConfigError, match="the nearest, combined, reads 1 of 4 lines"):
        weblog_tables.connector(tmp_path, "auto").plan({})


def test_formats_that_are_mixed_in_a_file_are_both_found(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(LINE * 6 + "www.example:80 " + LINE + LINE + "nonsense\n")
    logs = weblog_tables.connector(tmp_path, "auto")
    plan = logs.plan({})
    assert plan.notes == ["combined and vhost_combined: 1 file(s), confidence 88.9% of 9 sampled lines"]
    (split,) = plan.splits
    (pulled,) = logs.read(split)
    assert (len(pulled.rows), len(pulled.rejects)) == (8, 1)


def test_each_file_of_a_source_may_have_its_own_format(tmp_path: Path) -> None:
    (tmp_path / "log.1").write_text(LINE * 3)
    (tmp_path / "log.2").write_text(json.dumps({**BOTH, "start_time": None}) + "\n")
    logs = weblog_tables.connector(tmp_path, "auto")
    assert {split.file: split.extra["format"] for split in logs.plan({}).splits} == {
        "log.1": "combined",
        "log.2": "nginx_json",
    }


def test_a_line_longer_than_the_sample_is_judged_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(LINE.replace("/ HTTP", "/" + "a" * 100_000 + " HTTP"))
    with pytest.raises(ConfigError, match="no access-log format"):
        weblog_tables.connector(tmp_path, "auto").plan({})
    (tmp_path / "log").write_text(LINE + LINE.replace("/ HTTP", "/" + "a" * 100_000 + " HTTP"))
    assert weblog_tables.connector(tmp_path, "auto").plan({}).notes[0].startswith("combined: ")


def test_weir_check_says_what_was_found_and_how_sure_it_is(run_weir: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "access.log").write_text(LINE * 19 + "nonsense\n")
    (tmp_path / "weir.yaml").write_text("project: p\nsources: {shop: {type: weblog, path: access.log}}\n")
    checked = run_weir("check", cwd=tmp_path)
    assert checked.code == 0
    assert "combined: 1 file(s), confidence 95.0% of 20 sampled lines" in " ".join(checked.out.split())
