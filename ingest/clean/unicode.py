"""Unicode form and invisible characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import ClassVar

from ..cleaning import ANY, TextRule
from ..contract import rule

_LINE_ENDS = re.compile(r"\r\n?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Format characters (category Cf), but not the visible ones, such as the Arabic number sign, nor the joiners.
_FORMAT = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)
# Joiners carry meaning inside emoji and inside Arabic and Indic words, and hide between other letters.
_HOST = "\u0600-\u1fff\u2600-\U000dffff"
_JOINER = re.compile(f"(?<![\u200c\u200d{_HOST}])[\u200c\u200d]++|(?<![\u200c\u200d])[\u200c\u200d]++(?![{_HOST}])")


@rule("unicode")
class Unicode(TextRule):
    """Unicode to NFC; control, zero-width and other invisible characters removed.

    Line feeds and tabs stay, other line ends become line feeds. Zero-width joiners and non-joiners stay
    only between characters of scripts that use them (Arabic and Indic words, emoji sequences). NFC is that
    of Unicode Standard Annex 15.
    """

    order = 20
    tables = ("web_events", "social_posts", ANY)
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "web_events": ("user", "host", "path", "query", "referer", "user_agent"),
        "social_posts": ("author_name", "text", "url", "community"),
        ANY: (),
    }
    # Left out are only blocks whose characters are their own NFC, compose with none before them, and show.
    pattern = (
        r"[\x00-\x08\x0b-\x1f\x7f-\x{9f}\x{ad}\x{300}-\x{3ff}\x{483}-\x{489}\x{530}-\x{200f}\x{2028}-\x{202f}"
        r"\x{205f}-\x{209f}\x{20d0}-\x{303f}\x{3097}-\x{309f}\x{3130}-\x{33ff}\x{4dc0}-\x{4dff}\x{a000}-\x{abff}"
        r"\x{d7a4}-\x{1f2ff}\x{1fb00}-\x{10ffff}]"
    )

    def fix(self, text: str) -> str:
        """Return the text in NFC without invisible characters."""
        text = _CONTROL.sub("", _LINE_ENDS.sub("\n", text))
        text = _JOINER.sub("", _FORMAT.sub("", text))
        return unicodedata.normalize("NFC", text)
