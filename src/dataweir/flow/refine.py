"""Refine: what was pulled becomes integrated tables, a batch for each, all in or not at all."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from ..catalog.commit import Commit, commit
from ..catalog.records import SplitRecord, StepRecord
from ..config import DedupConfig
from ..engine import Engine
from ..errors import QualityGateFailed
from ..ingest.contract import REJECTS
from ..ingest.integrate import generic_schema
from ..ingest.parts import ROWS_PER_PART
from ..ingest.refine import (
    FileCount,
    Finished,
    Prepared,
    RawPart,
    bucket_count,
    cut,
    decide,
    finish,
    groups,
    prepare,
    rounds,
)
from ..ingest.schemas import TABLES
from ..output import Output
from ..storage import delete_files, join
from .gate import Judged, expect, judge, quarantine
from .near import NearRound, meaning_scheme, near_scheme
from .outliers import OutlierStage
from .project import Project
from .pull import REJECTS_PARTITION, REJECTS_TABLE
from .reclean import Anew, clearing, raw_parts, without_erased
from .removals import Accounts, removals
from .repeats import RepeatsRound
from .visits import VisitStage, visit_steps


@dataclass
class Refined:
    """The batches of one run: what was added, what the suites said, what each step cost, which gates failed."""

    rows_added: dict[str, int] = field(default_factory=dict)
    judged: list[Judged] = field(default_factory=list)
    steps: list[StepRecord] = field(default_factory=list)
    failures: list[QualityGateFailed] = field(default_factory=list)


def refine(
    project: Project, store: Any, tables: Any, engine: Engine, run: str, output: Output, anew: Collection[str] = ()
) -> Refined:
    """Refine every split that waits, target by target; a batch whose gate fails is held, the others go on.

    Tables named in `anew` are derived again from all of their raw rows.
    """
    sources = project.sources()
    by_target: dict[str, list[SplitRecord]] = defaultdict(list)
    for split in store.splits():
        target = sources[split.source].target if split.source in sources else None
        if target and (target in anew or split.state == "pulled"):
            by_target[target].append(split)
    done = Refined()
    for target, splits in sorted(by_target.items()):
        _Batch(project, store, tables, engine, run, target, splits, target in anew).go(done, output)
    return done


class _Batch:
    """The waiting splits of one target on their way to its table."""

    def __init__(
        self,
        project: Project,
        store: Any,
        tables: Any,
        engine: Engine,
        run: str,
        target: str,
        splits: list[SplitRecord],
        anew: bool,
    ) -> None:
        self.project, self.store, self.engine, self.run = project, store, engine, run
        self.tables: Any = Anew(tables, target) if anew else tables
        self.target, self.splits, self.anew = target, splits, anew
        self.sources = project.sources()
        self.table = f"refined.{target}"
        self.dedup = project.config.dedup.get(target, DedupConfig())
        self.staging = join(project.staging, target)
        keys = "\n".join(sorted(f"{split.source}/{split.key}" for split in splits))
        once = f"{run}\n" if anew else ""  # no file may have the name of one that goes in the same commit
        self.name = hashlib.sha256(f"{once}{project.config.hash()}\n{keys}".encode()).hexdigest()[:16]

    def go(self, done: Refined, output: Output) -> None:
        """Prepare, decide, finish, judge, commit."""
        busy = self.engine.busy_seconds
        expect(self.project, [self.table])
        prepared = self._prepare(output)
        if self.target == "social_posts":
            prepared = Accounts(self.tables, self.engine, self.staging).close(prepared, self.dedup)
        decided = self._decide(prepared)
        known = self.project, self.tables, self.engine, self.target, self.dedup, self.staging
        near = NearRound(*known, near_scheme(self.target, self.dedup))
        index = near.go(prepared, decided, self.name, output)
        meaning = NearRound(*known, meaning_scheme(self.project, self.target, self.dedup))
        alike = meaning.go(prepared, decided, self.name, output, index.docs)
        gone = [*index.docs, *alike.docs]
        repeats = RepeatsRound(*known).go(prepared, decided, gone, self.name, output)
        stage = VisitStage(self.project, self.tables, self.engine, self.staging, prepared)
        visits = stage.reconstruct(decided)
        made = groups(prepared)
        identify = self.project.identify()
        where = self.project.warehouse, self.name
        outliers = OutlierStage(self.project, self.tables, self.engine, self.target, prepared)
        with output.progress(f"write {self.target}", len(made)) as advance:
            rest = decided, *where, visits, identify, outliers.limits, repeats.cuts
            sizes = [sum(part.kept for part in group.parts) for group in made]
            finished = self.engine.map(finish, made, self.target, *rest, weights=sizes, advance=advance)
        adds = _merged(
            [*(part.files for part in finished), index.adds, alike.adds, repeats.adds, outliers.write(self.name)]
        )
        counts = _counted(finished)
        judged = judge(self.project, adds, self.engine)
        seconds = self.engine.busy_seconds - busy
        done.judged += judged
        rules = [*self._rules(prepared, finished), *visit_steps(visits)]
        done.steps += [self._step(prepared, counts, rules, seconds), *rules]
        done.steps += [_checks(j) for j in judged]
        failed = [j for j in judged if not j.passed]
        if failed:
            done.failures.append(self._hold(adds, failed))
            return
        for name in adds:
            self._ensure(name, prepared)
        moved = outliers.moved if self.target == "web_events" else None
        restated = [
            stage.restate(visits, self.name, identify, moved),
            outliers.restate(finished, [*index.withdrawn, *alike.withdrawn], self.name),
        ]
        removed = removals(prepared, finished, self.sources, self.tables, self.engine)
        deletes = [index.deletes, alike.deletes, repeats.deletes, removed, *(each.deletes for each in restated)]
        adds = _merged([adds, *(each.adds for each in restated)])
        if self.anew:
            labels = sorted({split.source for split in self.splits})
            deletes.append(clearing(self.tables.all, self.target, labels, adds))
            self.splits = without_erased(self.splits, counts)
        self._commit("refine", adds, counts, _either(deletes))
        for part in finished:
            for name, rows in part.rows.items():
                done.rows_added[name] = done.rows_added.get(name, 0) + rows

    def _prepare(self, output: Output) -> list[Prepared]:
        buckets = bucket_count(sum(split.rows for split in self.splits))
        whole = [
            (RawPart(split.rows_path, split.source, split.key, split.file, split.first_line), split.rows)
            for split in self.splits
            if split.rows_path
        ]
        if self.anew:
            whole = raw_parts(self.tables, sorted({split.source for split in self.splits}))
        cuts = [(part, rows, cut(part) if rows > ROWS_PER_PART else [part]) for part, rows in whole]
        parts = [(each, self.sources[part.source]) for part, _, made in cuts for each in made]
        sizes = [rows / len(made) for _, rows, made in cuts for _ in made]
        with output.progress(f"clean {self.target}", len(parts)) as advance:
            how = self.project.config.clean, self.dedup, self.staging, buckets
            return self.engine.map(_prepare, parts, *how, weights=sizes, advance=advance)

    def _decide(self, prepared: list[Prepared]) -> list[Any]:
        if not prepared:
            return []
        seen = self._seen(prepared)
        dropped = self.tables.files("refined.duplicates") if self.tables.exists("refined.duplicates") else []
        decided: list[Any] = []
        for method in rounds(self.target, self.dedup):
            buckets = list(range(prepared[0].buckets))
            decided += self.engine.map(
                decide, buckets, self.target, method, prepared, seen, self.staging, list(decided), dropped
            )
        return decided

    def _seen(self, prepared: list[Prepared]) -> list[str]:
        """Return the committed files that may hold the same rows: of web events those of the batch's days."""
        if not self.tables.exists(self.table):
            return []
        first = min((p.first_ts for p in prepared if p.first_ts), default=None)
        last = max((p.last_ts for p in prepared if p.last_ts), default=None)
        if self.target != "web_events" or first is None or last is None:
            return list(self.tables.files(self.table))
        begin, end = (day.astimezone(dt.UTC).isoformat() for day in (first, last))
        return list(self.tables.files(self.table, f"ts >= '{begin}' and ts <= '{end}'"))

    def _ensure(self, name: str, prepared: list[Prepared]) -> None:
        if name == REJECTS_TABLE:
            self.tables.ensure(name, REJECTS, REJECTS_PARTITION)
            return
        spec = TABLES.get(name.removeprefix("refined."))
        if spec is not None:
            self.tables.ensure(name, spec.schema, spec.partition)
            return
        label = prepared[0].part.source
        integrated = self.sources[label].integrate(self.tables.schema(f"raw.{label}").empty_table())
        self.tables.ensure(name, generic_schema(integrated.schema, with_text_key=self.dedup.text is not None), None)

    def _commit(
        self,
        stage: str,
        adds: dict[str, list[str]],
        counts: dict[tuple[str, str], FileCount],
        deletes: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        deletes = dict(deletes)
        if self.tables.exists(REJECTS_TABLE):
            labels = ", ".join(f"'{label}'" for label in sorted({split.source for split in self.splits}))
            held = f"stage == 'quality' and source in ({labels})"
            if self.tables.files(REJECTS_TABLE, held):
                deletes[REJECTS_TABLE] = " or ".join(filter(None, [deletes.get(REJECTS_TABLE), f"({held})"]))
        splits = [] if stage == "hold" else _settled(self.splits, counts, self.run)
        commit(self.store, self.tables, self.run, Commit(stage, adds, deletes, splits))

    def _hold(self, adds: dict[str, list[str]], failed: list[Judged]) -> QualityGateFailed:
        """Put the failing rows into the rejects, take the batch's files away, and say what failed."""
        rejects = [file for j in failed for file in quarantine(self.project, j, adds[j.table], self.engine, self.run)]
        if rejects:
            self._ensure(REJECTS_TABLE, [])
        self._commit("hold", {REJECTS_TABLE: rejects} if rejects else {}, {})
        delete_files(file for files in adds.values() for file in files)
        checks = [check for j in failed for check in j.failed]
        return QualityGateFailed(
            f"{self.target}: {len(checks)} critical expectation(s) failed: {', '.join(checks)}; the batch is held",
            "see 'weir quality' and raw.rejects (stage quality); mend source, rule or suite, then run again",
            table=self.target,
            failed=checks,
        )

    def _step(
        self,
        prepared: list[Prepared],
        counts: dict[tuple[str, str], FileCount],
        rules: list[StepRecord],
        seconds: float,
    ) -> StepRecord:
        kept = sum(count.kept for count in counts.values())
        duplicates = sum(sum(count.duplicates.values()) for count in counts.values())
        removed = sum(sum(count.removed.values()) for count in counts.values())
        rejected = sum(sum(count.rejected.values()) for count in counts.values())
        facts = {
            "kept": kept,
            "duplicates": duplicates,
            "removed": removed,
            "rejected_clean": rejected,
            "changed_values": sum(sum(part.changed.values()) for part in prepared),
            "refine_seconds": seconds,
        }
        rows = sum(part.rows for part in prepared)
        changed = sum(each.changed for each in rules)
        return StepRecord("refine", self.target, rows, kept, rejected + duplicates + removed, changed, seconds, facts)

    def _rules(self, prepared: list[Prepared], finished: list[Finished]) -> list[StepRecord]:
        """Return what each cleaning rule did and what it cost, as steps `rule` of `TABLE.RULE`."""
        steps, rows = [], sum(part.rows for part in prepared)
        for name in prepared[0].changed if prepared else ():
            refused = sum(part.refused.get(name, 0) for part in prepared)
            changed = sum(part.changed.get(name, 0) for part in prepared)
            seconds = sum(part.seconds.get(name, 0.0) for part in prepared)
            if name == "outliers":
                changed = sum(part.outliers for part in finished)
            elif name == "bots":
                changed += sum(part.machines for part in finished)
            subject = f"{self.target}.{name}"
            steps.append(StepRecord("rule", subject, rows, rows - refused, refused, changed, round(seconds, 6)))
            rows -= refused
        if self.dedup.repeats:
            kept = sum(part.rows.get(self.table, 0) for part in finished)
            steps.append(StepRecord("rule", f"{self.target}.repeats", kept, kept, 0, sum(p.cut for p in finished)))
        return steps


def _prepare(item: tuple[RawPart, Any], clean: Any, dedup: DedupConfig, staging: str, buckets: int) -> Prepared:
    part, source = item
    return prepare(part, source, clean, dedup, staging, buckets)


def _checks(judged: Judged) -> StepRecord:
    checks = judged.report.results
    failed = sum(not check.success for check in checks)
    return StepRecord("quality", judged.table, facts={"checks": len(checks), "checks_failed": failed})


def _merged(written: Iterable[Mapping[str, list[str]]]) -> dict[str, list[str]]:
    adds: dict[str, list[str]] = {}
    for files_of in written:
        for name, files in files_of.items():
            if files:
                adds.setdefault(name, []).extend(files)
    return adds


def _either(filters: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return for each table the row filter that holds where one of its filters does."""
    found: dict[str, list[str]] = defaultdict(list)
    for each in filters:
        for name, row_filter in each.items():
            found[name].append(row_filter)
    return {name: " or ".join(f"({one})" for one in some) if some[1:] else some[0] for name, some in found.items()}


def _counted(finished: Iterable[Finished]) -> dict[tuple[str, str], FileCount]:
    """Add up the counts of each file over the groups."""
    total: dict[tuple[str, str], FileCount] = {}
    for part in finished:
        for count in part.counts:
            known = total.get((count.source, count.file), FileCount(count.source, count.file, 0))
            total[count.source, count.file] = FileCount(
                count.source,
                count.file,
                known.rows + count.rows,
                known.kept + count.kept,
                _sum(known.duplicates, count.duplicates),
                _sum(known.removed, count.removed),
                _sum(known.rejected, count.rejected),
            )
    return total


def _sum(a: dict[str, int], b: dict[str, int]) -> dict[str, int]:
    return {name: a.get(name, 0) + b.get(name, 0) for name in sorted({*a, *b})}


def _settled(splits: list[SplitRecord], counts: dict[tuple[str, str], FileCount], run: str) -> list[SplitRecord]:
    """Return the splits as refined; a file's counts stand with the first of its splits, for they are the file's."""
    left, settled = dict(counts), []
    for split in sorted(splits, key=lambda s: (s.source, s.file, s.first_line, s.key)):
        count = left.pop((split.source, split.file), FileCount(split.source, split.file, 0))
        settled.append(
            replace(
                split,
                state="refined",
                run_refined=run,
                kept=count.kept,
                duplicates=sum(count.duplicates.values()),
                removed=sum(count.removed.values()),
                clean_rejected=count.rejected,
            )
        )
    return settled
