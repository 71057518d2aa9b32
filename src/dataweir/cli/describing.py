"""How a table or a source looks on a terminal: what is said of it, its columns, what was said before."""

from __future__ import annotations

from typing import Any

from ..output import table
from .render import Render, amount, moment, printed


def described(found: dict[str, Any], history: bool) -> Render:
    """What is known of a table or source, and with `history` every change of it, the newest first."""
    parts: list[Any] = [table((found["kind"], found["name"]), _facts(found))]
    if columns := found.get("schema", {}).get("columns"):
        roles = found.get("roles", {}).get("roles", {})
        tags = found.get("declared", {}).get("column tags", {})
        rows = [
            (name, kind, ", ".join(roles.get(name, [])) or None, ", ".join(tags.get(name, [])) or None)
            for name, kind in columns
        ]
        rows += [(path, None, ", ".join(role), None) for path, role in roles.items() if path not in dict(columns)]
        parts.append(table(("column", "type", "role", "tags"), rows))
        if not roles:
            parts.append(f"[dim]'weir scan {found['name']}' tells what the columns are[/]")
    if history:
        parts.append(table(("since", "until", "what", "said"), _history(found["history"]), "History"))
    return printed(*parts)


def _facts(found: dict[str, Any]) -> list[tuple[str, Any]]:
    declared = found.get("declared", {})
    rows = [(fact, _shown(declared.get(fact))) for fact in ("owner", "licence", "purpose", "retain", "tags")]
    rows += [(fact, _shown(value)) for fact, value in declared.items() if fact not in (*dict(rows), "column tags")]
    if quality := found.get("quality"):
        rows.append(("expectations", _shown([quality["expectations"], *quality.get("failed", [])])))
    if "rows" in found:
        rows += [("rows", found["rows"]), ("files", found["files"]), ("size", amount(found["bytes"]))]
        rows.append(("last change", moment(found["updated"])))
    if barrier := found["barrier"]:
        value = "not measured" if barrier["value"] is None else f"{barrier['value']:.2f}"
        rows.append(("data barrier", f"{value} ({barrier['low']:.2f} to {barrier['high']:.2f})"))
    return rows


def _history(versions: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(moment(v["since"]), moment(v["until"]) if v["until"] else "now", v["topic"], v["text"]) for v in versions]


def _shown(value: Any) -> str | None:
    """Return a fact in words."""
    if isinstance(value, list):
        return ", ".join(str(inner) for inner in value) or None
    return None if value is None else str(value)
