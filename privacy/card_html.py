"""The data card of a release as one HTML page: no script, no font, no picture from elsewhere; plots are inline SVG."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from .card import columns, facts

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0; width: 100% }
th, td { border-bottom: 1px solid #8886; padding: .3rem .6rem; text-align: left; vertical-align: top }
td:first-child { white-space: nowrap }
rect { fill: #2b6cb0 } text { fill: currentColor; font-size: 12px }
"""
_ROW, _LABEL, _WIDTH = 20, 200, 620


def card_html(manifest: Mapping[str, Any]) -> str:
    """Return the page; `manifest` is complete but for the list of files, which holds the card."""
    evidence = manifest["evidence"]
    risk = evidence["risk"]
    entities: dict[str, int] = {}
    for counts in evidence["masked"].values():
        for entity, count in counts.items():
            entities[entity] = entities.get(entity, 0) + int(count)
    rows = [("written", manifest["rows"]), ("held back", evidence["suppressed"])]
    groups = [(f"smallest group, {when}", risk[when].get("k_found") or 0) for when in ("before", "after")]
    title = escape(str(manifest["name"]))
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<style>{_STYLE}</style></head><body><main>",
            f"<h1>{title}</h1>",
            _table(("Fact", "Value"), facts(manifest)),
            "<h2>Rows</h2>",
            _bars(rows, "Rows written and held back"),
            "<h2>What was masked</h2>",
            _bars(sorted(entities.items(), key=lambda e: (-e[1], e[0])), "Values treated, by kind"),
            "<h2>Who could be found again</h2>",
            _bars(groups, "Rows alike in the quasi-identifiers, before and after rows were held back")
            if risk["after"]["applicable"]
            else "<p>The policy names no quasi-identifiers.</p>",
            "<h2>Columns</h2>",
            _table(("Column", "Type", "Masked (kind and count)"), columns(manifest)),
            "<p>Masking lowers the risk of re-identification; it does not remove it. Do not link these rows with other",
            "data about people, and do not try to identify anybody.</p>",
            f"<p>Verify: <code>weir verify FOLDER --key signing.pub</code>, with the publisher's key (fingerprint "
            f"<code>{escape(str(manifest['public_key']))}</code>) from the publisher, not from this folder.</p>",
            "</main></body></html>",
            "",
        ]
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>\n" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>\n{body}</tbody></table>"


def _bars(values: Sequence[tuple[str, int]], label: str) -> str:
    """Draw counts as horizontal bars."""
    if not values:
        return "<p>Nothing.</p>"
    most = max(1, *(count for _, count in values))
    room = _WIDTH - _LABEL - 80
    lines = [
        f'<text x="{_LABEL - 8}" y="{at * _ROW + 14}" text-anchor="end">{escape(name)}</text>'
        f'<rect x="{_LABEL}" y="{at * _ROW + 4}" width="{max(1, round(room * count / most))}" height="12"/>'
        f'<text x="{_LABEL + max(1, round(room * count / most)) + 6}" y="{at * _ROW + 14}">{count:,}</text>'
        for at, (name, count) in enumerate(values)
    ]
    told = ", ".join(f"{name} {count:,}" for name, count in values)
    height = len(values) * _ROW + 4
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" width="100%" role="img" aria-label="{escape(label)}: {escape(told)}">'
        + "".join(lines)
        + "</svg>"
    )
