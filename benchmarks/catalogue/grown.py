"""A project with many runs and tables: a small one that really ran, whose records are repeated with other names."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import insert, select

from dataweir import Project
from dataweir.catalog.models import MetricRow, QualityRow, RunRow, ScoreRow, SplitRow, StepRow

LINE = '192.0.2.{n} - - [10/Oct/2024:13:{minute:02d}:36 -0700] "GET /item/{n} HTTP/1.0" 200 {size}\n'
CHUNK = 2000
POLICY = {
    "name": "traffic",
    "columns": {"method": "keep", "status": "keep", "path": "mask"},
    "entities": {"default": "replace"},
    "k": 2,
    "quasi_identifiers": ["method"],
    "suppress": 0.5,
    "residual": 0,
    "linkage": 1,
    "accept": {"linkage": "generated rows"},
}


def grow(folder: Path, runs: int, tables: int) -> Path:
    """Make the project: one real run and export, then its records over again until there are `runs` and `tables`."""
    if (folder / "grown").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    lines = [LINE.format(n=n % 250, minute=n % 60, size=n) for n in range(5000)]
    (folder / "access.log").write_text("".join(lines))
    (folder / "policy.yaml").write_text(json.dumps(POLICY))
    (folder / "weir.yaml").write_text(
        "project: grown\n"
        "sources: {web: {type: weblog, path: access.log, format: common, owner: web team, licence: internal}}\n"
        "exports: {traffic: {table: web_events, policy: policy.yaml, purpose: measuring}}\n"
    )
    for command in (["run"], ["export", "traffic", "--as", "eve"]):
        subprocess.run(
            [sys.executable, "-m", "dataweir", *command, "--json"], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
    project = Project.open(folder)
    _repeat(project.store(), runs)
    catalogue = project.tables()
    schema = pa.schema([(f"column_{n}", pa.string()) for n in range(12)] + [("ts", pa.timestamp("us", "UTC"))])
    for number in range(tables - len(catalogue.names())):
        catalogue.ensure(f"refined.table_{number:04d}", schema)
    (folder / "grown").touch()
    return folder


def _repeat(store: Any, runs: int) -> None:
    """Write the records of the one run again under earlier ids, a run an hour; candidates every fiftieth."""
    real = store.runs(1)[0]
    began = datetime.now(UTC)
    with store.engine.begin() as connection:
        patterns: dict[Any, list[dict[str, Any]]] = {}
        for model in (RunRow, StepRow, QualityRow, MetricRow, ScoreRow, SplitRow):
            patterns[model] = [dict(row) for row in connection.execute(select(model.__table__)).mappings()]
        for first in range(1, runs, CHUNK):
            for model, rows in patterns.items():
                made = [
                    _moved(model, row, real.id, number, began)
                    for number in range(first, min(first + CHUNK, runs))
                    for row in rows
                ]
                if made:
                    connection.execute(insert(model.__table__), made)
    candidate = store.candidates()[0]
    for number in range(runs // 50):
        evidence = {**candidate.evidence, "requester": f"person {number % 7}"}
        store.add_candidate(
            f"{candidate.id}-{number}", candidate.name, candidate.table, "p", "c", evidence, candidate.path, "eve"
        )


def _moved(model: Any, row: dict[str, Any], run: str, number: int, began: datetime) -> dict[str, Any]:
    at = began - timedelta(hours=number)
    name = f"{at:%Y%m%dT%H%M%S}000-{number:06x}"
    changed = {key: name if value == run else value for key, value in row.items()}
    for key in ("at", "started", "finished"):
        if changed.get(key) is not None:
            changed[key] -= timedelta(hours=number)
    if model is QualityRow:
        changed.pop("id")
    if model is SplitRow:
        changed["key"] = f"{number:06x}"
    return changed
