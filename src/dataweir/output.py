"""The one output seam: rich on a terminal, one JSON document with --json, errors always on standard error."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .errors import WeirError

Advance = Callable[[], None]


def plain(value: Any) -> Any:
    """Turn dataclasses, named tuples, paths, times and sets into what JSON holds."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and value != value:
        return None
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)


class Output:
    """Where a command's result goes; `json` chooses the one document on standard output."""

    def __init__(self, json: bool = False) -> None:
        self.json = json
        self._console: Any = None

    @property
    def console(self) -> Any:
        """The rich console on standard output; rich is imported here, not before."""
        if self._console is None:
            from rich.console import Console

            self._console = Console(soft_wrap=False, highlight=False)
        return self._console

    def show(self, result: Any, render: Callable[[Any], None] | None = None) -> None:
        """Print a result: as JSON, by `render(console)`, or as text."""
        if self.json:
            sys.stdout.write(json.dumps(plain(result), indent=2, ensure_ascii=False) + "\n")
        elif render is not None:
            render(self.console)
        else:
            self.console.print(result)

    def note(self, text: str) -> None:
        """Say something in passing; silent with --json."""
        if not self.json:
            self.console.print(text)

    def step(self, text: str) -> None:
        """Say on a terminal what was just done; silent elsewhere."""
        if not self.json and sys.stderr.isatty():
            sys.stderr.write(f"{text}\n")

    def error(self, error: WeirError) -> None:
        """Print one line of cause and one of cure on standard error, and the JSON document where asked for."""
        sys.stderr.write(f"error: {_line(error.message)}\n")
        if error.cure:
            sys.stderr.write(f"  cure: {_line(error.cure)}\n")
        if self.json:
            sys.stdout.write(json.dumps(plain(error.as_dict()), indent=2, ensure_ascii=False) + "\n")

    @contextlib.contextmanager
    def progress(self, label: str, total: int) -> Iterator[Advance]:
        """Show a progress bar on a terminal (on standard error); yield the function that advances it."""
        if self.json or total == 0 or not sys.stderr.isatty():
            yield lambda: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(label, total=total)
            yield lambda: bar.advance(task)


_GIVES = 9
"""Characters from which on a cell of words can spare some."""


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str | None = None) -> Any:
    """Build a rich table; numbers stand to the right, and whole where there is a word long enough to give way."""
    from rich import box
    from rich.table import Table

    built = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    cells = [[_cell(value) for value in row] for row in rows]
    numeric = [
        bool(rows) and all(isinstance(r[i], (int, float)) or r[i] is None for r in rows) for i in range(len(columns))
    ]
    gives = any(len(row[i]) > _GIVES for row in cells for i, number in enumerate(numeric) if not number)
    for name, number in zip(columns, numeric, strict=True):
        if number and gives:  # a number on two lines reads as two numbers
            built.add_column(name, justify="right", no_wrap=True, overflow="ellipsis")
        else:
            built.add_column(name, justify="right" if number else "left", overflow="fold")
    for row in cells:
        built.add_row(*row)
    return built


def records(names: Sequence[str], rows: Sequence[Sequence[Any]], width: int, title: str | None = None) -> list[Any]:
    """Return what shows rows of data: a table where it fits into `width` characters, else a block of lines a row."""
    widths = (min(40, max(len(_cell(v)) for v in (name, *(row[i] for row in rows)))) for i, name in enumerate(names))
    if sum(widths) + 2 * len(names) <= width:
        return [table(names, rows, title)]
    from rich.markup import escape

    label = max(len(name) for name in names)
    shown = [f"[bold]{title}[/]"] if title else []
    for number, row in enumerate(rows, 1):
        lines = [f"[dim]{f'── {number} ':─<{label}}──[/]"]
        lines += [f"[dim]{escape(name):<{label}}[/]  {_cell(value)}" for name, value in zip(names, row, strict=True)]
        shown.append("\n".join(lines))
    return shown


def _cell(value: Any) -> str:
    from rich.markup import escape

    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.3f}"
    return escape(str(value))


def _line(text: str) -> str:
    return " ".join(text.split())
