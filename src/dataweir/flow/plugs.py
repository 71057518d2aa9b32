"""Every plug by kind, with the first line of what it says of itself."""

from __future__ import annotations

import inspect
from typing import Any

from ..errors import ConfigError
from ..registry import Registry, nearest


def registries() -> dict[str, Registry[Any]]:
    """Return the registries by the word that `weir list` takes."""
    from ..catalog.measure import metric
    from ..ingest.contract import rule, source
    from ..ingest.labels.contract import labeller
    from ..privacy.contract import operator, recognizer

    return {
        "sources": source,
        "rules": rule,
        "labellers": labeller,
        "recognizers": recognizer,
        "operators": operator,
        "metrics": metric,
    }


def plugs(kind: str | None = None) -> dict[str, dict[str, str]]:
    """Return name → description for each kind, or for one. Raises ConfigError for an unknown kind."""
    known = registries()
    if kind is not None and kind not in known:
        raise ConfigError(f"there is no kind '{kind}'{nearest(kind, list(known))}", f"kinds: {', '.join(known)}")
    chosen = {kind: known[kind]} if kind else known
    return {word: {name: describe(plug) for name, plug in found.all().items()} for word, found in chosen.items()}


def describe(plug: Any) -> str:
    """Return the first line of a plug's docstring."""
    return (inspect.getdoc(plug) or "").strip().partition("\n")[0]
