"""Outliers in a run: limits over all rows that a table ever got, and committed posts that they mark otherwise now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..engine import Engine
from ..ingest.cleaning import Cleaner
from ..ingest.outliers import Limits, from_rows, merge, to_rows
from ..ingest.parts import Finished, Prepared
from ..ingest.remark import remark_posts
from ..storage import join, write_parquet
from .project import Project
from .removals import of_posts
from .visits import Restatement

TABLE = "refined.sketches"
POSTS = "refined.social_posts"


class OutlierStage:
    """The outliers of one batch; without the rule there are neither limits nor anything to mark anew.

    `limits` hold with the batch; `moved` are the same where the batch moved them, else None.
    """

    def __init__(
        self, project: Project, tables: Any, engine: Engine, target: str, prepared: Sequence[Prepared]
    ) -> None:
        self.project, self.tables, self.engine, self.target = project, tables, engine, target
        self.fresh = merge([part.numbers for part in prepared])
        self.limits: dict[str, Limits] = {}
        self.moved: dict[str, Limits] | None = None
        rule = Cleaner(project.config.clean, target).rule("outliers")
        if rule is None or not self.fresh:
            return
        known = from_rows(tables.read(TABLE, row_filter=f"table == '{target}'")) if tables.exists(TABLE) else {}
        self.limits = rule.settle([known, self.fresh])
        if known and rule.settle([known]) != self.limits:
            self.moved = self.limits

    def write(self, batch: str) -> dict[str, list[str]]:
        """Write the sketch of the batch; return the files by Iceberg table."""
        rows = to_rows(self.fresh, self.target)
        if not rows.num_rows:
            return {}
        file = join(self.project.warehouse, *TABLE.split("."), "data", f"{batch}-{self.target}.parquet")
        write_parquet(rows, file)
        return {TABLE: [file]}

    def restate(
        self, finished: Sequence[Finished], withdrawn: Sequence[tuple[str, str, str]], batch: str
    ) -> Restatement:
        """Write committed posts again whose marks change; web events are restated by the day (visits.py).

        `withdrawn` rows, as (source, file, id), leave the table with the batch.
        """
        if self.moved is None or self.target != "social_posts" or not self.tables.exists(POSTS):
            return Restatement({}, {})
        gone = sorted({post for part in finished for post in part.replaced})
        where = self.project.warehouse, batch
        made = self.engine.map(remark_posts, self.tables.files(POSTS), self.moved, gone, withdrawn, *where)
        found = [each for each in made if each is not None]
        posts = {post for each in found for post in each.posts}
        if not found:
            return Restatement({}, {})
        return Restatement({POSTS: [each.file for each in found]}, {POSTS: of_posts(posts)})
