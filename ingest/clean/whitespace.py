"""White space."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from ..cleaning import TextRule
from ..contract import rule

_LINES = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_RUNS = re.compile(r"[^\S\n]+")
_AROUND = re.compile(r" ?\n ?")
_BLANK = re.compile(r"\n{3,}")
_WIDE = r"\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"


@rule("whitespace")
class Whitespace(TextRule):
    """White space stripped at both ends, runs of it made one space; line ends stay, two in a row at most."""

    order = 30
    tables = ("social_posts",)
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {"social_posts": ("text", "author_name")}
    pattern = rf"\A[ \n]|[ \n]\z|  | \n|\n |\n\n\n|[\t\x0b-\r\x1c-\x1f{_WIDE}]"

    def fix(self, text: str) -> str:
        """Return the text with single spaces and at most one empty line in a row."""
        text = _RUNS.sub(" ", _LINES.sub("\n", text))
        return _BLANK.sub("\n\n", _AROUND.sub("\n", text)).strip()
