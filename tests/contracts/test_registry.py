"""Plugs of every kind load, describe themselves, and are found by their nearest name."""

from __future__ import annotations

import importlib
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from dataweir.errors import ConfigError
from dataweir.flow.plugs import plugs, registries
from dataweir.registry import Registry


@pytest.mark.parametrize("kind", ["sources", "rules", "labellers", "recognizers", "operators", "metrics"])
def test_every_plug_describes_itself(kind: str) -> None:
    found = plugs(kind)[kind]
    assert found
    for name, description in found.items():
        assert len(description) > 10, name
        assert registries()[kind].get(name).name == name


def test_an_unknown_plug_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="did you mean 'weblog'"):
        registries()["sources"].get("weblogs")


def test_a_name_is_taken_once() -> None:
    registry = registries()["rules"]
    name = next(iter(registry.all()))

    class Other:
        """Another rule of the same name."""

    with pytest.raises(ConfigError, match="registered twice"):
        registry(name)(Other)


def test_whoever_looks_while_another_thread_loads_sees_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "slow_plugs"
    package.mkdir()
    (package / "__init__.py").write_text("import threading\nreached, go_on = threading.Event(), threading.Event()\n")
    (package / "first.py").write_text("from slow_plugs import go_on, reached\nreached.set()\ngo_on.wait(10)\n")
    monkeypatch.syspath_prepend(tmp_path)
    slow: Registry[type] = Registry("plug", "slow_plugs")
    gates = importlib.import_module("slow_plugs")
    with ThreadPoolExecutor(2) as threads:
        loading = threads.submit(slow.all)
        assert gates.reached.wait(10)
        slow("late")(type("Late", (), {}))
        looking = threads.submit(slow.get, "later")
        assert not wait([looking], timeout=0.1).done
        slow("later")(type("Later", (), {}))
        gates.go_on.set()
        assert set(loading.result()) == {"late", "later"}
        assert looking.result().__name__ == "Later"
