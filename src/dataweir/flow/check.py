"""`weir check`: everything that can be wrong before a run, without touching anything."""

from __future__ import annotations

from dataclasses import dataclass

from ..daemon.times import Times
from ..errors import ConfigError
from ..ingest.schemas import TABLES
from ..privacy.nested import paths
from ..privacy.policy import Policy, load_policy
from ..privacy.scrutiny import scrutinise
from ..registry import nearest
from ..resources import allocate
from .gate import suite_of
from .plan import changed_rules, check_sources, existing
from .project import Project


@dataclass(frozen=True)
class Item:
    """One thing that was looked at and found good."""

    subject: str
    what: str


@dataclass(frozen=True)
class Checked:
    """What `weir check` looked at; it raises for the first thing that is wrong."""

    items: list[Item]


def check(project: Project) -> Checked:
    """Look at sources, rules, suites, policies and the engine. Raises ConfigError or SourceError for what is wrong."""
    sources = project.sources()
    items = []
    for label, source in sources.items():
        plan = source.plan({})
        files = len({split.file for split in plan.splits})
        size = sum(split.size for split in plan.splits)
        items.append(Item(f"source {label}", f"{type(source).name}: {files} file(s), {size:,} bytes → {source.target}"))
        items += [Item(f"source {label}", note) for note in plan.notes]
    if not sources:
        items.append(Item("sources", "none yet: add one to weir.yaml; 'weir list sources' names the connectors"))
    targets = {source.target for source in sources.values()}
    check_sources(project)
    for table in project.config.dedup:
        if table not in targets:
            raise ConfigError(
                f"dedup.{table}: no source feeds such a table{nearest(table, sorted(targets))}",
                f"tables: {', '.join(sorted(targets))}",
            )
    for table in sorted(targets | {"user_events"} | set(project.config.quality)):
        suite = suite_of(project, table)
        if suite:
            items.append(Item(f"suite of {table}", f"{suite['name']}: {len(suite['expectations'])} expectations"))
    for name, export in project.config.exports.items():
        policy = load_policy(project.policy_path(name))
        items.append(Item(f"export {name}", f"{export.table} under {policy.name} ({policy.hash()[:12]}), k={policy.k}"))
        columns, roles = _known(project, export.table, policy)
        for objection in scrutinise(policy, columns, roles):
            word = "will be refused: " if objection.refused else ""
            items.append(Item(f"export {name}", f"{word}{objection.column} {objection.why}"))
    if project.config.schedule is not None:
        times = Times.of(project.config.schedule)
        items.append(Item("schedule", f"{times.explain()} ({times.zone.key})"))
    store = existing(project)
    items += [Item("rules", told) for told in (changed_rules(store, project) if store else [])]
    engine = allocate(project.config.engine)
    items.append(Item("engine", f"{engine.workers} workers; GPU: {engine.gpu_reason}"))
    return Checked(items)


def _known(project: Project, name: str, policy: Policy) -> tuple[list[str], dict[str, str]]:
    """Return the columns of a table, of nested ones the leaves, and their roles as far as `weir scan` told them.

    Before the first run they are those of the integrated table, or else those that the policy names.
    """
    full = name if "." in name else f"refined.{name}"
    try:
        store, tables = project.reading(), project.tables()
    except ConfigError:
        tables = None
    if tables is not None and tables.exists(full):
        return list(paths(tables.schema(full))), {tag.path: tag.role for tag in store.tags(full)}
    table = full.removeprefix("refined.")
    return (list(paths(TABLES[table].schema)) if table in TABLES else list(policy.columns)), {}
