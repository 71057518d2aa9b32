"""How a plug (source, rule, recogniser, operator, metric) becomes known: one decorator, one entry-point group.

Built-in plugs are modules of one package and register through the same decorator that a stranger's package
uses; a stranger names its module in the entry-point group `dataweir.<kind>s`.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import threading
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

from .errors import ConfigError

T = TypeVar("T")


def nearest(word: str, words: list[str] | tuple[str, ...]) -> str:
    """Return " (did you mean 'x'?)" for the word most like `word`, or an empty string."""
    match = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    return f" (did you mean '{match[0]}'?)" if match else ""


class Registry(Generic[T]):
    """The plugs of one kind, by name; built-ins are imported on the first look, not before."""

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self.package = package
        self.group = f"dataweir.{kind}s"
        self._plugs: dict[str, T] = {}
        self._loaded = False
        self._loading = threading.RLock()

    def __call__(self, name: str) -> Callable[[T], T]:
        """Register the decorated object under `name`, which it also carries as its attribute `name`."""

        def register(plug: T) -> T:
            known = self._plugs.get(name)
            if known is not None and _home(known) != _home(plug):
                raise ConfigError(
                    f"{self.kind} '{name}' is registered twice: by {_home(known)} and by {_home(plug)}",
                    "rename one of the two",
                )
            self._plugs[name] = plug
            plug.name = name  # type: ignore[attr-defined]
            return plug

        return register

    def all(self) -> Mapping[str, T]:
        """Return every plug by name, in the order of names."""
        self._load()
        return dict(sorted(self._plugs.items()))

    def get(self, name: str) -> T:
        """Return the plug called `name`; ConfigError names the nearest one where there is none."""
        self._load()
        try:
            return self._plugs[name]
        except KeyError:
            known = sorted(self._plugs)
            raise ConfigError(
                f"no {self.kind} is called '{name}'{nearest(name, known)}",
                f"choose one of: {', '.join(known)}",
            ) from None

    def _load(self) -> None:
        with self._loading:  # a second thread waits for all plugs; the loading modules themselves may look here
            if not self._loaded:
                self._loaded = True
                self._load_all()

    def _load_all(self) -> None:
        package = importlib.import_module(self.package)
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{self.package}.{module.name}")
        for entry in entry_points(group=self.group):
            try:
                entry.load()
            except Exception as error:
                package_name = entry.dist.name if entry.dist else "an unknown package"
                raise ConfigError(
                    f"{self.kind} '{entry.name}' of {package_name} cannot be loaded: {type(error).__name__}",
                    f"mend or uninstall {package_name}",
                ) from error


def _home(plug: Any) -> str:
    return f"{getattr(plug, '__module__', '?')}.{getattr(plug, '__qualname__', plug)}"
