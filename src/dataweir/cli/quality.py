"""Commands of quality: what was checked, a check of the whole, a proposed suite, drift, Data Docs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ..output import Output
from .base import Group, command


class _Quality(Group):
    """`weir quality [TABLE]` shows; any other first word is a command of the group."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in {*self.commands, "-h", "--help"}:
            args = ["show", *args]
        return super().parse_args(ctx, args)


def add(group: Group) -> None:
    """Register the commands of this module."""

    @group.group("quality", cls=_Quality)
    def quality() -> None:
        """Show what was checked and failed, since when; propose suites; find drift.

        \b
        `weir quality [TABLE]` is short for `weir quality show [TABLE]`.
        """

    @command(quality, "show")
    @click.argument("table", required=False)
    def show(output: Output, project: str, table: str | None) -> None:
        """Show the newest checks of each table: pass rate, what failed, since when, history."""
        from ..flow.project import Project
        from ..flow.quality import quality as latest
        from .quality_view import shown

        report = latest(Project.open(project), table)
        output.show(report, shown(report))

    @command(quality, "check")
    @click.argument("table")
    @click.option("--fresh", is_flag=True, help="Read everything again instead of using the kept states.")
    @click.option("--samples", metavar="POLICY", help="Show some failing rows, masked by this policy's file.")
    def check(output: Output, project: str, table: str, fresh: bool, samples: str | None) -> None:
        """Check the whole of a table now; of what was checked before, nothing is read again."""
        from ..flow.project import Project
        from ..flow.quality import check as go
        from ..flow.quality import failed
        from .quality_view import reported

        report, shown = go(Project.open(project), table, fresh=fresh, samples=samples)
        document = {**report.as_dict(), "partitions_read": report.partitions_read}
        output.show({**document, "samples": shown} if samples else document, reported(report, shown))
        broken = [c.label for c in report.results if not c.success and c.severity == "critical"]
        if broken:
            raise failed(table, broken)

    @command(quality, "suggest")
    @click.argument("table")
    @click.option("--out", type=click.Path(dir_okay=False), help="Write the suite there (.json, .yaml).")
    def suggest(output: Output, project: str, table: str, out: str | None) -> None:
        """Propose a suite, with reasons: what is in force, and what else the table would bear."""
        from ..flow.project import Project
        from ..flow.quality import proposal
        from .quality_view import proposed

        found = proposal(Project.open(project), table)
        if out:
            _write(found["suite"], Path(out))
        output.show(found, proposed(found, out))

    @command(quality, "diff")
    @click.argument("table")
    @click.argument("suite", type=click.Path(dir_okay=False))
    def diff(output: Output, project: str, table: str, suite: str) -> None:
        """Show what the suite in a file would change of the one in force."""
        from ..flow.project import Project
        from ..flow.quality import contract_changes
        from .quality_view import changed

        found = contract_changes(Project.open(project), table, suite)
        output.show(found, changed(found))

    @command(quality, "drift")
    @click.argument("table")
    @click.option("--time", default="ts", show_default=True, help="The column that says when.")
    @click.option("--window", "window", default=24.0, show_default=True, help="Hours that are the present.")
    @click.option("--baseline", "baseline", default=28.0, show_default=True, help="Days before it to compare with.")
    @click.option("--webhook", envvar="WEIR_WEBHOOK", help="Where to POST the findings if there is drift.")
    def drift(
        output: Output, project: str, table: str, time: str, window: float, baseline: float, webhook: str | None
    ) -> None:
        """Compare the newest hours with the days before: schema, volume, freshness, nulls, distributions."""
        from ..flow.alerts import post
        from ..flow.project import Project
        from ..flow.quality import drift as compare
        from ..flow.quality import failed
        from ..output import plain
        from .quality_view import drifted

        found, unusual = compare(Project.open(project), table, time, window, baseline)
        document: dict[str, Any] = {**plain(found), "drifted": found.drifted, "anomalies": unusual}
        output.show(document, drifted(found, unusual))
        if found.drifted or unusual:
            if webhook:
                post(webhook, document)
            moved = [f"{f.kind} of {f.column or 'the table'}" for f in found.findings if f.drifted]
            raise failed(table, list(dict.fromkeys([*moved, *(f"history of {a['check']}" for a in unusual)])))

    @command(quality, "docs")
    @click.argument("folder", type=click.Path(file_okay=False))
    @click.option("--table", default=None, help="Only this table.")
    def docs(output: Output, project: str, folder: str, table: str | None) -> None:
        """Write Data Docs of the newest results as static pages that need no network."""
        from ..flow.project import Project
        from ..flow.quality import docs as go
        from .quality_view import written

        files = go(Project.open(project), folder, table)
        output.show(files, written(files))


def _write(suite: dict[str, Any], file: Path) -> None:
    """Write a suite in the form its name asks for. Raises ConfigError where it cannot be written."""
    import yaml

    from ..errors import ConfigError

    if file.suffix in (".yaml", ".yml"):
        text = yaml.safe_dump(suite, sort_keys=False, allow_unicode=True)
    else:
        text = json.dumps(suite, indent=2, ensure_ascii=False, default=str) + "\n"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write {file}: {error.strerror}", "name another file with --out") from None
