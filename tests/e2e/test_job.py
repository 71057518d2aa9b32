"""The whole job by the command line: every command, every exit code, on a shop written by hand."""

from __future__ import annotations

import json
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import shop

pytestmark = pytest.mark.slow
Weir = Callable[..., object]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, run_weir: Weir) -> Path:
    folder = shop.build(tmp_path_factory.mktemp("shop"))
    ended = run_weir("run", "--json", cwd=folder)
    assert ended.code == 0, ended.err
    return folder


def test_every_record_is_accounted_for(project: Path, call_weir: Weir) -> None:
    report = call_weir("status", "--json", cwd=project).json
    total = report["total"]
    assert total["records"] == 26
    assert total["balanced"]
    assert all(file["balanced"] for file in report["files"])
    assert report["sources"]["shop_access"] == {
        "files": 2,
        "records": 16,
        "kept": 10,
        "duplicates": 4,
        "rejected": 2,
        "rejected_by_reason": report["sources"]["shop_access"]["rejected_by_reason"],
        "removed": 0,
        "waiting": 0,
        "balanced": True,
    }
    assert report["sources"]["reddit"]["duplicates"] == 1
    assert report["sources"]["reddit"]["rejected"] == 1
    assert report["sources"]["tickets"]["rejected"] == 1
    assert report["tables"]["raw.rejects"] == total["rejected"]
    assert report["tables"]["refined.web_events"] == 10
    assert report["tables"]["refined.social_posts"] == 7
    assert report["tables"]["refined.duplicates"] == total["duplicates"] == 5


def test_a_second_run_changes_nothing(project: Path, call_weir: Weir) -> None:
    before = call_weir("tables", "--json", cwd=project).json
    ended = call_weir("run", "--json", cwd=project)
    assert ended.code == 0
    assert ended.json["work"] is False
    assert call_weir("tables", "--json", cwd=project).json == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan",),
        ("check",),
        ("status",),
        ("runs",),
        ("tables",),
        ("quality",),
        ("score",),
        ("doctor",),
        ("list",),
        ("audit",),
        ("review", "list"),
        ("sql", "select count(*) as n from web_events"),
    ],
)
def test_every_looking_command_speaks_text_and_json(
    project: Path, run_weir: Weir, call_weir: Weir, arguments: tuple[str, ...]
) -> None:
    text = run_weir(*arguments, cwd=project)
    assert (text.code, text.err) == (0, "")
    assert text.out
    ended = call_weir(*arguments, "--json", cwd=project)
    assert ended.code == 0
    json.loads(ended.out)


def test_sql_sees_what_was_integrated(project: Path, call_weir: Weir) -> None:
    found = call_weir("sql", "select is_bot, count(*) n from web_events group by 1 order by 1", "--json", cwd=project)
    assert found.json == [{"is_bot": False, "n": 9}, {"is_bot": True, "n": 1}]
    html = call_weir("sql", "select text from social_posts where post_id = '2'", "--json", cwd=project).json
    assert html == [{"text": "My order is late & cold"}]
    wrong = call_weir("sql", "drop table web_events", cwd=project)
    assert wrong.code == 2


@pytest.mark.parametrize("name", ["research", "traffic"])
def test_export_review_publish_verify(project: Path, call_weir: Weir, tmp_path: Path, name: str) -> None:
    made = call_weir("export", name, "--as", "alice", "--json", cwd=project)
    assert made.code == 0, made.err
    identifier = made.json["id"]
    early = call_weir("publish", name, cwd=project)
    assert early.code == 4
    assert "no approved" in early.err
    own = call_weir("review", "approve", identifier, "--as", "alice", "--reason", "mine", cwd=project)
    assert own.code == 4
    shown = call_weir("review", "show", identifier, cwd=project)
    assert shown.code == 0
    good = call_weir("review", "approve", identifier, "--as", "bob", "--reason", "looked at it", "--json", cwd=project)
    assert good.code == 0, good.err
    bundle = tmp_path / name
    published = call_weir("publish", name, "--to", str(bundle), "--json", cwd=project)
    assert published.code == 0, published.err
    carried = tmp_path / "elsewhere"
    shutil.copytree(bundle, carried)
    key = tmp_path / "publisher.pub"
    shutil.copy(project / "keys" / "signing.pub", key)
    assert call_weir("verify", str(carried), "--key", str(key), cwd=tmp_path).code == 0
    for path in carried.rglob("*.parquet"):
        assert shop.CANARY not in str(pq.read_table(path).to_pylist())
        path.chmod(0o644)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    tampered = call_weir("verify", str(carried), "--key", str(key), cwd=tmp_path)
    assert tampered.code == 4


def test_a_rejected_candidate_is_not_published(project: Path, call_weir: Weir) -> None:
    identifier = call_weir("export", "research", "--as", "carol", "--json", cwd=project).json["id"]
    assert call_weir("review", "reject", identifier, "--as", "bob", "--reason", "no", cwd=project).code == 0
    late = call_weir("review", "approve", identifier, "--as", "dave", "--reason", "yes", cwd=project)
    assert late.code in (2, 4)


def test_the_canary_is_nowhere_but_in_the_private_zones(project: Path, call_weir: Weir) -> None:
    spoken = ""
    for arguments in (
        ("status", "--json"),
        ("plan", "--json"),
        ("quality", "--json"),
        ("score", "--json"),
        ("review", "list", "--json"),
        ("runs", "--json"),
        ("audit", "--json"),
        ("check", "--json"),
    ):
        ended = call_weir(*arguments, cwd=project)
        spoken += ended.out + ended.err
    assert shop.CANARY not in spoken
    for path in project.rglob("*"):
        inside = path.relative_to(project).parts
        if path.is_file() and inside[0] == "warehouse" and inside[1] not in ("raw", "refined"):
            data = path.read_bytes()
            assert shop.CANARY.encode() not in data, path
    assert not (project / "warehouse" / "staging").exists() or not any((project / "warehouse" / "staging").iterdir())


def test_keys_are_private(project: Path, call_weir: Weir) -> None:
    call_weir("export", "traffic", "--as", "alice", cwd=project)
    for name in ("pseudonym.key",):
        assert stat.S_IMODE((project / "keys" / name).stat().st_mode) == 0o600
