"""What is known about sources, tables and metrics, with history; full-text search over the store.

`search_source` is a view of all that can be found; triggers copy what changes in it into `search_documents`, over
which FTS5 or a tsvector lies. A later migration that changes what can be found replaces the view; one that makes one
of the tables below it anew must make its triggers anew.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from dataweir.catalog.models import Json, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
INDEXED = {"runs": ("run", "id"), "candidates": ("export", "id"), "reviews": ("export", "candidate")}
"""Tables with the kind and the column that name what a changed row belongs to."""


def upgrade() -> None:
    op.create_table(
        "descriptions",
        *(sa.Column(name, sa.String(), primary_key=True) for name in ("kind", "name", "topic")),
        sa.Column("since", TIME, primary_key=True),
        sa.Column("until", TIME, nullable=True),
        sa.Column("facts", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
    )
    postgresql = op.get_bind().dialect.name == "postgresql"
    op.execute(_VIEW % (_POSTGRESQL_WORDS if postgresql else _SQLITE_WORDS))
    _index_postgresql() if postgresql else _index_sqlite()
    for table, (kind, column) in INDEXED.items():
        _keep(postgresql, table, f"'{kind}'", column)
    _keep(postgresql, "descriptions", "%s.kind", "name")
    op.execute("INSERT INTO search_documents (kind, name, text) SELECT kind, name, text FROM search_source")
    _known_tables()


_SQLITE_WORDS = {
    "message": "json_extract(error, '$.message')",
    "purpose": "json_extract(c.evidence, '$.purpose')",
    "join": "group_concat",
}
_POSTGRESQL_WORDS = {"message": "error ->> 'message'", "purpose": "c.evidence ->> 'purpose'", "join": "string_agg"}
_VIEW = """
CREATE VIEW search_source AS
SELECT 'run' AS kind, id AS name,
    state || ' ' || substr(CAST(started AS TEXT), 1, 10) || coalesce(' ' || (%(message)s), '') AS text
FROM runs
UNION ALL
SELECT 'export', c.id,
    c.name || ' of ' || c.table_name || ', ' || c.state || ', asked by ' || c.requested_by
    || coalesce('; ' || (%(purpose)s), '')
    || coalesce('; ' || (SELECT %(join)s(r.decision || ' by ' || r.reviewer || ': ' || r.reason, '; ')
                         FROM reviews r WHERE r.candidate = c.id), '')
FROM candidates c
UNION ALL
SELECT kind, name, %(join)s(text, '; ') FROM descriptions WHERE until IS NULL GROUP BY kind, name
"""


def _index_sqlite() -> None:
    op.execute(
        "CREATE TABLE search_documents (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL,"
        " text TEXT NOT NULL, UNIQUE (kind, name))"
    )
    op.execute(
        "CREATE VIRTUAL TABLE search_words USING fts5(kind, name, text, content='search_documents',"
        " content_rowid='id', tokenize='unicode61 remove_diacritics 0', prefix='2 3')"
    )
    op.execute(
        "CREATE TRIGGER search_add AFTER INSERT ON search_documents BEGIN"
        " INSERT INTO search_words (rowid, kind, name, text) VALUES (NEW.id, NEW.kind, NEW.name, NEW.text); END"
    )
    op.execute(
        "CREATE TRIGGER search_drop AFTER DELETE ON search_documents BEGIN"
        " INSERT INTO search_words (search_words, rowid, kind, name, text)"
        " VALUES ('delete', OLD.id, OLD.kind, OLD.name, OLD.text); END"
    )


def _index_postgresql() -> None:
    # PostgreSQL's parser takes refined.web_events for a host: only without punctuation it sees what FTS5 sees
    words = r"to_tsvector('simple', regexp_replace({}, '[!-/:-@\[-`{{-~]+', ' ', 'g'))"
    rest = "kind || ' ' || text"
    op.execute(
        "CREATE TABLE search_documents (kind TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL,"
        f" vector tsvector GENERATED ALWAYS AS (setweight({words.format('name')}, 'A')"
        f" || setweight({words.format(rest)}, 'D')) STORED, PRIMARY KEY (kind, name))"
    )
    op.execute("CREATE INDEX search_words ON search_documents USING gin (vector)")


def _keep(postgresql: bool, table: str, kind: str, column: str) -> None:
    """Let every change of a row of the table write anew the document that it belongs to."""

    def renew(row: str) -> str:
        of = kind.replace("%s", row)
        which = f"kind = {of} AND name = {row}.{column}"
        return (
            f"DELETE FROM search_documents WHERE {which};"  # noqa: S608
            f" INSERT INTO search_documents (kind, name, text)"
            f" SELECT kind, name, text FROM search_source WHERE {which};"
        )

    if not postgresql:
        for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
            op.execute(f"CREATE TRIGGER search_{table}_{event.lower()} AFTER {event} ON {table} BEGIN {renew(row)} END")
        return
    op.execute(
        f"CREATE FUNCTION weir_search_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF TG_OP = 'DELETE' THEN {renew('OLD')} ELSE {renew('NEW')} END IF; RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER search_{table} AFTER INSERT OR UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION weir_search_{table}()"
    )


def _known_tables() -> None:
    """Let the tables be found by name until the next run describes them."""
    connection = op.get_bind()
    if not sa.inspect(connection).has_table("iceberg_tables"):
        return
    known = connection.execute(sa.text("SELECT table_namespace, table_name FROM iceberg_tables"))
    at = datetime.now(UTC)
    described = sa.table(
        "descriptions",
        *(sa.column(name) for name in ("kind", "name", "topic", "text")),
        *(sa.column("since", UtcDateTime()), sa.column("facts", Json)),
    )
    for zone, table in known.all():
        row = {"kind": "table", "name": f"{zone}.{table}", "topic": "schema", "since": at, "facts": {}, "text": ""}
        connection.execute(described.insert().values(row))
