"""How results look on a terminal: each function takes a result and returns what prints it on a rich console."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..output import records, table

Render = Callable[[Any], None]


def printed(*parts: Any) -> Render:
    """Print the parts, or what they print themselves, one after the other."""

    def render(console: Any) -> None:
        for part in parts:
            if callable(part):
                part(console)
            else:
                console.print(part)

    return render


def marked(columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]], title: str) -> Any:
    """Build a table whose texts may hold markup."""
    from rich.text import Text

    built = table(columns, [], title)
    for row in rows:
        built.add_row(*(Text.from_markup(v) if isinstance(v, str) else f"{v:,}" if v is not None else "-" for v in row))
    return built


def mark(good: bool | None) -> str:
    """Return a word for good, bad or not applicable, coloured."""
    return "[dim]n/a[/]" if good is None else "[green]ok[/]" if good else "[red]failed[/]"


def amount(count: int) -> str:
    """Return bytes in the unit that fits."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:,.0f} {unit}" if unit == "B" else f"{value:,.1f} {unit}"
        value /= 1024
    return f"{value:,.1f} TiB"


def moment(when: dt.datetime | None) -> str:
    """Return a time to the second, in UTC."""
    return when.strftime("%Y-%m-%d %H:%M:%S") if when else "-"


def created(files: list[str]) -> Render:
    """What `weir init` made."""
    return printed(*(f"made {file}" for file in files), "next: edit weir.yaml, then 'weir check', then 'weir run'")


def checked(report: Any) -> Render:
    """What `weir check` found."""
    rows = [(item.subject, item.what) for item in report.items]
    return printed(table(("subject", "finding"), rows), "[green]the configuration is good[/]")


def listed(found: dict[str, dict[str, str]]) -> Render:
    """The plugs by kind."""
    return printed(*(table((kind, "what it is"), list(names.items())) for kind, names in found.items()))


def connector_page(connector: Any) -> Render:
    """One connector: what it is, its keys, an example, its rows."""
    from rich.markup import escape

    default = {True: "required", False: ""}
    keys = [
        (key.name, key.type, default[key.required] if key.default is None else str(key.default), key.description)
        for key in connector.keys
    ]
    return printed(
        f"[bold]{connector.name}[/] → {connector.target}",
        escape(connector.description),
        table(("key", "value", "default", "what it is"), keys),
        escape(connector.example),
        table(("column", "type"), connector.columns, title="rows"),
    )


def examined(report: Any) -> Render:
    """What `weir doctor` found."""
    machine = [_measured(k, v) for k, v in report.machine.items()]
    engine = [_measured(k, v) for k, v in report.engine.items() if v is not None]
    columns = ("language", "precision", "recall", "f2", "found", "leaked")
    detection = [
        (f"{tier}, {corpus}", *(str(figures[column]) for column in columns))
        for tier, corpora in report.detection.items()
        for corpus, figures in corpora.items()
    ]
    problems = [f"[red]problem:[/] {p}" for p in report.problems] or ["[green]nothing is missing[/]"]
    return printed(
        table(("machine", "measured"), machine),
        table(("engine", "plan"), engine),
        table(("package", "version"), list(report.versions.items())),
        table(("extra", "state"), list(report.extras.items())),
        table(("detection by tier, on", "language", "precision", "recall", "F2", "found", "leaked"), detection),
        *problems,
    )


def _measured(name: str, value: Any) -> tuple[str, str]:
    """Return a figure by name, bytes in the unit that fits."""
    for ending, unit in (("_bytes_per_s", "/s"), ("_bytes", "")):
        if name.endswith(ending) and isinstance(value, (int, float)):
            return name.removesuffix(ending).replace("_", " "), f"{amount(int(value))}{unit}"
    shown = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
    return name.replace("_", " "), f"{shown:g}" if isinstance(shown, float) else str(shown)


_ANEW = "to clean these rows by the rules of today: weir run --reclean TABLE"


def tagged(found: Any) -> Render:
    """What `weir scan` found."""
    rows = [
        (t.path, t.type, t.role, t.entity or "-", f"{t.confidence:.2f}", t.values, _most(t.found))
        for t in found.columns
    ]
    heads = ("column", "type", "role", "entity", "confidence", "values", "found in")
    return printed(
        table(heads, rows), f"{found.rows:,} rows, names by tier {found.tier}; {len(found.sampled)} columns by sample"
    )


def _most(found: Mapping[str, int]) -> str:
    first = sorted(found.items(), key=lambda item: -item[1])[:4]
    return ", ".join(f"{entity} {count:,}" for entity, count in first) or "-"


def planned(plan: Any) -> Render:
    """The plan of a run."""
    rows = []
    for label, made in plan.sources.items():
        files = len({split.file for split in made.splits})
        size = amount(sum(split.size for split in made.splits))
        reader = plan.connectors[label]
        rows.append((label, reader.name, reader.target, files, len(made.splits), size, len(made.skipped)))
    engine = plan.allocation
    return printed(
        table(("source", "type", "into", "files", "splits", "size", "skipped"), rows),
        f"{engine.workers} workers of {amount(engine.memory_bytes)} ({engine.why}); GPU: {engine.gpu_reason}",
        _predicted(plan.prediction),
        *plan.warnings,
        *(f"{name} would be derived anew from {rows:,} raw rows" for name, rows in plan.anew.items()),
        f"{plan.waiting} split(s) wait to be refined" if plan.waiting else "nothing waits from earlier runs",
        *(_near(name, each) for name, each in plan.near.items()),
        *(_meaning(name, each.as_dict()) for name, each in plan.meaning.items()),
        *plan.changed,
        *([_ANEW] if plan.changed else []),
    )


def _near(name: str, scheme: Any) -> str:
    """Say how near duplicates are found, with the S-curve: how likely a pair of some similarity is compared."""
    made = scheme.as_dict()
    curve = "  ".join(f"{similarity:.1f}→{found:.1%}" for similarity, found in scheme.banding.curve(10)[2:])
    return (
        f"near duplicates of {name}: {made['shingle']}, threshold {made['threshold']:g}, {made['bands']} bands of "
        f"{made['rows']} MinHash values: a pair at the threshold is found with {made['recall_at_threshold']:.1%}\n"
        f"  similarity→found: {curve}; the {made['keep']} stays"
    )


def _meaning(name: str, made: dict[str, Any]) -> str:
    """Say how texts of one meaning are found."""
    return (
        f"texts of one meaning in {name}: cosine {made['threshold']:g} or more by the model {made['model']}; a batch "
        f"is compared with every text of the table, so no pair is missed; the {made['keep']} stays"
    )


def _predicted(prediction: Any) -> str:
    if prediction.seconds is None:
        return f"no prediction: {prediction.why[0]}"
    peak = prediction.peak_memory_bytes
    memory = "" if peak is None else f", {amount(peak)} of memory at most"
    span = f"{prediction.low:,.1f} to {prediction.high:,.1f}"
    told = f"about {prediction.seconds:,.1f} s ({span}) for {prediction.records:,} records{memory}"
    return f"{told} ({'; '.join(prediction.why)})"


def run_shown(found: dict[str, Any]) -> Render:
    """One run: prediction and truth, steps."""
    lines = [(e["what"], e["predicted"], e["true"], e["error"]) for e in found["prediction"]]
    counts = "records_in", "kept", "rejected", "changed"
    steps = [
        (s["name"], s["subject"], *(s[name] for name in counts), round(s["seconds"], 3))
        for s in found["steps"]
        if s["name"] != "rule"
    ]
    rules = [
        (*s["subject"].rpartition(".")[::2], *(s[name] for name in counts if name != "kept"), round(s["seconds"], 3))
        for s in found["steps"]
        if s["name"] == "rule"
    ]
    tasks = [
        (t["function"], int(t["tasks"]), t["task_seconds"], t["task_wall_seconds"], amount(t.get("task_peak_bytes", 0)))
        for t in found["tasks"]
    ]
    within = ""
    if span := found["interval"]:
        within = f"{span[0]:,.1f} to {span[1]:,.1f} s were foretold: {'held' if found['within'] else 'missed'}"
    return printed(
        f"run {found['run']}: {found['state']}, started {moment(found['started'])}",
        table(("figure", "predicted", "true", "off by"), lines),
        *filter(None, [within, *found["why"]]),
        table(("step", "of", "in", "kept", "rejected", "changed", "seconds"), steps),
        table(("table", "cleaning rule", "in", "rejected", "changed", "seconds"), rules),
        table(("on the workers", "tasks", "work s", "wall s", "peak memory of one"), tasks),
    )


def accounted(report: dict[str, Any]) -> Render:
    """The accounts of every source and file."""
    columns = ("source", "records", "kept", "duplicates", "removed", "rejected", "waiting", "adds up")
    rows: list[tuple[Any, ...]] = [
        (label, *(a[name] for name in columns[1:-1]), a["balanced"])
        for label, a in [*report["sources"].items(), ("all", report["total"])]
    ]
    reasons = list(report["total"]["rejected_by_reason"].items())
    last = report["last_run"]
    parts: list[Any] = [table(columns, rows)]
    if reasons:
        parts.append(table(("rejected because", "records"), reasons))
    if last:
        parts.append(f"last run {last['id']}: {last['state']}")
    return printed(*parts)


def run_list(runs: list[Any]) -> Render:
    """The latest runs."""
    rows = [
        (
            r.id,
            r.state,
            moment(r.started),
            round((r.finished - r.started).total_seconds(), 1) if r.finished else None,
        )
        for r in runs
    ]
    return printed(table(("run", "state", "started (UTC)", "seconds"), rows))


def table_list(tables: list[Any]) -> Render:
    """The Iceberg tables."""
    rows = [(t.name, t.rows, t.files, amount(t.bytes)) for t in tables]
    return printed(table(("table", "rows", "files", "size"), rows))


def rows(found: Any) -> Render:
    """The rows of a query."""
    return as_records(found.column_names, list(zip(*(column.to_pylist() for column in found.columns), strict=True)))


def as_records(names: list[str], rows: list[tuple[Any, ...]], title: str | None = None) -> Render:
    """Print rows as a table where they fit the width, else one below the other."""
    return lambda console: printed(*records(names, rows, console.width, title))(console)


def ran(report: Any) -> Render:
    """The report of a run."""
    if not report.work:
        return printed("nothing is new", *report.changed_rules, *([_ANEW] if report.changed_rules else []))
    account = report.account
    parts = [
        f"run {report.run}: {account['records']:,} records in, {account['kept']:,} kept, "
        f"{account['duplicates']:,} duplicates, {account['removed']:,} removed, {account['rejected']:,} rejected "
        f"in {report.seconds:.1f} s",
        table(("table", "rows added"), [(n, r) for n, r in report.rows_added.items()]),
    ]
    if account["rejected_by_reason"]:
        parts.append(table(("rejected because", "records"), list(account["rejected_by_reason"].items())))
    if changed := sorted(r.partition(":")[2] for r in account["rejected_by_reason"] if r.startswith("type:")):
        parts.append(
            f"values of {', '.join(changed)} were not of the column's type: mend them where they come from, or give "
            "the source a new name and with it a new table, and the type in its schema"
        )
    parts += [
        f"expectations of {q['table']}: {q['passed']} of {q['total']} passed"
        + (f" ({', '.join(q['failed'])})" if q["failed"] else "")
        for q in report.quality
    ]
    parts += [*report.drifted, *report.changed_rules, *([_ANEW] if report.changed_rules else [])]
    return printed(*parts)


def score_line(kind: str, score: dict[str, Any]) -> str:
    """One line: name, value, interval, and the pillar that limits."""
    names = {"barrier": "data-barrier score", "bottleneck": "compute-bottleneck score"}
    value = "not measured" if score["value"] is None else f"{score['value']:.2f}"
    limit = score.get("facts", score).get("limit")
    hardest = f", hardest: {limit}" if limit else ""
    interval = f"{score['low']:.2f} to {score['high']:.2f}"
    return f"[bold]{names[kind]} {value}[/] ({interval}{hardest}; 0 nothing in the way, 1 all; {score['version']})"


def labelled(done: list[Any]) -> Render:
    """What labelling came to, and how the functions fared."""
    parts: list[Any] = []
    for each in done:
        agreement = "" if each.alpha is None else f"; people agree by alpha {each.alpha:.2f}"
        state = "" if each.changed else " (as before)"
        parts.append(
            f"[bold]{each.task}[/]: {each.rows:,} rows, {each.people:,} labelled by people, "
            f"{each.unlabelled:,} without a label{agreement}{state}"
        )
        parts.append(table(("label", "rows"), list(each.labels.items())))
        columns = ("function", "coverage", "overlap", "conflict", "accuracy_estimated", "accuracy_found")
        rows = [tuple(round(v, 4) if isinstance(v := f[c], float) else v for c in columns) for f in each.functions]
        parts.append(table(tuple(c.replace("_", ", ") for c in columns), rows))
    return printed(*parts)


def label_tasks(made: dict[str, Any]) -> Render:
    """Tasks for Label Studio."""
    return printed(
        f"{made['rows']:,} rows of {made['task']} in {made['file']} (unmasked: keep it in the house)",
        "the project's labelling interface in Label Studio:",
        made["interface"].replace("[", r"\["),
    )


def label_import(made: dict[str, Any]) -> Render:
    """Labels that people gave."""
    agreement = "nothing to compare" if made["alpha"] is None else f"alpha {made['alpha']:.2f}"
    skipped = f", {made['skipped']:,} times skipped" if made["skipped"] else ""
    return printed(
        f"{made['task']}: {made['labels']:,} labels in the file; {made['rows']:,} rows labelled by {made['people']:,} "
        f"people now ({agreement}{skipped})",
        f"next: 'weir label run {made['task']}'",
    )
