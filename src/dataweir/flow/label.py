"""Labelling: machines' labels from functions that vote, people's labels out to Label Studio and in again.

A machine's labels of a task are replaced as a whole by the next run, in one commit; earlier versions stay readable as
snapshots of the table. A row that a person labelled gets no label from a machine.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..catalog.commit import Commit, commit
from ..catalog.records import StepRecord
from ..engine import Engine
from ..errors import ConfigError, DataError
from ..ingest.labels import studio
from ..ingest.labels.agreement import krippendorff_alpha
from ..ingest.labels.combine import Patterns, fit, report
from ..ingest.labels.contract import LABELS, Task
from ..ingest.labels.stage import count, labels, write
from ..output import Output
from ..registry import nearest
from ..storage import join, path, write_parquet
from .project import Project

TABLE = "refined.labels"
_PARTITION = ("task", "identity")
_PEOPLE = "people-"
NO_MAJORITY = ""


@dataclass(frozen=True)
class Labelled:
    """What labelling a task came to; `functions` hold coverage, overlap, conflict and accuracy of each."""

    task: str
    rows: int
    labels: dict[str, int]
    unlabelled: int
    people: int
    """Rows that people labelled."""
    alpha: float | None
    """Krippendorff's alpha among the people; None where no row has two of them."""
    functions: list[dict[str, Any]] = field(default_factory=list)
    changed: bool = True


def tasks(project: Project, name: str | None) -> list[Task]:
    """Return a task of weir.yaml, or all. Raises ConfigError."""
    known = project.config.labels
    if not known:
        raise ConfigError("weir.yaml has no labels", "add a task under 'labels:'")
    if name is not None and name not in known:
        raise ConfigError(f"no task is called '{name}'{nearest(name, list(known))}", f"tasks: {', '.join(known)}")
    root = str(project.config.root)
    return [Task.of(each, known[each], root) for each in ([name] if name else known)]


def label(project: Project, name: str | None, output: Output) -> list[Labelled]:
    """Label the rows of a task's table, or of all tasks'. Raises ConfigError, ProjectLocked."""
    chosen = tasks(project, name)
    project.reading()
    done = []
    with (
        project.held() as (store, tables),
        Engine(project.config.engine, project.scratch) as engine,
    ):
        tables.ensure(TABLE, LABELS, _PARTITION)
        for task in chosen:
            done.append(_label(project, store, tables, engine, task, output))
    return done


def _label(project: Project, store: Any, tables: Any, engine: Engine, task: Task, output: Output) -> Labelled:
    files = tables.files(project.qualified(task.table))
    said = _said(_judgements(tables, task))
    gold = _gold(said)
    busy = engine.busy_seconds
    with output.progress(f"vote {task.name}", len(files)) as advance:
        staging = join(project.staging, "labels", task.name)
        counted = engine.map(count, files, task, gold, staging, advance=advance)
    nothing = Patterns.of(_no_votes(task), _no_votes(task)[:, 0])
    patterns = Patterns.merged([nothing, *(part.patterns for part in counted)])
    model = fit(patterns, len(task.labels)) if task.model == "accuracy" and len(patterns.counts) else None
    batch = _digest([task.version, *files, json.dumps(sorted(gold.items()))])
    files_there = (Path(path(file)).name for file in tables.files(TABLE, f"task == '{task.name}'"))
    standing = {name for name in files_there if not name.startswith(_PEOPLE)}
    changed = not standing or not all(name.startswith(batch) for name in standing)
    run = store.runs(1)[0].id
    if changed:
        made = engine.map(write, counted, task, model, gold, project.warehouse, batch)
        adds = {TABLE: [file for file in made if file]}
        deletes = {TABLE: _machine(task)} if standing else {}
        commit(store, tables, run, Commit(f"label {task.name} {batch}", adds, deletes))
    tally = Counter(row["label"] for row in tables.read(TABLE, ["label"], _machine(task)).to_pylist())
    rows = sum(part.rows for part in counted)
    machine, people = sum(tally.values()), len(gold)
    facts = {"labelled": float(machine), "labelled_by_people": float(people)}
    seconds = engine.busy_seconds - busy
    store.record_steps(run, [StepRecord("label", task.name, rows, rows, 0, machine, seconds, facts)])
    return Labelled(
        task=task.name,
        rows=rows,
        labels={name: tally.get(name, 0) + Counter(gold.values())[name] for name in task.labels},
        unlabelled=rows - machine - people,
        people=people,
        alpha=krippendorff_alpha((j.id, j.annotator, str(j.label)) for j in said),
        functions=report(patterns, task.functions, model),
        changed=changed,
    )


def export_tasks(project: Project, name: str, file: str, limit: int) -> dict[str, Any]:
    """Write the rows that are worth a person's look as Label Studio tasks, the least certain first.

    The file holds texts as they are, unmasked: it is readable by its owner alone and stays in the house.
    """
    (task,) = tasks(project, name)
    tables = project.tables()
    machine: dict[str, tuple[str, float]] = {}
    people: set[str] = set()
    if tables.exists(TABLE):
        rows = tables.read(TABLE, ["id", "label", "confidence", "origin"], f"task == '{task.name}'")
        people = {r["id"] for r in rows.to_pylist() if r["origin"] == "human" and r["label"] is not None}
        machine = {r["id"]: (r["label"], r["confidence"]) for r in rows.to_pylist() if r["origin"] == "machine"}
    text = project.config.labels[name].text
    query = f'select "{task.id_column}" as id, "{text}" as text from {task.table} where "{text}" is not null'  # noqa: S608
    found = [row for row in project.sql(query).to_pylist() if row["id"] not in people]
    found.sort(key=lambda row: (machine.get(row["id"], ("", 0.0))[1], row["id"]))
    made = [studio.task_of(task, r["id"], r["text"], *machine.get(r["id"], (None, None))) for r in found[:limit]]
    target = Path(file)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        json.dump(made, handle, ensure_ascii=False, indent=1)
    project.store().audit("label export", name, {"rows": len(made)})
    return {"task": name, "file": str(target), "rows": len(made), "interface": studio.interface(task)}


def import_labels(project: Project, name: str, file: str) -> dict[str, Any]:
    """Take people's labels in; the newest word of each person on each row counts, and be it that they skipped it.

    Raises DataError, ConfigError.
    """
    (task,) = tasks(project, name)
    try:
        document = json.loads(Path(file).read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {file}: {type(error).__name__}", "check the file") from None
    except json.JSONDecodeError:
        raise DataError(f"{file} is not JSON", "export the project from Label Studio as JSON") from None
    fresh = studio.judgements(document, task)
    with project.held() as (store, tables):
        tables.ensure(TABLE, LABELS, _PARTITION)
        kept = _newest([*_judgements(tables, task), *fresh])
        rows = _human(task, kept)
        digest = _digest([json.dumps([(j.id, j.annotator, j.label, str(j.at)) for j in kept])])
        location = join(project.warehouse, "refined", "labels", "data", f"{_PEOPLE}{task.name}-{digest}.parquet")
        standing = tables.files(TABLE, f"task == '{task.name}' and origin == 'human'")
        changed = bool(kept) and path(location) not in {path(file) for file in standing}
        if changed:
            write_parquet(rows, location)
            listed = ", ".join(f"'{_quoted(each)}'" for each in sorted({j.id for j in kept}))
            deletes = f"task == '{task.name}' and (origin == 'human' or id in ({listed}, ''))"
            change = Commit(f"label import {digest}", {TABLE: [location]}, {TABLE: deletes})
            commit(store, tables, store.runs(1)[0].id, change)
            store.audit("label import", name, {"labels": len(_said(fresh))})
    said = _said(kept)
    return {
        "task": name,
        "labels": len(_said(fresh)),
        "skipped": len(kept) - len(said),
        "rows": len({j.id for j in said}),
        "people": len({j.annotator for j in said}),
        "alpha": krippendorff_alpha((j.id, j.annotator, str(j.label)) for j in said),
        "changed": changed,
    }


def _judgements(tables: Any, task: Task) -> list[studio.Judgement]:
    columns = ["id", "annotator", "label", "at"]
    rows = tables.read(TABLE, columns, f"task == '{task.name}' and origin == 'human'") if tables.exists(TABLE) else None
    return [studio.Judgement(*row.values()) for row in rows.to_pylist()] if rows is not None else []


def _newest(said: list[studio.Judgement]) -> list[studio.Judgement]:
    newest: dict[tuple[str, str], studio.Judgement] = {}
    for each in said:
        known = newest.get((each.id, each.annotator))
        if known is None or known.at is None or each.at is None or each.at >= known.at:
            newest[each.id, each.annotator] = each
    return sorted(newest.values(), key=lambda j: (j.id, j.annotator))


def _said(judgements: list[studio.Judgement]) -> list[studio.Judgement]:
    """Return those that say something: a row that a person skipped stands with the label null."""
    return [each for each in judgements if each.label is not None]


def _gold(said: list[studio.Judgement]) -> dict[str, str]:
    """Return the label that most people gave each row that somebody labelled; NO_MAJORITY where two are level."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for each in said:
        votes[each.id][str(each.label)] += 1
    best = {row: tally.most_common(2) for row, tally in votes.items()}
    return {
        row: top[0][0] if len(top) == 1 or top[0][1] > top[1][1] else NO_MAJORITY for row, top in sorted(best.items())
    }


def _human(task: Task, kept: list[studio.Judgement]) -> pa.Table:
    columns = [pa.array([getattr(j, name) for j in kept], pa.string()) for name in ("id", "label", "annotator")]
    at = pa.array([j.at for j in kept], LABELS.field("at").type)
    sure = pa.repeat(pa.scalar(1.0), len(kept))
    return labels(task, columns[0], columns[1], sure, "human", columns[2], None, at)


def _machine(task: Task) -> str:
    return f"task == '{task.name}' and origin == 'machine'"


def _no_votes(task: Task) -> Any:
    import numpy as np

    return np.empty((0, max(1, len(task.functions))), np.int8)[:, : len(task.functions) or 1]


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
