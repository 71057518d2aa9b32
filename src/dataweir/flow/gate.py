"""The quality gate of a run: suites on what is about to be committed, failing rows by reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from ..engine import Engine
from ..quality.deferred import load_behind
from ..quality.gate import failing_rows, gate
from ..quality.suite import default_suite, default_suites, load_suite
from ..quality.validation import validate
from ..storage import join, write_parquet
from .project import Project


@dataclass(frozen=True)
class Judged:
    """The outcome for one table: its report, and what failed."""

    table: str
    report: Any
    passed: bool
    failed: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def summaries(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """Return one outcome a table as JSON, without the single checks.

    A table that two targets of a run add to (user_events) is judged with each of them, for each may be held alone; a
    check has passed where it did every time.
    """
    tables: dict[str, list[Judged]] = {}
    for each in judged:
        tables.setdefault(each.table, []).append(each)
    return [
        {
            "table": table,
            "total": len(times[0].report.results),
            "passed": sum(
                all(check.success for check in checks)
                for checks in zip(*(each.report.results for each in times), strict=True)
            ),
            "failed": sorted({label for each in times for label in each.failed}),
            "warnings": sorted({label for each in times for label in each.warnings}),
        }
        for table, times in tables.items()
    ]


def suite_of(project: Project, table: str) -> dict[str, Any] | None:
    """Return the suite of a refined table: the configured, else the shipped, else None. Raises ConfigError."""
    configured = project.config.quality.get(table)
    if configured is False:
        return None
    if configured is not None:
        return load_suite(project.config.path(configured))
    return default_suite(table) if table in default_suites() else None


def expect(project: Project, tables: list[str]) -> None:
    """Say which tables will be judged: what that takes is imported while the workers are busy."""
    if any(suite_of(project, table.removeprefix("refined.")) for table in tables):
        load_behind()


def judge(project: Project, adds: dict[str, list[str]], engine: Engine) -> list[Judged]:
    """Validate the new files of each refined table that has a suite."""
    judged = []
    for name, files in adds.items():
        zone, _, table = name.partition(".")
        suite = suite_of(project, table) if zone == "refined" and files else None
        if suite is None:
            continue
        engine.client  # noqa: B018 (the suites run on the cluster, so it must be there)
        report = validate(files, suite, name=name)
        verdict = gate(report)
        judged.append(Judged(name, report, verdict.passed, verdict.failed_critical, verdict.warnings))
    return judged


def quarantine(project: Project, judged: Judged, files: list[str], engine: Engine, run: str) -> list[str]:
    """Write the failing rows of a batch that is held; return the files for raw.rejects."""
    critical = [rule for rule in judged.report.row_rules if rule.critical]
    parts = [p for p in failing_rows(files, critical, engine.map) if p.num_rows]
    if not parts:
        return []
    name = f"quality-{judged.table.removeprefix('refined.')}-{run}.parquet"
    location = join(project.warehouse, "raw", "rejects", "data", name)
    write_parquet(pa.concat_tables(parts), location)
    return [location]
