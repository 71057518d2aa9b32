"""A label by a pattern."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import Field

from ...errors import ConfigError
from ..labels.contract import OneLabel, column_of, labeller, one_vote


class RegexOptions(OneLabel):
    """Which pattern."""

    pattern: str = Field(description="a regular expression (RE2 syntax)")


@labeller("regex")
class Regex:
    """Votes for a label where a regular expression matches the text."""

    Options = RegexOptions

    def __init__(self, options: Any, labels: list[str], root: str) -> None:
        self.options, self.labels = options, labels
        try:
            pc.match_substring_regex(pa.array([""]), options.pattern)
        except pa.ArrowInvalid:
            raise ConfigError("a label's pattern is not a regular expression", "write it as RE2 syntax") from None

    def vote(self, rows: pa.Table) -> NDArray[np.int8]:
        """Vote by the pattern."""
        mask = pc.match_substring_regex(column_of(rows, self.options.column), self.options.pattern)
        return one_vote(mask, self.options.label, self.labels)
