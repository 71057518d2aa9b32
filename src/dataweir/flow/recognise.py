"""Which connector reads what one is given: every connector tries the beginning of it, and the best one is written down.

A connector is judged by what it makes of a sample: the share of the records it keeps, and, where they go into an
integrated table, the share of those with an id of their own, a time, and something said or asked. The connectors that
know less of what they read (`files`) win only where no other reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..config import validate
from ..errors import ConfigError

ENOUGH = 0.8
"""A connector that makes sense of less than this of a sample is not proposed."""
_MOST_FILES = 2000
_SAMPLED = 3
_TELLING: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "social_posts": (("post_id",), ("ts",), ("text", "url")),
    "web_events": (("ts",), ("path", "host", "client_ip")),
}
"""For each integrated table, groups of columns of which a row that was understood has one each."""


@dataclass(frozen=True)
class Guess:
    """A source as weir.yaml would hold it, and how it did on a sample. `notes` say what to look at."""

    label: str
    settings: dict[str, Any]
    records: int
    rejected: int
    share: float
    notes: tuple[str, ...] = ()
    into: str | None = None
    """The integrated table; None where the source has a table of its own."""


def recognise(given: str) -> list[Guess]:
    """Return the sources that read a file, folder, pattern or URL, one a kind of file (a database: one a table).

    Raises ConfigError where there is nothing, or nothing that a connector reads.
    """
    if _is_database(given):
        return _tables(given)
    groups = _groups(given)
    found = [
        replace(best, settings={**best.settings, "path": pattern})
        for pattern, samples in groups.items()
        if (best := next((b for s in samples if (b := _best(s, _label(pattern)))), None)) is not None
    ]
    if not found:
        raise ConfigError(
            f"no connector makes sense of {given}" if groups else f"there is no file at {given}",
            "see 'weir sources' for what there is" if groups else "name a file, a folder or a URL",
        )
    return _joined(found)


def _joined(found: list[Guess]) -> list[Guess]:
    """Make one source of the files of a folder that the same connector reads into the same integrated table."""
    kinds: dict[tuple[str, ...], list[Guess]] = {}
    for guess in found:
        folder = str(guess.settings["path"]).rpartition("/")[0]
        kinds.setdefault((folder, guess.settings["type"], "" if guess.into else guess.label), []).append(guess)
    joined = []
    for (folder, *_), guesses in kinds.items():
        first = guesses[0]
        if len(guesses) > 1:
            paths = [str(guess.settings["path"]) for guess in guesses]
            label = _label(f"{folder}/")
            settings = {n: label if v == first.label else v for n, v in first.settings.items()} | {"path": paths}
            first = replace(first, label=label, settings=settings)
        joined.append(first)
    return joined


def _best(sample: str, label: str) -> Guess | None:
    """Return how the connector that does best reads a file; one that knows what it reads before `files`."""
    from ..ingest.contract import source

    tries = (guess for kind in source.all().values() if (guess := _tried(kind, sample, label)) is not None)
    return max(tries, key=lambda g: (g.settings["type"] != "files", g.share), default=None)


def _tried(kind: Any, sample: str, label: str) -> Guess | None:
    """Let one connector read the beginning of a file; None where it cannot, or makes little of it."""
    fields = kind.Config.model_fields
    if "path" not in fields:
        return None
    missing = [n for n, f in fields.items() if f.is_required() and n not in ("type", "path") and f.annotation is str]
    settings = {"type": kind.name, "path": sample, **dict.fromkeys(missing, label)}
    try:
        built = kind(label, validate(kind.Config, settings, label), str(Path.cwd()))
        plan = built.plan({})
        pulled = next(iter(built.read(plan.splits[0])), None) if plan.splits else None
        if pulled is None or not len(pulled.rows):
            return None
        share = _understood(built, pulled.rows.slice(0, 1000)) * len(pulled.rows)
    except Exception:  # a connector that falls over a file is not the one that reads it
        return None
    records = len(pulled.rows) + len(pulled.rejects)
    if share / records < ENOUGH:
        return None
    notes = [f"{name}: say what it is called" for name in missing]
    if built.target == label:
        columns = ", ".join(n for n in built.schema.names if n not in ("file", "line"))
        notes.append(f"its own table, with the columns {columns}")
    into = None if built.target == label else built.target
    return Guess(label, settings, records, len(pulled.rejects), share / records, tuple(notes), into)


def _understood(source: Any, rows: pa.Table) -> float:
    """Return the share of rows that have what rows of their table are about; a table of its own wants nothing."""
    integrated = source.integrate(rows)
    good: Any = None
    for columns in _TELLING.get(source.target, ()):
        there = [pc.is_valid(integrated[name]) for name in columns if name in integrated.column_names]
        one = there[0] if there else pa.chunked_array([pa.repeat(pa.scalar(False), len(rows))])
        for other in there[1:]:
            one = pc.or_(one, other)
        good = one if good is None else pc.and_(good, one)
    return 1.0 if good is None else float(pc.mean(pc.cast(good, pa.float64())).as_py())


def _groups(given: str) -> dict[str, list[str]]:
    """Return the files by the pattern that they share, some of each: names that differ in digits belong together."""
    from ..ingest.stored import find, is_url

    if is_url(given) or not Path(given).is_dir():
        folder = str(Path.cwd())
        path = given if is_url(given) else str(Path(given).absolute())
        found, _ = find(path, folder, "init", True, 10 * 1024**3)
        return {path: found[:_SAMPLED]} if found else {}
    groups: dict[str, list[Path]] = {}
    for file in islice(sorted(_visible(Path(given).absolute())), _MOST_FILES):
        groups.setdefault(_family(file), []).append(file)
    return {_pattern(files): [str(file) for file in files[:_SAMPLED]] for files in groups.values()}


def _visible(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def _family(path: Path) -> str:
    """Return what rotated, dated and numbered files have in common: the name without digits and compression."""
    bare = re.sub(r"\.(gz|zst|bz2|xz)$", "", path.name)
    return str(path.parent / re.sub(r"[-_.]?\d+", "", bare))


def _pattern(paths: list[Path]) -> str:
    """Return the glob that matches the files of a family: what they begin and end with, and a star between."""
    if len(paths) == 1:
        return str(paths[0])
    names = [path.name for path in paths]
    start = next((i for i, letters in enumerate(zip(*names, strict=False)) if len(set(letters)) > 1), None)
    head = names[0][: min(map(len, names)) if start is None else start]
    rest = [name[len(head) :][::-1] for name in names]
    stop = next((i for i, letters in enumerate(zip(*rest, strict=False)) if len(set(letters)) > 1), None)
    tail = rest[0][: min(map(len, rest)) if stop is None else stop][::-1]
    return str(paths[0].parent / f"{head}*{tail}")


def _label(pattern: str) -> str:
    """Return a name for a source from the file or folder it is about."""
    outer = re.sub(r"[?#].*", "", pattern).rstrip("/*")
    stem = re.split(r"[.*?\[]", outer.rpartition("/")[2])[0] or outer.rpartition("/")[0].rpartition("/")[2]
    made = re.sub(r"[^a-z0-9_]+", "_", stem.lower()).strip("_")[:40] or "data"
    return made if made[0].isalpha() else f"s_{made}"


def _is_database(given: str) -> bool:
    from sqlalchemy import make_url
    from sqlalchemy.exc import SQLAlchemyError

    if "://" not in given:
        return False
    try:
        make_url(given).get_dialect()
    except (SQLAlchemyError, ImportError):
        return False
    return True


def _tables(given: str) -> list[Guess]:
    """Return a source for each table of a database: by its numeric key or time of change, where it has one."""
    from sqlalchemy import inspect
    from sqlalchemy.types import Date, DateTime, Integer

    from ..ingest import database

    url = database.parse(given, "--from")
    shown = url.set(password="${WEIR_DB_PASSWORD}") if url.password else url  # noqa: S106 - a name, no password
    spelled = shown.render_as_string(hide_password=False).replace("%24%7BWEIR_DB_PASSWORD%7D", "${WEIR_DB_PASSWORD}")
    guesses = []
    with database.connected(url, "--from") as connection:
        looked = inspect(connection)
        for table in sorted(looked.get_table_names()):
            columns = {c["name"]: c["type"] for c in looked.get_columns(table)}
            key = looked.get_pk_constraint(table)["constrained_columns"]
            numeric = [name for name in key if len(key) == 1 and isinstance(columns[name], Integer)]
            changed = [
                n for n, k in columns.items() if isinstance(k, DateTime | Date) and re.search("updat|modif|chang", n)
            ]
            by = next(iter([*changed, *numeric]), None)
            settings = {"type": "sql", "url": spelled, "table": table, **({"cursor": by} if by else {})}
            notes = [f"its own table, with the columns {', '.join(columns)}"]
            if by is None:
                notes.append("no column tells new rows: it is read once; name one in 'cursor'")
            guesses.append(Guess(_label(table), settings, 0, 0, 1.0, tuple(notes)))
    if not guesses:
        raise ConfigError(f"the database {database.shown(url)} has no tables", "name another one")
    return guesses
