"""What other schedulers are given: it parses where it can be parsed, and calls the command that a person would."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("cronsim")

from dataweir import Project
from dataweir.daemon.install import TARGETS, install, write
from dataweir.errors import ConfigError

SCHEDULE = "schedule: {cron: '15 3 * * 1-5', timezone: Europe/Berlin, jitter: 30 s, timeout: 2 h}\n"


def project(folder: Path, schedule: str = SCHEDULE) -> Project:
    folder.mkdir(exist_ok=True)
    (folder / "weir.yaml").write_text(f"project: shop\n{schedule}")
    return Project.open(folder)


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_every_target_calls_weir_run_in_the_project(tmp_path: Path, target: str) -> None:
    folder = tmp_path / "a shop with 100 %"
    made = install(project(folder), target)
    text = "\n".join(made.files.values()).replace("\\%", "%").replace("%%", "%")
    assert "dataweir" in text
    assert str(folder) in text
    assert sys.executable in text
    assert [path.read_text() for path in write(made, tmp_path / "to")] == list(made.files.values())


@pytest.mark.parametrize("target", ["airflow", "dagster"])
def test_what_is_python_is_python(tmp_path: Path, target: str) -> None:
    (text,) = install(project(tmp_path), target).files.values()
    tree = ast.parse(text)
    assert any(isinstance(node, ast.Constant) and node.value == "15 3 * * 1-5" for node in ast.walk(tree))
    assert any(isinstance(node, ast.Constant) and node.value == "Europe/Berlin" for node in ast.walk(tree))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze: apt-get install systemd")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    write(made := install(project(tmp_path / "a shop with 100 %"), "systemd"), tmp_path)
    units = [str(tmp_path / name) for name in made.files]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    assert [line for line in done.stderr.splitlines() if str(tmp_path) in line or "weir-shop" in line] == []
    timer = made.files["weir-shop.timer"]
    assert "OnCalendar=Mon,Tue,Wed,Thu,Fri *-*-* 03:15:00 Europe/Berlin" in timer
    assert "Persistent=true" in timer
    assert "RandomizedDelaySec=30" in timer


def test_a_crontab_line_escapes_what_cron_would_cut(tmp_path: Path) -> None:
    (text,) = install(project(tmp_path / "100%"), "crontab").files.values()
    line = text.splitlines()[-1]
    assert line.startswith("15 3 * * 1-5 timeout --signal=INT 7200 ")
    assert "100\\%" in line


def test_what_a_target_cannot_say_is_refused(tmp_path: Path) -> None:
    last_friday = project(tmp_path, "schedule: '0 3 * * 5L'\n")
    with pytest.raises(ConfigError, match="more than plain cron knows"):
        install(last_friday, "systemd")
    with pytest.raises(ConfigError, match="no schedule"):
        install(project(tmp_path, ""), "systemd")
