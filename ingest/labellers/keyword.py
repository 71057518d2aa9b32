"""A label by words."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import Field

from ..labels.contract import OneLabel, column_of, labeller, one_vote


class KeywordOptions(OneLabel):
    """Which words."""

    words: list[str] = Field(min_length=1, description="words or phrases, whatever their case")
    whole: bool = Field(True, description="whether they must stand as whole words")


@labeller("keyword")
class Keyword:
    """Votes for a label where one of some words stands in the text."""

    Options = KeywordOptions

    def __init__(self, options: Any, labels: list[str], root: str) -> None:
        self.options, self.labels = options, labels
        edge = r"(?:^|[^\p{L}\p{N}_])" if options.whole else ""
        end = r"(?:$|[^\p{L}\p{N}_])" if options.whole else ""
        self.pattern = f"(?i){edge}(?:{'|'.join(re.escape(word) for word in options.words)}){end}"

    def vote(self, rows: pa.Table) -> NDArray[np.int8]:
        """Vote by one regular expression over the column."""
        mask = pc.match_substring_regex(column_of(rows, self.options.column), self.pattern)
        return one_vote(mask, self.options.label, self.labels)
