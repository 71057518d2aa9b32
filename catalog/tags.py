"""Tags of columns in the store: what the last scan of each table said."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select

from .database import Database
from .descriptions import change_description
from .models import ColumnTagRow
from .records import ColumnTag, record


class TagRecords(Database):
    """The part of the store that knows what the columns of tables are."""

    def replace_tags(self, table: str, tags: Sequence[ColumnTag]) -> None:
        """Write the tags of a table down in place of those that it had; what they were stays in its description."""
        with self.writing() as session:
            session.execute(delete(ColumnTagRow).where(ColumnTagRow.table == table))
            session.add_all(ColumnTagRow(**vars(tag)) for tag in tags)
            roles = {tag.path: [tag.role, *([tag.entity] if tag.entity else [])] for tag in tags}
            change_description(session, "table", table, "roles", {"roles": roles})

    def tags(self, table: str) -> list[ColumnTag]:
        """Return the tags of a table's columns by path; none where it was never scanned."""
        query = select(ColumnTagRow).where(ColumnTagRow.table == table).order_by(ColumnTagRow.path)
        with self.reading() as session:
            return [record(ColumnTag, row) for row in session.scalars(query)]
