"""Unicode form and invisible characters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from ..cleaning import ANY, TextRule
from ..contract import rule

_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}]"
# Format characters (category Cf), but not the visible ones, such as the Arabic number sign, nor the joiners.
_FORMAT = (
    r"[\x{ad}\x{61c}\x{180e}\x{200b}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2064}\x{2066}-\x{206f}\x{feff}"
    r"\x{fff9}-\x{fffb}\x{1bca0}-\x{1bca3}\x{1d173}-\x{1d17a}\x{e0001}\x{e0020}-\x{e007f}]"
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

    def fix_all(self, texts: pa.Array) -> pa.Array:
        """Return the texts in NFC without invisible characters."""
        texts = pc.replace_substring_regex(texts, r"\r\n?", "\n")
        texts = pc.replace_substring_regex(texts, f"{_CONTROL}|{_FORMAT}", "")
        joined = pc.match_substring_regex(texts, r"[\x{200c}\x{200d}]")
        if pc.any(joined).as_py():  # what stands beside a joiner is looked at, not consumed: RE2 cannot
            found = [_JOINER.sub("", text) for text in texts.filter(joined).to_pylist()]
            texts = pc.replace_with_mask(texts, joined, pa.array(found, pa.string()))
        return pc.utf8_normalize(texts, form="NFC")
