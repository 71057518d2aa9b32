"""Posts without content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from ..cleaning import NoOptions, reject
from ..contract import StepResult, rule


@rule("empty_posts")
class EmptyPosts:
    """Social posts that hold neither text nor a link are rejected (`empty_post`); reposts may be empty."""

    order = 50
    tables = ("social_posts",)
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {"social_posts": ("text", "url", "kind")}
    Options = NoOptions

    def __init__(self, table: str, options: Any) -> None:
        self.table = table

    def apply(self, table: pa.Table) -> StepResult:
        """Reject the empty posts."""
        empty = pc.and_(_blank(table["text"]), _blank(table["url"]))
        repost = pc.fill_null(pc.equal(table["kind"], "repost"), False)
        return reject(table, pc.and_(empty, pc.invert(repost)), "empty_post")


def _blank(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.equal(pc.utf8_trim_whitespace(pc.fill_null(values, "")), "")
