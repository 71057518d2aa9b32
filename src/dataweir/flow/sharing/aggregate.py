"""Aggregates with differential privacy: the budget is spent first, then counted on the workers, then noised."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...engine import Engine, Secret
from ...errors import ConfigError, MissingExtra
from ...output import Output
from ...privacy.candidate import SUBJECTS
from ...privacy.files import row_count
from ...privacy.keys import secret_key
from ...privacy.noise import Bounds, bounded, cells, noisy
from ...registry import nearest
from ...settings import AggregateConfig
from ..project import Project
from .masking import BUCKET_ROWS


@dataclass(frozen=True)
class Released:
    """An aggregate as it may be told to anybody: `rows` of groups with their noisy value.

    `scale` is that of the noise (discrete Laplace); with 95 % probability a count or sum is off by at most `error`.
    `left` is what remains of the table's budget.
    """

    name: str
    table: str
    measure: str
    epsilon: float
    left: float
    scale: float
    error: float
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class Budget:
    """A table's privacy budget: all of it, what was spent, what is left."""

    table: str
    budget: float
    spent: float
    left: float


def budgets(project: Project) -> list[Budget]:
    """Return the budgets that weir.yaml sets and what the catalogue says was spent of each."""
    store = project.reading()
    found = []
    for name, total in sorted(project.config.budgets.items()):
        table = project.qualified(name)
        spent = math.fsum(s.epsilon for s in store.spends(table))
        found.append(Budget(table, total, spent, max(0.0, total - spent)))
    return found


def aggregate(project: Project, name: str, person: str, output: Output) -> Released:
    """Release an aggregate of weir.yaml once. Raises PrivacyGateFailed where the table's budget does not suffice."""
    known = sorted(project.config.aggregates)
    if name not in known:
        raise ConfigError(f"no aggregate is called '{name}'{nearest(name, known)}", "add it under 'aggregates:'")
    settings = project.config.aggregates[name]
    if settings.table not in project.config.budgets:
        raise ConfigError(f"the table {settings.table} has no privacy budget", f"budgets: {{{settings.table}: 1.0}}")
    _prepared()
    with project.held() as (store, tables):
        table = project.qualified(settings.table)
        bounds = _bounds(settings, list(tables.schema(table).names))
        budget = project.config.budgets[settings.table]
        store.spend(table, name, settings.epsilon, budget, person)
        store.audit("spend", table, {"release": name, "epsilon": settings.epsilon}, actor=person)
        files = tuple(tables.files(table))
        buckets = max(1, -(-sum(row_count(file) for file in files) // BUCKET_ROWS))
        with Engine(project.config.engine, project.scratch) as engine, output.progress("count", buckets) as advance:
            secret = Secret(secret_key(project.keys))
            parts = engine.map(bounded, list(range(buckets)), files, buckets, bounds, secret, advance=advance)
        left = budget - math.fsum(s.epsilon for s in store.spends(table))
    exact = sum(parts[1:], parts[0]) if parts else None
    values, scale = _noised(settings, exact)
    rows = [
        {**dict(zip(bounds.by, cell, strict=True)), settings.measure: value}
        for cell, value in zip(cells(bounds), values, strict=True)
    ]
    error = scale * math.log(1 / 0.05)
    return Released(name, table, settings.measure, settings.epsilon, max(0.0, left), scale, error, rows)


def write_csv(released: Released, path: str) -> None:
    """Write the rows of an aggregate as CSV. Raises ConfigError where the file is already there."""
    if Path(path).exists():
        raise ConfigError(f"{path} is already there", "name another file")
    with Path(path).open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(released.rows[0]) if released.rows else [])
        writer.writeheader()
        writer.writerows(released.rows)


def _prepared() -> None:
    """Refuse before anything is spent where the noise cannot be drawn."""
    from importlib.util import find_spec

    if find_spec("opendp") is None:
        raise MissingExtra.of("dp", "an aggregate with differential privacy")


def _bounds(settings: AggregateConfig, columns: list[str]) -> Bounds:
    for name in [*settings.by, *filter(None, [settings.column, settings.subject])]:
        if name not in columns:
            raise ConfigError(f"the table {settings.table} has no column '{name}'{nearest(name, columns)}", "mend it")
    for name in settings.by:
        if not settings.keys.get(name):
            raise ConfigError(
                f"aggregates: the values of '{name}' are not named",
                f"keys: {{{name}: [...]}}; which values there are would tell of people who have rare ones",
            )
    subject = settings.subject or next((c for c in SUBJECTS if c in columns), None)
    total = settings.column if settings.measure != "count" else None
    return Bounds(tuple(settings.by), settings.keys, subject, settings.rows_per_person, total, settings.between)


def _noised(settings: AggregateConfig, exact: Any) -> tuple[Sequence[float], float]:
    counts, sums = exact[:, 0].tolist(), exact[:, 1].tolist()
    farthest = settings.rows_per_person * max(abs(end) for end in settings.between)
    if settings.measure == "count":
        return noisy(counts, settings.rows_per_person, settings.epsilon)
    if settings.measure == "sum":
        return noisy(sums, farthest, settings.epsilon)
    half = settings.epsilon / 2
    many, _ = noisy(counts, settings.rows_per_person, half)
    much, scale = noisy(sums, farthest, half)
    low, high = settings.between
    return [min(max(total / max(1, count), low), high) for total, count in zip(much, many, strict=True)], scale
