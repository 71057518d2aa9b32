"""Commands of deduplication: dedup explain."""

from __future__ import annotations

import difflib
from typing import Any

import click

from ..output import Output, table
from .base import Group, command
from .render import Render, printed


def add(group: Group) -> None:
    """Register the commands of this module."""

    @group.group("dedup", cls=Group)
    def dedup() -> None:
        """Look into clusters of duplicates."""

    @command(dedup, "explain")
    @click.argument("ident", metavar="ID")
    @click.option("--table", "name", default="social_posts", show_default=True, help="The table the row is of.")
    def explain(output: Output, project: str, ident: str, name: str) -> None:
        """Show the cluster of a row: which was kept, found how, how similar, what was cut, the texts side by side."""
        from ..flow.explain import explain as cluster
        from ..flow.project import Project

        found = cluster(Project.open(project), ident, name)
        output.show(found, _side_by_side(found))


def _side_by_side(found: dict[str, Any]) -> Render:
    texts = {member["id"]: member["text"] or "" for member in found["members"]}
    shown: list[Any] = []
    for member in found["members"]:
        place = f"{member['source']} {member['file']}:{member['line']}"
        if member["kept"]:
            shown.append(f"{member['id']} is kept ({place})")
            if member["cut"]:
                shown.append(table(("cut", "characters", "hash", "texts that have it, at least"), _cuts(member)))
                whole = _marked(member["whole"] or "", member["text"] or "")
                shown.append(table(("as it is kept: ‹cut or cleaned›",), [(whole,)]))
            continue
        kept = texts.get(member["kept_id"], "")
        how = f"found by {member['method']}, similarity {member['similarity']:.3f}"
        shown.append(f"{member['id']} is dropped for {member['kept_id']}: {how} ({place})")
        shown.append(table(("kept", "dropped: «has more», ‹has not›"), [(kept, _marked(kept, member["text"] or ""))]))
    return printed(*shown)


def _cuts(member: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (
            f"{each['unit']} {each['number']}",
            str(each["chars"]),
            f"{each['key'] & (1 << 64) - 1:016x}",
            str(each["texts"]),
        )
        for each in member["cut"]
    ]


def _marked(kept: str, dropped: str) -> str:
    """Return the dropped text with the words marked in which it differs."""
    one, other = kept.split(), dropped.split()
    made = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if kind == "equal":
            made.append(" ".join(other[c:d]))
            continue
        if a < b:
            made.append(f"‹{' '.join(one[a:b])}›")
        if c < d:
            made.append(f"«{' '.join(other[c:d])}»")
    return " ".join(made)
