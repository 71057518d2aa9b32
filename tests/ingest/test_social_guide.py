"""docs/guide/connector.md does what it says: its connector is found by its entry point and conforms."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from social_server import Reply, Request, serving

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "connector.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The guide's package as an installer would leave it."""
    folder = tmp_path_factory.mktemp("site")
    for code in blocks("python")[:2]:
        name = re.match(r"# (\S+)\n", code)
        assert name
        (folder / name[1]).write_text(code)
    (folder / "lobsters.json").write_text(blocks("json")[0])
    info = folder / "weir_lobsters-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: weir-lobsters\nVersion: 1.0\n")
    points = (
        blocks("toml")[0].replace('[project.entry-points."dataweir.sources"]', "[dataweir.sources]").replace('"', "")
    )
    (info / "entry_points.txt").write_text(points)
    return folder


def run(package: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(package)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=package, env=env, check=False)


def test_the_connector_has_about_thirty_lines() -> None:
    assert len(blocks("python")[0].splitlines()) <= 35


def test_it_is_listed(package: Path) -> None:
    done = run(package, "-m", "dataweir", "list", "sources")
    assert "lobsters" in done.stdout
    assert "Lobsters stories" in done.stdout


def test_a_plug_that_cannot_be_loaded_is_named(package: Path, tmp_path: Path) -> None:
    info = tmp_path / "weir_broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: weir-broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[dataweir.sources]\nbroken = weir_broken\n")
    done = run(tmp_path, "-m", "dataweir", "list", "sources")
    assert done.returncode == 2
    assert "'broken'" in done.stderr
    assert "weir-broken" in done.stderr


def test_its_own_test_passes(package: Path) -> None:
    done = run(package, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_lobsters.py")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_api_connector_pages() -> None:
    from dataweir.config import validate
    from dataweir.ingest.api import ApiConfig

    space: dict[str, type] = {}
    exec(blocks("python")[2], space)
    kind = space["LobstersApi"]
    kind.post = lambda self, record: {"post_id": record["short_id"], "ts": record["created_at"]}  # type: ignore[attr-defined]

    def answer(request: Request) -> Reply:
        number = int(request.path.rpartition("/")[2].removesuffix(".json"))
        story = {"short_id": str(number), "created_at": f"2026-03-0{5 - number}T09:00:00Z"}
        return Reply([story] if number < 4 else [])

    with serving(answer) as api:
        config = validate(ApiConfig, {"type": "x", "base_url": api.url, "requests_per_minute": 1e6}, "x")
        made = kind("x", config, ".")
        batches = [batch for split in made.plan({}).splits for batch in made.read(split)]
    assert [ident for batch in batches for ident in batch.rows["post_id"].to_pylist()] == ["1", "2", "3"]
