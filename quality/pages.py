"""Data Docs: Great Expectations' own pages of a result, as static HTML that needs no network and holds no row value."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from .deferred import load
from .validation import quiet

STYLE = """
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1b1f24 }
table { border-collapse: collapse; margin: 1rem 0; width: 100% }
th, td { border: 1px solid #d0d7de; padding: .35rem .6rem; text-align: left; vertical-align: top }
.badge { background: #eaeef2; border-radius: .3rem; padding: 0 .3rem; font-family: ui-monospace, monospace }
.held, .failed { white-space: nowrap } .held { color: #1a7f37 } .failed { color: #cf222e }
@media (prefers-color-scheme: dark) {
body { background: #0d1117; color: #e6edf3 } .badge { background: #30363d }
.held { color: #3fb950 } .failed { color: #ff7b72 }
}
</style>
"""

_ICON = re.compile(r"text-(success|danger|warning)")
_WORDS = {
    "success": '<b class="held">✓ holds</b>',
    "danger": '<b class="failed">✗ fails</b>',
    "warning": '<b class="failed">! no answer</b>',
}
_TAGS = {"h5": "h2"} | {
    tag: tag for tag in ("div", "span", "table", "thead", "tbody", "tr", "th", "td", "strong", "code", "pre", "p", "br")
}
"""What stays of Great Expectations' HTML, and as what."""


def write_pages(results: Sequence[tuple[dict[str, Any], str, dt.datetime]], folder: Path) -> list[str]:
    """Write one page a result (Report.as_dict(), run, time) and an index; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files, entries = [], []
    for result, run, at in results:
        file, name = folder / f"{result['name']}.html", escape(result["name"])
        file.write_text(page(result, run, at), encoding="utf-8")
        files.append(str(file))
        held = sum(check["success"] for check in result["results"])
        word = "passed" if result["success"] else "failed"
        entries.append(
            f'<tr><td><a href="{name}.html">{name}</a></td><td>{word}</td>'
            f"<td>{held} of {len(result['results'])}</td><td>{at:%Y-%m-%d %H:%M} UTC</td></tr>"
        )
    index = folder / "index.html"
    head = "<tr><th>table</th><th>result</th><th>expectations that hold</th><th>checked</th></tr>"
    index.write_text(
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Quality</title>{STYLE}</head>'
        f"<body><h1>Quality</h1><table>{head}{''.join(entries)}</table></body></html>",
        encoding="utf-8",
    )
    return [str(index), *files]


def page(result: dict[str, Any], run: str, at: dt.datetime) -> str:
    """Return the page of one result (Report.as_dict())."""
    held = sum(check["success"] for check in result["results"])
    name = escape(result["name"])
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{name}</title>{STYLE}</head><body>'
        f'<p><a href="index.html">Quality</a></p><h1>{name}</h1><p>Suite {escape(result["suite"])}, run {escape(run)}, '
        f"{at:%Y-%m-%d %H:%M} UTC: {held} of {len(result['results'])} expectations hold.</p>"
        f"{sections(result, run, at)}</body></html>"
    )


def sections(result: dict[str, Any], run: str, at: dt.datetime) -> str:
    """Return the expectations of one result (Report.as_dict()) by column, rendered by Great Expectations, as HTML.

    Its own pages need styles, scripts and letters from the network; these sections need nothing.
    """
    load()
    from great_expectations.render.renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaSectionView

    with quiet():
        document = ValidationResultsPageRenderer().render(_as_validation_result(result, run, at)).to_json_dict()
        _overview, *by_column = document["sections"]
        view = DefaultJinjaSectionView()
        html = "".join(view.render({"section": each, "section_loop": {"index": 1}}) for each in by_column)
    plain = _Plain()
    plain.feed(html)
    plain.close()
    return "".join(plain.parts)


class _Plain(HTMLParser):
    """Keeps known tags with their class, turns icons into words, and shows any other markup as text.

    Great Expectations puts names of columns and descriptions into its HTML as they are.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kind = dict(attrs).get("class") or ""
        if tag == "i" and (icon := _ICON.search(kind)):
            self.parts.append(_WORDS[icon[1]])
        elif tag in _TAGS:
            self.parts.append(f'<{_TAGS[tag]} class="{escape(kind)}">' if kind else f"<{_TAGS[tag]}>")
        elif tag != "i":
            self.parts.append(escape(self.get_starttag_text() or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in _TAGS and tag != "br":
            self.parts.append(f"</{_TAGS[tag]}>")
        elif tag not in ("i", "br"):
            self.parts.append(escape(f"</{tag}>"))

    def handle_data(self, data: str) -> None:
        self.parts.append(escape(data))

    def handle_entityref(self, name: str) -> None:
        self.parts.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.parts.append(f"&#{name};")


def _as_validation_result(result: dict[str, Any], run: str, at: dt.datetime) -> Any:
    from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    found = []
    for check in result["results"]:
        raised = {
            "raised_exception": bool(check["error"]),
            "exception_message": check["error"],
            "exception_traceback": "",
        }
        found.append(
            ExpectationValidationResult(
                success=check["success"],
                expectation_config=ExpectationConfiguration(
                    type=check["expectation"], kwargs=dict(check["kwargs"]), severity=check["severity"]
                ),
                result=_counts(check, result["rows"]),
                exception_info=raised,
            )
        )
    held = sum(check["success"] for check in result["results"])
    return ExpectationSuiteValidationResult(
        success=result["success"],
        results=found,
        suite_name=result["suite"],
        statistics={
            "evaluated_expectations": len(found),
            "successful_expectations": held,
            "unsuccessful_expectations": len(found) - held,
            "success_percent": 100 * held / len(found) if found else 100.0,
        },
        meta={"run_id": RunIdentifier(run_name=run, run_time=at), "active_batch_definition": None},
    )


def _counts(check: dict[str, Any], rows: int | None) -> dict[str, Any]:
    if check["unexpected_count"] is None:
        if check["expectation"] == "expect_table_columns_to_match_ordered_list":
            # The page takes the order of its columns from here.
            return {"observed_value": check["kwargs"]["column_list"] if check["success"] else []}
        return {"observed_value": check["observed"]}
    return {
        "element_count": rows,
        "unexpected_count": check["unexpected_count"],
        "unexpected_percent": check["unexpected_percent"],
        "partial_unexpected_list": [],
    }
