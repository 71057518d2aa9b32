"""Text that was decoded with the wrong encoding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ..cleaning import TextRule
from ..contract import rule


@rule("mojibake")
class Mojibake(TextRule):
    """Mojibake in social posts is decoded again as what it was meant to be (`schÃ¶n` becomes `schön`).

    The judgement is that of ftfy (Robyn Speer), which changes a text only where the mended one is plausible and the
    one that came in is not. It runs before invisible characters are removed, for some of them are half of a letter.
    """

    order = 15
    tables = ("social_posts",)
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {"social_posts": ("text", "author_name", "community")}
    # Bytes from 0x80 on, read in any of ftfy's single-byte encodings, come out as one of these and never as ASCII.
    pattern = (
        r"[\x{80}-\x{ff}\x{100}-\x{17f}\x{192}\x{218}-\x{21b}\x{2c6}-\x{2dd}\x{384}-\x{45f}\x{490}\x{491}"
        r"\x{2013}-\x{20ac}\x{2116}\x{2122}\x{2126}\x{2202}-\x{2265}\x{2310}-\x{2321}\x{2500}-\x{25ca}"
        r"\x{f8ff}\x{fb01}\x{fb02}\x{fffd}]"
    )

    def fix(self, text: str) -> str:
        """Return the text decoded as it was meant."""
        import ftfy

        return ftfy.fix_encoding(text)
