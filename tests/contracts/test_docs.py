"""The docs name what is there, and every link in them leads somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import reference

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", sorted(reference.pages()))
def test_the_reference_is_what_the_program_says(page: str) -> None:
    written = (ROOT / "docs" / "reference" / page).read_text(encoding="utf-8")
    assert written == reference.pages()[page], "run 'make docs' and commit what it writes"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_command_in_the_readme_is_one() -> None:
    from dataweir.cli import program

    known = set(program().commands)
    used = set(re.findall(r"^\s+weir ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert used
    assert used <= known, used - known


def test_every_command_and_option_is_told_of_in_a_guide() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "guide").glob("*.md")]
    told = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    commands = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    found = re.findall(r"^## `(weir(?: [a-z]+)+)|^\| `(--[a-z-]+)", commands, re.MULTILINE)
    assert len(found) > 90
    assert not {command or option for command, option in found if (command or option) not in told}


def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "-d",
        str(tmp_path / "trees"),
        str(ROOT / "docs"),
        str(tmp_path / "site"),
    ]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    for page in (tmp_path / "site").rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"""<(?:script|img|link|iframe)[^>]*(?:src|href)=["']?(?:https?:)?//""", text), page.name


def test_every_decision_stands_in_their_list() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\]\((0\d+-[^)]+)\)", (folder / "README.md").read_text(encoding="utf-8"))
    assert listed == sorted(page.name for page in folder.glob("0*.md"))
