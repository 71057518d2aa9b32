"""How quality looks on a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape

from ..output import table
from ..privacy.sample import excerpt
from .render import Render, as_records, mark, marked, moment, printed

BARS = "▁▂▃▄▅▆▇█"


def sparkline(rates: Sequence[float | None]) -> str:
    """Return shares as bars, the range drawn to scale from the lowest to 1; a dot where there is none."""
    known = [rate for rate in rates if rate is not None]
    low = min(known, default=1.0)
    scale = (len(BARS) - 1) / (1 - low) if low < 1 else 0.0
    return "".join("·" if r is None else BARS[-1] if not scale else BARS[round((r - low) * scale)] for r in rates)


def shown(report: Sequence[Any]) -> Render:
    """The newest checks of each table, with history."""
    parts = []
    for result in report:
        rows = [
            (
                escape(check.label),
                mark(None if check.error else check.success) + ("" if check.success else f" ({check.severity})"),
                _percent(check.pass_rate),
                f"{check.failing_since:%m-%d %H:%M}" if check.failing_since else "",
                sparkline(check.history),
            )
            for check in result.checks
        ]
        title = f"{result.table} · {moment(result.at)} · {result.passed} of {len(result.checks)} passed"
        columns = ("expectation", "result", "pass rate", "since", "history")
        parts.append(marked(columns, rows, title))
    return printed(*parts) if parts else printed("nothing was checked yet: run 'weir run'")


def reported(report: Any, samples: Mapping[str, Any]) -> Render:
    """A check of a whole table, with masked rows that fail where they were asked for."""
    rows = [
        (escape(check.label), check.severity, mark(None if check.error else check.success), check.unexpected_count)
        for check in report.results
    ]
    passed = sum(check.success for check in report.results)
    title = f"{report.name} · {report.rows or 0:,} rows · {passed} of {len(rows)} passed"
    read = f"read {report.partitions_read:,} partition(s); the rest is known from before"
    shown = [_sample(label, found) for label, found in samples.items()]
    return printed(marked(("expectation", "severity", "result", "unexpected"), rows, title), read, *shown)


def _sample(label: str, rows: list[dict[str, Any]] | None) -> Render:
    if not rows:
        why = "no row fails within a file" if rows is not None else "withheld, for the residual scan found something"
        return printed(f"{escape(label)}: {why}")
    cells = [tuple(None if value is None else excerpt(str(value)) for value in row.values()) for row in rows]
    return as_records(list(rows[0]), cells, f"{label}, as masked")


def proposed(found: dict[str, Any], out: str | None) -> Render:
    """A proposed suite with its reasons, and its changes against the suite in force."""
    rows = [
        (e["type"].removeprefix("expect_"), _short(e["kwargs"]), e["severity"], e["meta"]["why"])
        for e in found["suite"]["expectations"]
    ]
    signs = {"added": "[green]+[/]", "removed": "[red]-[/]", "changed": "[yellow]~[/]"}
    changed = [
        (signs[c["change"]], c["type"].removeprefix("expect_"), escape(_short(c["kwargs"])), c["severity"])
        for c in found["changes"]
    ]
    last = (
        f"written to {out}: review it, then name it under 'quality:' in weir.yaml" if out else "keep it with --out FILE"
    )
    return printed(
        table(("expectation", "arguments", "severity", "why"), rows, f"proposed for {found['table']}"),
        marked(("", "expectation", "arguments", "severity"), changed, "changes against the suite in force"),
        last,
    )


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
    columns = ("what", "column", "measure", "value of limit", "", "note")
    past = [(a["check"], f"{a['value']:,.4g}", f"{a['expected']:,.4g}", f"{a['score']:.1f}") for a in anomalies]
    parts = [marked(columns, rows, title)]
    if past:
        parts.append(table(("number", "now", "before", "score"), past, "out of line with their history"))
    return printed(*parts)


def written(files: Sequence[str]) -> Render:
    """The pages that were written."""
    return printed(*(f"wrote {file}" for file in files))


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.2%}"


def _short(kwargs: dict[str, Any]) -> str:
    text = json.dumps(kwargs, ensure_ascii=False, default=str)
    return text if len(text) <= 120 else f"{text[:117]}..."
