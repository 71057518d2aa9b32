"""Suites of expectations as Great Expectations writes them: one JSON file a table, defaults beside this module."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..registry import nearest

SEVERITIES = ("critical", "warning", "info")


def default_suites() -> list[str]:
    """Return the tables that a suite is shipped for."""
    folder = resources.files(__package__).joinpath("suites")
    return sorted(f.name.removesuffix(".json") for f in folder.iterdir() if f.name.endswith(".json"))


def default_suite(table: str) -> dict[str, Any]:
    """Return the suite shipped for an integrated table. Raises ConfigError for a table without one."""
    known = default_suites()
    if table not in known:
        raise ConfigError(
            f"no suite is shipped for '{table}'{nearest(table, known)}",
            f"name a suite file under 'quality:', or choose one of: {', '.join(known)}",
        )
    text = resources.files(__package__).joinpath("suites", f"{table}.json").read_text(encoding="utf-8")
    return check_suite(json.loads(text), f"{table}.json")


def load_suite(path: str | Path) -> dict[str, Any]:
    """Read a suite file, JSON or YAML. Raises ConfigError where it is missing, ill-formed, or no suite."""
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"there is no suite file {file}", "correct the path under 'quality:'") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {file}: {type(error).__name__}", "check the file") from None
    if file.suffix in (".yaml", ".yml"):
        return check_suite(_yaml(text, file.name), file.name)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{file.name} is not valid JSON at line {error.lineno}, column {error.colno}",
            "check commas, quotes and brackets there",
        ) from None
    return check_suite(data, file.name)


def _yaml(text: str, name: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ConfigError(f"{name} is not valid YAML{place}", "check indentation, colons and quotes") from None


def check_suite(data: Any, where: str) -> dict[str, Any]:
    """Check the outer shape of a suite; `where` names it in errors. Raises ConfigError."""
    if not isinstance(data, dict) or not isinstance(data.get("expectations"), list):
        raise ConfigError(f"{where} is no suite of Great Expectations", 'it needs {"name": ..., "expectations": [...]}')
    if not isinstance(data.get("name"), str) or not data["name"]:
        raise ConfigError(f"{where} has no name", 'add "name": "..."')
    for number, entry in enumerate(data["expectations"], start=1):
        place = f"{where}: expectation {number}"
        if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
            raise ConfigError(f"{place} has no type", 'add "type": "expect_..."')
        if not isinstance(entry.get("kwargs", {}), dict):
            raise ConfigError(f"{place}: kwargs is no mapping", 'write "kwargs": {"column": ...}')
        if severity_of(entry) not in SEVERITIES:
            raise ConfigError(f"{place}: unknown severity", f"choose one of: {', '.join(SEVERITIES)}")
    return data


def severity_of(entry: dict[str, Any]) -> str:
    """Return an expectation's severity: its own, else the one in its meta, else critical."""
    meta = entry.get("meta") or {}
    return str(entry.get("severity") or (meta.get("severity") if isinstance(meta, dict) else "") or "critical")


def suite_hash(suite: dict[str, Any]) -> str:
    """Return 16 hex digits that change with anything a suite demands."""
    demands = [
        {"type": e["type"], "kwargs": e.get("kwargs", {}), "severity": severity_of(e)} for e in suite["expectations"]
    ]
    return hashlib.sha256(json.dumps(demands, sort_keys=True, default=str).encode()).hexdigest()[:16]
