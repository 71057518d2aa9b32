"""Quality of the tables at rest: history of the checks, a check of the whole, a proposed suite, drift, Data Docs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..engine import Engine
from ..errors import ConfigError, QualityGateFailed
from ..registry import nearest
from ..storage import join
from .gate import suite_of
from .project import Project
from .samples import Sample, masked_samples

HISTORY = 30
"""Results of a table that are looked back on."""


@dataclass(frozen=True)
class Trend:
    """One check of a table's newest batch with its past: shares of rows that held, oldest first (None: not known).

    `needed` is the share that must hold; None where the check is about the whole.
    """

    label: str
    severity: str
    success: bool
    error: str | None
    unexpected: int | None
    pass_rate: float | None
    needed: float | None
    failing_since: dt.datetime | None
    history: tuple[float | None, ...]


@dataclass(frozen=True)
class TableQuality:
    """The newest result of a table, check by check."""

    table: str
    run: str
    at: dt.datetime
    success: bool
    passed: int
    checks: tuple[Trend, ...]


def quality(project: Project, table: str | None = None) -> list[TableQuality]:
    """Return the newest quality result of each table, or of one, with its history. Raises ConfigError."""
    store = project.reading()
    names = sorted({result.table for result in store.quality_results(limit=1000)})
    found = []
    for name in names:
        if table is None or name in (table, f"refined.{table}"):
            found.append(_trends(name, store.quality_results(table=name, limit=HISTORY)))
    if table is not None and not found:
        known = [name.removeprefix("refined.") for name in names]
        raise ConfigError(
            f"nothing was checked of '{table}'{nearest(table, known)}", "see 'weir quality' for all tables"
        )
    return found


def check(
    project: Project, table: str, *, fresh: bool = False, samples: str | None = None
) -> tuple[Any, dict[str, Sample]]:
    """Check the whole of a refined table; of what an earlier check has read, only the kept states are looked at.

    Returns the Report and, where `samples` names a policy's file, some failing rows of each check as it masks them.
    Raises ConfigError for a table without a suite or a policy that does not fit, QualityGateFailed never.
    """
    from ..quality.validation import validate

    name, files = _files(project, table)
    suite = suite_of(project, name)
    if suite is None:
        raise ConfigError(f"'{name}' has no suite", f"propose one: weir quality suggest {name}")
    states = None if fresh else join(project.warehouse, "quality", "states", name)
    with Engine(project.config.engine, project.scratch) as engine:
        engine.client  # noqa: B018 (the suite runs on the cluster, so it must be there)
        report = validate(files, suite, name=f"refined.{name}", states=states)
        return report, masked_samples(project, files, report.row_rules, samples, engine) if samples else {}


def proposal(project: Project, table: str) -> dict[str, Any]:
    """Return a proposed suite for a refined table: that in force, what is added to it, and what of it fails today."""
    from ..quality.suggestion import suggest

    name, files = _files(project, table)
    current = suite_of(project, name) or {"expectations": []}
    with Engine(project.config.engine, project.scratch) as engine:
        engine.client  # noqa: B018
        found = suggest(files, name, current["expectations"])
    return {"table": name, "suite": found.suite, "added": found.added, "broken": found.broken}


def contract_changes(project: Project, table: str, suite: str) -> list[dict[str, Any]]:
    """Return what the suite in a file changes of the one in force for a table. Raises ConfigError for no suite."""
    from ..quality.suggestion import changes
    from ..quality.suite import load_suite

    name = table.removeprefix("refined.")
    return changes(suite_of(project, name) or {"expectations": []}, load_suite(suite))


def drift(
    project: Project, table: str, time: str = "ts", window_hours: float = 24, baseline_days: float = 28
) -> tuple[Any, list[dict[str, Any]]]:
    """Compare the newest hours of a refined table with the days before.

    Returns the Drift and the anomalies in the history of its checks. Raises ConfigError for a table without the
    column `time`.
    """
    from ..quality.drift.compare import drift as compare
    from ..quality.profile import profile

    name, _ = _files(project, table)
    tables = project.tables()
    schema = tables.schema(f"refined.{name}")
    if time not in schema.names:
        raise ConfigError(f"'{name}' has no column '{time}'", "name its time with --time")
    with Engine(project.config.engine, project.scratch) as engine:
        engine.client  # noqa: B018
        newest = profile(tables.files(f"refined.{name}"), time).columns[time].highest
        if newest is None:
            raise ConfigError(f"'{name}' has no row with a time", "run 'weir run' first")
        split = newest - dt.timedelta(hours=window_hours)
        begin = split - dt.timedelta(days=baseline_days)
        until = newest + dt.timedelta(microseconds=1)
        later = tables.files(f"refined.{name}", f"{time} >= '{split.isoformat()}'")
        earlier = tables.files(f"refined.{name}", f"{time} >= '{begin.isoformat()}' and {time} < '{split.isoformat()}'")
        now = dt.datetime.now(dt.UTC)
        current, baseline = profile(later, time, split, until), profile(earlier, time, begin, split)
    limits = project.config.drift
    return compare(f"refined.{name}", current, baseline, now, limits), anomalies(project, f"refined.{name}")


def anomalies(project: Project, table: str) -> list[dict[str, Any]]:
    """Return the numbers of a table's newest result that are out of line with their history.

    These are its rows, of each check the share of unexpected values (percent), and what it observed, if a number.
    """
    from ..quality.drift.anomaly import judge

    results = list(reversed(project.reading().quality_results(table=table, limit=200)))
    series: dict[str, list[tuple[int, float]]] = {}
    for result in results:
        hour = int(result.at.timestamp() // 3600)
        for name, value in _numbers_of(result.result):
            series.setdefault(name, []).append((hour, value))
    found = []
    for label, points in sorted(series.items()):
        judged = judge([hour for hour, _ in points], [value for _, value in points])
        if judged is None or judged.score <= project.config.drift.history:
            continue
        if abs(judged.value - judged.expected) > max(0.1, 0.01 * abs(judged.expected)):
            found.append({"check": label, **asdict(judged)})
    return found


def _numbers_of(result: dict[str, Any]) -> Iterator[tuple[str, float]]:
    if result["rows"] is not None:
        yield "rows", float(result["rows"])
    for entry in result["results"]:
        if entry["unexpected_percent"] is not None:
            yield _label(entry), float(entry["unexpected_percent"])
        elif isinstance(entry["observed"], (int, float)):
            yield f"{_label(entry)} (observed)", float(entry["observed"])


def docs(project: Project, folder: str, table: str | None = None) -> list[str]:
    """Write Great Expectations' Data Docs of the newest results as static pages; return the files."""
    from ..quality.pages import write_pages

    store = project.reading()
    newest: dict[str, Any] = {}
    for result in store.quality_results(limit=1000):
        newest.setdefault(result.table, result)
    wanted = [r for name, r in sorted(newest.items()) if table is None or name in (table, f"refined.{table}")]
    if not wanted:
        raise ConfigError("there is no quality result to write", "run 'weir run' first")
    return write_pages([(r.result, r.run, r.at) for r in wanted], Path(folder))


def failed(table: str, findings: Sequence[str]) -> QualityGateFailed:
    """Return the error that ends a command with exit code 3."""
    shown = ", ".join(findings[:5]) + (f" and {len(findings) - 5} more" if len(findings) > 5 else "")
    return QualityGateFailed(
        f"{table}: {shown}", "see the report above, and 'weir quality'", table=table, failed=list(findings)
    )


def _files(project: Project, table: str) -> tuple[str, list[str]]:
    name = table.removeprefix("refined.")
    tables = project.tables()
    if not tables.exists(f"refined.{name}"):
        known = [n.removeprefix("refined.") for n in tables.names() if n.startswith("refined.")]
        raise ConfigError(f"there is no table '{name}'{nearest(name, known)}", "see 'weir tables'")
    files = list(tables.files(f"refined.{name}"))
    if not files:
        raise ConfigError(f"'{name}' holds no rows yet", "run 'weir run' first")
    return name, files


def _trends(table: str, results: list[Any]) -> TableQuality:
    """`results` come newest first."""
    newest = results[0]
    past = [({_label(e): e for e in result.result["results"]}, result.at) for result in results]
    checks = []
    for entry in newest.result["results"]:
        label = _label(entry)
        known = [(entries[label], at) for entries, at in past if label in entries]
        since = None
        for earlier, at in known:
            if earlier["success"]:
                break
            since = at
        rates = tuple(_rate(earlier) for earlier, _ in reversed(known))
        checks.append(
            Trend(
                label,
                entry["severity"],
                entry["success"],
                entry["error"],
                entry["unexpected_count"],
                _rate(entry),
                _needed(entry),
                since,
                rates,
            )
        )
    passed = sum(check.success for check in checks)
    return TableQuality(table, newest.run, newest.at, newest.success, passed, tuple(checks))


def _rate(entry: dict[str, Any]) -> float | None:
    """Return the share of values that held; of checks about the whole, 1 or 0."""
    if entry["unexpected_percent"] is not None:
        return 1 - float(entry["unexpected_percent"]) / 100
    return None if entry["error"] else float(entry["success"])


def _needed(entry: dict[str, Any]) -> float | None:
    return None if entry["unexpected_percent"] is None else float(entry["kwargs"].get("mostly", 1))


def _label(entry: dict[str, Any]) -> str:
    name = str(entry["expectation"]).removeprefix("expect_")
    return f"{name}:{entry['column']}" if entry["column"] else name
