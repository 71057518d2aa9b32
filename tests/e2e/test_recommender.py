"""The recommender's story, told in small by its notebook: nothing in it fails, and what it measures comes home."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import dataweir
from dataweir.errors import ConfigError
from dataweir.flow.measured import Model, Utility, record_model, record_utility
from dataweir.flow.scores import latest

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "examples" / "recommender" / "recommender.ipynb"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for name in ("keras", "jax", "sklearn", "onnxruntime", "nbclient", "ipykernel"):
        if find_spec(name) is None:
            pytest.skip(f"{name} is not installed: pip install 'dataweir[dev]'")
    import nbformat
    from nbclient import NotebookClient

    home = tmp_path_factory.mktemp("story")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    environment = {**os.environ, "TMPDIR": str(home), "IPYTHONDIR": str(home / "ipython")}
    client = NotebookClient(notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}})
    client.execute(env=environment)
    return next(home.glob("*/season"))


@pytest.mark.slow
def test_the_notebook_runs_and_its_figures_are_whole(told: Path) -> None:
    figures = json.loads((told / "figures.json").read_text())
    for models in figures["models"].values():
        assert set(models) == {"popularity", "boosted trees", "LSTM(128)"}
        assert all(0 <= end <= 1 for found in models.values() for end in found["recall"])
    assert figures["models"]["inside"]["boosted trees"]["auc"][0] > figures["models"]["inside"]["popularity"]["auc"][0]
    sizes = {v["name"]: v["bytes"] for v in figures["lighter"]["variants"]}
    assert sizes["LSTM(128), int8"] * 3 < sizes["LSTM(128)"]
    aucs = {v["name"]: v["auc"] for v in figures["lighter"]["variants"]}
    assert aucs["LSTM(128), int8"] == pytest.approx(aucs["LSTM(128)"], abs=0.02)
    assert {"report.md", "recommender-auc.svg", "recommender-time.svg"} <= {p.name for p in told.iterdir()}


@pytest.mark.slow
def test_what_was_measured_stands_in_the_catalogue_and_on_the_card(told: Path) -> None:
    figures = json.loads((told / "figures.json").read_text())
    project = dataweir.open(str(told))
    values = {m.name: m.value for m in project.store().metrics(project.store().runs(1)[0].id, "project")}
    assert values["utility_cost"] == pytest.approx(figures["utility_cost"]["masked"])
    used = next(v for v in figures["lighter"]["variants"] if v["name"] == "LSTM(128)")
    assert 0 < values["model_efficiency"] <= 1
    assert values["model_efficiency"] * used["seconds"] in [
        pytest.approx(v["seconds"]) for v in figures["lighter"]["variants"]
    ]
    assert figures["bottleneck"]["after"]["eta_alg"] <= figures["bottleneck"]["before"]["eta_alg"]
    bundle = next((told / "warehouse" / "shared" / "masked").iterdir())
    assert f"privacy took {figures['utility_cost']['masked']:.1%}" in (bundle / "README.md").read_text()


@pytest.mark.slow
def test_figures_that_make_no_sense_are_refused(told: Path) -> None:
    project = dataweir.open(str(told))
    published = project.store().candidates("masked")[0].id
    with pytest.raises(ConfigError, match="is published"):
        record_utility(project, published, Utility("AUC", 0.9, 0.8, 0.5), "ada")
    with pytest.raises(ConfigError, match="not better than chance"):
        record_utility(project, published, Utility("AUC", 0.5, 0.5, 0.5), "ada")
    with pytest.raises(ConfigError, match="no sense"):
        record_model(project, Model("x", seconds=1.0, least_seconds=2.0), "ada")


@pytest.mark.slow
def test_the_command_records_a_model(told: Path, run_weir: Any) -> None:
    ended = run_weir("measured", "model", "other", "--seconds", "2", "--least-seconds", "1", "--json", cwd=told)
    assert ended.code == 0, ended.err
    eta = latest(dataweir.open(str(told)))["bottleneck"]["pillars"]["optimisation"]["value"]
    assert ended.json["eta_alg"] == pytest.approx(1 - eta)


def test_a_season_is_the_same_by_its_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from examples.recommender.season import generate

    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        generate(tmp_path / name, seed, 20)
    logs = [(tmp_path / name / "logs" / "access-1.log").read_bytes() for name in "abc"]
    assert logs[0] == logs[1] != logs[2]


def test_the_page_has_figures_between_its_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from examples.recommender.report import BEGIN, END

    text = (ROOT / "docs" / "recommender.md").read_text()
    inside = text.partition(BEGIN)[2].partition(END)[0]
    assert "| anonymous | LSTM(128) |" in inside
    assert "η_alg before the model was measured" in inside
