"""How quality looks on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape

from ..output import table
from ..privacy.sample import excerpt
from .render import Render, as_records, mark, marked, moment, printed

BARS = "▁▂▃▄▅▆▇█"


def sparkline(rates: Sequence[float | None]) -> str:
    """Return shares as bars, drawn to scale from the lowest to 1 (all alike: half high); a dot where there is none."""
    known = [rate for rate in rates if rate is not None]
    low, high = min(known, default=1.0), max(known, default=1.0)
    if low == high:
        return "".join("·" if r is None else BARS[-1] if r == 1 else BARS[len(BARS) // 2] for r in rates)
    scale = (len(BARS) - 1) / (1 - low)
    return "".join("·" if r is None else BARS[round((r - low) * scale)] for r in rates)


def shown(report: Sequence[Any]) -> Render:
    """The newest checks of each table, with history."""
    parts = []
    for result in report:
        rows = [
            (
                *map(escape, _named(check.label)),
                mark(None if check.error else check.success) + ("" if check.success else f" ({check.severity})"),
                percent(check.pass_rate),
                percent(check.needed),
                f"{check.failing_since:%m-%d %H:%M}" if check.failing_since else "",
                sparkline(check.history),
            )
            for check in result.checks
        ]
        title = f"{result.table} · {moment(result.at)} · {result.passed} of {len(result.checks)} passed"
        columns = ("column", "expectation", "result", "held of", "needed", "since", "history")
        parts.append(marked(columns, rows, title))
    return printed(*parts) if parts else printed("nothing was checked yet: run 'weir run'")


def reported(report: Any, samples: Mapping[str, Any]) -> Render:
    """A check of a whole table, with masked rows that fail where they were asked for."""
    rows = [
        (
            *map(escape, _named(check.label)),
            check.severity,
            mark(None if check.error else check.success),
            check.unexpected_count,
        )
        for check in report.results
    ]
    passed = sum(check.success for check in report.results)
    title = f"{report.name} · {report.rows or 0:,} rows · {passed} of {len(rows)} passed"
    read = f"read {report.partitions_read:,} partition(s); the rest is known from before"
    shown = [_sample(label, found) for label, found in samples.items()]
    return printed(marked(("column", "expectation", "severity", "result", "unexpected"), rows, title), read, *shown)


def _sample(label: str, rows: list[dict[str, Any]] | None) -> Render:
    if not rows:
        why = "no row fails within a file" if rows is not None else "withheld, for the residual scan found something"
        return printed(f"{escape(label)}: {why}")
    cells = [tuple(None if value is None else excerpt(str(value)) for value in row.values()) for row in rows]
    return as_records(list(rows[0]), cells, f"{label}, as masked")


def proposed(found: dict[str, Any], out: str | None) -> Render:
    """What is proposed beside the suite in force, with reasons, and what of that fails today."""
    kept = len(found["suite"]["expectations"]) - len(found["added"])
    title = f"proposed for {found['table']}" + (f", besides the {kept} in force" if kept else "")
    rows = [(*_demanded(e), e["severity"], e["meta"]["why"]) for e in found["added"]]
    parts = [table(("column", "expectation", "demands", "severity", "why"), rows, title)]
    if found["broken"]:
        broken = [(*_demanded(e), e.get("severity")) for e in found["broken"]]
        heading = "in force, and not held by the table today"
        parts.append(table(("column", "expectation", "demands", "severity"), broken, heading))
    review = f"written to {out}: review it, then name it under 'quality:' in weir.yaml"
    return printed(*parts, review if out else "keep it with --out FILE")


def changed(found: Sequence[dict[str, Any]]) -> Render:
    """What one suite changes of another."""
    signs = {"added": "[green]+[/]", "removed": "[red]-[/]", "changed": "[yellow]~[/]"}
    rows = []
    for change in found:
        column, expectation, demands = map(escape, _demanded(change))
        before = escape(" · ".join((_demanded(change["was"])[2], change["was"]["severity"]))) if "was" in change else ""
        rows.append((signs[change["change"]], column, expectation, demands, change["severity"], before))
    if not rows:
        return printed("nothing changes")
    return printed(marked(("", "column", "expectation", "demands", "severity", "before"), rows, f"{len(rows)} changes"))


def drifted(found: Any, anomalies: Sequence[dict[str, Any]]) -> Render:
    """What drifted, and the largest of what did not."""
    order = sorted(found.findings, key=lambda f: (not f.drifted, -(f.value / f.limit if f.limit else f.value)))
    rows = [
        (
            f.kind,
            escape(f.column or "-"),
            f.measure,
            f"{f.value:g}",
            f"{f.limit:g}",
            mark(not f.drifted),
            escape(f.note),
        )
        for f in order[:25]
    ]
    title = f"{found.table} · {found.rows:,} rows against {found.baseline_rows:,} · {len(found.findings)} comparisons"
    columns = ("what", "column", "measure", "value", "limit", "result", "note")
    past = [(a["check"], f"{a['value']:,.4g}", f"{a['expected']:,.4g}", f"{a['score']:.1f}") for a in anomalies]
    parts = [marked(columns, rows, title)]
    if past:
        parts.append(table(("number", "now", "before", "score"), past, "out of line with their history"))
    return printed(*parts)


def written(files: Sequence[str]) -> Render:
    """The pages that were written."""
    return printed(*(f"wrote {file}" for file in files))


def percent(rate: float | None) -> str:
    """Return a share in percent, which says 100 only of all."""
    return "-" if rate is None else "100 %" if rate == 1 else f"{min(rate, 0.9999):.2%}".replace("%", " %")


def _named(label: str) -> tuple[str, str]:
    """Return the column and the expectation of a check's label, in words that may be wrapped."""
    expectation, _, column = label.partition(":")
    columns = column.split(",")
    shown = column.replace(",", ", ") if len(columns) <= 3 else f"{len(columns)} columns"
    return shown or "(table)", _words(expectation.removeprefix("expect_"))


def _demanded(expectation: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return the column, the expectation in words and its arguments of an entry of a suite."""
    kwargs = dict(expectation["kwargs"])
    column = kwargs.pop("column", None) or "(table)"
    given = ", ".join(f"{name.replace('_', ' ')} {_short(value)}" for name, value in kwargs.items())
    return column, _words(expectation["type"].removeprefix("expect_")), given


def _words(expectation: str) -> str:
    for prefix in ("column_values_to_", "column_", "table_"):
        if expectation.startswith(prefix):
            expectation = expectation.removeprefix(prefix)
            break
    return expectation.replace("_", " ")


def _short(value: Any) -> str:
    if isinstance(value, list):
        text = ", ".join(map(str, value))
        return text if len(text) <= 60 else f"of {len(value)}: {text[:50]}..."
    return str(value)
