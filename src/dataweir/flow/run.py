"""One run: plan → pull → refine (clean, dedup, integrate) → expectations → commit → metrics → scores."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..catalog.machine import machine
from ..catalog.records import StepRecord
from ..engine import Cost, Engine
from ..errors import QualityGateFailed, WeirError
from ..output import Output
from .about import keep
from .alerts import alerted, crossed, tell
from .compact import compact
from .doctor import versions
from .drift import ColumnDrift
from .gate import summaries
from .plan import RunPlan, check_sources, make_plan
from .progress import Watched
from .project import Project
from .pull import REJECTS_TABLE, Pulled, pull
from .refine import Refined, refine
from .scores import rescore
from .sharing.forget import finish_begun, retain_within, retention_due
from .sharing.requests import answer_requests, waiting
from .status import accounts


@dataclass(frozen=True)
class RunReport:
    """What a run did. `work` is false where nothing was new; then no run is recorded."""

    work: bool
    run: str | None = None
    seconds: float = 0.0
    account: dict[str, Any] = field(default_factory=dict)
    rows_added: dict[str, int] = field(default_factory=dict)
    quality: list[dict[str, Any]] = field(default_factory=list)
    scores: dict[str, Any] = field(default_factory=dict)
    changed_rules: list[str] = field(default_factory=list)
    """What earlier runs committed by other rules than those of today."""
    drifted: list[str] = field(default_factory=list)
    """What the columns that are gone from a source's files do."""

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON."""
        return dict(vars(self))


def run(project: Project, output: Output, anew: Collection[str] = ()) -> RunReport:
    """Do the job once. Raises the first of: QualityGateFailed (batches held), SourceError (a source not read).

    Tables named in `anew` are derived again from all of their raw rows, by the rules of today. Whatever passed is
    committed before an error. Raises ProjectLocked where another run holds the project, ConfigError.
    """
    check_sources(project)
    with alerted(project, output):
        if waiting(project):
            answer_requests(project, output)
    with alerted(project, output), project.held() as (store, tables):
        _finish_erasures(project, store, tables, output)
        plan = make_plan(project, store, tables, anew)
        if not plan.splits and not plan.waiting and not anew:
            keep(project, store, tables, set())
            _retain(project, store, tables, output)
            return RunReport(work=False, changed_rules=plan.changed)
        started, before = time.perf_counter(), store.latest_scores()
        record = store.start_run(project.config.project, project.config.hash(), versions(), plan.as_dict())
        try:
            tables.sweep_orphans(_landed(store) | _planned(project, plan))
            with Engine(project.config.engine, project.scratch) as engine, Watched(output, store, record.id) as watched:
                try:
                    with watched.progress("start workers", 1) as advance:
                        engine.client  # noqa: B018  (it starts here)
                        advance()
                    watched.dashboard = lambda: engine.dashboard
                    pulled = pull(project, plan, store, tables, engine, record.id, watched)
                    refined = refine(project, store, tables, engine, record.id, watched, anew)
                    compact(tables, engine, record.id, watched)
                    report = _close(project, store, plan, record.id, engine, pulled, refined, started)
                finally:  # what a failed run's tasks took says why it failed
                    store.record_steps(record.id, _task_steps(engine))
                _log(watched, report, pulled, refined)
        except WeirError as error:
            store.finish_run(record.id, "failed", error=error.as_dict())
            raise
        except BaseException as error:
            store.finish_run(record.id, "failed", error={"error": type(error).__name__})
            raise
        keep(project, store, tables, set(report.rows_added))
        tell(project, output, crossed(project, before, report.scores))
        _end(store, record.id, report, pulled, refined)
        _retain(project, store, tables, output)
        return report


def _finish_erasures(project: Project, store: Any, tables: Any, output: Output) -> None:
    """Finish erasures that were killed, before anything new comes in."""
    if store.erasures("begun"):
        with Engine(project.config.engine, project.scratch) as engine:
            finish_begun(project, store, tables, engine, output.step)


def _retain(project: Project, store: Any, tables: Any, output: Output) -> None:
    """Erase what is past the time that weir.yaml gives it."""
    if retention_due(project, tables):
        with Engine(project.config.engine, project.scratch) as engine:
            retain_within(project, store, tables, engine, output.step, apply=True)


def _landed(store: Any) -> set[str]:
    waiting = store.splits(state="pulled")
    return {path for split in waiting for path in (split.rows_path, split.rejects_path) if path}


def _planned(project: Project, plan: RunPlan) -> set[str]:
    """Return the files that landing will find done if a killed run landed them."""
    from ..ingest.landing import locations

    planned = (split for made in plan.sources.values() for split in made.splits)
    return {path for split in planned for path in locations(split, project.warehouse, project.config.hash())}


def _close(
    project: Project,
    store: Any,
    plan: RunPlan,
    run: str,
    engine: Engine,
    pulled: Pulled,
    refined: Refined,
    started: float,
) -> RunReport:
    """Record steps, quality, metrics and scores; return the report."""
    for judged in refined.judged:
        report = judged.report
        store.record_quality(run, judged.table, report.suite_hash, report.success, report.as_dict())
    seconds = time.perf_counter() - started
    store.record_steps(run, [*_pull_steps(project, pulled, plan.drift), *refined.steps])
    account = _account(store, run)
    store.record_steps(run, _machine_steps(project, store, engine, pulled, account, seconds))
    return RunReport(
        work=True,
        run=run,
        seconds=round(seconds, 3),
        account=account,
        rows_added=_added(pulled, refined),
        quality=summaries(refined.judged),
        scores=rescore(project, store, run),
        changed_rules=plan.changed,
        drifted=plan.drifted,
    )


def _log(watched: Watched, report: RunReport, pulled: Pulled, refined: Refined) -> None:
    """Tell the run's log what came of it: counts, checks, and what stopped a part of it."""
    account = report.account
    watched.log(
        f"{account['records']:,} records from {account['files']:,} files: {account['kept']:,} kept, "
        f"{account['duplicates']:,} duplicates, {account['removed']:,} removed, {account['rejected']:,} rejected"
    )
    for table, rows in report.rows_added.items():
        watched.log(f"{rows:,} rows added to {table}")
    for told in report.quality:
        named = f"; failed: {', '.join(told['failed'])}" if told["failed"] else ""
        named += f"; warnings: {', '.join(told['warnings'])}" if told["warnings"] else ""
        watched.log(f"{told['passed']} of {told['total']} expectations of {told['table']} passed{named}")
    for warning in report.drifted:
        watched.log(warning)
    for error in [*pulled.failed.values(), *refined.failures]:
        watched.log(f"{error.message}; cure: {error.cure}")


def _added(pulled: Pulled, refined: Refined) -> dict[str, int]:
    """Return how many rows each table got, from the pull and from the refining."""
    added = Counter(refined.rows_added)
    for part in pulled.landed:
        added[f"raw.{part.source}"] += part.rows
        added[REJECTS_TABLE] += sum(part.rejected.values())
    return {name: rows for name, rows in sorted(added.items()) if rows}


def _account(store: Any, run: str) -> dict[str, Any]:
    touched = [split for split in store.splits() if run in (split.run_pulled, split.run_refined)]
    return accounts(touched)[0].as_dict()


def _pull_steps(project: Project, pulled: Pulled, drift: Mapping[str, ColumnDrift]) -> list[StepRecord]:
    sources = project.sources()
    declared = sum(1 for source in sources.values() if source.config.licence)
    authenticated = sum(1 for source in sources.values() if getattr(source, "authenticated", False))
    standing: dict[str, float] = {
        "sources": len(sources),
        "source_types": len({type(source).name for source in sources.values()}),
        "licence_declared": declared,
        "authenticated_sources": authenticated,
    }
    steps = [StepRecord("sources", "project", facts=standing)]
    for label in sorted({part.source for part in pulled.landed}):
        parts = [part for part in pulled.landed if part.source == label]
        records = sum(part.records for part in parts)
        rejected = sum(sum(part.rejected.values()) for part in parts)
        seconds = sum(part.seconds for part in parts)
        facts: dict[str, float] = {
            "records": records,
            "rejected_pull": rejected,
            "bytes_in": sum(part.bytes_in for part in parts),
            "pull_seconds": seconds,
        }
        for name in sorted({name for part in parts for name in part.cost}):
            facts[name] = sum(part.cost.get(name, 0) for part in parts)
        for reason in sorted({reason for part in parts for reason in part.rejected}):
            facts[f"rejected_pull:{reason}"] = sum(part.rejected.get(reason, 0) for part in parts)
        told = [part for part in parts if "expected_records" in part.cost]
        if told:
            facts["received_of_expected"] = sum(part.records for part in told)
        newest = max((part.newest for part in parts if part.newest is not None), default=None)
        if newest is not None:
            facts["lag_hours"] = (time.time() - newest) / 3600
        facts |= drift[label].facts if label in drift else {}
        steps.append(StepRecord("pull", label, records, records - rejected, rejected, seconds=seconds, facts=facts))
    return steps


def _machine_steps(
    project: Project, store: Any, engine: Engine, pulled: Pulled, account: dict[str, Any], seconds: float
) -> list[StepRecord]:
    ceilings = machine(store, project.warehouse)
    compiling = sum(cost.compile_seconds for cost in engine.costs.values())
    facts = {
        **ceilings,
        "wall_seconds": seconds,
        "busy_seconds": engine.busy_seconds,
        "workers": engine.allocation.workers,
        "start_seconds": engine.start_seconds,
        "waiting_seconds": max(0.0, seconds - engine.wall_seconds),
        "compiling_seconds": compiling,
        "pulled_bytes": sum(part.bytes_in for part in pulled.landed),
        "peak_memory_bytes": engine.peak_memory_total,
        "rows_per_second": account["records"] / engine.wall_seconds if engine.wall_seconds else 0.0,
    }
    # without /proc nobody knows what the tasks read: then it is not measured, rather than said to be little
    read = sum(cost.read_bytes for cost in engine.costs.values())
    work: dict[str, float] = {
        "rows_in": account["records"],
        "waste_rows": account["duplicates"] + account["removed"] + account["rejected"],
    }
    if read and pulled.landed:
        work |= {
            "bytes_in": sum(part.bytes_in for part in pulled.landed),
            "work_bytes": read,
            "spilled_bytes": engine.spilled_bytes,
            "busy_seconds": engine.busy_seconds,
            "compiling_seconds": compiling,
            "text_bytes_per_s": ceilings["text_bytes_per_s"],
        }
    return [StepRecord("machine", "project", facts=facts), StepRecord("work", "project", facts=work)]


def _task_steps(engine: Engine) -> list[StepRecord]:
    return [
        StepRecord(f"compute.{name}", "project", cost.tasks, cost.tasks, seconds=cost.seconds, facts=_cost(cost))
        for name, cost in engine.costs.items()
    ]


def _cost(cost: Cost) -> dict[str, float]:
    """Return what the tasks of one function cost, under names that no metric of the whole run reads."""
    return {
        "tasks": cost.tasks,
        "task_seconds": cost.seconds,
        "task_compile_seconds": cost.compile_seconds,
        "task_wall_seconds": cost.wall_seconds,
        "task_read_bytes": cost.read_bytes,
        "task_written_bytes": cost.written_bytes,
        "task_peak_bytes": cost.peak_memory,
    }


def _end(store: Any, run: str, report: RunReport, pulled: Pulled, refined: Refined) -> None:
    """Finish the run's record, and raise what stopped a part of it."""
    failure: WeirError | None = next(iter(refined.failures), None) or next(iter(pulled.failed.values()), None)
    counts = {"account": report.account, "rows_added": report.rows_added}
    if failure is None:
        store.finish_run(run, "done", counts)
        return
    state = "gate_failed" if isinstance(failure, QualityGateFailed) else "failed"
    store.finish_run(run, state, counts, failure.as_dict())
    raise failure
