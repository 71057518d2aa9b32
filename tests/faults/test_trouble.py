"""Wrong configuration, missing file, unreadable gzip, full disk, a second run: one clear line, the right exit code."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
import shop

pytestmark = pytest.mark.slow
Weir = Callable[..., object]


def clear(ended: object, code: int) -> None:
    lines = ended.err.strip().splitlines()
    assert ended.code == code, ended.err
    assert len(lines) == 2, ended.err
    assert lines[0].startswith("error: ")
    assert lines[1].startswith("  cure: ")
    assert shop.CANARY not in ended.err
    assert "Traceback" not in ended.err


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "weir.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_no_project(tmp_path: Path, run_weir: Weir) -> None:
    clear(run_weir("run", cwd=tmp_path), 2)
    assert not any(tmp_path.iterdir())


def test_wrong_key(tmp_path: Path, call_weir: Weir) -> None:
    folder = shop.build(tmp_path / "shop")
    edit(folder, "format: combined", "formt: combined")
    ended = call_weir("run", cwd=folder)
    clear(ended, 2)
    assert "did you mean 'format'" in ended.err
    assert not (folder / "warehouse").exists()


def test_missing_file(tmp_path: Path, call_weir: Weir) -> None:
    folder = shop.build(tmp_path / "shop")
    edit(folder, "logs/access.log*", "logs/acess.log*")
    clear(call_weir("run", cwd=folder), 2)
    clear(call_weir("check", cwd=folder), 2)


def test_unknown_table_export_and_candidate(tmp_path: Path, call_weir: Weir) -> None:
    folder = shop.build(tmp_path / "shop")
    clear(call_weir("export", "reserch", cwd=folder), 2)
    clear(call_weir("status", cwd=folder), 2)
    clear(call_weir("publish", "research", cwd=folder), 2)
    clear(call_weir("review", "show", "nothing", cwd=folder), 2)
    clear(call_weir("nonsense", cwd=folder), 2)


def test_an_unreadable_gzip_stops_its_source_only(tmp_path: Path, call_weir: Weir) -> None:
    folder = shop.build(tmp_path / "shop")
    path = folder / "logs" / "access.log.1.gz"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    ended = call_weir("run", cwd=folder)
    clear(ended, 1)
    assert "access.log.1.gz" in ended.err
    report = call_weir("status", "--json", cwd=folder).json
    assert "shop_access" not in report["sources"]
    assert report["sources"]["reddit"]["balanced"]
    path.write_bytes(whole)
    assert call_weir("run", cwd=folder).code == 0
    total = call_weir("status", "--json", cwd=folder).json["total"]
    assert (total["records"], total["balanced"]) == (26, True)


def test_a_second_run_at_the_same_time_is_refused(tmp_path: Path, run_weir: Weir) -> None:
    from dataweir import Project

    folder = shop.build(tmp_path / "shop")
    with Project.open(folder).held():
        clear(run_weir("run", cwd=folder), 5)
        clear(run_weir("export", "research", cwd=folder), 5)
    assert run_weir("run", cwd=folder).code == 0


def test_a_failed_gate_holds_the_batch_and_says_why(tmp_path: Path, call_weir: Weir) -> None:
    folder = shop.build(tmp_path / "shop")
    (folder / "strict.json").write_text(
        '{"name": "strict", "expectations": [{"type": "expect_column_values_to_be_in_set", "severity": "critical",'
        ' "kwargs": {"column": "status", "value_set": [512]}}], "meta": {}}'
    )
    with (folder / "weir.yaml").open("a") as file:
        file.write("quality: {web_events: strict.json}\n")
    clear(call_weir("run", cwd=folder), 3)
    report = call_weir("status", "--json", cwd=folder).json
    assert report["total"]["balanced"]
    assert report["sources"]["shop_access"]["waiting"] == 14
    assert report["tables"].get("refined.web_events", 0) == 0
    assert report["tables"]["refined.social_posts"] == 7
    held = call_weir("sql", "select reason from raw.rejects where stage = 'quality'", "--json", cwd=folder).json
    assert len(held) == 10
    clear(call_weir("run", cwd=folder), 3)
    again = call_weir("sql", "select reason from raw.rejects where stage = 'quality'", "--json", cwd=folder).json
    assert len(again) == 10
    edit(folder, "quality: {web_events: strict.json}\n", "")
    assert call_weir("run", cwd=folder).code == 0
    report = call_weir("status", "--json", cwd=folder).json
    assert report["tables"]["refined.web_events"] == 10
    assert report["total"]["waiting"] == 0
    assert report["tables"]["raw.rejects"] == report["total"]["rejected"]


def test_a_policy_that_keeps_too_much_is_stopped(tmp_path: Path, call_weir: Weir) -> None:
    folder = shop.build(tmp_path / "shop")
    assert call_weir("run", cwd=folder).code == 0
    (folder / "policies" / "research.yaml").write_text(
        '{"name": "leaky", "columns": {"text": "keep", "platform": "keep"}, "k": 2, "quasi_identifiers": ["platform"]}'
    )
    clear(call_weir("export", "research", cwd=folder), 4)
    assert not list((folder / "warehouse").rglob("exports/research/*/data/*.parquet"))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small file system")
def test_a_full_disk_loses_nothing(tmp_path: Path, run_weir: Weir) -> None:
    # by processes: one that goes on would keep files open that hold the mount
    folder = shop.build(tmp_path / "shop")
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(small)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine refuses to mount a small file system")
    try:
        edit(folder, "project: shop", f"project: shop\nwarehouse: {small}")
        filler = os.urandom(200_000).hex()
        (folder / "logs" / "access.log").write_text(
            "\n".join(line + filler[i * 4000 : i * 4000 + 4000] for i, line in enumerate(shop.ACCESS * 8)) + "\n"
        )
        ended = run_weir("run", cwd=folder)
        clear(ended, 1)
        assert "disk" in ended.err
        subprocess.run(["mount", "-o", "remount,size=100m", str(small)], check=True)
        assert run_weir("run", cwd=folder).code == 0
        assert run_weir("status", "--json", cwd=folder).json["total"]["balanced"]
    finally:
        subprocess.run(["umount", str(small)], check=False)


def test_damaged_first_bytes_are_refused(tmp_path: Path, call_weir: Weir) -> None:
    folder = shop.build(tmp_path / "shop")
    data = bytearray(gzip.compress(b"x" * 5000, mtime=0))
    data[30] ^= 0xFF
    (folder / "logs" / "access.log.2.gz").write_bytes(bytes(data))
    clear(call_weir("run", cwd=folder), 1)
