"""Every connector shows its keys, an example that is valid, and its schema, whoever wrote it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import yaml

from dataweir.config import validate
from dataweir.flow.sources import describe_source
from dataweir.ingest.contract import source


@pytest.mark.parametrize("name", source.all())
def test_a_connector_describes_itself(name: str) -> None:
    shown = describe_source(name)
    assert shown.keys[0].name == "type"
    assert all(key.description and key.type for key in shown.keys)
    assert {"file", "line"} <= dict(shown.columns).keys()
    example = yaml.safe_load(shown.example)["sources"][f"my_{name}"]
    validate(source.get(name).Config, example, name)
    assert set(example) <= {key.name for key in shown.keys}


def weir(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "dataweir", *arguments], capture_output=True, text=True, check=False)


def test_the_command_lists_and_shows() -> None:
    listed = json.loads(weir("sources", "--json").stdout)["sources"]
    assert listed.keys() == source.all().keys()
    shown = weir("sources", "show", "files")
    assert "archive_bytes" in shown.stdout
    assert "my_files" in shown.stdout
    assert json.loads(weir("sources", "show", "files", "--json").stdout)["name"] == "files"
    wrong = weir("sources", "show", "weblogs")
    assert (wrong.returncode, "did you mean 'weblog'" in wrong.stderr) == (2, True)
    assert weir("sources", "show").returncode == 2
