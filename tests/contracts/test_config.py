"""weir.yaml: unknown keys, secrets, relative paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from dataweir import Project
from dataweir.config import load, resolve_env
from dataweir.errors import ConfigError
from dataweir.flow.scaffold import scaffold


def write(folder: Path, text: str) -> Path:
    (folder / "weir.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("text", "cause", "cure"),
    [
        ("project: a\nwarehose: b\n", "warehose is not a known key (did you mean 'warehouse'?)", "catalog"),
        (
            "project: a\nengine: {worker: 2}\n",
            "engine.worker is not a known key (did you mean 'workers'?)",
            "gpu",
        ),
        ("project: a\nexports: {x: {table: t, polcy: p}}\n", "exports.x", "add|table"),
        ("warehouse: b\n", "project is missing", "add the key"),
        ("project: 'A B'\n", "project:", "correct"),
        ("project: [\n", "not valid YAML at line", "indentation"),
        ("- a\n", "holds no mapping", "begin with"),
    ],
)
def test_wrong_configuration_says_cause_and_cure(tmp_path: Path, text: str, cause: str, cure: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, text))
    assert cause in caught.value.message
    assert any(word in caught.value.cure for word in cure.split("|"))


def test_a_wrong_key_of_a_source_is_refused_with_the_nearest(tmp_path: Path) -> None:
    project = Project.open(write(tmp_path, "project: a\nsources: {x: {type: weblog, path: p, fromat: common}}\n"))
    with pytest.raises(ConfigError, match="fromat is not a known key .did you mean 'format'"):
        project.sources()


def test_a_missing_file_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert "weir init" in caught.value.cure


def test_a_value_is_never_echoed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, "project: a\nengine: {workers: canary-secret}\n"))
    assert "canary" not in str(caught.value.as_dict())


def test_relative_paths_count_from_the_file(tmp_path: Path) -> None:
    config = load(write(tmp_path, "project: a\ncatalog: sqlite:///db/c.db\n"))
    assert config.warehouse_location == str(tmp_path / "warehouse")
    assert config.catalog_url == f"sqlite:///{tmp_path}/db/c.db"


def test_secrets_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_TEST_PASSWORD", "s3cret")
    assert resolve_env("postgresql://u:${WEIR_TEST_PASSWORD}@h/d", "catalog") == "postgresql://u:s3cret@h/d"
    with pytest.raises(ConfigError, match="WEIR_TEST_ABSENT is not set"):
        resolve_env("${WEIR_TEST_ABSENT}", "catalog")


def test_what_init_writes_is_valid_and_is_not_overwritten(tmp_path: Path) -> None:
    made = scaffold(str(tmp_path / "My-Shop 2"))
    config = load(tmp_path / "My-Shop 2")
    assert config.project == "my_shop_2"
    assert len(made) == 3
    with pytest.raises(ConfigError, match="exists already"):
        scaffold(str(tmp_path / "My-Shop 2"))
