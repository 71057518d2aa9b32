"""Markdown to text."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from ..cleaning import ColumnOptions, TextRule
from ..contract import StepResult, no_rejects, rule

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token


class MarkdownOptions(ColumnOptions):
    """Whose posts are Markdown."""

    platforms: list[str] = Field(
        default_factory=lambda: ["reddit", "lemmy"],
        description="platforms that write Markdown; tables named in `columns` are Markdown throughout",
    )


@rule("markdown")
class Markdown(TextRule):
    """Markdown to text in posts of platforms that write it: emphasis, links, headings, lists, quotes, code marks.

    Text, code, the words of links and the numbers of items stay, link targets and rules go; HTML is left to the rule
    `html`. The grammar is CommonMark 0.31 with tables and strikethrough (markdown-it-py).
    """

    order = 12
    tables = ("social_posts",)
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {"social_posts": ("text",)}
    Options = MarkdownOptions
    pattern = (
        r"[*_~`][^\s*_~`]|<[A-Za-z][^\s<>]*[:@]|\]\(|\]\[|\]:|\\[\n!-/:-@\[-`{-~]|&[#A-Za-z]|"
        r"(?m)^ {0,3}(?:#{1,6}(?:[ \t]|$)|>|[-+*](?:[ \t]|$)|\d{1,9}[.)](?:[ \t]|$)|"
        r"(?:\*[ \t]*){3,}$|(?:-[ \t]*){3,}$|(?:_[ \t]*){3,}$|=+[ \t]*$|-+[ \t]*$|```|~~~|\|)|^(?: {4}|\t)"
    )

    def __init__(self, table: str, options: Any) -> None:
        super().__init__(table, options)
        self.platforms = pa.array(options.platforms, pa.string())

    def apply(self, table: pa.Table) -> StepResult:
        """Rewrite the posts of the platforms; no row is rejected."""
        if self.table != "social_posts":
            return super().apply(table)
        written = pc.fill_null(pc.is_in(table["platform"], self.platforms), False)
        if not pc.any(written).as_py():
            return StepResult(table, no_rejects())
        if pc.all(written).as_py():
            return super().apply(table)
        here = super().apply(table.filter(written))
        if not here.changed:
            return StepResult(table, no_rejects())
        for name in self._names(table):
            at = table.schema.get_field_index(name)
            column = pc.replace_with_mask(
                table.column(at).combine_chunks(), written.combine_chunks(), here.kept[name].combine_chunks()
            )
            table = table.set_column(at, table.schema.field(at), column)
        return StepResult(table, no_rejects(), here.changed)

    def fix(self, text: str) -> str:
        """Return the words that a reader of the rendered text would see."""
        parts: list[str] = []
        for part in _words(_parser().parse(text)):
            if part == _LINE and parts and not parts[-1].endswith("\n"):
                parts.append("\n")
            elif part and part != _LINE:
                parts.append(part)
        return "".join(parts).strip("\n")


_LINE = "\0"
"""Stands for a line end where there is none yet; a text holds no such character, for CommonMark replaces it."""


@functools.cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _words(tokens: list[Token]) -> Iterator[str]:
    """Yield the text of block tokens; an empty line stands between paragraphs, a line end between list items."""
    tight = 0
    for token in tokens:
        if token.type == "inline":
            yield from _inline(token.children or [])
        elif token.type in ("fence", "code_block"):
            yield token.content + "\n"
        elif token.type in ("th_close", "td_close"):
            yield "\t"
        elif token.type == "tr_close":
            yield "\n"
        elif token.type == "list_item_open" and token.info:
            yield f"{token.info}{token.markup} "
        elif token.type == "list_item_close":
            yield _LINE
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            tight += 1
            yield _LINE
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            tight -= 1
        elif token.type in ("paragraph_close", "heading_close"):
            yield "" if tight else "\n\n"


def _inline(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type in ("text", "code_inline", "text_special"):
            yield token.content
        elif token.type in ("softbreak", "hardbreak"):
            yield "\n"
        elif token.type == "image":
            yield token.content
