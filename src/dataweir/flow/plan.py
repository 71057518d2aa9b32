"""What a run would do now: the new splits of each source, and the part of the machine it would take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..cluster import survey
from ..config import DedupConfig
from ..ingest.cleaning import Cleaner
from ..ingest.contract import Plan
from ..ingest.dedup.scheme import Scheme, Semantic
from ..resources import MIN_WORKER_MEMORY, Allocation, allocate
from .drift import ColumnDrift
from .near import meaning_scheme, near_scheme
from .predict import Prediction, history, predict
from .project import Project
from .reclean import check_reclean
from .repeats import check_repeats


def check_sources(project: Project) -> None:
    """Refuse a configuration that no run can use, before anything is touched. Raises ConfigError."""
    for target in sorted({source.target for source in project.sources().values()}):
        Cleaner(project.config.clean, target)
        asked = project.config.dedup.get(target, DedupConfig())
        near_scheme(target, asked)
        meaning_scheme(project, target, asked)
        check_repeats(target, asked)


@dataclass(frozen=True)
class RunPlan:
    """The plan of every source by label, and the allocation."""

    sources: dict[str, Plan]
    connectors: dict[str, Any]
    """The connectors that planned, by label: they know by now what schema their files have."""
    allocation: Allocation
    waiting: int
    """Splits that were pulled before and still wait to be refined."""
    prediction: Prediction
    rules: dict[str, str]
    """Hashes of the configuration of cleaning, dedup and identity."""
    changed: list[str]
    """What stands in the tables by other rules than these."""
    near: dict[str, Scheme]
    """How near duplicates are found, by the table for which they are looked for."""
    meaning: dict[str, Semantic]
    """The same of texts of one meaning."""
    anew: dict[str, int] = field(default_factory=dict)
    """The tables that are derived again, with how many raw rows each is derived from."""
    drift: dict[str, ColumnDrift] = field(default_factory=dict)
    """How the columns of a source changed since its last run, where it remembers them."""

    @property
    def splits(self) -> int:
        """How many splits are new."""
        return sum(len(plan.splits) for plan in self.sources.values())

    @property
    def size(self) -> int:
        """Bytes to read, as stored."""
        return sum(split.size for plan in self.sources.values() for split in plan.splits)

    @property
    def warnings(self) -> list[str]:
        """What will go wrong by what is known now, each with its cure."""
        engine, peak = self.allocation, self.prediction.peak_memory_bytes or 0
        each = peak // engine.workers
        need, limit = (round(size / (1 << 20)) for size in (each, engine.memory_bytes))
        told = list(self.drifted)
        if engine.memory_bytes < MIN_WORKER_MEMORY:
            told.append(
                f"a worker may take {limit:,} MiB, of which its libraries hold some 300: with less than "
                f"{MIN_WORKER_MEMORY >> 20:,} MiB it may be restarted again and again until the run gives up"
            )
        if engine.scheduler or each <= engine.memory_bytes:
            return told
        return [
            *told,
            f"a worker will need about {need:,} MiB and may take {limit:,} MiB: it would spill or be restarted; set "
            "engine.memory higher, with fewer engine.workers where the machine has no more, or engine.partition lower",
        ]

    @property
    def drifted(self) -> list[str]:
        """What the columns that are gone from a source's files do, source by source."""
        mapped = {label: getattr(self.connectors[label].config, "columns", {}) for label in self.drift}
        told = (found.warn(label, mapped[label]) for label, found in self.drift.items())
        return [each for each in told if each]

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as JSON."""
        return {
            "splits": self.splits,
            "bytes": self.size,
            "waiting": self.waiting,
            "reclean": self.anew,
            "sources": {
                label: {
                    "type": self.connectors[label].name,
                    "target": self.connectors[label].target,
                    "splits": len(plan.splits),
                    "files": len({split.file for split in plan.splits}),
                    "bytes": sum(split.size for split in plan.splits),
                    "skipped": [{"file": file, "why": why} for file, why in plan.skipped],
                }
                for label, plan in self.sources.items()
            },
            "engine": self.allocation.as_dict(),
            "near_duplicates": {table: each.as_dict() for table, each in self.near.items()},
            "one_meaning": {table: each.as_dict() for table, each in self.meaning.items()},
            "prediction": self.prediction.as_dict(),
            "rules": self.rules,
            "changed_rules": self.changed,
            "warnings": self.warnings,
        }


_RUNS = 1000
"""How many of the latest runs are asked by which rules they cleaned."""


def make_plan(project: Project, store: Any = None, tables: Any = None, anew: Collection[str] = ()) -> RunPlan:
    """Ask every source what is new. Raises ConfigError or SourceError; touches nothing.

    Tables named in `anew` will be derived again from all of their raw rows; ConfigError where one cannot be.
    """
    check_sources(project)
    cluster = survey(project.config.engine)
    sources = project.sources(cluster)
    if store is None:
        store = project.reading() if anew else existing(project)
    if anew and tables is None:
        tables = project.tables()
    for target in anew:
        check_reclean(project, store, tables, target)
    raw = {target: _raw_rows(sources, tables, target) for target in anew}
    pulled = store.splits(state="pulled") if store else []
    again: Counter[str] = Counter(raw)
    for split in pulled:
        if split.source in sources and (target := sources[split.source].target) not in raw:
            again[target] += split.rows
    cursors = {label: store.cursor(label) if store else {} for label in sources}
    plans = {label: source.plan(cursors[label]) for label, source in sources.items()}
    drift = {label: ColumnDrift.between(cursors[label], made.cursor) for label, made in plans.items()}
    allocation = allocate(project.config.engine, cluster)
    sizes = {
        label: (sources[label].target, sum(split.size for split in made.splits))
        for label, made in plans.items()
        if made.splits
    }
    dedup = project.config.dedup.items()
    return RunPlan(
        sources=plans,
        connectors=sources,
        allocation=allocation,
        waiting=len(pulled),
        near={table: near for table, asked in dedup if (near := near_scheme(table, asked))},
        meaning={table: alike for table, asked in dedup if (alike := meaning_scheme(project, table, asked))},
        rules=project.config.rules(),
        changed=changed_rules(store, project) if store else [],
        prediction=predict(history(store) if store else [], sizes, allocation, again),
        anew=raw,
        drift={label: found for label, found in drift.items() if found},
    )


def _raw_rows(sources: Mapping[str, Any], tables: Any, target: str) -> int:
    """Return how many raw rows the sources of a table have brought."""
    names = (f"raw.{label}" for label, source in sources.items() if source.target == target)
    return sum(rows for name in names if tables.exists(name) for _, _, rows in tables.sizes(name))


def changed_rules(store: Any, project: Project) -> list[str]:
    """Return for each part of the rules that is not what it was: in which runs, and how many rows they refined."""
    found = []
    runs = [run for run in store.runs(_RUNS) if run.state == "done"]
    refined = store.refined_by_run()
    for part, now in project.config.rules().items():
        other = [run.id for run in runs if run.plan.get("rules", {}).get(part, now) != now]
        rows: Counter[str] = Counter()
        for (run, label), count in refined.items():
            if run in other:
                rows[_table(project, label)] += count
        if rows.total():
            where = ", ".join(f"{count:,} of {table}" for table, count in sorted(rows.items()) if count)
            last = f"{len(other)} earlier run(s), the last of them {other[0]}"
            found.append(
                f"'{part}' in weir.yaml is not what it was in {last}: what they made of the rows stands ({where})"
            )
    return found


def _table(project: Project, label: str) -> str:
    source = project.sources().get(label)
    return str(source.target) if source else f"the former source {label}"


def existing(project: Project) -> Any:
    """Return the project's catalogue for reading, None where there is none yet."""
    from ..errors import ConfigError

    try:
        return project.reading()
    except ConfigError:
        return None
