"""Plugs of every kind load, describe themselves, and are found by their nearest name."""

from __future__ import annotations

import pytest

from dataweir.errors import ConfigError
from dataweir.flow.plugs import plugs, registries


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
