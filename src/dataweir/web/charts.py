"""Small drawings as inline SVG, sized by attributes for want of inline styles; and how values are written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from markupsafe import Markup

from ..privacy.sample import excerpt

_WIDTH = 260


def interval(value: float | None, low: float, high: float, label: str) -> Markup:
    """Draw a score from 0 to 1: the interval as a band, the value as a mark."""
    at = 0 if value is None else value * _WIDTH
    text = "not measured" if value is None else f"{value:.2f}, between {low:.2f} and {high:.2f}"
    mark = "" if value is None else f'<rect class="mark" x="{at - 1.5:.1f}" y="0" width="3" height="18"/>'
    return Markup(  # noqa: S704  # only numbers and an escaped label
        f'<svg class="bar" viewBox="0 0 {_WIDTH} 18" width="{_WIDTH}" height="18" role="img" '
        f'aria-label="{escape(label)}: {text}"><rect class="track" y="6" width="{_WIDTH}" height="6" rx="3"/>'
        f'<rect class="band" x="{low * _WIDTH:.1f}" y="4" width="{max(2.0, (high - low) * _WIDTH):.1f}" height="10" '
        f'rx="3"/>{mark}</svg>'
    )


def bar(share: float | None, label: str, width: int = 160) -> Markup:
    """Draw a share from 0 to 1 as a bar."""
    long = 0.0 if share is None else max(0.0, min(1.0, share)) * width
    text = "not measured" if share is None else f"{share:.1%}"
    return Markup(  # noqa: S704
        f'<svg class="bar" viewBox="0 0 {width} 10" width="{width}" height="10" role="img" '
        f'aria-label="{escape(label)}: {text}"><rect class="track" width="{width}" height="10" rx="2"/>'
        f'<rect class="fill" width="{long:.1f}" height="10" rx="2"/></svg>'
    )


def share(value: float | None, label: str, width: int = 120) -> Markup:
    """Draw a share as a bar with its number beside it."""
    text = "–" if value is None else f"{value:.1%}"
    return bar(value, label, width) + Markup(' <span class="beside">') + text + Markup("</span>")


def span(began: float, until: float, whole: float, label: str) -> Markup:
    """Draw when something was under way, in seconds of `whole`, as a bar on a line of its own."""
    width = 420
    scale = width / whole if whole > 0 else 0.0
    return Markup(  # noqa: S704
        f'<svg class="bar" viewBox="0 0 {width} 12" width="{width}" height="12" role="img" '
        f'aria-label="{escape(label)}: from {began:.1f} s to {until:.1f} s of {whole:.1f} s">'
        f'<rect class="track" width="{width}" height="12" rx="2"/><rect class="fill" x="{began * scale:.1f}" '
        f'width="{max(2.0, (until - began) * scale):.1f}" height="12" rx="2"/></svg>'
    )


def trend(history: Sequence[Mapping[str, Any]], label: str) -> Markup:
    """Draw values over time with their interval as a shade; one value alone is no trend."""
    points = [h for h in history if h["value"] is not None]
    if len(points) < 2:
        return Markup("")
    left, width, height = 30, 420, 90
    step = (width - left) / (len(points) - 1)

    def line(name: str) -> list[str]:
        return [f"{left + i * step:.1f},{(1 - p[name]) * (height - 4) + 2:.1f}" for i, p in enumerate(points)]

    shade = " ".join([*line("high"), *reversed(line("low"))])
    first, last = points[0]["value"], points[-1]["value"]
    marks = "".join(
        f'<line class="rule" x1="{left}" x2="{width}" y1="{y}" y2="{y}"/><text x="0" y="{y + at}">{name}</text>'
        for name, y, at in (("1", 2, 10), ("0.5", height / 2, 4), ("0", height - 2, 0))
    )
    dates = "".join(
        f'<text x="{x}" y="{height + 16}" text-anchor="{anchor}">{moment(p["at"])[:16]}</text>'
        for x, anchor, p in ((left, "start", points[0]), (width, "end", points[-1]))
    )
    return Markup(  # noqa: S704
        f'<svg class="trend" viewBox="0 0 {width} {height + 20}" width="{width}" height="{height + 20}" role="img" '
        f'aria-label="{escape(label)} over {len(points)} measurements, from {first:.2f} to {last:.2f}">{marks}{dates}'
        f'<polygon class="shade" points="{shade}"/><polyline class="line" points="{" ".join(line("value"))}"/></svg>'
    )


def graph(edges: Sequence[Any]) -> Markup:
    """Draw tables as columns of boxes, raw to the left, exports to the right, an arrow for each that feeds another."""
    pairs = list(dict.fromkeys((e.source, e.target) for e in edges))
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    level = dict.fromkeys(names, 0)
    for _ in names:  # longest path: each pass settles one more level
        for source, target in pairs:
            level[target] = max(level[target], level[source] + 1)
    rows: dict[int, int] = {}
    place: dict[str, tuple[int, int]] = {}
    for name in names:
        depth = level[name]
        place[name] = (10 + depth * 270, 10 + rows.get(depth, 0) * 54)
        rows[depth] = rows.get(depth, 0) + 1
    width, height = 10 + (max(level.values(), default=0) + 1) * 270, 20 + max(rows.values(), default=0) * 54
    parts = []
    for source, target in pairs:
        (x1, y1), (x2, y2) = place[source], place[target]
        count = sum((e.source, e.target) == (source, target) for e in edges)
        x1, y1, y2 = x1 + 200, y1 + 18, y2 + 18
        parts.append(
            f'<path class="edge" d="M{x1} {y1} C{x1 + 40} {y1} {x2 - 40} {y2} {x2} {y2}">'
            f"<title>{escape(source)} feeds {escape(target)}: {count} columns</title></path>"
        )
    for name, (x, y) in place.items():
        box = f'<rect class="box" x="{x}" y="{y}" width="200" height="36" rx="5"/>'
        text = f'<text x="{x + 10}" y="{y + 23}">{escape(name)}</text>'
        inner = f"<g>{box}{text}</g>"
        parts.append(inner if name.startswith("export.") else f'<a href="/tables/{escape(name)}">{inner}</a>')
    return Markup(  # noqa: S704
        f'<svg class="graph" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="group" '
        f'aria-label="lineage of {len(names)} tables; the same as text stands below">{"".join(parts)}</svg>'
    )


def moment(value: dt.datetime | None) -> str:
    """Write a time in UTC to the second."""
    return value.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S") if value else "–"


def number(value: Any) -> str:
    """Write a number for people; what is no number is written as it is."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def times(value: float | None) -> str:
    """Write a factor with two or three digits that count."""
    if value is None:
        return "–"
    return f"{value:,.0f} times" if value >= 100 else f"{value:.3g} times"


def size(count: float) -> str:
    """Write bytes in the unit that fits."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:,.0f} B" if unit == "B" else f"{value:,.1f} {unit}"
        value /= 1024
    return f"{value:,.1f} TiB"


GLOBALS: dict[str, Callable[..., Markup]] = {
    "interval": interval,
    "bar": bar,
    "share": share,
    "span": span,
    "trend": trend,
    "graph": graph,
}
FILTERS: dict[str, Callable[[Any], str]] = {
    "excerpt": excerpt,
    "moment": moment,
    "number": number,
    "size": size,
    "times": times,
}
