"""Import Great Expectations without what it only loads in case: half of the time its import takes is scipy and altair.

`scipy.stats` is for tests of distributions, altair for charts in notebooks. Both are put off until something asks
them for a name (importlib.util.LazyLoader); whoever does gets the real module.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import threading
from collections.abc import Sequence
from types import ModuleType

DEFERRED = frozenset({"scipy.stats", "altair"})

_lock = threading.Lock()


class _Deferring(importlib.abc.MetaPathFinder):
    """Finds the deferred modules as everybody does, and puts off their execution."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in DEFERRED:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is not None and spec.loader is not None:
            spec.loader = importlib.util.LazyLoader(spec.loader)
        return spec


def load() -> ModuleType:
    """Import and return Great Expectations; does nothing where it is there already."""
    with _lock:
        finder = _Deferring()
        if "great_expectations" not in sys.modules:
            sys.meta_path.insert(0, finder)
        try:
            return importlib.import_module("great_expectations")
        finally:
            if finder in sys.meta_path:
                sys.meta_path.remove(finder)


def load_behind() -> None:
    """Import Great Expectations and the engine on a thread, so that they are there when a suite is run."""

    def run() -> None:
        load()
        importlib.import_module("dataweir.quality.execution.datasource")

    threading.Thread(target=run, name="great-expectations", daemon=True).start()
