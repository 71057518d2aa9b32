"""Write docs/reference from the program itself: commands, configuration, plugs, tables. `make docs` runs it.

A test compares what stands in docs/reference with what this writes, so that no command, key, plug or column is
ever undocumented.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel

NOTE = "<!-- Written by docs/reference.py (make docs); edit the program, not this page. -->\n"


def pages() -> dict[str, str]:
    """Return the text of every page by its name."""
    return {
        "commands.md": _commands(),
        "configuration.md": _configuration(),
        "plugs.md": _plugs(),
        "tables.md": _tables(),
    }


def _page(title: str, *parts: str) -> str:
    return "\n".join([f"# {title}", "", NOTE, *parts]).rstrip() + "\n"


def _row(*cells: object) -> str:
    return "| " + " | ".join(" ".join(str(cell).split()).replace("|", "\\|") for cell in cells) + " |"


def _grid(columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    return "\n".join([_row(*columns), _row(*("---" for _ in columns)), *(_row(*row) for row in rows), ""])


def _commands() -> str:
    from dataweir.cli import program

    parts = [
        "Every command takes `--project` (a folder or a weir.yaml) and `--json`. Errors are one line of cause and",
        "one of cure on standard error.",
        "",
        _grid(
            ("exit", "meaning"),
            [
                (0, "done"),
                (1, "the run failed; what was committed stays whole, run again"),
                (2, "usage or configuration is wrong; nothing was touched"),
                (3, "a quality gate failed; the rejects say why"),
                (4, "a privacy gate failed; nothing left the house"),
                (5, "another run holds the project"),
            ],
        ),
    ]
    for name, command in _walk(program(), "weir"):
        arguments = [p.make_metavar(click.Context(command)) for p in command.params if isinstance(p, click.Argument)]
        parts += [f"## `{' '.join([name, *arguments])}`", "", (command.help or "").replace("\b\n", ""), ""]
        options = [
            (f"`{', '.join(p.opts)}`", p.help or "")
            for p in command.params
            if isinstance(p, click.Option) and p.name not in ("project", "as_json")
        ]
        if options:
            parts.append(_grid(("option", "what it does"), options))
    return _page("Commands", *parts)


def _walk(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _walk(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _configuration() -> str:
    from dataweir.config import Config
    from dataweir.ingest.contract import rule, source
    from dataweir.privacy.policy import Policy

    parts = ["`weir config schema` prints all of this as JSON Schema for editors.", "", "## weir.yaml", ""]
    parts += _model(Config, "")
    parts += ["## sources", "", "Every source has `type` and the keys of its connector.", ""]
    for name, kind in source.all().items():
        parts += [f"### `type: {name}`", "", *_model(kind.Config, "", skip=("type",))]
    parts += ["## clean", ""]
    for name, kind in rule.all().items():
        options = getattr(kind, "Options", None)
        if options is not None and options.model_fields:
            parts += [f"### `{name}`", "", *_model(options, "")]
    return _page("Configuration", *parts, "## A policy file", "", *_model(Policy, ""))


def _model(model: type[BaseModel], prefix: str, skip: tuple[str, ...] = ()) -> list[str]:
    return [_grid(("key", "default", "what it says"), list(_keys(model, prefix, skip)))]


def _keys(model: type[BaseModel], prefix: str, skip: tuple[str, ...]) -> Iterator[tuple[object, ...]]:
    for name, field in model.model_fields.items():
        if name in skip:
            continue
        key = prefix + (field.alias or name)
        inner = [a for a in (field.annotation, *getattr(field.annotation, "__args__", ())) if _is_model(a)]
        default = "required" if field.is_required() else _default(field.get_default(call_default_factory=True))
        if not inner:
            yield f"`{key}`", default, field.description or ""
            continue
        many = "dict" in str(field.annotation)
        yield f"`{key}`", "", field.description or ("one of each" if many else "")
        yield from _keys(inner[0], f"{key}.NAME." if many else f"{key}.", ())


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _default(value: object) -> str:
    return "none" if value is None or value in ({}, [], ()) else f"`{value}`"


def _plugs() -> str:
    from dataweir.catalog.measure import metric
    from dataweir.flow.plugs import plugs

    parts = []
    for kind, found in plugs().items():
        parts += [f"## {kind}", ""]
        if kind != "metrics":
            parts.append(_grid(("name", "what it is"), [(f"`{name}`", what) for name, what in found.items()]))
            continue
        rows = [
            (f"`{n}`", m.pillar, m.unit, f"{m.goalposts.easy:g} to {m.goalposts.hard:g}", found[n], m.why)
            for n, m in metric.all().items()
        ]
        parts.append(_grid(("name", "pillar", "unit", "easy to hard", "what it is", "why these goalposts"), rows))
    return _page("Plugs", "What `weir list` prints.", "", *parts)


def _tables() -> str:
    from dataweir.ingest.contract import REJECTS
    from dataweir.ingest.schemas import TABLES

    parts = []
    for name, schema in [*((f"refined.{n}", t.schema) for n, t in TABLES.items()), ("raw.rejects", REJECTS)]:
        parts += [f"## {name}", "", _grid(("column", "type"), [(f"`{f.name}`", f.type) for f in schema])]
    return _page("Tables", "`raw.SOURCE` holds each source as it was read; these are the integrated ones.", "", *parts)


if __name__ == "__main__":
    folder = Path(__file__).parent / "reference"
    for page, text in pages().items():
        (folder / page).write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {folder.name}/{page}\n")
