"""The tutorial, word by word: its commands in an empty folder, and what it says comes back."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
_END = "-- end of block --"


@dataclass(frozen=True)
class Step:
    """Commands, and the output that the page shows for them (None: it shows none)."""

    commands: str
    shown: str | None


def steps() -> list[Step]:
    """Return the `sh` blocks of the tutorial, each with the `text` block that follows it."""
    blocks = re.findall(r"^```(sh|text)\n(.*?)^```$", TUTORIAL.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    found: list[Step] = []
    for kind, text in blocks:
        found.append(Step(text, None)) if kind == "sh" else found.append(Step(found.pop().commands, text))
    return found


def pattern(shown: str) -> re.Pattern[str]:
    """Return what a shown output stands for: `…` on a line of its own is any lines, elsewhere anything in a line."""
    lines = [line.rstrip() for line in shown.splitlines() if line.strip()]
    parts = [r"(?:[^\n]*\n)*?" if line == "…" else ".*".join(map(re.escape, line.split("…"))) + "\n" for line in lines]
    return re.compile("".join(parts))


def test_a_newcomer_who_types_it_sees_what_it_shows(tmp_path: Path) -> None:
    script = "set -e\n" + "".join(f"{step.commands}\necho '{_END}'\n" for step in steps())
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "80",
        "HOME": str(tmp_path),
    }
    ended = subprocess.run(
        ["/bin/bash", "-c", script], cwd=tmp_path, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, check=False,
    )  # fmt: skip
    outputs = ended.stdout.split(_END + "\n")
    assert ended.returncode == 0, outputs[-1]
    for step, output in zip(steps(), outputs, strict=False):
        plain = "".join(f"{line.rstrip()}\n" for line in output.splitlines() if line.strip())
        if step.shown is not None:
            assert pattern(step.shown).fullmatch(plain), f"{step.commands}\n--- comes back as\n{output}"
