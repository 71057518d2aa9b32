"""Full-text search over the store: FTS5 on SQLite, tsvector with a GIN index on PostgreSQL, one interface.

Triggers keep the index (migration 0008): what a transaction writes can be found as soon as it is committed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import text

from .database import Database

_WORD = re.compile(r"[^\W_]+")
_QUERIES = {
    "sqlite": """
        SELECT d.kind, d.name, d.text FROM search_words JOIN search_documents d ON d.id = search_words.rowid
        WHERE search_words MATCH :words
        ORDER BY bm25(search_words, 1.0, 10.0, 1.0), d.name DESC LIMIT :limit""",
    "postgresql": """
        SELECT kind, name, text FROM search_documents, to_tsquery('simple', :words) words
        WHERE vector @@ words
        ORDER BY ts_rank(vector, words) DESC, name DESC LIMIT :limit""",
}
"""A word in the name weighs ten times one in the text; of equal ones the newest run or export comes first."""


@dataclass(frozen=True)
class Hit:
    """One thing of the store that was found: its kind (table, source, metric, run, export), name and words."""

    kind: str
    name: str
    text: str


class SearchRecords(Database):
    """The part of the store that finds things by words."""

    def search(self, words: str, limit: int = 20) -> list[Hit]:
        """Return what holds every word, as a whole or as the beginning of one, the best fit first."""
        wanted = _WORD.findall(words)
        if not wanted:
            return []
        dialect = self.engine.dialect.name
        asked = " ".join(f'"{w}"*' for w in wanted) if dialect == "sqlite" else " & ".join(f"{w}:*" for w in wanted)
        with self.reading() as session:
            found = session.execute(text(_QUERIES[dialect]), {"words": asked, "limit": limit})
            return [Hit(*row) for row in found]
