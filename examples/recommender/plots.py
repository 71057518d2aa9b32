"""Plots as SVG, drawn from figures: bars with the interval of each, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

_WIDTH, _LABEL, _ROW = 720, 210, 22
_COLOURS = ("#2b6cb0", "#c05621", "#2f855a", "#6b46c1")


def bars(
    file: Path, title: str, groups: Mapping[str, Mapping[str, Sequence[float]]], top: float, form: str = "{:.3f}"
) -> None:
    """Draw for each group a bar a name: (value,) or (value, low, high), on a line from 0 to `top`."""
    names = list(dict.fromkeys(name for group in groups.values() for name in group))
    room, y, parts = _WIDTH - _LABEL - 70, 30, []
    for group, found in groups.items():
        parts.append(f'<text x="0" y="{y + 14}" font-weight="bold">{escape(group)}</text>')
        y += _ROW
        for name, (value, *ends) in found.items():
            wide = [max(0.0, min(1.0, end / top)) * room for end in (value, *ends)]
            colour = _COLOURS[names.index(name) % len(_COLOURS)]
            parts.append(f'<text x="{_LABEL - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>')
            parts.append(f'<rect x="{_LABEL}" y="{y + 4}" width="{wide[0]:.1f}" height="12" fill="{colour}"/>')
            if ends:
                line = f'x1="{_LABEL + wide[1]:.1f}" x2="{_LABEL + wide[2]:.1f}" y1="{y + 10}" y2="{y + 10}"'
                parts.append(f'<line {line} stroke="#1a202c" stroke-width="2"/>')
            at = _LABEL + max(wide) + 6
            parts.append(f'<text x="{at:.1f}" y="{y + 14}">{escape(form.format(value))}</text>')
            y += _ROW
        y += 8
    file.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" role="img" '
        f'aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="13">'
        f'<rect width="{_WIDTH}" height="{y}" fill="#fff"/>'
        f'<text x="0" y="16" font-size="15">{escape(title)}</text>{"".join(parts)}</svg>\n',
        encoding="utf-8",
    )
