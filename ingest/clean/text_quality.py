"""How much a post's text is worth reading, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from ...config import Strict
from .. import textstats
from ..cleaning import judge
from ..contract import StepResult, rule

Sign = Literal[
    "few_words", "many_words", "word_length", "no_letters", "symbols", "bullets", "ellipses", "repeated_lines",
    "repeated_ngrams", "few_stop_words", "unpunctuated", "short_lines", "many_lines", "filler", "code",
]  # fmt: skip

_NO_TEXT = pa.scalar(None, pa.string())
_WITHOUT_SPACES = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]"
"""In these scripts a sentence is one word to whoever splits at white space."""


class TextQualityOptions(Strict):
    """Where a text stops being good; the limits are Gopher's unless said otherwise."""

    min_words: int = Field(1, ge=0, description="fewer: few_words (Gopher, for web pages: 50)")
    max_words: int = Field(100_000, ge=1, description="more: many_words")
    min_word_length: float = Field(2.0, ge=0, description="shorter on average: word_length (Gopher: 3)")
    max_word_length: float = Field(15.0, ge=0, description="longer on average: word_length (Gopher: 10)")
    min_alpha_words: float = Field(0.3, ge=0, le=1, description="smaller share of words with letters: no_letters (0.8)")
    max_symbol_ratio: float = Field(0.5, ge=0, description="more number signs and ellipses a word: symbols (0.1)")
    max_bullet_lines: float = Field(0.9, ge=0, le=1, description="larger share of lines: bullets")
    max_ellipsis_lines: float = Field(0.3, ge=0, le=1, description="larger share of lines: ellipses")
    max_repeated_lines: float = Field(
        0.2, ge=0, le=1, description="larger share of characters: repeated_lines (FineWeb: 0.1)"
    )
    max_repeated_ngrams: float = Field(0.15, ge=0, le=1, description="larger share of characters: repeated_ngrams")
    min_stop_words: int = Field(0, ge=0, le=8, description="fewer English stop words: few_stop_words (Gopher: 2)")
    min_punctuated_lines: float = Field(
        0.0, ge=0, le=1, description="smaller share of lines that end as sentences: unpunctuated (FineWeb: 0.12)"
    )
    max_short_lines: float = Field(
        1.0, ge=0, le=1, description="larger share of lines under 30 characters: short_lines (FineWeb: 0.67)"
    )
    max_line_ends: float = Field(1.0, ge=0, description="more line ends a word: many_lines (FineWeb's code: 0.3)")
    lorem_ipsum: bool = Field(True, description="texts with these words: filler (C4)")
    curly_braces: bool = Field(False, description="texts with a curly brace: code (C4)")
    min_lines_words: int = Field(20, ge=1, description="texts with fewer words are not judged by shares of lines")
    reject: list[Sign] = Field(default_factory=list, description="signs that reject a post; all others only mark it")


@rule("text_quality")
class TextQuality:
    """Signals of text quality as columns (words, symbols, repeats ...), and signs of bad text as `flags`.

    A sign marks the post and leaves it where it is; the signs named in `reject` refuse it (`quality:SIGN`). The
    signals and their sources are those of ingest/textstats.py; the limits in parentheses are those published for web
    pages, while the defaults here are for posts, which are short.
    """

    order = 70
    tables = ("social_posts",)
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {"social_posts": ("text", *textstats.SIGNALS, "flags")}
    Options = TextQualityOptions

    def __init__(self, table: str, options: Any) -> None:
        self.table = table
        self.options: TextQualityOptions = options

    def apply(self, table: pa.Table) -> StepResult:
        """Fill the signals, mark the signs, reject the posts that the policy refuses."""
        table = textstats.with_signals(table, textstats.SIGNALS, textstats.signals(table["text"].combine_chunks()))
        return judge(table, self._signs(table), self.options.reject)

    def _signs(self, table: pa.Table) -> dict[str, Any]:
        limit = self.options
        none = pa.repeat(pa.scalar(False), table.num_rows)
        long = pc.greater_equal(table["words"], limit.min_lines_words)
        some = pc.greater(table["words"], 0)
        length = table["word_length"]
        longer = pc.greater(length, limit.max_word_length)
        spaced = pc.invert(pc.match_substring_regex(pc.if_else(longer, table["text"], _NO_TEXT), _WITHOUT_SPACES))
        return {
            "few_words": pc.less(table["words"], limit.min_words),
            "many_words": pc.greater(table["words"], limit.max_words),
            "word_length": pc.and_(some, pc.or_(pc.less(length, limit.min_word_length), pc.fill_null(spaced, False))),
            "no_letters": pc.and_(some, pc.less(table["alpha_words"], limit.min_alpha_words)),
            "symbols": pc.greater(table["symbol_ratio"], limit.max_symbol_ratio),
            "bullets": pc.and_(long, pc.greater(table["bullet_lines"], limit.max_bullet_lines)),
            "ellipses": pc.and_(long, pc.greater(table["ellipsis_lines"], limit.max_ellipsis_lines)),
            "repeated_lines": pc.and_(long, pc.greater(table["repeated_lines"], limit.max_repeated_lines)),
            "repeated_ngrams": pc.and_(long, pc.greater(table["repeated_ngrams"], limit.max_repeated_ngrams)),
            "few_stop_words": pc.less(table["stop_words"], limit.min_stop_words),
            "unpunctuated": pc.and_(long, pc.less(table["punctuated_lines"], limit.min_punctuated_lines)),
            "short_lines": pc.and_(long, pc.greater(table["short_lines"], limit.max_short_lines)),
            "many_lines": pc.and_(long, pc.greater(table["line_ends"], limit.max_line_ends)),
            "filler": pc.match_substring(table["text"], "lorem ipsum", ignore_case=True) if limit.lorem_ipsum else none,
            "code": pc.match_substring_regex(table["text"], "[{}]") if limit.curly_braces else none,
        }
