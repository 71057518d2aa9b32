"""How much of a post's text repeats itself, in numbers: Gopher's filters of repetition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from ...config import Strict
from ..cleaning import judge
from ..contract import StepResult, rule
from ..repetition import REPETITION, repetition
from ..textstats import with_signals

Sign = Literal["duplicate_lines", "duplicate_paragraphs", "repeated_paragraphs", "top_ngrams", "long_ngrams"]
Share = Annotated[float, Field(ge=0, le=1)]


class RepetitionOptions(Strict):
    """Where a text repeats itself too much; the limits are Gopher's."""

    max_duplicate_lines: Share = Field(0.3, description="larger share of lines: duplicate_lines")
    max_duplicate_paragraphs: Share = Field(0.3, description="larger share of paragraphs: duplicate_paragraphs")
    max_repeated_paragraphs: Share = Field(0.2, description="larger share of characters: repeated_paragraphs")
    max_top_ngrams: tuple[Share, Share, Share] = Field(
        (0.2, 0.18, 0.16), description="larger share of characters in the commonest run of 2, 3, 4 words: top_ngrams"
    )
    max_long_ngrams: tuple[Share, Share, Share, Share, Share] = Field(
        (0.14, 0.13, 0.12, 0.11, 0.1),
        description="larger share of characters in repeated runs of 6 to 10 words: long_ngrams",
    )
    min_words: int = Field(50, ge=1, description="shorter texts are not judged; Gopher has none under 50 words")
    reject: list[Sign] = Field(default_factory=list, description="signs that reject a post; all others only mark it")


@rule("repetition")
class Repetition:
    """Signals of repetition as columns (lines, paragraphs, n-grams), and signs of too much of it as `flags`.

    A sign marks the post and leaves it where it is; the signs named in `reject` refuse it (`quality:SIGN`). The
    signals and their source are those of ingest/repetition.py. Repeated 5-grams and the characters of repeated lines
    are judged by `text_quality`.
    """

    order = 72
    tables = ("social_posts",)
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {"social_posts": ("text", *REPETITION, "flags")}
    Options = RepetitionOptions

    def __init__(self, table: str, options: Any) -> None:
        self.table = table
        self.options: RepetitionOptions = options

    def apply(self, table: pa.Table) -> StepResult:
        """Fill the signals, mark the signs, reject the posts that the policy refuses."""
        words, measured = repetition(table["text"].combine_chunks())
        table = with_signals(table, REPETITION, measured)
        signs = self._signs(measured)
        long = words >= self.options.min_words
        return judge(table, {sign: pa.array(long & mask) for sign, mask in signs.items()}, self.options.reject)

    def _signs(self, measured: NDArray[np.float32]) -> dict[str, NDArray[np.bool_]]:
        limit = self.options
        limits = [limit.max_duplicate_lines, limit.max_duplicate_paragraphs, limit.max_repeated_paragraphs]
        limits += [*limit.max_top_ngrams, *limit.max_long_ngrams]
        over = measured > np.array(limits, np.float32)
        top = 3 + len(limit.max_top_ngrams)
        return {
            "duplicate_lines": over[:, 0],
            "duplicate_paragraphs": over[:, 1],
            "repeated_paragraphs": over[:, 2],
            "top_ngrams": np.any(over[:, 3:top], axis=1),
            "long_ngrams": np.any(over[:, top:], axis=1),
        }
