"""Value hierarchies: what each value is part of, level by level, from the value itself up to everything.

A hierarchy is a CSV with a header (`city,region,country`: a column a level, the finest first) or nested YAML
(`{Europe: {Germany: [Berlin, Hamburg]}}`, the coarsest outside).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..errors import ConfigError
from ..registry import nearest

EVERYTHING = "*"
"""The top of every hierarchy."""


@dataclass(frozen=True)
class Hierarchy:
    """`paths[value]` are the ancestors of a value, the nearest first, without EVERYTHING; `levels` names the columns.

    All paths have the length of `levels` less one. Values are compared without regard to case.
    """

    levels: tuple[str, ...]
    paths: Mapping[str, tuple[str, ...]]

    def level(self, word: str | int, where: str) -> int:
        """Return the number of a level (0: the value itself) by name or number. Raises ConfigError."""
        names = [*self.levels, EVERYTHING]
        if isinstance(word, int):
            if 0 <= word < len(names):
                return word
        elif word in names:
            return names.index(word)
        raise ConfigError(
            f"{where}: the hierarchy has no level '{word}'{nearest(str(word), names)}",
            f"its levels: {', '.join(names)}",
        )

    def up(self, value: str, level: int) -> str:
        """Return what a value is part of at a level; EVERYTHING for a value that the hierarchy does not know."""
        path = self.paths.get(value.casefold())
        if path is None or level > len(path):
            return EVERYTHING
        return value if level == 0 else path[level - 1]


def load_hierarchy(source: str | Mapping[str, Any], folder: Path, where: str) -> Hierarchy:
    """Read a hierarchy from a CSV or YAML file, or take one that stands in the policy. Raises ConfigError."""
    if isinstance(source, Mapping):
        return _of_tree(source, where)
    file = folder / source
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where}: cannot read {file}: {type(error).__name__}", "check the path") from None
    if file.suffix.lower() == ".csv":
        return _of_rows(list(csv.reader(text.splitlines())), where)
    try:
        tree = yaml.safe_load(text)
    except yaml.YAMLError:
        tree = None
    if not isinstance(tree, Mapping):
        raise ConfigError(f"{where}: {file.name} is no nested YAML", "give a .csv with a header, or nested YAML")
    return _of_tree(tree, where)


def _of_rows(rows: list[list[str]], where: str) -> Hierarchy:
    head, *body = rows or [[]]
    if len(head) < 2:
        raise ConfigError(f"{where}: a hierarchy needs a header of two columns or more", "such as city,region,country")
    for number, row in enumerate(body, 2):
        if len(row) != len(head):
            raise ConfigError(f"{where}: line {number} has {len(row)} columns, the header {len(head)}", "mend the line")
    paths = {row[0].strip().casefold(): tuple(cell.strip() for cell in row[1:]) for row in body}
    return Hierarchy(tuple(name.strip() for name in head), paths)


def _of_tree(tree: Mapping[str, Any], where: str) -> Hierarchy:
    found = list(_leaves(tree, ()))
    depths = {len(path) for _, path in found}
    if len(depths) != 1:
        raise ConfigError(
            f"{where}: all values of a hierarchy must stand equally deep", "repeat a level where one lacks"
        )
    levels = ("value", *(f"level {number}" for number in range(1, depths.pop() + 1)))
    return Hierarchy(levels, {leaf.casefold(): path for leaf, path in found})


def _leaves(tree: Any, above: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(tree, Mapping):
        for name, part in tree.items():
            yield from _leaves(part, (str(name), *above))
    else:
        for leaf in tree if isinstance(tree, list) else [tree]:
            yield str(leaf), above
