"""The shape of the house: who imports whom, one place that computes, nothing heavy at the door."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOMES = {
    "dataweir": ROOT / "src" / "dataweir",
    "dataweir.ingest": ROOT / "ingest",
    "dataweir.quality": ROOT / "quality",
    "dataweir.privacy": ROOT / "privacy",
    "dataweir.catalog": ROOT / "catalog",
}
BASE = {
    "account",
    "cluster",
    "config",
    "distinct",
    "engine",
    "errors",
    "limits",
    "registry",
    "resources",
    "scratch",
    "settings",
    "storage",
    "usage",
}
ROOMS = {"ingest", "quality", "privacy"}


def modules() -> list[tuple[str, Path]]:
    found = []
    for name, folder in HOMES.items():
        for path in sorted(folder.rglob("*.py")):
            inner = path.relative_to(folder).with_suffix("").parts
            found.append((".".join([name, *inner]).removesuffix(".__init__"), path))
    return found


def imports(module: str, path: Path) -> set[str]:
    """Every module of the project that a module imports, anywhere in it, as absolute names."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("dataweir")}
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            target = ".".join([*base, *([node.module] if node.module else [])])
            if target.startswith("dataweir"):
                found |= {f"{target}.{alias.name}" for alias in node.names}
    return found


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


@pytest.mark.parametrize(("module", "path"), modules(), ids=lambda v: v if isinstance(v, str) else "")
def test_imports_go_one_way(module: str, path: Path) -> None:
    here = room(module)
    for target in imports(module, path):
        there = room(target)
        if here in ROOMS:
            assert there in BASE | {here, "catalog"}, f"{module} imports {target}"
        elif here == "catalog":
            assert there in BASE | {"catalog"}, f"{module} imports {target}"
        elif here in BASE:
            assert there in BASE, f"{module} imports {target}"
        if here in ROOMS | {"catalog"}:
            assert there not in {"cli", "flow", "output", "demo"}, f"{module} imports {target}"


@pytest.mark.parametrize(("module", "path"), modules(), ids=lambda v: v if isinstance(v, str) else "")
def test_only_the_engine_computes(module: str, path: Path) -> None:
    if module in {"dataweir.engine", "dataweir.cluster"}:
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in {"compute", "persist"}, f"{module}:{node.lineno}"
        if isinstance(node, ast.Name):
            assert node.id not in {"LocalCluster", "Client"}, f"{module}:{node.lineno}"


def test_the_package_list_names_every_folder_of_modules_and_of_data() -> None:
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    found = set()
    for name, folder in HOMES.items():
        for path in folder.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                found.add(".".join([name, *path.parent.relative_to(folder).parts]))
    assert set(setuptools["packages"]) == found
    assert set(setuptools["package-data"]) <= found


def test_every_folder_of_modules_is_a_package() -> None:
    for folder in HOMES.values():
        for path in folder.rglob("*.py"):
            assert (path.parent / "__init__.py").exists(), path


@pytest.mark.parametrize("door", ["import dataweir", "import dataweir.cli", "import dataweir.config"])
def test_the_door_is_light(door: str) -> None:
    heavy = (
        "dask",
        "distributed",
        "great_expectations",
        "presidio_analyzer",
        "spacy",
        "pandas",
        "numba",
        "duckdb",
    )
    heavy += ("pyiceberg", "sqlalchemy", "pyarrow")
    if door == "import dataweir.config":
        heavy = heavy[:-1]
    code = f"{door}; import sys; print([m for m in {heavy!r} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_help_takes_at_most_thrice_what_its_library_of_commands_does() -> None:
    def processor_seconds(*arguments: str) -> float:
        code = (
            "import resource, subprocess, sys;"
            f"subprocess.run([sys.executable, *{arguments!r}], check=True, stdout=subprocess.DEVNULL);"
            "u = resource.getrusage(resource.RUSAGE_CHILDREN); print(u.ru_utime + u.ru_stime)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return float(done.stdout)

    # A ratio of processor time, side by side: a busy machine slows both.
    pairs = [(processor_seconds("-m", "dataweir", "--help"), processor_seconds("-c", "import click")) for _ in range(3)]
    assert min(ours for ours, _ in pairs) < 3 * min(bare for _, bare in pairs)


def test_modules_stay_small() -> None:
    for module, path in modules():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, module


def test_no_path_of_a_machine_and_no_unfinished_work() -> None:
    for _, path in modules():
        text = path.read_text(encoding="utf-8")
        for word in ("/home/", "/work/", "/tmp/", "TODO", "FIXME", "XXX"):
            assert word not in text, f"{path.name}: {word}"
