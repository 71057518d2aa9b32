"""White space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from ..cleaning import TextRule
from ..contract import rule

_LINES = r"\r\n?|[\x0b\x0c\x{85}\x{2028}\x{2029}]"
_WIDE = r"\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"


@rule("whitespace")
class Whitespace(TextRule):
    """White space stripped at both ends, runs of it made one space; line ends stay, two in a row at most."""

    order = 30
    tables = ("social_posts",)
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {"social_posts": ("text", "author_name")}
    pattern = rf"\A[ \n]|[ \n]\z|  | \n|\n |\n\n\n|[\t\x0b-\r\x1c-\x1f{_WIDE}]"

    def fix_all(self, texts: pa.Array) -> pa.Array:
        """Return the texts with single spaces and at most one empty line in a row."""
        texts = pc.replace_substring_regex(texts, _LINES, "\n")
        texts = pc.replace_substring_regex(texts, rf"[ \t\x1c-\x1f{_WIDE}]+", " ")
        texts = pc.replace_substring_regex(texts, " ?\n ?", "\n")
        return pc.utf8_trim(pc.replace_substring_regex(texts, r"\n{3,}", "\n\n"), " \n")
