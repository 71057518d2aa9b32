"""Show the ends of a value and hide the middle."""

from __future__ import annotations

from typing import Any, ClassVar

import pyarrow as pa
from pydantic import Field

from ...config import Strict
from ..contract import Context, Operator, operator, per_distinct, texts_of


class PartialOptions(Strict):
    """What stays to be seen."""

    first: int = Field(0, ge=0, description="characters that stay at the beginning")
    last: int = Field(0, ge=0, description="characters that stay at the end")
    domain: bool = Field(False, description="the part of an e-mail address from its @ on stays too")
    char: str = Field("*", min_length=1, max_length=1, description="what stands for a hidden letter or digit")


@operator("partial")
class Partial(Operator):
    """Show the ends of a value and hide the middle: ************1234, or k***@example.com with `domain`.

    At most half of the characters are shown: of a value that is too short for that, none is. Separators stay.
    """

    Options = PartialOptions
    spans = True
    example: ClassVar[dict[str, Any]] = {"last": 4}

    def column(self, values: pa.Array, options: Any, context: Context) -> pa.Array:
        """Return the values with their middle hidden."""
        context.counts["partial"] += len(values) - values.null_count
        return per_distinct(texts_of(values, context), lambda value: _hidden(value, options))[0]

    def span(self, text: str, entity: str, options: Any, context: Context) -> str:
        """Return the finding with its middle hidden."""
        return _hidden(text, options)


def _hidden(value: str, options: PartialOptions) -> str:
    value, at, domain = value.partition("@") if options.domain else (value, "", "")
    places = [place for place, char in enumerate(value) if char.isalnum()]
    shown = options.first + options.last
    if shown * 2 <= len(places):
        places = places[options.first : len(places) - options.last]
    hidden = set(places)
    return "".join(options.char if place in hidden else char for place, char in enumerate(value)) + at + domain
