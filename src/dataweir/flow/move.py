"""Move a project's catalogue to another database: everything of ours and of Iceberg's, checked row by row."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from ..catalog.copy import copy
from ..catalog.lock import project_lock
from ..config import load, resolve_env
from ..errors import ConfigError
from .project import Project


def move(path: str, url: str) -> dict[str, Any]:
    """Copy the catalogue to `url` (which may name secrets as ${ENV}) and let weir.yaml name it.

    Nothing is removed: the old catalogue stays as it was. Raises ConfigError where the target holds a catalogue
    already, ProjectLocked where a run is under way.
    """
    project = Project.open(path)
    file = Path(path)
    file = file / "weir.yaml" if file.is_dir() else file
    old = project.config.catalog_url
    new = _absolute(project, url)
    if new == old:
        raise ConfigError("the catalogue is there already", "name another database")
    project.reading().close()
    with project_lock(old):
        rows = copy(old, new)
        _rewrite(file, url)
    if load(file).catalog_url != new:
        raise ConfigError(f"{file} does not lead to the new catalogue", f"write 'catalog: {url}' into it")
    return {"catalog": url, "rows": rows}


def _absolute(project: Project, url: str) -> str:
    resolved = resolve_env(url, "URL")
    if resolved.startswith("sqlite:///") and not resolved.startswith("sqlite:////"):
        return f"sqlite:///{project.config.path(resolved.removeprefix('sqlite:///'))}"
    return resolved


def _rewrite(file: Path, url: str) -> None:
    """Set the key `catalog`, leaving every other line and comment as it stands."""
    text = file.read_text(encoding="utf-8")
    line = yaml.safe_dump({"catalog": url}, default_flow_style=False, width=10_000).strip()
    changed, count = re.subn(r"(?m)^catalog:.*$", lambda _: line, text, count=1)
    if not count:
        changed = re.sub(r"(?m)^(project:.*)$", lambda m: f"{m.group(1)}\n{line}", text, count=1)
    temporary = file.with_suffix(".yaml.new")
    temporary.write_text(changed, encoding="utf-8")
    temporary.replace(file)
